package queue

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"posta/mail"
	"posta/smtp"
	"posta/store"
	"posta/words"
)

// How long a recipient is taken unasked that its host took before, while that
// cannot be asked: longer than hosts are away, and less than mail would go on
// coming for who has left.
const (
	confirmedFor  = 31 * 24 * time.Hour
	mostConfirmed = 100_000
	mostUnsaved   = 1 << 12
	mostSaved     = 256 // in one transaction
	trimAfter     = 1000
	trimEvery     = 24 * time.Hour
)

// confirmed remembers over restarts whom hosts took. Nobody who is taken waits
// for its writes.
type confirmed struct {
	cfg  *Config
	wake chan struct{}

	mu      sync.Mutex
	unsaved map[[2]string]store.Confirmation // by domain and local part

	// Held while the store is written to: what was confirmed before a refusal must
	// not be written behind it.
	writing sync.Mutex
}

func newConfirmed(cfg *Config) *confirmed {
	return &confirmed{cfg: cfg, wake: make(chan struct{}, 1), unsaved: map[[2]string]store.Confirmation{}}
}

// Run keeps what was confirmed in the store until ctx is done. It is called at
// most once; without it nothing is kept.
func (a *Asker) Run(ctx context.Context) error {
	c := a.confirmed
	c.trim()
	often := time.NewTicker(trimEvery)
	defer often.Stop()
	for saved := 0; ; {
		select {
		case <-ctx.Done():
			c.saveAll()
			return nil
		case <-often.C:
			c.trim()
		case <-c.wake:
			if saved += c.saveAll(); saved >= trimAfter {
				c.trim()
				saved = 0
			}
		}
	}
}

// learn notes what a verdict says of a recipient. Where it says nothing, because
// nobody could be asked, it gives the reason for which the recipient is taken all
// the same, if there is one.
func (a *Asker) learn(ctx context.Context, host string, to mail.Address, v verdict) (note string) {
	switch {
	case v.fate == relayed:
		a.confirmed.add(to, a.wayTo(ctx, host, to))
	case v.fate == failed && v.verb == smtp.RCPT.String():
		a.confirmed.forget(ctx, to)
	case v.unasked() && ctx.Err() == nil: // else who asked has gone, and the host may be well
		a.keep(question{host: host}, answer{note: heard(v), until: a.q.cfg.Now().Add(laterKept)})
		return a.recall(ctx, host, to, heard(v))
	}
	return ""
}

// unasked says that nobody was heard about a sender or a recipient, and that mail
// would wait until somebody can be. What a host says to MAIL or RCPT holds, for
// now as for good: it is there, and knows more than we do.
func (v verdict) unasked() bool {
	return v.fate == later && (v.code == 0 || v.code/100 == 4) && v.verb != smtp.MAIL.String() && v.verb != smtp.RCPT.String() &&
		v.status != status(4, 4, 6) // it is this server itself
}

// recall gives what there is to say of a recipient that is taken though its host
// could not be asked, and "" for one that is not.
func (a *Asker) recall(ctx context.Context, host string, to mail.Address, why string) (note string) {
	domain, local := folded(to)
	at, err := a.q.cfg.Confirmed.Confirmed(context.WithoutCancel(ctx), domain, local, a.wayTo(ctx, host, to))
	if err != nil {
		a.q.problem(fmt.Errorf("queue: %w", err))
	}
	if at.IsZero() || at.Before(a.q.cfg.Now().Add(-confirmedFor)) {
		return ""
	}
	return words.Fail("note.unasked", words.Args{"Host": host, "Why": why, "Address": ascii(to.String()), "Date": at.Format(time.DateOnly)}).Error()
}

// wayTo names who is asked, as ask finds it: whom another host took this one may
// not know. "" is nobody.
func (a *Asker) wayTo(ctx context.Context, host string, to mail.Address) string {
	if a.q.cfg.Routes == nil {
		return host
	}
	r, err := a.q.cfg.Routes.Route(context.WithoutCancel(ctx), to.Domain)
	switch {
	case err != nil:
		a.q.problem(fmt.Errorf("queue: the route to %s: %w", to.Domain, err))
		return ""
	case len(r.Hosts) > 0:
		return strings.Join(r.Hosts, " ")
	}
	return host
}

// folded is a recipient as it is kept. No host tells cases apart today, and if
// one does, a refusal counts for all of them.
func folded(a mail.Address) (domain, local string) { return a.Domain, strings.ToLower(a.Local) }

// add notes that a recipient was taken.
func (c *confirmed) add(to mail.Address, way string) {
	domain, local := folded(to)
	c.mu.Lock()
	if len(c.unsaved) < mostUnsaved && way != "" { // another is confirmed when it is asked about again
		c.unsaved[[2]string{domain, local}] = store.Confirmation{Domain: domain, Local: local, Way: way, At: c.cfg.Now()}
	}
	c.mu.Unlock()
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// forget forgets a recipient that was refused, before anybody hears so.
func (c *confirmed) forget(ctx context.Context, to mail.Address) {
	domain, local := folded(to)
	c.writing.Lock()
	defer c.writing.Unlock()
	c.mu.Lock()
	delete(c.unsaved, [2]string{domain, local})
	c.mu.Unlock()
	if err := c.cfg.Confirmed.Unconfirm(context.WithoutCancel(ctx), domain, local); err != nil {
		c.cfg.Problem(fmt.Errorf("queue: %w", err))
	}
}

// saveAll writes what is not in the store yet, and counts it.
func (c *confirmed) saveAll() (total int) {
	for {
		n := c.save()
		if total += n; n < mostSaved {
			return total
		}
	}
}

func (c *confirmed) save() int {
	c.writing.Lock()
	defer c.writing.Unlock()
	var some []store.Confirmation
	c.mu.Lock()
	for key, one := range c.unsaved {
		if len(some) == mostSaved {
			break
		}
		some = append(some, one)
		delete(c.unsaved, key)
	}
	c.mu.Unlock()
	if len(some) == 0 {
		return 0
	}
	if err := c.cfg.Confirmed.Confirm(context.Background(), some...); err != nil {
		c.cfg.Problem(fmt.Errorf("queue: %w", err))
	}
	return len(some)
}

func (c *confirmed) trim() {
	if err := c.cfg.Confirmed.TrimConfirmed(context.Background(), c.cfg.Now().Add(-confirmedFor), mostConfirmed); err != nil {
		c.cfg.Problem(fmt.Errorf("queue: %w", err))
	}
}

// forgetful keeps nothing.
type forgetful struct{}

func (forgetful) Confirmed(context.Context, string, string, string) (time.Time, error) {
	return time.Time{}, nil
}
func (forgetful) Confirm(context.Context, ...store.Confirmation) error  { return nil }
func (forgetful) Unconfirm(context.Context, string, string) error       { return nil }
func (forgetful) TrimConfirmed(context.Context, time.Time, int64) error { return nil }
