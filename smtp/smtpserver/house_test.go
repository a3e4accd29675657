package smtpserver

import (
	"bufio"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"posta/event"
	"posta/mail"
	"posta/sasl"
	"posta/wire"
	"posta/wire/wiretest"
)

// house is the inside of a mail server for tests: Door, Addresses,
// Authenticator, Guard and Sink at once.
type house struct {
	mu     sync.Mutex
	got    []*letter // committed
	lost   int       // aborted
	facts  []any
	octets strings.Builder // what watchers saw of the peer's lines, masked as *
	logins []string
	wait   time.Duration
	banned time.Time
	ctx    context.Context // of the last Commit
}

type letter struct {
	h       *house
	origin  mail.Origin
	env     mail.Envelope
	rcpts   []mail.Recipient
	content strings.Builder
	over    bool
}

func (h *house) Begin(_ context.Context, from mail.Origin, env mail.Envelope) (mail.Letter, error) {
	switch env.From.Local {
	case "malo":
		return nil, mail.Refuse(550, "5.7.1", "Not from you").Because(errors.New("secret"))
	case "roto":
		return nil, errors.New("the secret database is gone")
	case "ocupado":
		return nil, mail.Refuse(421, "4.3.2", "Busy")
	}
	return &letter{h: h, origin: from, env: env}, nil
}

func (l *letter) Rcpt(_ context.Context, to mail.Recipient) error {
	switch to.To.Local {
	case "nadie":
		return mail.Refuse(550, "5.1.1", "No such user")
	case "lleno":
		return mail.Refuse(452, "4.2.2", "Mailbox full")
	}
	l.rcpts = append(l.rcpts, to)
	return nil
}

func (l *letter) Write(p []byte) (int, error) {
	l.content.Write(p)
	if strings.Contains(l.content.String(), "DISKFULL") {
		return 0, mail.Refuse(452, "4.3.1", "Insufficient system storage").Because(errors.New("2 octets are free"))
	}
	return len(p), nil
}

func (l *letter) Commit(ctx context.Context) (mail.Receipt, error) {
	if l.over {
		panic("a Letter ended twice")
	}
	l.over = true
	if strings.Contains(l.content.String(), "COMMITFAIL") {
		return mail.Receipt{}, errors.New("secret disk error")
	}
	l.h.mu.Lock()
	defer l.h.mu.Unlock()
	l.h.got = append(l.h.got, l)
	l.h.ctx = ctx
	r := mail.Receipt{ID: fmt.Sprintf("Q%d", len(l.h.got)), Notes: []string{"noted"}}
	if strings.Contains(l.content.String(), "FILED") {
		r.MessageID, r.To = "m@x", []mail.Delivery{{Recipient: "pepe@b", Mailbox: "pepe@pepito.es", Account: 7, UID: 3}}
		r.Missed = []mail.Missed{{Failed: true, Why: "no way", To: []mail.Onward{{Recipient: "pepe@b", To: "x@y"}}}}
	}
	if strings.Contains(l.content.String(), "FOREIGN") {
		r.Foreign = []mail.Foreign{{Field: "Sender", Address: "x\x07@y.example"}}
	}
	return r, nil
}

func (l *letter) Abort() {
	if !l.over {
		l.h.lost++
	}
	l.over = true
}

func (h *house) Verify(_ context.Context, from mail.Origin, who string) (mail.Verified, error) {
	switch who {
	case "pepe", "pepe@pepito.es":
		return mail.Verified{Name: "Pepe Pérez <x>", Address: mail.Address{Local: "pepe", Domain: "pepito.es"}}, nil
	case "peña":
		return mail.Verified{Name: "Peña", Address: mail.Address{Local: "peña", Domain: "pepito.es"}}, nil
	case "dos":
		return mail.Verified{}, mail.Refuse(553, "5.1.4", "Ambiguous")
	case "extraño":
		return mail.Verified{}, mail.Refuse(252, "2.5.2", "Cannot VRFY user, but will accept message")
	}
	return mail.Verified{}, mail.Refuse(550, "5.1.1", "No such user")
}

func (h *house) Expand(_ context.Context, _ mail.Origin, list string) ([]mail.Verified, error) {
	switch list {
	case "todos":
		return []mail.Verified{{Address: mail.Address{Local: "a", Domain: "b"}}, {Name: "C", Address: mail.Address{Local: "c", Domain: "d"}}}, nil
	case "nadie":
		return nil, nil
	}
	return nil, mail.Refuse(550, "5.7.1", "Not for you")
}

func (h *house) Password(_ context.Context, user, password string) (sasl.Identity, error) {
	switch {
	case user == "ocupado":
		return sasl.Identity{}, sasl.ErrBusy
	case user == "roto":
		return sasl.Identity{}, errors.New("secret")
	case user == "pepe" && password == "secreto":
		return sasl.Identity{Account: 7, Address: "pepe@pepito.es"}, nil
	}
	return sasl.Identity{}, sasl.ErrCredentials
}

func (h *house) Verifier(context.Context, string) (sasl.Identity, sasl.Verifier, error) {
	v, err := sasl.NewVerifier("secreto", []byte("0123456789abcdef"), 4096)
	return sasl.Identity{Account: 7, Address: "pepe@pepito.es"}, v, err
}

func (h *house) Secret(context.Context, string) (sasl.Identity, []byte, error) {
	return sasl.Identity{}, nil, sasl.ErrCredentials
}

func (h *house) LoginResult(remote netip.Addr, user string, ok bool) (time.Duration, time.Time) {
	h.logins = append(h.logins, fmt.Sprintf("%v %s %v", remote, user, ok))
	return h.wait, h.banned
}

func (h *house) Wants(uint64, event.Layer, event.Part) bool { return true }

func (h *house) Emit(e *event.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if e.Kind == event.State || e.Kind == event.Close {
		h.facts = append(h.facts, e.Fact)
	}
	if e.Kind != event.Data || e.Layer != event.Text {
		return
	}
	data := append([]byte(nil), e.Data...)
	for _, m := range e.Mask {
		for i := m.Off; i < m.Off+m.Len; i++ {
			data[i] = '*'
		}
	}
	h.octets.Write(data)
}

// rig is a server with a peer that talks to it.
type rig struct {
	t    *testing.T
	h    *house
	conn *wiretest.Conn
	nc   net.Conn // conn, or TLS on it
	in   *bufio.Reader
	stop context.CancelFunc
	wire *wire.Conn
	done chan struct{}
}

// start runs a session inside of a synctest bubble.
func start(t *testing.T, change func(*Config)) *rig {
	h := &house{}
	cfg := Config{Hostname: "mx.example", Listener: "smtp", Mode: mail.Strict, Door: h, Addresses: h, Auth: h, Guard: h, MaxSize: 1000}
	if change != nil {
		change(&cfg)
	}
	if cfg.MaxSize < 0 {
		cfg.MaxSize = 0
	}
	ctx, stop := context.WithCancel(t.Context())
	client, server := wiretest.Pipe()
	r := &rig{t: t, h: h, conn: client, nc: client, in: bufio.NewReader(client), stop: stop, done: make(chan struct{})}
	t.Cleanup(func() { // a failed script leaves the session waiting
		stop()
		_ = client.Close()
	})
	r.wire = wire.NewConn(server, wire.Options{ID: 9, Sink: h, Human: cfg.Mode == mail.Lab, Idle: 5 * time.Minute})
	go func() {
		defer close(r.done)
		New(cfg).Session(ctx, r.wire)
	}()
	return r
}

func (r *rig) send(s string) {
	r.t.Helper()
	if _, err := r.nc.Write([]byte(s)); err != nil {
		r.t.Fatalf("writing %q: %v", s, err)
	}
}

// line reads one line of the server, or "<closed>".
func (r *rig) line() string {
	r.t.Helper()
	if err := r.conn.SetReadDeadline(time.Now().Add(time.Hour)); err != nil {
		r.t.Fatal(err)
	}
	s, err := r.in.ReadString('\n')
	if err != nil {
		if s != "" {
			r.t.Errorf("the server broke off in %q", s)
		}
		return "<closed>"
	}
	return strings.TrimSuffix(s, "\r\n")
}

// play runs a script. Lines that begin with C: are sent (those in a row as one
// write), lines with S: are expected; a last "…" stands for anything. "S:
// <closed>" is the connection's end, "TLS" a handshake.
func (r *rig) play(script string) {
	r.t.Helper()
	var group strings.Builder
	flush := func() {
		if group.Len() > 0 {
			r.send(group.String())
			group.Reset()
		}
	}
	for _, l := range strings.Split(strings.TrimSpace(script), "\n") {
		l = strings.TrimLeft(l, "\t ")
		switch {
		case strings.HasPrefix(l, "C:"):
			group.WriteString(strings.TrimPrefix(strings.TrimPrefix(l, "C:"), " ") + "\r\n")
		case strings.HasPrefix(l, "S:"):
			flush()
			want := strings.TrimPrefix(strings.TrimPrefix(l, "S:"), " ")
			got := r.line()
			head, open := strings.CutSuffix(want, "…")
			if got != want && (!open || !strings.HasPrefix(got, head)) {
				r.t.Fatalf("got  %q\nwant %q", got, want)
			}
		case l == "TLS":
			flush()
			r.handshake()
		case l != "":
			r.t.Fatalf("script line %q", l)
		}
	}
	flush()
}

func (r *rig) handshake() {
	r.t.Helper()
	c := tls.Client(r.conn, &tls.Config{InsecureSkipVerify: true, ServerName: "mx.example"})
	if err := c.Handshake(); err != nil {
		r.t.Fatal(err)
	}
	r.nc, r.in = c, bufio.NewReader(c)
}

// finish ends the session from the peer's side and waits for it.
func (r *rig) finish() {
	_ = r.conn.Close()
	<-r.done
	r.stop()
	synctest.Wait()
}

// facts are the facts told so far that are of type F.
func facts[F any](h *house) []F {
	h.mu.Lock()
	defer h.mu.Unlock()
	var out []F
	for _, f := range h.facts {
		if f, ok := f.(F); ok {
			out = append(out, f)
		}
	}
	return out
}

// talk plays one script with one configuration.
func talk(t *testing.T, change func(*Config), script string) *house {
	t.Helper()
	var h *house
	synctest.Test(t, func(t *testing.T) {
		t.Helper()
		r := start(t, change)
		h = r.h
		r.play(script)
		r.finish()
	})
	return h
}

var certificate = sync.OnceValues(func() (tls.Certificate, error) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"mx.example"},
		NotAfter: time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
})

func tlsConfig(t *testing.T) *tls.Config {
	cert, err := certificate()
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{cert}}
}

func lab(c *Config)        { c.Mode = mail.Lab }
func hmail(c *Config)      { c.Mode, c.Persona = mail.Lab, "hmailserver" }
func submission(c *Config) { c.Service, c.Listener = mail.Submission, "submission" }
func labSubmission(c *Config) {
	lab(c)
	submission(c)
}

func withTLS(t *testing.T, more func(*Config)) func(*Config) {
	cfg := tlsConfig(t)
	return func(c *Config) {
		if more != nil {
			more(c)
		}
		c.TLS = cfg
	}
}
