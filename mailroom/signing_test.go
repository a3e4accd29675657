package mailroom

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/emersion/go-msgauth/dkim"

	"posta/directory"
	"posta/dsn"
	"posta/mail"
	"posta/sign"
)

// keyring is a sign.Store in memory, and a Signer over it for pepito.es.
type keyring struct {
	*sign.Signer
	keys []sign.Key
}

func newKeyring(t *testing.T) *keyring {
	r := &keyring{}
	r.Signer = sign.New(sign.Config{Store: r})
	if _, err := r.Ensure(t.Context(), "pepito.es"); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *keyring) Generation() uint64 { return 0 }
func (r *keyring) SigningKeys(_ context.Context, domain string) (out []sign.Key, _ error) {
	for _, k := range r.keys {
		if k.Domain == domain {
			out = append(out, k)
		}
	}
	return out, nil
}
func (r *keyring) ChangeKeys(_ context.Context, c sign.KeyChange) error {
	r.keys = append(r.keys, c.Add...)
	return nil
}

// Begin implements Signer.
func (r *keyring) Begin(ctx context.Context, domain string) (Signing, error) {
	s, err := r.Signer.Begin(ctx, domain)
	if s == nil {
		return nil, err
	}
	return s, err
}

// verified says by whom a message is signed so that it verifies.
func (r *keyring) verified(t *testing.T, message string) string {
	t.Helper()
	if !strings.HasSuffix(message, "\r\n") {
		message += "\r\n"
	}
	if !strings.Contains(message, "\r\n\r\n") {
		message += "\r\n"
	}
	found, err := dkim.VerifyWithOptions(strings.NewReader(message), &dkim.VerifyOptions{LookupTXT: func(name string) ([]string, error) {
		for _, k := range r.keys {
			if k.Name() == name {
				record, err := k.Record()
				return []string{record}, err
			}
		}
		return nil, errors.New("no such name")
	}})
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, v := range found {
		if v.Err != nil {
			t.Errorf("signature of %s: %v\n%s", v.Domain, v.Err, message)
		}
		out = append(out, v.Domain)
	}
	return strings.Join(out, " ")
}

// What leaves is signed for the domain of its author here, with what we add and
// without what we take out; what others wrote is not.
func TestSigned(t *testing.T) {
	const both = "pepito.es pepito.es"
	free := func(h *house) mail.Origin {
		d, err := h.rows.Domain(t.Context(), "pepito.es")
		if err == nil {
			d.SenderCheck = directory.Off
			err = h.rows.SetDomain(t.Context(), d)
		}
		if err != nil {
			t.Fatal(err)
		}
		return h.submission("pepe@pepito.es")
	}
	network := func(*house) mail.Origin {
		o := mx()
		o.Service, o.NoLogin, o.Relays = mail.Submission, true, true
		return o
	}
	for _, tt := range []struct {
		name, in string
		o        func(*house) mail.Origin
		to       string
		want     string
	}{
		{"whole", "From: Pepe <PEPE@Pepito.ES>\r\nDate: Wed, 4 Mar 2026 05:06:07 +0100\r\nMessage-ID: <a@b>\r\n\r\nhello\r\n", nil, "bob@far.example", both},
		{"fields are missing", "From: pepe@pepito.es\r\n\r\nhello\r\n", nil, "bob@far.example", both},
		{"a field goes", "Bcc: x@y\r\nFrom: pepe@pepito.es\r\nReturn-Path: <a>\r\n\r\nhello\r\n", nil, "bob@far.example", both},
		{"no empty line", "From: pepe@pepito.es\r\nhello there\r\n", nil, "bob@far.example", both},
		{"no body", "From: pepe@pepito.es\r\n", nil, "bob@far.example", both},
		{"half a line", "From: pepe@pepito.es", nil, "bob@far.example", both},
		{"no end", "From: pepe@pepito.es\r\n\r\nhello", nil, "bob@far.example", both},
		{"no From", "Subject: x\r\n\r\nhello\r\n", nil, "bob@far.example", ""},
		{"a domain without keys", "From: usuario@servidor.es\r\n\r\nhello\r\n",
			func(h *house) mail.Origin { return h.submission("usuario@servidor.es") }, "bob@far.example", ""},
		{"a lab's", "From: pepe@pepito.es\r\n\r\nhello\r\n", func(*house) mail.Origin { return lab() }, "bob@far.example", ""},
		{"handed in", "From: pepe@pepito.es\r\n\r\nhello\r\n",
			func(*house) mail.Origin { return mail.Origin{Service: mail.Submission, Inside: "www-data"} }, "bob@far.example", both},
		{"granted", "From: info@pepito.es\r\n\r\nhello\r\n", nil, "bob@far.example", both},
		{"another's, as the domains let pass", "From: ana@pepito.es\r\n\r\nhello\r\n", free, "bob@far.example", ""},
		{"nobody's, as the domains let pass", "From: jefe@pepito.es\r\n\r\nhello\r\n", free, "bob@far.example", ""},
		{"his own and another's", "From: pepe@pepito.es, ana@pepito.es\r\n\r\nhello\r\n", free, "bob@far.example", ""},
		{"his own and in a second field another's", "From: pepe@pepito.es\r\nFrom: ana@pepito.es\r\n\r\nhello\r\n", free, "bob@far.example", ""},
		{"his own, where all may pass", "From: pepe@pepito.es\r\n\r\nhello\r\n", free, "bob@far.example", both},
		{"a network's, of somebody here", "From: ana@pepito.es\r\n\r\nhello\r\n", network, "bob@far.example", both},
		{"a network's, of nobody", "From: jefe@pepito.es\r\n\r\nhello\r\n",
			func(h *house) mail.Origin { free(h); return network(h) }, "bob@far.example", ""},
		{"a stranger's, sent on", "From: pepe@pepito.es\r\n\r\nhello\r\n", func(*house) mail.Origin { return mx() }, "fuera@pepito.es", ""},
		{"not leaving", "From: pepe@pepito.es\r\n\r\nhello\r\n", nil, "ana@pepito.es", ""},
	} {
		for _, n := range []int{0, 1, 7} {
			ring := newKeyring(t)
			h, _ := open(t, func(c *Config) { c.Signer, c.Trouble = ring, func(err error) { t.Error(tt.name, err) } })
			h.alias("fuera@pepito.es", "bob@far.example")
			h.alias("info@pepito.es", "ana@pepito.es")
			if err := h.rows.AddGrant(t.Context(), h.ids["pepe@pepito.es"], "info@pepito.es"); err != nil {
				t.Fatal(err)
			}
			o := h.submission("pepe@pepito.es")
			if tt.o != nil {
				o = tt.o(h)
			}
			from := "pepe@pepito.es"
			if o.Login.Known() {
				from = o.Login.Address
			}
			if _, err := h.send(o, mail.Envelope{From: addr(from)}, tt.in, n, rcpts(tt.to)...); err != nil {
				t.Fatal(tt.name, err)
			}
			var left []string
			for _, out := range h.store.out {
				left = append(left, out.octets)
			}
			if len(left) == 0 {
				left = h.got(tt.to)
			}
			if len(left) != 1 {
				t.Fatalf("%s: %q left", tt.name, left)
			}
			if got := ring.verified(t, left[0]); got != tt.want {
				t.Errorf("%s by %d: signed by %q, want %q\n%s", tt.name, n, got, tt.want, left[0])
			}
		}
	}
}

func TestReportsAreSigned(t *testing.T) {
	ring := newKeyring(t)
	h, _ := open(t, func(c *Config) { c.Signer = ring })
	rep := &dsn.Report{To: addr("bob@far.example"), Date: h.now, Arrival: h.now, MTA: "mx.pepito.es",
		Recipients: []dsn.Recipient{{Final: "rfc822;x@y.example", Action: dsn.Failed, Status: mail.Status{Class: 5}}}}
	if err := h.room.Report(t.Context(), rep); err != nil {
		t.Fatal(err)
	}
	if len(h.store.out) != 1 || ring.verified(t, h.store.out[0].octets) != "pepito.es pepito.es" {
		t.Errorf("left: %+v", h.store.out)
	}
}

// Goroutines of given up signatures end, and a failed signature loses no mail.
func TestSigningFails(t *testing.T) {
	var troubles []error
	h, _ := open(t, func(c *Config) {
		c.Signer = broken{}
		c.Trouble = func(err error) { troubles = append(troubles, err) }
	})
	for range 2 {
		if _, err := h.send(h.submission("pepe@pepito.es"), mail.Envelope{From: addr("pepe@pepito.es")}, "From: pepe@pepito.es\r\n\r\nx\r\n", 0,
			rcpts("bob@far.example")...); err != nil {
			t.Fatal(err)
		}
	}
	if len(h.store.out) != 2 || len(troubles) != 2 {
		t.Errorf("%d left, troubles %v", len(h.store.out), troubles)
	}
}

// broken is a Signer whose signatures fail.
type broken struct{}

func (broken) Begin(context.Context, string) (Signing, error) { return broken{}, nil }
func (broken) Write(p []byte) (int, error)                    { return len(p), nil }
func (broken) Fields() ([]byte, error)                        { return nil, errors.New("no key") }
func (broken) Discard()                                       {}

// quota is a Sending that allows so many.
type quota struct {
	left int
	sent []string
}

func (q *quota) May(_ mail.Login, more int) error {
	if more > q.left {
		return mail.Refuse(450, "4.7.1", "Enough for today")
	}
	return nil
}

func (q *quota) Take(login mail.Login, n int) error {
	if n > q.left {
		return mail.Refuse(450, "4.7.1", "Enough for today")
	}
	q.left -= n
	q.sent = append(q.sent, fmt.Sprint(login.Address, " ", n))
	return nil
}

// What an account sends to others is counted when it is accepted: the
// recipients that it named, not those of lists, nor ours.
func TestSendingIsBounded(t *testing.T) {
	q := &quota{left: 3}
	h, _ := open(t, func(c *Config) { c.Sending = q })
	h.list("clase@pepito.es", "public", "", "a@far.example", "b@far.example", "c@far.example")
	h.alias("fuera@pepito.es", "bob@far.example")
	send := func(o mail.Origin, want string, to ...string) {
		t.Helper()
		_, err := h.send(o, mail.Envelope{From: addr("pepe@pepito.es")}, "From: pepe@pepito.es\r\n\r\nx\r\n", 0, rcpts(to...)...)
		if reply(err) != want {
			t.Errorf("%v: %s, want %s", to, reply(err), want)
		}
	}
	pepe := h.submission("pepe@pepito.es")
	send(pepe, reply(nil), "ana@pepito.es", "clase@pepito.es")
	send(pepe, "450 4.7.1", "1@far.example", "2@far.example", "3@far.example", "4@far.example")
	send(pepe, reply(nil), "1@far.example", "fuera@pepito.es", "ana@pepito.es")
	send(pepe, "450 4.7.1", "1@far.example", "2@far.example")
	send(pepe, reply(nil), "a@far.example", "clase@pepito.es", "a@far.example", "a@Far.Example") // one copy, one recipient
	q.left++
	send(lab(), reply(nil), "1@far.example", "2@far.example")
	send(mail.Origin{Service: mail.Submission, Inside: "www"}, reply(nil), "1@far.example", "2@far.example")
	send(pepe, reply(nil), "clase@pepito.es", "a@far.example") // a list's member is named, too
	if !slices.Equal(q.sent, []string{"pepe@pepito.es 2", "pepe@pepito.es 1", "pepe@pepito.es 1"}) {
		t.Errorf("counted %q", q.sent)
	}
	// What another session has taken meanwhile is not there at the end of the
	// data; what could not be kept is given back.
	q.left, q.sent = 2, nil
	begin := func() mail.Letter {
		l, err := h.room.Begin(t.Context(), pepe, mail.Envelope{From: addr("pepe@pepito.es")})
		if err != nil {
			t.Fatal(err)
		}
		if err := l.Rcpt(t.Context(), rcpts("1@far.example")[0]); err != nil {
			t.Fatal(err)
		}
		return l
	}
	l := begin()
	q.left = 0
	_, err := l.Commit(t.Context())
	wantReply(t, "another session took it", err, "450 4.7.1")
	q.left = 2
	l, h.store.fail = begin(), errors.New("the disk broke")
	_, err = l.Commit(t.Context())
	wantReply(t, "the store failed", err, "451 4.3.0")
	if q.left != 2 {
		t.Errorf("%d left after a message that was not kept", q.left)
	}
}
