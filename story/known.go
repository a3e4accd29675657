package story

import (
	"cmp"

	"posta/event"
)

// known notes on a message of posta's own session what posta knows of it: without
// its octets nothing else says that it is the one of another session.
func (d *dialogue) known(fact any) {
	switch f := fact.(type) {
	case event.Accepted:
		if a := d.accepted(); a != nil {
			a.Message.Queue = f.ID
			a.Message.MessageID = cmp.Or(a.Message.MessageID, f.MessageID)
		}
	case event.Delivered:
		if a := d.queued(f.ID); a != nil {
			for _, to := range f.To[:min(len(f.To), maxNames)] {
				a.Message.Copies = append(a.Message.Copies, Copy{to.Account, to.UID})
			}
		}
	case event.Attempted:
		// It comes before the next message of the connection begins. What was refused
		// has passed nowhere.
		if d.mail != nil && d.mail.Message.Queue == "" && f.Outcome == event.Relayed {
			d.mail.Message.Queue = f.ID
		}
	case event.Authenticated:
		d.names(f)
	case event.Fetched:
		d.fetched = append(d.fetched, Copy{f.Account, f.UID})
		d.pair()
	}
}

// names says who logs in: a masked recording leaves the line out that told it. A
// server knows before its reply, a client behind it.
func (d *dialogue) names(f event.Authenticated) {
	if !f.OK || f.User == "" {
		return
	}
	l := d.underWay()
	if l == nil {
		l = d.past
	}
	if l != nil && l.User == "" {
		l.User = clip(f.User)
	}
	if d.now.User == Unnamed {
		d.now.User, d.s.User = clip(f.User), clip(f.User)
	}
}

// underWay is the log-in whose reply comes next.
func (d *dialogue) underWay() *login {
	for _, w := range d.waiting {
		if w.login != nil {
			return w.login
		}
	}
	return d.login
}

// retrieved takes note of a message that RETR gave.
func (d *dialogue) retrieved(a *Act) {
	if a.Verb == "RETR" {
		d.given = append(d.given, a)
		d.pair()
	}
}

// pair puts messages and copies together as they come, in order. A server tells of
// a copy before or behind the last of its octets.
func (d *dialogue) pair() {
	for len(d.given) > 0 && len(d.fetched) > 0 {
		d.given[0].Message.Copies = []Copy{d.fetched[0]}
		d.given, d.fetched = d.given[1:], d.fetched[1:]
	}
	if len(d.given) > maxNames || len(d.fetched) > maxNames { // somebody else's session, or a torn one
		d.given, d.fetched = nil, nil
	}
}

// queued is the message that was accepted under a queue id, if it is the last or
// waits for its reply.
func (d *dialogue) queued(id string) *Act {
	for _, w := range d.waiting {
		if w.mail != nil && w.mail.Message.Queue == id {
			return w.mail
		}
	}
	if d.mail != nil && d.mail.Message.Queue == id {
		return d.mail
	}
	return nil
}
