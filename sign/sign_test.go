package sign

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-msgauth/dkim"
)

// shelf is a Store in memory.
type shelf struct {
	keys       []Key
	last       int64
	generation uint64
}

func (s *shelf) Generation() uint64 { return s.generation }

func (s *shelf) SigningKeys(_ context.Context, domain string) ([]Key, error) {
	var out []Key
	for _, k := range s.keys {
		if domain == "" || k.Domain == domain {
			out = append(out, k)
		}
	}
	slices.SortStableFunc(out, func(a, b Key) int { return strings.Compare(a.Domain, b.Domain) })
	return out, nil
}

func (s *shelf) ChangeKeys(_ context.Context, c KeyChange) error {
	s.generation++
	for _, k := range c.Add {
		s.last++
		k.ID = s.last
		s.keys = append(s.keys, k)
	}
	for _, k := range c.Set {
		for i := range s.keys {
			if s.keys[i].ID == k.ID {
				s.keys[i].State, s.keys[i].Changed = k.State, k.Changed
			}
		}
	}
	s.keys = slices.DeleteFunc(s.keys, func(k Key) bool { return slices.Contains(c.Remove, k.ID) })
	return nil
}

func (s *shelf) states(domain string) string {
	var out []string
	for _, k := range s.keys {
		if k.Domain == domain {
			out = append(out, k.Selector+" "+string(k.State))
		}
	}
	return strings.Join(out, ", ")
}

// zone answers with what the keys' owner has published.
func (s *shelf) zone(_ context.Context, name string) ([]string, error) {
	for _, k := range s.keys {
		if k.Name() == name {
			r, err := k.Record()
			return []string{"something else", r[:20] + " " + r[20:]}, err
		}
	}
	return nil, errors.New("no such name")
}

// verify gives what another's verifier says of a message: the error of each signature.
func verify(t *testing.T, s *shelf, message string) []error {
	t.Helper()
	found, err := dkim.VerifyWithOptions(strings.NewReader(message), &dkim.VerifyOptions{LookupTXT: func(name string) ([]string, error) {
		all, err := s.zone(t.Context(), name)
		return all[min(1, len(all)):], err
	}})
	if err != nil {
		t.Fatal(err)
	}
	var out []error
	for _, v := range found {
		out = append(out, v.Err)
	}
	return out
}

func TestSigned(t *testing.T) {
	store := &shelf{}
	s := New(Config{Store: store})
	if _, err := s.Ensure(t.Context(), "pepito.es"); err != nil {
		t.Fatal(err)
	}
	const head = "From: Pepe <pepe@pepito.es>\r\nTo: ana@example.net\r\nSubject: año nuevo,\r\n  vida nueva\r\nDate: Wed, 4 Mar 2026 05:06:07 +0000\r\n"
	for name, message := range map[string]string{
		"plain":        head + "\r\nhello\r\n",
		"no body":      head + "\r\n",
		"blank lines":  head + "\r\nhello  there \t\r\n\r\n\r\n",
		"no line end":  head + "\r\nhello",
		"dots":         head + "\r\n.\r\n..\r\n",
		"long":         head + "\r\n" + strings.Repeat("0123456789 abcdef\r\n", 10_000),
		"other fields": "X-A: b\r\nReceived: by x\r\n" + head + "Cc: a@b\r\nCc: c@d\r\n\r\nx\r\n",
	} {
		for _, n := range []int{1, 7, 4096, len(message)} {
			if n == 1 && len(message) > 1000 {
				continue
			}
			sg, err := s.Begin(t.Context(), "pepito.es")
			if err != nil {
				t.Fatal(err)
			}
			for part := range slices.Chunk([]byte(message), n) {
				if _, err := sg.Write(part); err != nil {
					t.Fatal(err)
				}
			}
			fields, err := sg.Fields()
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			for line := range bytes.SplitSeq(fields, []byte("\r\n")) {
				if len(line) > 300 || bytes.ContainsAny(line, "\r\n") {
					t.Errorf("%s: line %q", name, line)
				}
			}
			sent := message
			if !strings.HasSuffix(sent, "\r\n") {
				sent += "\r\n"
			}
			sent = "Received: from a\r\n" + string(fields) + sent
			if got := verify(t, store, sent); len(got) != 2 || got[0] != nil || got[1] != nil {
				t.Errorf("%s by %d: %v\n%s", name, n, got, fields)
			}
			// What a thief on the way would change.
			for what, changed := range map[string]string{
				"a second From": "From: x@y.example\r\n" + sent,
				"the subject":   strings.Replace(sent, "vida", "muerte", 1),
				"another To":    strings.Replace(sent, "Date:", "To: z@z\r\nDate:", 1),
				"more body":     sent + "x\r\n",
			} {
				for i, err := range verify(t, store, changed) {
					if err == nil {
						t.Errorf("%s: signature %d holds although %s was changed", name, i, what)
					}
				}
			}
		}
	}
}

func TestUnsigned(t *testing.T) {
	s := New(Config{Store: &shelf{}})
	if sg, err := s.Begin(t.Context(), "pepito.es"); sg != nil || err != nil {
		t.Errorf("a domain without keys: %v, %v", sg, err)
	}
	if _, err := s.Ensure(t.Context(), "pepito.es"); err != nil {
		t.Fatal(err)
	}
	sg, err := s.Begin(t.Context(), "pepito.es")
	if err != nil || sg == nil {
		t.Fatal("no signing although the keys are there now", err)
	}
	if _, err := sg.Write([]byte("From: a@b\r\n")); err != nil {
		t.Fatal(err)
	}
	sg.Discard()
	if sg, err = s.Begin(t.Context(), "pepito.es"); err != nil {
		t.Fatal(err)
	}
	if _, err := sg.Fields(); err == nil {
		t.Error("a message without a header was signed")
	}
}

// The life of keys: first ones sign at once, the next when their records can
// be seen, the old ones go ten days later.
func TestRotation(t *testing.T) {
	store, now := &shelf{}, time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	var told []string
	published := false
	s := New(Config{Store: store, Rotate: 180 * 24 * time.Hour, Now: func() time.Time { return now },
		Tell: func(err error) { told = append(told, err.Error()) },
		TXT: func(ctx context.Context, name string) ([]string, error) {
			if !published {
				return nil, nil
			}
			return store.zone(ctx, name)
		}})
	step := func(days int, want string) {
		t.Helper()
		now = now.Add(time.Duration(days) * 24 * time.Hour)
		if err := s.Tend(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := store.states("pepito.es"); got != want {
			t.Errorf("after %d days more: %s\nwant %s", days, got, want)
		}
	}
	for range 2 { // Ensure makes them once
		if _, err := s.Ensure(t.Context(), "pepito.es"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Ensure(t.Context(), "other.example"); err != nil {
		t.Fatal(err)
	}
	const first = "rsa-20260304a active, ed25519-20260304a active"
	step(179, first)
	step(2, first+", rsa-20260901a next, ed25519-20260901a next")
	if _, err := s.Prepare(t.Context(), "pepito.es"); !errors.Is(err, ErrNext) {
		t.Errorf("a second next: %v", err)
	}
	step(30, first+", rsa-20260901a next, ed25519-20260901a next")
	published = true
	const second = "rsa-20260901a active, ed25519-20260901a active"
	step(1, strings.ReplaceAll(first, "active", "old")+", "+second)
	step(10, strings.ReplaceAll(first, "active", "old")+", "+second)
	step(1, second)
	if _, err := s.Activate(t.Context(), "pepito.es"); !errors.Is(err, ErrNoNext) {
		t.Errorf("nothing to activate: %v", err)
	}
	if len(told) != 4 || !strings.Contains(told[0]+told[1], "publish their records") {
		t.Errorf("told: %q", told)
	}
	// By hand, twice on one day: selectors don't meet.
	for _, want := range []string{"rsa-20261013a", "rsa-20261013b"} {
		keys, err := s.Prepare(t.Context(), "pepito.es")
		if err != nil || !slices.ContainsFunc(keys, func(k Key) bool { return k.Selector == want && k.State == Next }) {
			t.Fatalf("%s: %s, %v", want, store.states("pepito.es"), err)
		}
		if _, err := s.Activate(t.Context(), "pepito.es"); err != nil {
			t.Fatal(err)
		}
	}
}

func TestRecords(t *testing.T) {
	store := &shelf{}
	s := New(Config{Store: store, Now: func() time.Time { return time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC) }})
	keys, err := s.Ensure(t.Context(), "pepito.es")
	if err != nil {
		t.Fatal(err)
	}
	all, err := Records("pepito.es", Site{Host: "mx.pepito.es", Ports: []Port{{"submissions", 465}},
		Addrs: []netip.Addr{netip.MustParseAddr("192.0.2.7"), netip.MustParseAddr("2001:db8::7")}}, keys, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for i := range all {
		line, _, _ := strings.Cut(all[i].Zone(), "; p=")
		got = append(got, line)
	}
	want := []string{
		"pepito.es. IN MX 10 mx.pepito.es.",
		"mx.pepito.es. IN A 192.0.2.7",
		"7.2.0.192.in-addr.arpa. IN PTR mx.pepito.es.",
		"mx.pepito.es. IN AAAA 2001:db8::7",
		"7.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa. IN PTR mx.pepito.es.",
		`pepito.es. IN TXT "v=spf1 mx -all"`,
		`rsa-20260304a._domainkey.pepito.es. IN TXT "v=DKIM1; k=rsa`,
		`ed25519-20260304a._domainkey.pepito.es. IN TXT "v=DKIM1; k=ed25519`,
		`_dmarc.pepito.es. IN TXT "v=DMARC1`,
		"_submissions._tcp.pepito.es. IN SRV 0 1 465 mx.pepito.es.",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if line := all[6].Zone(); strings.Count(line, `"`) != 4 || len(line) < 300 {
		t.Errorf("RSA's record is no two strings: %s", line)
	}
	if line := all[7].Zone(); len(line) > 150 {
		t.Errorf("Ed25519's record is long: %s", line)
	}
}

// Mail under way was signed with the keys that are old now: their records stay
// for ten days, and say until when.
func TestRecordsOfOldKeys(t *testing.T) {
	now := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	s := New(Config{Store: &shelf{}, Now: func() time.Time { return now }})
	if _, err := s.Ensure(t.Context(), "pepito.es"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Prepare(t.Context(), "pepito.es"); err != nil {
		t.Fatal(err)
	}
	keys, err := s.Activate(t.Context(), "pepito.es")
	if err != nil {
		t.Fatal(err)
	}
	const day = 24 * time.Hour
	for after, want := range map[time.Duration]int{0: 2, 10 * day: 2, 10*day + time.Second: 0} {
		all, err := Records("pepito.es", Site{Host: "mx.pepito.es"}, keys, now.Add(after))
		if err != nil {
			t.Fatal(err)
		}
		active, old := 0, 0
		for i := range all {
			switch r := &all[i]; {
			case !strings.Contains(r.Name, "._domainkey."):
			case r.Until.IsZero():
				active++
			case r.Until.Equal(now.Add(10*day)) && r.Needs && strings.Contains(r.Why.Error(), "2026-03-14"):
				old++
			}
		}
		if active != 2 || old != want {
			t.Errorf("after %v: %d active keys and %d old ones, want 2 and %d", after, active, old, want)
		}
	}
}

func TestPublishes(t *testing.T) {
	k, err := newKey("a.example", "s", Ed25519, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	other, err := newKey("a.example", "s", Ed25519, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	own, _ := k.Record()
	not, _ := other.Record()
	for record, want := range map[string]bool{own: true, "p=" + own[strings.Index(own, "p=")+2:] + " ; t=s": true,
		not: false, "": false, "v=DKIM1; p=": false, "p": false} {
		if k.Publishes(record) != want {
			t.Errorf("%q: %v", record, !want)
		}
	}
	bad := Key{Private: []byte("x")}
	if _, err := bad.Record(); err == nil || bad.Publishes(own) {
		t.Error("a broken key has a record")
	}
	if _, err := x509.ParsePKCS8PrivateKey(k.Private); err != nil {
		t.Error(err)
	}
	if _, err := newKey("a", "s", "dsa", time.Now()); err == nil {
		t.Error("an unknown algorithm made a key")
	}
}

func BenchmarkSign(b *testing.B) {
	s := New(Config{Store: &shelf{}})
	if _, err := s.Ensure(b.Context(), "pepito.es"); err != nil {
		b.Fatal(err)
	}
	message := []byte("From: a@b\r\n\r\n" + strings.Repeat(fmt.Sprintf("%062d\r\n", 0), 64))
	for b.Loop() {
		sg, err := s.Begin(b.Context(), "pepito.es")
		if err != nil {
			b.Fatal(err)
		}
		_, _ = sg.Write(message)
		if _, err := sg.Fields(); err != nil {
			b.Fatal(err)
		}
	}
}
