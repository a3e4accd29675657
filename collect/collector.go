package collect

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	"posta/event"
	"posta/mail"
)

// Config is what a Collector works with.
type Config struct {
	Store    Store
	Door     mail.Door
	Hostname string // of the greeting on a turned connection, where this house answers
	Helo     string // what EHLO says, as that of mail that leaves; "": Hostname
	MaxSize  int64  // octets of a message; 0: no limit
	Sink     event.Sink
	Session  func() uint64              // gives the number of the next session
	Label    func(domain string) string // a domain in its one spelling; nil: in lower case
	Problem  func(error)                // is told what an administrator should know; nil: nobody
	Denied   func(Entry)                // is told once of an entry with a schedule whose log-in is refused; nil: nobody
	Roots    *x509.CertPool
	Doubt    func(err error, now time.Time) error // says to people what is wrong with a certificate; nil: the watchers aren't told
	TLS      func() *tls.Config                   // offered on a turned connection that came without; nil, or giving that: none
	Dial     Dial
	Now      func() time.Time // nil: time.Now
	Most     int              // entries at a time; 0: 8
}

// Dial opens a connection to "host:port". Where it failed before anything was
// dialed, the error is a *words.Error that says so: a whole sentence.
type Dial func(ctx context.Context, addr string) (net.Conn, error)

// Collector collects.
type Collector struct {
	cfg    Config
	wake   chan struct{}
	places chan struct{}

	mu      sync.Mutex
	running map[int64]*running
	resting map[int64]time.Time // entries whose visit the Store could not note, and until when the schedule leaves them alone
	work    sync.WaitGroup
}

// New makes a Collector. Nothing is collected before Run or Once.
func New(cfg Config) *Collector {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Helo == "" {
		cfg.Helo = cfg.Hostname
	}
	if cfg.Session == nil {
		cfg.Session = func() uint64 { return 0 }
	}
	if cfg.Problem == nil {
		cfg.Problem = func(error) {}
	}
	if cfg.Denied == nil {
		cfg.Denied = func(Entry) {}
	}
	if cfg.Label == nil {
		cfg.Label = strings.ToLower
	}
	if cfg.Most == 0 {
		cfg.Most = 8
	}
	return &Collector{cfg: cfg, wake: make(chan struct{}, 1), places: make(chan struct{}, cfg.Most), running: map[int64]*running{}, resting: map[int64]time.Time{}}
}

// Stir is told that entries have changed.
func (c *Collector) Stir() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// retryStore is when the schedule asks a Store again that failed.
const retryStore = time.Minute

// Run keeps the schedule until ctx is done, and returns when all that it
// started has ended.
func (c *Collector) Run(ctx context.Context) error {
	defer c.work.Wait()
	for {
		next, err := c.start(ctx)
		if err != nil && ctx.Err() == nil {
			c.cfg.Problem(err)
			next = c.cfg.Now().Add(retryStore)
		}
		if !c.sleep(ctx, next) {
			return nil
		}
	}
}

// sleep waits until a time, or for somebody who stirs; false: ctx is done.
func (c *Collector) sleep(ctx context.Context, until time.Time) bool {
	var due <-chan time.Time
	if !until.IsZero() {
		t := time.NewTimer(max(until.Sub(c.cfg.Now()), 0))
		defer t.Stop()
		due = t.C
	}
	select {
	case <-ctx.Done():
		return false
	case <-c.wake:
	case <-due:
	}
	return ctx.Err() == nil
}

// start begins with what is due, and says when the next is.
func (c *Collector) start(ctx context.Context) (next time.Time, err error) {
	all, err := c.cfg.Store.Entries(ctx)
	if err != nil {
		return next, fmt.Errorf("collect: entries: %w", err)
	}
	now := c.cfg.Now()
	for _, e := range all {
		if e.Every == 0 || e.Next.IsZero() {
			continue
		}
		if due := c.due(e); due.After(now) {
			if next.IsZero() || due.Before(next) {
				next = due
			}
			continue
		}
		now, other := c.begin(e.ID)
		if other != nil {
			continue // its end stirs
		}
		c.work.Add(1)
		go func() {
			defer c.work.Done()
			if c.run(ctx, now); now.err != nil && ctx.Err() == nil && !errors.Is(now.err, ErrNotFound) {
				c.cfg.Problem(now.err)
			}
		}()
	}
	return next, nil
}

// due is when the schedule begins with an entry. One whose visit the Store could
// not note is still due, and its provider is not to be asked without a pause.
func (c *Collector) due(e Entry) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if until := c.resting[e.ID]; until.After(e.Next) {
		return until
	}
	return e.Next
}

// running is an entry at work, and once ended is closed what became of it.
type running struct {
	id     int64
	byHand bool
	ended  chan struct{}
	result Result
	err    error
	broken bool // it was broken off, by whoever asked for it or by a change

	since   time.Time // when it began; zero: it has not. The Collector's mutex guards these two
	session uint64    // of its connection, once there is one

	stopped context.Context // stop ends it, for a change
	stop    func()
	next    *running // who has the entry behind it; nil: whoever comes
}

func newRunning(id int64) *running {
	r := &running{id: id, ended: make(chan struct{})}
	stopped, stop := context.WithCancelCause(context.Background())
	r.stopped, r.stop = stopped, func() { stop(errChanged) }
	return r
}

// begin takes an entry to work on it, or gives who is at it.
func (c *Collector) begin(id int64) (own, other *running) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if other = c.running[id]; other != nil {
		return nil, other
	}
	own = newRunning(id)
	c.running[id] = own
	return own, nil
}

// run collects what begin took.
func (c *Collector) run(ctx context.Context, r *running) {
	defer c.Stir()
	ctx, cancel := stoppable(ctx, r.byHand)
	defer cancel(nil)
	defer context.AfterFunc(r.stopped, func() { cancel(errChanged) })()
	defer c.end(r, func() {
		r.broken = ctx.Err() != nil
		delete(c.resting, r.id)
		if r.err != nil && !errors.Is(r.err, ErrNotFound) {
			c.resting[r.id] = c.cfg.Now().Add(retryStore)
		}
	})
	r.result, r.err = c.collect(ctx, r)
}

// end gives back what begin took; with what is to be done under the lock.
func (c *Collector) end(r *running, with func()) {
	defer r.stop()
	c.mu.Lock()
	defer c.mu.Unlock()
	with()
	if delete(c.running, r.id); r.next != nil {
		c.running[r.id] = r.next
	}
	close(r.ended)
}

// Once collects an entry now, whatever its schedule says. Where it is at work
// already, it waits for that and gives what became of it: joined. What the peer
// refused or could not do is in the Result; the error is the Store's, or that ctx
// was done while it waited.
func (c *Collector) Once(ctx context.Context, id int64) (result Result, joined bool, err error) {
	for {
		own, other := c.begin(id)
		if own != nil {
			own.byHand = true
			if c.run(ctx, own); own.broken && ctx.Err() == nil {
				continue // the entry has changed
			}
			return own.result, false, own.err
		}
		select {
		case <-ctx.Done():
			return Result{}, true, ctx.Err()
		case <-other.ended:
		}
		if !other.broken {
			return other.result, true, other.err
		}
	}
}

// Single collects this one time what stands in no Store, and keeps nothing of it:
// by POP3 all that lies there comes, whatever came before. What the peer refused
// or could not do is in the Result; the error is that ctx was done before it began.
func (c *Collector) Single(ctx context.Context, e Entry) (Result, error) {
	if err := c.take(ctx); err != nil {
		return Result{}, err
	}
	defer c.give()
	ctx, cancel := stoppable(ctx, true)
	defer cancel(nil)
	return c.visit(ctx, e, forgetful{}, func(uint64) {}), nil
}

// take waits for a place among those that collect, and give gives it back.
func (c *Collector) take(ctx context.Context) error {
	select {
	case c.places <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (c *Collector) give() { <-c.places }

func (c *Collector) collect(ctx context.Context, r *running) (Result, error) {
	id, byHand := r.id, r.byHand
	if err := c.take(ctx); err != nil {
		return Result{}, err
	}
	defer c.give()
	c.began(r)
	e, err := c.cfg.Store.Entry(ctx, id)
	if err != nil {
		return Result{}, fmt.Errorf("collect: entry %d: %w", id, err)
	}
	result := c.visit(ctx, e, c.cfg.Store, func(session uint64) { c.entered(r, session) })
	var next time.Time
	if e.Every > 0 {
		wait := e.after(&result, byHand)
		if ctx.Err() != nil { // nobody's failure
			wait = max(e.Every, e.pause())
		}
		next = c.cfg.Now().Add(wait)
	}
	if err := c.cfg.Store.Settle(context.WithoutCancel(ctx), id, result, next); err != nil {
		return result, fmt.Errorf("collect: result of entry %d: %w", id, err)
	}
	_, known := e.Last.Denied()
	if _, denied := result.Denied(); denied && !known && !byHand {
		e.Last, e.Next, e.Password = result, next, ""
		c.cfg.Denied(e)
	}
	return result, nil
}

// visit is one time that an entry is collected.
type visit struct {
	c      *Collector
	e      Entry
	memory memory
	result Result

	shown    bool  // the peer showed a certificate, which is valid where it must be
	unproved error // what is wrong with it, where any will do
	names    bool  // the server says that it has unique-ids
	told     bool  // it has said whether it wants its log-ins apart
	refused  *refusals
	entered  func(session uint64) // is told of the connection
}

// memory is what of a Store a visit works with: which messages of POP3 were filed.
type memory interface {
	Seen(ctx context.Context, id int64) ([]string, error)
	Saw(ctx context.Context, id int64, uidls ...string) error
	Came(ctx context.Context, id int64, uidl string) error
	Forget(ctx context.Context, id int64, uidls ...string) error
}

// forgetful is the memory of what stands in no Store.
type forgetful struct{}

func (forgetful) Seen(context.Context, int64) ([]string, error)  { return nil, nil }
func (forgetful) Saw(context.Context, int64, ...string) error    { return nil }
func (forgetful) Came(context.Context, int64, string) error      { return nil }
func (forgetful) Forget(context.Context, int64, ...string) error { return nil }

// visit collects e once.
func (c *Collector) visit(ctx context.Context, e Entry, m memory, entered func(session uint64)) Result {
	e.secure() // of what was added when that was to be said
	v := &visit{c: c, e: e, memory: m, entered: entered}
	v.result.At = c.cfg.Now()
	failed := v.make(ctx)
	v.result.Took = c.cfg.Now().Sub(v.result.At)
	if !v.told {
		v.result.Apart = e.Last.Apart
	}
	if failed != nil {
		v.result.Failure = why(ctx, failed)
	}
	return v.result
}

func (v *visit) make(ctx context.Context) error {
	switch v.e.Way {
	case POP3:
		return v.pop(ctx)
	case ETRN:
		return v.etrn(ctx)
	}
	return v.turned(ctx)
}
