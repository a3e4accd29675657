package queue

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"posta/dns"
	"posta/dsn"
	"posta/event"
	"posta/mail"
	"posta/store"
	"posta/wire/wiretest"
)

// world is a network in memory with a queue in it.
type world struct {
	t      *testing.T
	q      *Queue
	store  *memory
	routes map[string]Route
	mx     map[string]any // []dns.MX or error
	hosts  map[string]any // []netip.Addr or error

	mu       sync.Mutex
	scripts  map[string][]string // by address: what each next connection is
	dials    []string
	reports  []string
	facts    []event.Attempted
	remarks  []string
	sessions atomic.Uint64
	problems []error
	doorFail int
	tls      *tls.Config
	failing  bool // scripts need not come to their end
	peers    sync.WaitGroup
}

func newWorld(t *testing.T) *world {
	w := &world{t: t, store: newMemory(), routes: map[string]Route{}, mx: map[string]any{}, hosts: map[string]any{}, scripts: map[string][]string{}}
	w.q = New(Config{
		Store: w.store, Resolver: w, Routes: w, Door: w, Sink: w, Hostname: "us.example",
		Names:   []string{"us.example"},
		OwnAddr: func(a netip.Addr) bool { return a == netip.MustParseAddr("192.0.2.99") },
		Admits:  func(a netip.Addr) bool { return a.IsPrivate() },
		Session: func() uint64 { return w.sessions.Add(1) },
		Dial:    w.dial, Random: rand.New(rand.NewPCG(1, 2)),
		Problem: func(err error) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.problems = append(w.problems, err)
		},
	})
	return w
}

func (w *world) MX(_ context.Context, domain string) ([]dns.MX, error) {
	switch v := w.mx[domain].(type) {
	case []dns.MX:
		return v, nil
	case error:
		return nil, v
	}
	if _, ok := w.hosts[domain]; ok {
		return nil, &dns.Error{Name: domain, Type: "MX", Kind: dns.ErrNoData}
	}
	return nil, &dns.Error{Name: domain, Type: "MX", Kind: dns.ErrNoDomain}
}

func (w *world) Addrs(_ context.Context, host string) ([]netip.Addr, error) {
	switch v := w.hosts[host].(type) {
	case []netip.Addr:
		return v, nil
	case error:
		return nil, v
	}
	return nil, &dns.Error{Name: host, Type: "A", Kind: dns.ErrNoDomain}
}

func (w *world) Route(_ context.Context, domain string) (Route, error) { return w.routes[domain], nil }

// host says that a domain's mail goes to a host with these addresses.
func (w *world) host(domain, host string, pref uint16, addrs ...string) {
	all, _ := w.mx[domain].([]dns.MX)
	w.mx[domain] = append(all, dns.MX{Host: host, Pref: pref})
	var at []netip.Addr
	for _, a := range addrs {
		at = append(at, netip.MustParseAddr(a))
	}
	w.hosts[host] = at
}

// answers queues up what connections to an address meet; "refused" and
// "silent" are no scripts.
func (w *world) answers(addr string, scripts ...string) {
	w.scripts[addr] = append(w.scripts[addr], scripts...)
}

// dialed is how many connections were tried so far.
func (w *world) dialed() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.dials)
}

func (w *world) dial(ctx context.Context, _ netip.Addr, to netip.AddrPort) (net.Conn, error) {
	w.mu.Lock()
	w.dials = append(w.dials, to.String())
	left := w.scripts[to.String()]
	if len(left) == 0 {
		w.mu.Unlock()
		return nil, &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}
	}
	script := left[0]
	if script != "silent" && script != "refused" || len(left) > 1 {
		w.scripts[to.String()] = left[1:]
	}
	w.mu.Unlock()
	switch script {
	case "refused":
		return nil, &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}
	case "silent":
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(dialTime):
			return nil, &net.OpError{Op: "dial", Err: syscall.ETIMEDOUT}
		}
	}
	near, far := wiretest.PipeBetween(netip.MustParseAddrPort(wiretest.ClientAddr), to)
	w.peers.Go(func() {
		if err := wiretest.Script(far, script, w.tls); err != nil && !w.failing {
			w.t.Errorf("%s: %v", to, err)
		}
	})
	return near, nil
}

// Report is the door.
func (w *world) Report(ctx context.Context, r *dsn.Report, settle ...store.Settlement) error {
	w.mu.Lock()
	if w.doorFail > 0 {
		w.doorFail--
		w.mu.Unlock()
		return errors.New("the door is stuck")
	}
	r.From = mail.Address{Local: "postmaster", Domain: "us.example"}
	r.Boundary = "b"
	var b bytes.Buffer
	if err := r.Write(&b, dsn.English()); err != nil {
		w.t.Error(err)
	}
	w.reports = append(w.reports, b.String())
	w.mu.Unlock()
	return w.store.Settle(ctx, settle...)
}

func (w *world) Wants(uint64, event.Layer, event.Part) bool { return false }

func (w *world) Emit(e *event.Event) {
	switch fact := e.Fact.(type) {
	case event.Note:
		w.remark("[" + fact.Text + "]")
	case event.Closed:
		w.remark(fact.Reason)
	}
	if fact, ok := e.Fact.(event.Halted); ok {
		w.remark(fact.Recipient + " " + fact.Outcome())
	}
	if fact, ok := e.Fact.(event.Attempted); ok {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.facts = append(w.facts, fact)
	}
}

// remark keeps what was noted of sessions, and why they ended.
func (w *world) remark(text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.remarks = append(w.remarks, text)
}

// send files a message of a@us.example.
func (w *world) send(to ...string) { w.sendAs(store.Outgoing{}, to...) }

func (w *world) sendAs(out store.Outgoing, to ...string) {
	if out.Sender == "" {
		out.Sender, out.From = "a", "a@us.example"
	}
	if out.From == "<>" {
		out.From = ""
	}
	out.Queue = fmt.Sprintf("q%d", w.store.ids)
	out.Received = time.Now()
	for _, rcpt := range to {
		a, err := mail.ParseAddress(rcpt)
		if err != nil {
			w.t.Fatal(err)
		}
		out.Rcpts = append(out.Rcpts, store.Rcpt{To: rcpt, Domain: a.Domain, Due: time.Now(), Expires: time.Now().Add(5 * 24 * time.Hour)})
	}
	text := "Subject: Hi\r\n\r\nHi\r\n"
	if out.Body == mail.Body8BitMIME && out.EnvID != "plain" {
		text = "Subject: Hi\r\n\r\nH\xe9\r\n"
	}
	if out.EnvID == "signed" {
		text = "DKIM-Signature: theirs\r\n" + text
	}
	w.store.file(out, text)
	w.q.Stir()
}

// run lets the queue work until time has passed, and ends it.
func (w *world) run(d time.Duration) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), d)
	defer cancel()
	if err := w.q.Run(ctx); err != nil {
		w.t.Error(err)
	}
	w.peers.Wait()
	if n := len(w.q.ledger.held); n > 0 {
		w.t.Errorf("%d items are still held", n)
	}
	for _, err := range w.problems {
		w.t.Log("problem:", err)
	}
}

// story gives what happened to recipients, a line each, in order.
func (w *world) story() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var b strings.Builder
	for _, f := range w.facts {
		fmt.Fprintf(&b, "%s %s %s: %s\n", f.Recipient, f.Outcome, f.Host, f.Reply)
	}
	return b.String()
}

// greeting begins a script: a server with these extensions.
func greeting(extensions ...string) string {
	s := "S: 220 them.example\nC: EHLO us.example\n"
	for _, e := range append([]string{"them.example"}, extensions...) {
		s += "S: 250-" + e + "\n"
	}
	return s + "S: 250 ENHANCEDSTATUSCODES\n"
}

// talk is greeting without extensions, and what comes behind it.
func talk(parts ...string) string { return script(append([]string{greeting()}, parts...)...) }

func script(parts ...string) string {
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	return strings.Join(parts, "\n")
}
