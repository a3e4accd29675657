package dns

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"posta/dns/dnstest"
)

const table = `
	example.net        MX 20 b.example.net
	example.net        MX 10 A.Example.net
	a.example.net      A 192.0.2.1
	a.example.net      A 192.0.2.2
	a.example.net      AAAA 2001:db8::1
	a.example.net      AAAA ::ffff:192.0.2.9
	b.example.net      AAAA 2001:db8::2
	null.example       MX 0 .
	odd.example        MX 0 .
	odd.example        MX 5 mx.odd.example
	rootless.example   MX 0 .
	rootless.example   MX 0 .
	alias.example      CNAME other.example
	other.example      CNAME example.net
	nowhere.example    CNAME gone.example
	loop.example       CNAME pool.example
	pool.example       CNAME loop.example
	ill.example        SERVFAIL
	refused.example    REFUSED
	dumb.example       SILENT
	half.example       A 192.0.2.7
	big.example        TRUNCATED
	big.example        MX 5 a.example.net
	text.example       TXT "v=spf1 " "-all"
	text.example       TXT "a \"b\" \195\177"
`

func ask(t *testing.T, servers ...string) *Resolver {
	t.Helper()
	r, err := New(Options{Servers: servers, Timeout: 20 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func mxs(all []MX) string {
	var out []string
	for _, m := range all {
		out = append(out, fmt.Sprintf("%d %s", m.Pref, m.Host))
	}
	return strings.Join(out, ", ")
}

func TestMX(t *testing.T) {
	r := ask(t, dnstest.New(t, table).Addr())
	tests := []struct {
		domain, want string
		kind         error
	}{
		{"example.net", "10 a.example.net, 20 b.example.net", nil},
		{"EXAMPLE.net.", "10 a.example.net, 20 b.example.net", nil},
		{"alias.example", "10 a.example.net, 20 b.example.net", nil},
		{"null.example", "0 ", nil},
		{"odd.example", "5 mx.odd.example", nil},
		{"rootless.example", "0 ", nil},
		{"big.example", "5 a.example.net", nil},
		{"a.example.net", "", ErrNoData},
		{"example", "", ErrNoData}, // others stand below it
		{"gone.example", "", ErrNoDomain},
		{"nowhere.example", "", ErrNoDomain},
		{"loop.example", "", ErrTemporary},
		{"ill.example", "", ErrTemporary},
		{"refused.example", "", ErrTemporary},
		{"dumb.example", "", ErrTemporary},
		{"localhost", "", ErrName},
		{"[192.0.2.1]", "", ErrName},
		{"192.0.2.1", "", ErrName},
		{"", "", ErrName},
	}
	for _, test := range tests {
		t.Run(test.domain, func(t *testing.T) {
			t.Parallel()
			all, err := r.MX(t.Context(), test.domain)
			if mxs(all) != test.want || !errors.Is(err, test.kind) {
				t.Errorf("%q, %v", mxs(all), err)
			}
			var known *Error
			if err != nil && (!errors.As(err, &known) || known.Temporary() != (test.kind == ErrTemporary) || known.Name != test.domain) {
				t.Errorf("%#v", err)
			}
			if known != nil && (known.Code == "SERVFAIL") != (test.domain == "ill.example") {
				t.Errorf("%+v", known)
			}
			if Null(all) != (test.domain == "null.example" || test.domain == "rootless.example") {
				t.Error("the null MX")
			}
		})
	}
}

// A name is asked for as it stands: a host of ours that is called nearly so, or
// an MX record that begins so, is not what was meant.
//
// rfc: 5321-5.1-2
func TestNothingIsInferred(t *testing.T) {
	s := dnstest.New(t, "mail.example.net MX 5 mx.example.net\nexample.net MX 5 mail.example.net\nmx.mail A 192.0.2.1")
	r := ask(t, s.Addr())
	for _, name := range []string{"mail", "net"} {
		if all, err := r.MX(t.Context(), name); !errors.Is(err, ErrNoData) || s.Asked(name+" MX") != 1 {
			t.Errorf("%s: %v, %v; asked %d times", name, all, err, s.Asked(name+" MX"))
		}
	}
	if n := s.Asked("mail.example.net MX") + s.Asked("example.net MX"); n != 0 {
		t.Errorf("other names were asked for %d times", n)
	}
}

func TestValues(t *testing.T) {
	r := ask(t, dnstest.New(t, `x.example MX 10 Mail.x.example
x.example TXT "v=spf1 " "mx"
x.example A 192.0.2.7
_imap._tcp.x.example SRV 0 1 993 mail.x.example
7.2.0.192.in-addr.arpa PTR Mail.x.example`).Addr())
	for _, tt := range []struct{ name, kind, want string }{
		{"x.example", "MX", "10 mail.x.example."},
		{"x.example", "TXT", "v=spf1 mx"},
		{"x.example", "A", "192.0.2.7"},
		{"_imap._tcp.x.example", "SRV", "0 1 993 mail.x.example."},
		{"7.2.0.192.in-addr.arpa", "PTR", "mail.x.example."},
	} {
		if got, err := r.Values(t.Context(), tt.name, tt.kind); err != nil || strings.Join(got, "|") != tt.want {
			t.Errorf("%s %s: %q, %v", tt.kind, tt.name, got, err)
		}
	}
	if _, err := r.Values(t.Context(), "x.example", "AAAA"); !errors.Is(err, ErrNoData) {
		t.Errorf("AAAA: %v", err)
	}
}

func TestAddrs(t *testing.T) {
	s := dnstest.New(t, table)
	r := ask(t, s.Addr())
	for host, want := range map[string]string{
		"a.example.net": "[192.0.2.1 192.0.2.2 2001:db8::1 192.0.2.9]",
		"b.example.net": "[2001:db8::2]",
		"half.example":  "[192.0.2.7]",
	} {
		if all, err := r.Addrs(t.Context(), host); err != nil || fmt.Sprint(all) != want {
			t.Errorf("%s: %v, %v", host, all, err)
		}
	}
	for host, kind := range map[string]error{"example.net": ErrNoData, "gone.example": ErrNoDomain, "dumb.example": ErrTemporary, "[::1]": ErrName} {
		if all, err := r.Addrs(t.Context(), host); !errors.Is(err, kind) || len(all) > 0 {
			t.Errorf("%s: %v, %v", host, all, err)
		}
	}
}

func TestTXT(t *testing.T) {
	r := ask(t, dnstest.New(t, table).Addr())
	all, err := r.TXT(t.Context(), "text.example")
	if err != nil || fmt.Sprintf("%q", all) != `["v=spf1 -all" "a \"b\" ñ"]` {
		t.Errorf("%q, %v", all, err)
	}
}

// One family's silence hides nothing, but is no proof that there is nothing.
func TestHalfAnswered(t *testing.T) {
	temporary, none, missing := &Error{Kind: ErrTemporary}, &Error{Kind: ErrNoData}, &Error{Kind: ErrNoDomain}
	for _, pair := range [][3]error{{temporary, none, temporary}, {none, temporary, temporary}, {none, missing, missing},
		{context.Canceled, none, context.Canceled}, {temporary, context.Canceled, context.Canceled}} {
		if got := worse(pair[0], pair[1]); got != pair[2] {
			t.Errorf("of %v and %v: %v", pair[0], pair[1], got)
		}
	}
}

// Those who ask at the same time, and later, share one answer.
func TestAskedOnce(t *testing.T) {
	s := dnstest.New(t, table)
	r, err := New(Options{Servers: []string{s.Addr()}})
	if err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	for range 20 {
		wait.Go(func() {
			if _, err := r.MX(t.Context(), "example.net"); err != nil {
				t.Error(err)
			}
			if _, err := r.MX(t.Context(), "gone.example"); !errors.Is(err, ErrNoDomain) {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if n := s.Asked("example.net MX"); n != 1 {
		t.Errorf("asked %d times", n)
	}
	if n := s.Asked("gone.example MX"); n != 1 {
		t.Errorf("asked %d times", n)
	}
}

// Answers last as long as their TTL, denials as long as the zone says, failures
// for seconds.
func TestAge(t *testing.T) {
	s := dnstest.New(t, table)
	now := time.Unix(1e9, 0)
	r, err := New(Options{Servers: []string{s.Addr()}, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		domain string
		lasts  time.Duration
	}{{"example.net", 300 * time.Second}, {"gone.example", 60 * time.Second}, {"ill.example", failureKept}} {
		_, _ = r.MX(t.Context(), test.domain)
		now = now.Add(test.lasts - 1)
		_, _ = r.MX(t.Context(), test.domain)
		if n := s.Asked(test.domain + " MX"); n != 1 {
			t.Errorf("%s: asked %d times", test.domain, n)
		}
		now = now.Add(1)
		_, _ = r.MX(t.Context(), test.domain)
		if n := s.Asked(test.domain + " MX"); n != 2 {
			t.Errorf("%s: asked %d times when it was too old", test.domain, n)
		}
	}
}

// The next server is asked where one is silent, ill or lame, and the silent one
// last from then on.
func TestServers(t *testing.T) {
	silent, ill := dnstest.New(t, "example.net SILENT"), dnstest.New(t, "example.net SERVFAIL\nexample.org MX 1 x.example")
	good := dnstest.New(t, "example.net MX 1 mx.example\nexample.org MX 1 mx.example")
	r := ask(t, silent.Addr(), ill.Addr(), good.Addr())
	if all, err := r.MX(t.Context(), "example.net"); err != nil || mxs(all) != "1 mx.example" {
		t.Errorf("%v, %v", all, err)
	}
	if ill.Asked("example.net MX") != 1 {
		t.Error("one that cannot say is asked once")
	}
	if all, err := r.MX(t.Context(), "example.org"); err != nil || mxs(all) != "1 x.example" {
		t.Errorf("%v, %v", all, err)
	}
	if silent.Asked("example.org MX") != 0 || r.Servers()[2].String() != silent.Addr() {
		t.Error("the silent one was not put last")
	}
}

func TestParseServer(t *testing.T) {
	for in, want := range map[string]string{"192.0.2.53": "192.0.2.53:53", "127.0.0.1:5353": "127.0.0.1:5353",
		"2001:db8::1": "[2001:db8::1]:53", "[2001:db8::1]": "[2001:db8::1]:53", "[2001:db8::1]:5353": "[2001:db8::1]:5353",
		"dns.example": "", "": "", "192.0.2.53:0": "", "[192.0.2.53]": "", "192.0.2.53:": "", "dns.example:53": ""} {
		at, err := ParseServer(in)
		if (err == nil) != (want != "") || err == nil && at.String() != want {
			t.Errorf("%q: %v, %v", in, at, err)
		}
	}
	if _, err := New(Options{Servers: []string{"dns.example"}}); err == nil {
		t.Error("a name for a server")
	}
}

// No more answers are kept than was said; those used last stay.
func TestFull(t *testing.T) {
	c := newCache(2, time.Now)
	for _, name := range []string{"a.", "b."} {
		c.put(question{name, 1}, answer{ttl: time.Hour})
	}
	c.get(question{"a.", 1})
	c.put(question{"c.", 1}, answer{ttl: time.Hour})
	c.put(question{"d.", 1}, answer{}) // a TTL of 0 is not kept
	for name, want := range map[string]bool{"a.": true, "b.": false, "c.": true, "d.": false} {
		if _, ok := c.get(question{name, 1}); ok != want {
			t.Errorf("%s: %v", name, ok)
		}
	}
	if len(c.all) != 2 || c.order.Len() != 2 {
		t.Error(len(c.all), c.order.Len())
	}
}

// Who does not want to wait any longer leaves; the last one calls it off.
func TestLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var f flights
		off := make(chan struct{})
		find := func(ctx context.Context, _ question) answer {
			<-ctx.Done()
			close(off)
			return answer{}
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var wait sync.WaitGroup
		for _, ctx := range []context.Context{ctx, ctx} {
			wait.Go(func() {
				if _, err := f.do(ctx, question{}, find); !errors.Is(err, context.DeadlineExceeded) {
					t.Error(err)
				}
			})
		}
		wait.Wait()
		<-off
		if len(f.all) != 0 {
			t.Error("a flight that nobody waits for")
		}
	})
}

// What the system says can be read, whatever it says.
func TestSystem(t *testing.T) {
	r, err := New(Options{})
	if err != nil || len(r.Servers()) == 0 || r.Servers()[0].Port() != 53 || r.Servers()[0].Addr() == (netip.Addr{}) {
		t.Error(r.Servers(), err)
	}
}
