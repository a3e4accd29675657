package server

import (
	"bufio"
	"net"
	"strings"
	"testing"
	"time"

	"posta/admin"
	"posta/config"
	"posta/mail"
	"posta/srs"
	"posta/store"
)

// A stranger finds no way through a strict port to anybody elsewhere, however the
// recipient is written.
func TestStrangersDoNotRelay(t *testing.T) {
	h, addr := strict(t)
	ctx := t.Context()
	secret := "clave-2026"
	call := func(name string, in any) {
		t.Helper()
		if err := h.Operations().Call(ctx, name, in, nil); err != nil {
			t.Fatal(name, err)
		}
	}
	call("domain.add", admin.DomainChange{Name: "pepito.es"})
	call("account.add", admin.AccountChange{Address: "pepe@pepito.es", Password: &secret})
	call("domain.add", admin.DomainChange{Name: "xn--espaa-rta.example"})

	forged := func(key string) string {
		a, ok := srs.New([]byte(key), time.Now).Forward(mail.Address{Local: "bob", Domain: "far.example"}, "pepito.es")
		if !ok {
			t.Fatal("no address")
		}
		return a.String()
	}
	for _, tt := range []struct{ from, to string }{
		{"x@far.example", "bob@far.example"},
		{"pepe@pepito.es", "bob@far.example"}, // a sender's name is no log-in
		{"", "bob@far.example"},
		{"postmaster@pepito.es", "bob@FAR.example"},
		{"x@far.example", "@pepito.es:bob@far.example"},
		{"x@far.example", "@pepito.es,@mail.test:bob@far.example"},
		{"x@far.example", "bob%far.example@pepito.es"},
		{"x@far.example", "bob%far.example%pepito.es@pepito.es"},
		{"x@far.example", "far.example!bob@pepito.es"},
		{"x@far.example", `"bob@far.example"@pepito.es`},
		{"x@far.example", `"bob%far.example"@pepito.es`},
		{"x@far.example", `"bob@far.example"`},
		{"x@far.example", `bob@far.example@pepito.es`},
		{"x@far.example", `"pepe@pepito.es"@far.example`},
		{"x@far.example", "pepe@pepito.es.far.example"},
		{"x@far.example", "bob@far.example.pepito.es"},
		{"x@far.example", "bob@pepito.es."},
		{"x@far.example", "pepe@pepito.es\x00@far.example"},
		{"x@far.example", "bob@[192.0.2.7]"},
		{"x@far.example", "bob@[IPv6:2001:db8::7]"},
		{"x@far.example", "bob@[IPv6:::ffff:192.0.2.7]"},
		{"x@far.example", "bob@[127.0.0.1]"},
		{"x@far.example", "bob@[x:far.example]"},
		{"x@far.example", "bob@192.0.2.7"},
		{"x@far.example", "bob@localhost"},
		{"x@far.example", "bob%far.example"},
		{"x@far.example", "bob+far.example@pepito.es"},
		{"x@far.example", "postmaster@far.example"},
		{"x@far.example", "postmaster%far.example@pepito.es"},
		{"x@far.example", "bob%far.example@xn--espaa-rta.example"},
		{"", "SRS0=aaaaaa=bb=far.example=bob@pepito.es"},
		{"", "srs0+aaaaaa=bb=far.example=bob@pepito.es"},
		{"", "SRS0-aaaaaa=bb=far.example=bob@pepito.es"},
		{"", "SRS1=aaaaaabb=far.example==x=y@pepito.es"},
		{"", "SRS0=@pepito.es"},
		{"", "SRS0=aaaaaa=bb=far.example=bob@far.example"},
		{"", forged("")},
		{"", forged("k")},
		{"x@far.example", forged("")},
	} {
		c := spoken(t, addr)
		c.ask(t, "EHLO far.example", "250")
		c.ask(t, "MAIL FROM:<"+tt.from+">", "250")
		if said := c.say(t, "RCPT TO:<"+tt.to+">"); said[0] != '5' {
			t.Errorf("<%s> to <%s>: %s", tt.from, tt.to, said)
		}
		c.ask(t, "DATA", "5")
		c.Close()
	}
	if all, err := h.db.Queue().Items(ctx, store.Pick{}); err != nil || len(all) > 0 {
		t.Errorf("%d wait to leave, %v", len(all), err)
	}
	// The port itself takes mail.
	c := spoken(t, addr)
	c.ask(t, "EHLO far.example", "250")
	c.ask(t, "MAIL FROM:<x@far.example>", "250")
	c.ask(t, "RCPT TO:<@elsewhere.example:PEPE@Pepito.ES>", "250")
}

// strict runs a house with one strict port for other servers.
func strict(t *testing.T) (*House, string) {
	t.Helper()
	cfg := config.Default()
	cfg.Hostname, cfg.Data = "mail.test", t.TempDir()
	cfg.Outgoing.Mode = config.OutgoingHold
	cfg.Listeners = []config.Listener{{Name: "smtp", Service: config.SMTP, Addr: "127.0.0.1:0", Mode: config.ModeStrict, TLS: config.TLSNone}}
	h, addrs := run(t, cfg, Options{Report: func(error) {}})
	return h, addrs["smtp"]
}

// stranger is a connection of somebody whom nobody knows.
type stranger struct {
	net.Conn
	r *bufio.Reader
}

func spoken(t *testing.T, addr string) *stranger {
	t.Helper()
	c := dialed(t, addr)
	_ = c.SetDeadline(time.Now().Add(busy))
	s := &stranger{c, bufio.NewReader(c)}
	answer(t, s.r)
	return s
}

func (s *stranger) say(t *testing.T, line string) string {
	t.Helper()
	if _, err := s.Write([]byte(line + "\r\n")); err != nil {
		t.Fatal(err)
	}
	return answer(t, s.r)
}

func (s *stranger) ask(t *testing.T, line, want string) {
	t.Helper()
	if said := s.say(t, line); !strings.HasPrefix(said, want) {
		t.Errorf("%s: %s", line, said)
	}
}
