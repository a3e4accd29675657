package collect_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"posta/collect"
	"posta/event"
	"posta/mail"
	"posta/smtp/smtpclient"
	"posta/wire/wiretest"
)

func atrn() collect.Entry {
	return collect.Entry{Way: collect.ATRN, Host: "provider.example", User: "north", Password: "geheim", Domains: []string{"north.example"}}
}

// Both sides are posta's: the provider's server becomes the client of the
// customer's, who becomes a server.
func TestATRN(t *testing.T) {
	p := &provider{letters: []string{"ana@north.example Subject: one\r\n\r\n1\r\n", "eva@North.Example Subject: two\r\n\r\n2\r\n",
		"nobody@north.example x\r\n", "luis@south.example x\r\n"}}
	c := newCustomer(t, p.serve(t, false))
	r := c.once(t, atrn())
	if r.Messages != 2 || r.Left != 2 || r.Failure != "what came was refused here: <nobody@north.example>: 550 5.1.1 No such user" || r.Session != 1 || !slices.Equal(c.dials, []string{"provider.example:366"}) {
		t.Errorf("%+v %v", r, c.dials)
	}
	stayed := []collect.Stay{{From: "a@far.example", Why: "<nobody@north.example>: 550 5.1.1 No such user"},
		{From: "a@far.example", Why: "<luis@south.example>: 450 4.7.1 Not a domain whose mail is collected here"}}
	if !slices.Equal(r.Stayed, stayed) {
		t.Errorf("refused: %+v", r.Stayed)
	}
	want := []string{"ana@north.example: Subject: one\r\n\r\n1\r\n", "eva@North.Example: Subject: two\r\n\r\n2\r\n"}
	if !slices.Equal(c.box.got, want) {
		t.Errorf("%q", c.box.got)
	}
	o := c.box.origin
	if o.Login.Known() || o.Service != mail.MX || o.Mode != mail.Strict || o.Helo != "provider.example" || o.Listener != event.Collecting {
		t.Errorf("it came in as %+v", o)
	}
	if offer := p.said[0]; strings.Contains(offer, "AUTH") || strings.Contains(offer, "ETRN") || strings.Contains(offer, "ATRN") {
		t.Error("a turned customer offers", offer)
	}
	if !strings.Contains(p.said[4], "450 4.7.1") {
		t.Errorf("mail for another domain: %q", p.said[4])
	}
}

// A connection that turned in clear text can have TLS afterwards, if the
// provider asks for it and the entry does not forbid it.
func TestTLSBehindTheTurn(t *testing.T) {
	p := &provider{letters: []string{"ana@north.example one\r\n"}, secure: &tls.Config{InsecureSkipVerify: true}}
	c := newCustomer(t, p.serve(t, false))
	c.tls, _ = certificate(t, "gw.north.example")
	if r := c.once(t, atrn()); r.Messages != 1 || r.Failure != "" {
		t.Errorf("%+v", r)
	}
	if !strings.Contains(p.said[0], "STARTTLS") || strings.Contains(p.said[1], "STARTTLS") || strings.Contains(p.said[1], "AUTH") {
		t.Errorf("it offers %q, and under TLS %q", p.said[0], p.said[1])
	}
	if o := c.box.origin; !strings.HasPrefix(o.TLS, "TLSv1.3 ") || o.Login.Known() {
		t.Errorf("it came in as %+v", o)
	}
	p.secure = nil
	e := atrn()
	e.TLS = collect.Clear
	if r := c.once(t, e); r.Messages != 1 || r.Failure != "" || strings.Contains(p.said[3], "STARTTLS") {
		t.Errorf("%+v, it offers %q", r, p.said[3:])
	}
}

// Without mail there is a 453 to ATRN, and TURN turns for a QUIT.
func TestNoMail(t *testing.T) {
	c := newCustomer(t, (&provider{}).serve(t, false))
	if r := c.once(t, atrn()); r.Messages != 0 || r.Failure != "" || !r.Nothing {
		t.Errorf("%+v", r)
	}
	p := &provider{}
	c = newCustomer(t, p.serve(t, true))
	e := atrn()
	e.Way = collect.TURN
	if r := c.once(t, e); r.Messages != 0 || r.Failure != "" || !r.Nothing || len(p.said) != 1 {
		t.Errorf("%+v %v", r, p.said)
	}
}

func TestTURN(t *testing.T) {
	p := &provider{letters: []string{"ana@north.example one\r\n"}}
	p.more = func(c *smtpclient.Client) {
		if _, err := c.Turn(context.Background(), 0); err == nil || !strings.Contains(err.Error(), "502") {
			t.Error("a second turn:", err)
		}
	}
	c := newCustomer(t, p.serve(t, true))
	e := atrn()
	e.Way = collect.TURN
	if r := c.once(t, e); r.Messages != 1 || r.Failure != "" || c.dials[0] != "provider.example:25" {
		t.Errorf("%+v %v", r, c.dials)
	}
}

// rfc: 1985-1-1, 1985-4-2, 1985-5-4, 1985-5.3-1
func TestETRN(t *testing.T) {
	p := &provider{}
	c := newCustomer(t, p.serve(t, false))
	e := atrn()
	e.Way, e.Domains = collect.ETRN, []string{"north.example", "south.example", "@south.example", "#q"}
	r := c.once(t, e)
	if want := []string{"release north north.example", "release north south.example", "release north @south.example", "release north #q"}; !slices.Equal(p.said, want) {
		t.Errorf("%q", p.said)
	}
	if what, some := r.TurnedAway(); !some || !strings.HasPrefix(what, "south.example: 459") || r.Left == 0 || r.Left != len(r.Stayed) || r.Stayed[0].Why != what {
		t.Errorf("%+v", r)
	}
}

// Of its replies to ETRN only 251 says that nothing waits (RFC 1985 §5.1), and
// nothing waits where that holds for all that was asked for.
func TestETRNNothing(t *testing.T) {
	for _, tt := range []struct {
		replies string
		nothing bool
	}{
		{"251", true}, {"251 251", true}, {"250", false}, {"252", false}, {"253", false}, {"251 252", false}, {"250 251", false}, {"251 459", false}, {"459", false},
	} {
		script, domains := "S: 220 x\nC: EHLO gw.north.example\nS: 250 x\n", []string(nil)
		for i, code := range strings.Fields(tt.replies) {
			domain := fmt.Sprintf("%c.example", 'a'+i)
			domains = append(domains, domain)
			script += "C: ETRN " + domain + "\nS: " + code + " so\n"
		}
		played := make(chan error, 1)
		c := newCustomer(t, func(nc net.Conn) { played <- wiretest.Script(nc, script+"C: QUIT\nS: 221 bye", nil) })
		seen := &notes{}
		c.watch(seen)
		r := c.once(t, collect.Entry{Way: collect.ETRN, Host: "x.example", Domains: domains})
		if released := tt.replies != "459"; slices.Contains(seen.all, "nothing was released there") == released {
			t.Errorf("%s: notes %q", tt.replies, seen.all)
		}
		if r.Nothing != tt.nothing || slices.Contains(seen.all, "nothing waits there") != tt.nothing {
			t.Errorf("%s: %+v, notes %q", tt.replies, r, seen.all)
		}
		if err := <-played; err != nil {
			t.Errorf("%s: %v", tt.replies, err)
		}
	}
}

// notes are those of sessions.
type notes struct{ all []string }

func (*notes) Wants(uint64, event.Layer, event.Part) bool { return false }

func (n *notes) Emit(e *event.Event) {
	if note, ok := e.Fact.(event.Note); ok {
		n.all = append(n.all, note.Text)
	}
}

// After a refusal for good nothing more is asked (RFC 1985 §5.2).
//
// rfc: 1985-5.2-1, 1985-5.2-2
func TestETRNRefused(t *testing.T) {
	played := make(chan error, 1)
	c := newCustomer(t, func(nc net.Conn) {
		played <- wiretest.Script(nc, `
			S: 220 old.example
			C: EHLO gw.north.example
			S: 250 old.example
			C: ETRN a.example
			S: 500 what?
			C: QUIT
			S: 221 bye`, nil)
	})
	r := c.once(t, collect.Entry{Way: collect.ETRN, Host: "old.example:2525", Domains: []string{"a.example", "b.example"}})
	if r.Failure != "500 what?" || c.dials[0] != "old.example:2525" {
		t.Errorf("%+v %v", r, c.dials)
	}
	if err := <-played; err != nil {
		t.Error(err)
	}
}

// Nothing is sent that shows the secret to somebody who has not proved who he is.
//
// rfc: 5321-4.1.1.10-3
func TestSecrets(t *testing.T) {
	for _, tt := range []struct {
		tls           collect.Security
		offer, expect string
	}{
		{collect.Opportunistic, "250 AUTH PLAIN LOGIN", "C: QUIT\nS: 221 bye\nclosed"},
		{collect.Clear, "250 AUTH PLAIN LOGIN", "C: AUTH PLAIN AG5vcnRoAGdlaGVpbQ=="},
		{collect.Required, "250 AUTH CRAM-MD5", "C: QUIT\nS: 221 bye\nclosed"},
	} {
		played := make(chan error, 1)
		c := newCustomer(t, func(nc net.Conn) {
			played <- wiretest.Script(nc, "S: 220 x\n\tC: EHLO gw.north.example\n\tS: 250-x\n\tS: "+tt.offer+"\n\t"+tt.expect, nil)
		})
		e := atrn()
		e.TLS = tt.tls
		if r := c.once(t, e); r.Failure == "" {
			t.Errorf("%+v: %+v", tt, r)
		}
		if err := <-played; err != nil {
			t.Errorf("%+v: %v", tt, err)
		}
	}
}

// The schedule asks when it is time, not twice at once, and goes on after
// failures.
func TestSchedule(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCustomer(t, nil)
		began := time.Now()
		hourly, manual := atrn(), atrn()
		hourly.Every, hourly.Next = time.Hour, began.Add(time.Hour)
		hourly = c.add(t, hourly)
		manual = c.add(t, manual)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- c.Run(ctx) }()
		for i := range 3 {
			time.Sleep(time.Hour - time.Nanosecond)
			synctest.Wait()
			if c.calls() != i {
				t.Fatalf("after %v: %d calls", time.Since(began), c.calls())
			}
			time.Sleep(time.Nanosecond)
			synctest.Wait()
			if c.calls() != i+1 {
				t.Fatalf("after %v: %d calls", time.Since(began), c.calls())
			}
		}
		e, err := c.store.Entry(ctx, hourly.ID)
		if err != nil || e.Last.Failure != "no connection: refused" || !e.Next.Equal(began.Add(4*time.Hour)) {
			t.Errorf("%+v %v", e, err)
		}
		if e, _ := c.store.Entry(ctx, manual.ID); !e.Last.At.IsZero() {
			t.Error("by hand only, and it was collected")
		}
		soon := atrn()
		soon.Every, soon.Next = time.Minute, time.Now().Add(time.Minute)
		c.add(t, soon)
		c.Stir()
		time.Sleep(time.Minute)
		synctest.Wait()
		if c.calls() != 4 {
			t.Error("who stirs is not heard:", c.calls())
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// One entry is at work once: whoever asks meanwhile waits for it, as long as he
// wants. The end of who asked for it ends it, and then another begins it anew.
func TestOnceAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		talks := make(chan net.Conn)
		c := newCustomer(t, func(nc net.Conn) { talks <- nc })
		e := c.add(t, atrn())
		type outcome struct {
			collect.Result
			joined bool
			err    error
		}
		once := func(ctx context.Context) chan outcome {
			ended := make(chan outcome, 1)
			go func() {
				r, joined, err := c.Once(ctx, e.ID)
				ended <- outcome{r, joined, err}
			}()
			synctest.Wait()
			return ended
		}
		refuse := func(nc net.Conn) {
			if err := wiretest.Script(nc, "S: 421 later\nclosed", nil); err != nil {
				t.Error(err)
			}
		}
		first := once(t.Context())
		nc := <-talks
		second := once(t.Context())
		impatient, leave := context.WithCancel(t.Context())
		third := once(impatient)
		leave()
		if got := <-third; !errors.Is(got.err, context.Canceled) {
			t.Errorf("whoever waits no longer still waits: %+v", got)
		}
		refuse(nc)
		if a, b := <-first, <-second; a.joined || !b.joined || a.err != nil || b.err != nil || a.Failure != "421 later" || b.Failure != a.Failure || c.calls() != 1 {
			t.Errorf("%+v, %+v after %d calls", a, b, c.calls())
		}

		ctx, cancel := context.WithCancel(t.Context())
		first = once(ctx)
		<-talks
		second = once(t.Context())
		cancel()
		if r := <-first; r.Failure != "it was interrupted" {
			t.Errorf("a visit that was broken off: %+v", r)
		}
		refuse(<-talks)
		if r := <-second; r.joined || r.Failure != "421 later" || c.calls() != 3 {
			t.Errorf("behind one that was broken off: %+v after %d calls", r, c.calls())
		}
	})
}

// rfc: 1985-5-2
func TestCheck(t *testing.T) {
	for _, tt := range []struct {
		about string
		e     collect.Entry
		ok    bool
	}{
		{"a literal address", collect.Entry{Way: collect.ETRN, Host: "2001:db8::1", Domains: []string{"@a.example", "#q"}}, true},
		{"address and port", collect.Entry{Way: collect.ETRN, Host: "[2001:db8::1]:25", Domains: []string{"a.example"}}, true},
		{"port 995", collect.Entry{Way: collect.POP3, Host: "a.example:995", User: "x", Account: "y@b.example"}, true},
		{"no host", collect.Entry{Way: collect.ETRN, Domains: []string{"a.example"}}, false},
		{"a bad port", collect.Entry{Way: collect.ETRN, Host: "a.example:0", Domains: []string{"a.example"}}, false},
		{"a bad host", collect.Entry{Way: collect.ETRN, Host: "a b", Domains: []string{"a.example"}}, false},
		{"no domain", collect.Entry{Way: collect.ETRN, Host: "a.example"}, false},
		{"no full name", collect.Entry{Way: collect.ETRN, Host: "a.example", Domains: []string{"north"}}, false},
		{"no log-in", collect.Entry{Way: collect.ATRN, Host: "a.example", Domains: []string{"a.example"}}, false},
		{"subdomains by ATRN", collect.Entry{Way: collect.ATRN, Host: "a.example", User: "x", Domains: []string{"@a.example"}}, false},
		{"no account", collect.Entry{Way: collect.POP3, Host: "a.example", User: "x"}, false},
		{"no way", collect.Entry{Way: "imap", Host: "a.example"}, false},
		{"too often", collect.Entry{Way: collect.ETRN, Host: "a.example", Domains: []string{"a.example"}, Every: time.Second}, false},
		{"unknown TLS", collect.Entry{Way: collect.ETRN, Host: "a.example", Domains: []string{"a.example"}, TLS: "maybe"}, false},
		{"a line end", collect.Entry{Way: collect.ATRN, Host: "a.example", User: "x\r\nQUIT", Domains: []string{"a.example"}}, false},
	} {
		if err := tt.e.Check(); (err == nil) != tt.ok {
			t.Errorf("%s: %v", tt.about, err)
		}
		if tt.about == "port 995" && tt.e.TLS != collect.Implicit {
			t.Errorf("TLS %q at port 995", tt.e.TLS)
		}
	}
}
