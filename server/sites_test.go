package server

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"posta/cert"
	"posta/directory"
	"posta/directory/directorytest"
	"posta/queue"
	"posta/sasl"
	"posta/smtp/smtpclient"
	"posta/smtp/smtpserver"
	"posta/store"
	"posta/wire"
	"posta/wire/wiretest"
)

// postOffice is a queue for tests: what waits, by domain.
type postOffice struct {
	waiting map[string]int64
	asked   []string
	over    []string // the TLS of what was delivered
	vain    []error  // why nothing could be
}

func (p *postOffice) Hurry(_ context.Context, domain string) (int64, error) {
	p.asked = append(p.asked, "hurry "+domain)
	return p.waiting[domain], nil
}

func (p *postOffice) Deliver(_ context.Context, _ *smtpclient.Client, t queue.Turned, domains []string) (int, error) {
	if t.Why != nil {
		p.vain = append(p.vain, t.Why)
		return 0, nil
	}
	p.asked = append(p.asked, "deliver "+t.Site+" "+strings.Join(domains, ","))
	p.over = append(p.over, t.TLS)
	return 0, nil
}

func (p *postOffice) Items(_ context.Context, pick store.Pick) ([]store.Item, error) {
	if pick.Held == nil || *pick.Held {
		return nil, errors.New("what is held does not count")
	}
	return make([]store.Item, min(p.waiting[pick.Domain], int64(pick.Limit))), nil
}

// waiters are the sites north and south at a house with an office.
func waiters(t *testing.T) (*sites, *postOffice) {
	t.Helper()
	d, err := directory.New(directorytest.New(), directory.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"north.example", "a.north.example", "south.example"} {
		if _, err := d.AddDomain(t.Context(), directory.NewDomain(name)); err != nil {
			t.Fatal(err)
		}
	}
	near := []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}
	for _, s := range []directory.Site{{Name: "north", Domains: []string{"north.example", "a.north.example"}, Networks: near},
		{Name: "south", Domains: []string{"south.example"}}} {
		if _, _, err := d.AddSite(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	office := &postOffice{waiting: map[string]int64{"north.example": 3, "a.north.example": 4, "south.example": 5}}
	s := newSites(d, office, "provider.example", func(err error) { t.Error(err) })
	s.queue = office
	return s, office
}

// rfc: 1985-1-2, 1985-5.1-3, 1985-5.1-4
func TestRelease(t *testing.T) {
	for _, tt := range []struct {
		site, node string
		n          int64
		asked      string
		err        error
	}{
		{"north", "north.example", 3, "hurry north.example", nil},
		{"north", "@north.example", 7, "hurry a.north.example|hurry north.example", nil},
		{"", "north.example", 3, "hurry north.example", nil},
		{"south", "north.example", 0, "", smtpserver.ErrNotTheirs},
		{"south", "#uucp", 0, "", smtpserver.ErrNotTheirs},
	} {
		s, office := waiters(t)
		said := ""
		caller := smtpserver.Caller{Site: tt.site, Remote: netip.MustParseAddr("192.0.2.7"), Told: func(site string, domains []string) {
			said += fmt.Sprint(site, domains, len(office.asked))
		}}
		got, err := s.Release(t.Context(), caller, tt.node)
		told := int64(0)
		for _, m := range got.Mail {
			told += m.Count
		}
		if domains := strings.Fields(strings.NewReplacer("hurry ", "", "|", " ").Replace(tt.asked)); err == nil && said != fmt.Sprint("north", domains, 0) {
			t.Errorf("%+v: told %q", tt, said)
		}
		if got.Waiting != tt.n || told != tt.n || got.Partly || !errors.Is(err, tt.err) || strings.Join(office.asked, "|") != tt.asked {
			t.Errorf("%+v: %+v %v %q", tt, got, err, office.asked)
		}
	}
}

// Of a domain of which nothing leaves, as all of its mail is held, nothing was asked for.
func TestReleaseHeld(t *testing.T) {
	s, office := waiters(t)
	delete(office.waiting, "a.north.example")
	var said []string
	by := smtpserver.Caller{Site: "north", Told: func(_ string, domains []string) { said = append(said, domains...) }}
	if _, err := s.Release(t.Context(), by, "@north.example"); err != nil || !slices.Equal(said, []string{"north.example"}) {
		t.Error(said, err)
	}
	delete(office.waiting, "north.example")
	if got, err := s.Release(t.Context(), by, "north.example"); err != nil || got.Waiting != 0 || len(said) != 1 {
		t.Error(said, got, err)
	}
}

// What is kept for a site goes nowhere on a new connection before a route is laid.
func TestReleaseNowhere(t *testing.T) {
	s, office := waiters(t)
	kept := directory.NewDomain("kept.example")
	kept.Kind, kept.Site = directory.KindOnDemand, "south"
	if _, err := s.directory.AddDomain(t.Context(), kept); err != nil {
		t.Fatal(err)
	}
	if _, err := s.directory.AddRoute(t.Context(), directory.Route{Hosts: []string{"smart.example"}}); err != nil {
		t.Fatal(err)
	}
	by := smtpserver.Caller{Site: "south"}
	if _, err := s.Release(t.Context(), by, "kept.example"); err == nil || errors.Is(err, smtpserver.ErrNotTheirs) || len(office.asked) != 0 {
		t.Error(err, office.asked)
	}
	if _, err := s.directory.AddRoute(t.Context(), directory.Route{Domain: "kept.example", Hosts: []string{"gw.kept.example"}}); err != nil {
		t.Fatal(err)
	}
	office.waiting["kept.example"] = 2
	got, err := s.Release(t.Context(), by, "kept.example")
	if want := []smtpserver.Sent{{Domain: "kept.example", Hosts: []string{"gw.kept.example"}, Count: 2}}; err != nil || len(office.asked) != 1 || !reflect.DeepEqual(got.Mail, want) {
		t.Error(err, office.asked, got)
	}
}

func TestFetch(t *testing.T) {
	s, office := waiters(t)
	for _, tt := range []struct {
		domains, all, waiting []string
		err                   error
	}{
		{nil, []string{"a.north.example", "north.example"}, []string{"a.north.example", "north.example"}, nil},
		{[]string{"NORTH.example", "north.example"}, []string{"north.example"}, []string{"north.example"}, nil},
		{[]string{"north.example", "south.example"}, nil, nil, smtpserver.ErrNotTheirs},
	} {
		all, waiting, err := s.Fetch(t.Context(), "north", tt.domains)
		if !slices.Equal(all, tt.all) || !slices.Equal(waiting, tt.waiting) || !errors.Is(err, tt.err) {
			t.Errorf("%v: %v %v %v", tt.domains, all, waiting, err)
		}
	}
	delete(office.waiting, "a.north.example")
	if all, waiting, err := s.Fetch(t.Context(), "north", nil); len(all) != 2 || !slices.Equal(waiting, []string{"north.example"}) || err != nil {
		t.Error(all, waiting, err)
	}
	clear(office.waiting)
	if _, waiting, err := s.Fetch(t.Context(), "north", nil); len(waiting) > 0 || err != nil {
		t.Error("nothing waits", err)
	}
	if seen, err := s.directory.Site(t.Context(), "north"); err != nil || seen.Seen.IsZero() {
		t.Error("it was not seen", err)
	}
	s.queue = nil
	if _, _, err := s.Fetch(t.Context(), "north", nil); !errors.Is(err, errNoQueue) || s.Any(t.Context()) {
		t.Error(err)
	}
}

// The provider is the client: it waits for the greeting, delivers, and leaves.
func TestReverse(t *testing.T) {
	for _, tt := range []struct{ script, end, asked string }{
		{"S: 220 gw\nC: EHLO provider.example\nS: 250 gw\nC: QUIT\nS: 221 bye", "quit", "deliver north north.example"},
		{"S: 220 gw\nC: EHLO provider.example", "broken off: The connection broke before a message could be sent: the other side closed the connection", ""},
		{"S: 554 go away\nC: QUIT\nS: 221 bye", "quit", ""},
		{"S: 220 gw\nC: EHLO provider.example\nS: 421 no", "peer closed: 421 no", ""},
	} {
		s, office := waiters(t)
		near, played := wiretest.Play(tt.script, nil)
		end := s.Reverse(t.Context(), smtpserver.Turned{Site: "north", Domains: []string{"north.example"}}, turnedConn(t, near))
		if !strings.HasPrefix(end, tt.end) || strings.Join(office.asked, "|") != tt.asked {
			t.Errorf("%q %q", end, office.asked)
		}
		if err := <-played; err != nil && tt.end == "quit" {
			t.Error(err)
		}
	}
}

// TLS where there was none before the turn: where the site offers it and nobody
// forbids it. After a handshake that failed it goes on in clear, the next time.
func TestReverseTLS(t *testing.T) {
	const greeting, offers = "S: 220 gw\nC: EHLO provider.example\n", "S: 250-gw\nS: 250 STARTTLS\n"
	const end = "C: QUIT\nS: 221 bye"
	const asks = greeting + offers + "C: STARTTLS\n"
	for _, tt := range []struct {
		name, policy string
		scripts      []string
		ends         []string
		delivered    []string // over what
		mechanism    string
	}{
		{"offered", "opportunistic", []string{asks + "S: 220 go\ntls\nC: EHLO provider.example\nS: 250 gw\n" + end}, []string{"quit"}, []string{"TLSv1.3"}, ""},
		{"refused", "", []string{asks + "S: 454 not now\n" + end}, []string{"quit"}, []string{""}, ""},
		{"not offered", "", []string{greeting + "S: 250 gw\n" + end}, []string{"quit"}, []string{""}, ""},
		{"not wanted", "none", []string{greeting + offers + end}, []string{"quit"}, []string{""}, ""},
		{"broken", "", []string{asks + "S: 220 go\nS: nonsense that is no handshake", greeting + offers + end}, []string{"broken off: TLS could not be started: ", "quit"}, []string{""}, ""},
		{"required", "required", []string{asks + "S: 220 go\ntls\nC: EHLO provider.example\nS: 250 gw\n" + end}, []string{"quit"}, []string{"TLSv1.3"}, ""},
		{"required, not offered", "required", []string{greeting + "S: 250 gw\n" + end}, []string{"quit"}, nil, ""},
		{"required, refused", "required", []string{asks + "S: 454 not now\n" + end}, []string{"quit"}, nil, ""},
		{"required, broken", "required", []string{asks + "S: 220 go\nS: nonsense that is no handshake", asks + "S: 220 go\ntls\nC: EHLO provider.example\nS: 250 gw\n" + end},
			[]string{"broken off: TLS could not be started: ", "quit"}, []string{"TLSv1.3"}, ""},
		{"leaves", "", []string{asks + "S: 421 bye"}, []string{"peer closed: 421 bye"}, nil, ""},
		{"by a relay of lines", "", []string{greeting + offers + end}, []string{"quit"}, []string{""}, sasl.CramMD5},
		{"by a relay of lines, required", "required", []string{asks + "S: 454 not now\n" + end}, []string{"quit"}, nil, sasl.CramMD5},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, office := waiters(t)
			s.turned.tls = tt.policy
			certs, err := cert.New(cert.Options{Hostname: "gw.north.example", Dir: t.TempDir()})
			if err != nil {
				t.Fatal(err)
			}
			for i, script := range tt.scripts {
				near, played := wiretest.Play(script, certs.TLSConfig())
				end := s.Reverse(t.Context(), smtpserver.Turned{Site: "north", Domains: []string{"north.example"}, Mechanism: tt.mechanism}, turnedConn(t, near))
				if !strings.HasPrefix(end, tt.ends[i]) {
					t.Errorf("%d ended: %q", i, end)
				}
				_ = near.Close()
				if err := <-played; err != nil {
					t.Errorf("%d: %v", i, err)
				}
			}
			for i, why := range office.vain { // it is noted, and with the server's words
				if e := queue.Ending(why); tt.ends[i] != "quit" && e != tt.ends[i] && !strings.HasPrefix(e, tt.ends[i]) {
					t.Errorf("%v is noted", why)
				}
				var refusal *smtpclient.Refusal
				if tt.name == "required, refused" && (!errors.As(why, &refusal) || refusal.Reply.Code != 454) {
					t.Errorf("%v is noted", why)
				}
			}
			if len(office.vain)+len(office.over) != len(tt.scripts) {
				t.Errorf("%v is noted, and %q delivered", office.vain, office.over)
			}
			if got := strings.Join(office.over, "|"); len(office.over) != len(tt.delivered) || !strings.HasPrefix(got, strings.Join(tt.delivered, "|")) {
				t.Errorf("delivered over %q", office.over)
			}
		})
	}
}

func turnedConn(t *testing.T, nc *wiretest.Conn) *wire.Conn {
	c := wire.NewConn(nc, wire.Options{})
	if err := c.Turn(0); err != nil {
		t.Fatal(err)
	}
	return c
}

// Ten times in a row, and then once in six seconds; each for himself.
func TestPace(t *testing.T) {
	p := newPace()
	now := time.Unix(1_800_000_000, 0)
	p.now = func() time.Time { return now }
	for i := range 11 {
		if got := p.may("north"); got != (i < 10) {
			t.Fatal(i, got)
		}
	}
	if !p.may("south") {
		t.Error("another pays for it")
	}
	now = now.Add(6 * time.Second)
	if !p.may("north") || p.may("north") {
		t.Error("not one in six seconds")
	}
	for i := range paceMost {
		p.may(string(rune('a'+i%26)) + time.Duration(i).String())
	}
	if len(p.last) > paceMost {
		t.Error(len(p.last))
	}
	now = now.Add(time.Hour)
	if !p.may("a newcomer") {
		t.Error("full for ever")
	}
}

func TestCaller(t *testing.T) {
	for in, want := range map[string]string{"::ffff:192.0.2.7": "192.0.2.7/32", "2001:db8::7": "2001:db8::/64"} {
		if got := caller(smtpserver.Caller{Remote: netip.MustParseAddr(in)}); got != want {
			t.Error(in, got)
		}
	}
}
