package collect_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"posta/collect"
	"posta/collect/collecttest"
	"posta/event"
	"posta/mail"
	"posta/wire/wiretest"
)

// letterbox is a Door for tests, and what came through it.
type letterbox struct {
	mu     sync.Mutex
	got    []string // "recipient: content"
	origin mail.Origin
	env    mail.Envelope
	notify mail.Notify
}

func (b *letterbox) Begin(_ context.Context, from mail.Origin, env mail.Envelope) (mail.Letter, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.origin, b.env = from, env
	return &letter{b: b}, nil
}

type letter struct {
	b    *letterbox
	to   []string
	text strings.Builder
}

func (l *letter) Rcpt(_ context.Context, to mail.Recipient) error {
	if to.To.Local == "nobody" {
		return mail.Refuse(550, "5.1.1", "No such user")
	}
	l.b.notify = to.Notify
	l.to = append(l.to, to.To.String())
	return nil
}

func (l *letter) Write(p []byte) (int, error) { return l.text.Write(p) }

func (l *letter) Commit(context.Context) (mail.Receipt, error) {
	if strings.Contains(l.text.String(), "FULL") {
		return mail.Receipt{}, mail.Refuse(452, "4.2.2", "Mailbox full")
	}
	if strings.Contains(l.text.String(), "AGAIN") {
		return mail.Receipt{ID: "Q", Again: l.b.origin.Fetched}, nil
	}
	l.b.mu.Lock()
	defer l.b.mu.Unlock()
	l.b.got = append(l.b.got, strings.Join(l.to, ",")+": "+l.text.String())
	return mail.Receipt{ID: "Q", MessageID: "m@x", To: []mail.Delivery{{Recipient: strings.Join(l.to, ","), Account: 7, UID: 3}},
		Queued: []mail.Onward{{Recipient: "r", To: "on@far.example"}},
		Missed: []mail.Missed{{Why: "round", To: []mail.Onward{{Recipient: "r", To: "no@far.example"}}}}, Notes: []string{"noted"}}, nil
}

func (*letter) Abort() {}

// customer is a Collector whose connections lead to serve.
type customer struct {
	*collect.Collector
	store collect.Store
	box   *letterbox
	mu    sync.Mutex
	dials []string
	sink  event.Sink
	tls   *tls.Config // what it offers on turned connections

	dialed func() // is told of each
	denied []collect.Entry
}

// calls is how many connections were made.
func (c *customer) calls() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.dials)
}

// watch lets somebody see the connections.
func (c *customer) watch(s event.Sink) { c.sink = s }

// Wants implements event.Sink.
func (c *customer) Wants(id uint64, l event.Layer, p event.Part) bool {
	return c.sink != nil && c.sink.Wants(id, l, p)
}

// Emit implements event.Sink.
func (c *customer) Emit(e *event.Event) {
	if c.sink != nil {
		c.sink.Emit(e)
	}
}

func newCustomer(t *testing.T, serve func(nc net.Conn), roots ...*x509.CertPool) *customer {
	t.Helper()
	c := &customer{store: collecttest.New(), box: &letterbox{}}
	number := uint64(0)
	c.Collector = collect.New(collect.Config{
		Store: c.store, Door: c.box, Hostname: "mx.north.example", Helo: "gw.north.example", MaxSize: 1000, Sink: c,
		Session: func() uint64 { number++; return number },
		Problem: func(err error) { t.Error(err) },
		Denied:  func(e collect.Entry) { c.denied = append(c.denied, e) },
		Roots:   first(roots),
		Doubt:   func(error, time.Time) error { return errors.New("so") },
		TLS:     func() *tls.Config { return c.tls },
		Dial: func(_ context.Context, addr string) (net.Conn, error) {
			c.mu.Lock()
			c.dials = append(c.dials, addr)
			if c.dialed != nil {
				c.dialed()
			}
			c.mu.Unlock()
			if serve == nil {
				return nil, errors.New("refused")
			}
			near, far := wiretest.Pipe()
			go serve(far)
			return near, nil
		},
	})
	return c
}

// first is what may be given, or nil.
func first(all []*x509.CertPool) *x509.CertPool {
	if len(all) == 0 {
		return nil
	}
	return all[0]
}

func (c *customer) add(t *testing.T, e collect.Entry) collect.Entry {
	t.Helper()
	if err := e.Check(); err != nil {
		t.Fatal(err)
	}
	e, err := c.store.AddEntry(t.Context(), e)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func (c *customer) once(t *testing.T, e collect.Entry) collect.Result {
	t.Helper()
	r, _, err := c.Once(t.Context(), c.add(t, e).ID)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
