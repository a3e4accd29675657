package queue

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"

	"posta/smtp/smtpclient"
	"posta/store"
	"posta/words"
)

// ErrEnding is that Run has been told to end.
var ErrEnding = errors.New("queue: it is ending")

// Deliver sends all that waits for domains over a connection that a site has
// turned round (ETRN is Hurry; RFC 2645 §5, RFC 821 §3.8). The client has said
// EHLO. What the site refuses for now keeps waiting for it. n counts the
// recipients whose mail was taken. A message on which the connection broke the last
// time comes behind the others. The error is the connection's. Where t.Why says
// that nothing can be sent, that is noted of all that waits, and client is asked nothing.
func (q *Queue) Deliver(ctx context.Context, client *smtpclient.Client, t Turned, domains []string) (n int, err error) {
	if !q.sched.enter() {
		return 0, ErrEnding
	}
	defer q.carriers.Done()
	l := &link{peer: client, host: t.Site, addr: t.Addr, session: t.Session, tls: t.TLS, since: q.cfg.Now(), onDemand: t.OnDemand}
	if t.Why != nil {
		if v := unopened(t.Why); v.code == 0 {
			l.note(v.text) // else nothing that was said tells it
		}
	}
	turn := &turn{q: q, l: l, why: t.Why}
	defer turn.end()
	for _, domain := range domains {
		for !l.broken && len(turn.kept)+len(l.delayed) < turnMost {
			items, err := q.claim(ctx, store.Claim{Lane: store.Lane{Domain: domain}, All: true, Limit: q.cfg.Limits.Recipients,
				Messages: claimMessages})
			if err != nil {
				return turn.n, fmt.Errorf("queue: claiming items: %w", err)
			}
			if len(items) == 0 {
				break
			}
			for _, of := range byMessage(items) {
				if t.Why == nil && len(turn.behind) < behindMost && broke(of) {
					turn.behind = append(turn.behind, of)
				} else {
					turn.offer(ctx, of)
				}
			}
			if q.ended() || ctx.Err() != nil {
				return turn.n, errors.Join(ErrEnding, ctx.Err())
			}
		}
	}
	turn.offerBehind(ctx)
	switch {
	case l.broken:
		return turn.n, &Broken{End: cmp.Or(l.why, "lost")}
	case q.ended() || ctx.Err() != nil:
		return turn.n, errors.Join(ErrEnding, ctx.Err())
	}
	return turn.n, nil
}

// Broken is that a connection on which mail was delivered is of no more use.
type Broken struct {
	End string // why, as event.Closed has it
}

func (b *Broken) Error() string { return "queue: the connection is of no more use: " + b.End }

// Ending is why a session on a turned connection ends, as event.Closed has it:
// err is what Deliver was given as Why, or what it gave.
func Ending(err error) string {
	var broken *Broken
	switch {
	case err == nil:
		return "quit"
	case errors.As(err, &broken):
		return broken.End
	case errors.Is(err, ErrEnding):
		return "shutdown"
	}
	return unopened(err).ending()
}

// Turned says whose connection Deliver is given.
type Turned struct {
	Site     string         // a name for the host, as store.Attempt has it
	Addr     netip.AddrPort // its address
	TLS      string         // as in store.Attempt
	Session  uint64
	OnDemand bool  // what is refused for now becomes due when the site asks again, not before
	Why      error // the greeting, EHLO or TLS of the site's server failed: nothing can be sent
}

// unopened judges why: the mail waits for the site further.
func unopened(why error) verdict {
	var refusal *smtpclient.Refusal
	switch {
	case errors.As(why, &refusal):
		return answered(refusal.Verb, false, refusal.Reply).softer()
	case errors.Is(why, smtpclient.ErrNoTLS):
		return said(later, "4.7.10", words.Fail("attempt.tls_not_offered", nil))
	case errors.Is(why, smtpclient.ErrTLS):
		return said(later, "4.7.5", words.Fail("attempt.no_tls", words.Args{"Reason": NoTLS(why)}))
	}
	return said(later, "4.4.2", brokeBefore(why))
}

// Hurry makes all mail for a domain due now, or with "@domain" that of its
// subdomains too, forgets that its hosts did not answer, and counts the items
// (RFC 1985 §5).
func (q *Queue) Hurry(ctx context.Context, domain string) (int64, error) {
	n, err := q.cfg.Store.Hurry(ctx, domain, q.cfg.Now())
	if err != nil {
		return 0, err
	}
	if len(domain) > 0 && domain[0] == '@' {
		q.sched.forgive("", true)
	} else {
		q.sched.forgive(domain, true)
	}
	q.Stir()
	return n, nil
}

// hurryAll makes due what was put off because nobody answered.
func (q *Queue) hurryAll(domains map[string]struct{}) {
	defer q.carriers.Done()
	for domain := range domains {
		if q.ended() {
			return
		}
		if _, err := q.cfg.Store.Hurry(context.Background(), domain, q.cfg.Now()); err != nil {
			q.problem(fmt.Errorf("queue: hurrying %s: %w", domain, err))
		}
	}
	q.Stir()
}
