package queue

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync/atomic"
	"time"

	"posta/mail"
	"posta/smtp"
	"posta/smtp/smtpclient"
	"posta/store"
	"posta/words"
)

// attempt is one try to hand a message over: a transaction, or why there was none.
type attempt struct {
	trouble
	link     *link
	way      *way            // that was taken; nil: none
	until    time.Time       // before which nothing more is tried; zero: as always
	before   []store.Attempt // as in store.Attempt
	probe    bool            // it is what is tried then
	kept     bool            // what waits does so until its site asks again
	promises bool            // the other host sends the reports that are asked for (RFC 3461 §5.2)
	verdicts []verdict
	usable   bool // the connection
	taken    bool // somebody's mail was taken
	stopped  bool // by the end of Run
	cut      bool // short, for being slow
}

// transact sends a message to recipients in one transaction, until ctx ends.
func (q *Queue) transact(ctx context.Context, l *link, items []store.Item, c *content) *attempt {
	out := items[0].Out
	q.ledger.enter(items, l.session)
	t := &attempt{link: l, promises: l.Offer().Extensions.Has(smtp.ExtDSN)}
	t.host, t.addr, t.tls, t.session, t.at = l.host, l.addr.String(), l.tls, l.session, q.cfg.Now()
	m := messageOf(items, c)
	if l.loggedIn {
		m.Envelope.Auth = cmp.Or(out.Auth, "<>") // RFC 4954 §5; who knows us not would not believe it
	}
	var outcome smtpclient.Outcome
	var err error
	unnamed := unnamable(l, m)
	m.Names = q.naming(items, unnamed)
	if len(m.To) > 0 {
		err = q.fit(ctx, l, m, out, c)
	}
	if err == nil && len(m.To) > 0 {
		outcome, err = l.Send(ctx, m)
		l.sent++
	}
	t.took = q.cfg.Now().Sub(t.at)
	got := c.passed()
	t.verdicts, t.usable = judge(len(m.To), outcome, err, got)
	t.usable = t.usable && l.Alive()
	t.taken = err == nil && len(m.To) > 0
	t.verdicts = amid(t.verdicts, unnamed)
	switch {
	case c.failed != nil:
		q.problem(fmt.Errorf("queue: reading message %s: %w", out.Queue, c.failed))
		t.all(said(later, "4.3.0", words.Fail("attempt.unreadable", nil)))
	case err != nil && c.wasCut():
		t.cut, t.usable = true, false
	case err != nil && ctx.Err() != nil && got != whole:
		t.stopped, t.usable = true, false
		t.all(verdict{fate: untouched})
	}
	var refusal *smtpclient.Refusal
	if t.usable && errors.As(err, &refusal) && refusal.Verb == smtp.DATA && !refusal.Body {
		reset := l.Reset(ctx)
		err = errors.Join(err, reset)
		t.usable = reset == nil // the recipients that the server still holds are not the next message's
	}
	if l.broken = !t.usable; l.broken && err != nil && !t.stopped && !t.cut && c.failed == nil {
		l.why = endOf(outcome, err, got).ending()
	}
	return t
}

// unnamable takes the recipients out that the host cannot be told of, for it has no
// SMTPUTF8 (RFC 6531 §3.5): that is no reason for the others. It says which they were.
func unnamable(l *link, m *smtpclient.Message) (which []bool) {
	if l.Offer().Extensions.Has(smtp.ExtSMTPUTF8) {
		return nil
	}
	which = make([]bool, len(m.To))
	var can []mail.Recipient
	for i, to := range m.To {
		if which[i] = !to.To.IsASCII(); !which[i] {
			can = append(can, to)
		}
	}
	m.To = can
	return which
}

// amid puts the verdict on those who cannot be named among those on the others.
func amid(verdicts []verdict, unnamed []bool) []verdict {
	for i, is := range unnamed {
		if is {
			v := said(elsewhere, "5.6.7", words.Fail("attempt.no_utf8", nil))
			v.lone = true
			verdicts = slices.Insert(verdicts, i, v)
		}
	}
	return verdicts
}

// all replaces the verdicts of those who were named, and not refused on their own.
func (t *attempt) all(v verdict) {
	for i := range t.verdicts {
		if !t.verdicts[i].lone && t.verdicts[i].fate != untouched || v.fate == untouched {
			t.verdicts[i] = v
		}
	}
}

// messageOf says what MAIL and RCPT will.
func messageOf(items []store.Item, content io.Reader) *smtpclient.Message {
	out := items[0].Out
	m := &smtpclient.Message{Content: content, Size: out.Size,
		Envelope: mail.Envelope{Body: out.Body, UTF8: out.UTF8, Ret: out.Ret, EnvID: out.EnvID}}
	if out.Traits.NoEOL {
		m.Size += 2
	}
	if out.From != "" {
		m.Envelope.From, _ = mail.ParseAddress(out.From) // it was one when it was filed
	}
	for i := range items {
		to, _ := mail.ParseAddress(items[i].To)
		if !mail.IsASCII(to.Domain) && items[i].Domain != "" {
			to.Domain = items[i].Domain // as an A-label it needs no SMTPUTF8
		}
		m.To = append(m.To, mail.Recipient{To: to, Orcpt: items[i].Orcpt, Notify: items[i].Notify})
	}
	return m
}

// content is a message on its way; it tells how far it got, and does not begin
// once the end has come, nor go on once it was cut short.
type content struct {
	r      io.ReadCloser
	state  atomic.Int32 // one of the states below
	failed error
}

const (
	notBegun int32 = iota
	begun
	ended  // all of it has been read
	called // off, before it began
	short  // cut, before it ended
)

var errCalledOff = errors.New("queue: called off")

func (q *Queue) content(out *store.Outgoing) *content {
	return &content{r: q.cfg.Store.Content(context.Background(), out)}
}

func (c *content) close() { _ = c.r.Close() } // what could not be read, Read has told

func (c *content) Read(p []byte) (int, error) {
	if !c.state.CompareAndSwap(notBegun, begun) && c.state.Load() >= called {
		return 0, errCalledOff
	}
	n, err := c.r.Read(p)
	switch {
	case errors.Is(err, io.EOF):
		if !c.state.CompareAndSwap(begun, ended) && c.state.Load() != ended {
			return 0, errCalledOff
		}
	case err != nil:
		c.failed = err
	}
	return n, err
}

// callOff keeps it from beginning; false: it has begun.
func (c *content) callOff() bool { return c.state.CompareAndSwap(notBegun, called) }

// cut keeps it from ending; false: its end may be on its way.
func (c *content) cut() bool {
	return c.state.CompareAndSwap(notBegun, short) || c.state.CompareAndSwap(begun, short)
}

func (c *content) wasCut() bool { return c.state.Load() == short }

func (c *content) passed() passed {
	switch c.state.Load() {
	case ended:
		return whole
	case begun, short:
		return some
	}
	return nothing
}

// untilEnd gives a context that ends when Run is told to end: at once, if the
// message has not begun, else after the grace.
func (q *Queue) untilEnd(c *content) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(q.hard)
	stop := context.AfterFunc(q.soft, func() {
		if c.callOff() {
			cancel()
		}
	})
	return ctx, func() { stop(); cancel() }
}
