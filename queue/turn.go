package queue

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"posta/smtp/smtpclient"
	"posta/store"
	"posta/words"
)

// ErrEnding is that Run has been told to end.
var ErrEnding = errors.New("queue: it is ending")

// turnMost bounds the messages that were refused for now in one turn, whose
// leases are kept to its end so that none is offered twice.
const turnMost = 10_000

// Deliver sends all that waits for domains over a connection that a site has
// turned round (ETRN is Hurry; RFC 2645 §5, RFC 821 §3.8). The client has said
// EHLO. What the site refuses for now keeps waiting for it. n counts the
// recipients whose mail was taken. The error is the connection's. Where t.Why says
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
	var kept []store.Settlement
	defer func() {
		q.ledger.settle(kept)
		for _, r := range l.delayed {
			q.ledger.report(r)
		}
	}()
	for _, domain := range domains {
		for !l.broken && len(kept)+len(l.delayed) < turnMost {
			items, err := q.claim(ctx, store.Claim{Lane: store.Lane{Domain: domain}, All: true, Limit: q.cfg.Limits.Recipients,
				Messages: claimMessages})
			if err != nil {
				return n, fmt.Errorf("queue: claiming items: %w", err)
			}
			if len(items) == 0 {
				break
			}
			for _, of := range byMessage(items) {
				if of = q.wanted(of); len(of) == 0 {
					continue
				}
				if l.broken || q.ended() || ctx.Err() != nil {
					q.giveBack(of)
					continue
				}
				if t.Why != nil {
					kept = append(kept, q.vain(l, of, t.Why)...)
					continue
				}
				taken, put := q.turned(l, of)
				n += taken
				kept = append(kept, put...)
			}
			if q.ended() || ctx.Err() != nil {
				return n, errors.Join(ErrEnding, ctx.Err())
			}
		}
	}
	if l.broken {
		return n, &Broken{End: cmp.Or(l.why, "lost")}
	}
	return n, nil
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

// vain notes that a message could not even be offered, and gives the settlements.
func (q *Queue) vain(l *link, items []store.Item, why error) []store.Settlement {
	t := &attempt{link: l}
	t.host, t.addr, t.tls, t.session, t.at = l.host, l.addr.String(), l.tls, l.session, q.cfg.Now()
	return q.waiting(t, items, slices.Repeat([]verdict{unopened(why)}, len(items)))
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

// turned sends one message, and gives the settlements of what is to wait.
func (q *Queue) turned(l *link, items []store.Item) (taken int, kept []store.Settlement) {
	for len(items) > 0 {
		body := q.content(items[0].Out)
		ctx, cancel := q.untilEnd(body)
		t := q.transact(ctx, l, items, body)
		cancel()
		body.close()
		for i := range t.verdicts {
			v := &t.verdicts[i]
			switch {
			case v.fate == relayed:
				taken++
			case v.fate == again && !t.taken, v.fate == elsewhere && v.status.Class != 5: // there is no other host
				v.fate = later
			case v.fate == elsewhere:
				v.fate = failed
			}
		}
		var done, wait []store.Item
		var ended, waits []verdict
		for i, v := range t.verdicts {
			if v.fate == later && !q.ledger.leaves(items[i].ID) {
				wait, waits = append(wait, items[i]), append(waits, v)
			} else {
				done, ended = append(done, items[i]), append(ended, v)
			}
		}
		items = q.conclude(t, done, ended).items
		kept = append(kept, q.waiting(t, wait, waits)...)
		if l.broken {
			q.giveBack(items)
			break
		}
	}
	return taken, kept
}

// waiting concludes items that wait on, and settles none of them yet: else they
// would be offered once more.
func (q *Queue) waiting(t *attempt, items []store.Item, verdicts []verdict) (kept []store.Settlement) {
	for i, item := range items {
		s, e := q.settlement(t, item, verdicts[i])
		q.tell(t, item, s, e)
		if e.action == "" {
			kept = append(kept, s)
			continue
		}
		r := &reporting{out: item.Out, action: e.action}
		r.add(s, about(item, s, e))
		t.link.delayed = append(t.link.delayed, r)
	}
	return kept
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
