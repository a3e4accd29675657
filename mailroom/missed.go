package mailroom

import (
	"slices"

	"posta/directory"
	"posta/dsn"
	"posta/event"
	"posta/mail"
	"posta/words"
)

// turned is an address that does not get the message though another one of ours
// leads to it, and why: a member of a list, what a mailbox that keeps its mail sends
// it on to, one here that nobody has, or a list that the sender may not write to.
type turned struct {
	directory.Onward
	why       *mail.Error
	recipient string // as RCPT had it
	barred    bool   // it is a list that the sender may not write to
}

// deadEnds are the addresses here at which ways of a recipient's end.
func deadEnds(res *directory.Resolution, recipient string) (all []turned) {
	for _, o := range res.Nowhere {
		all = append(all, turned{Onward: o, why: noSuchUser(), recipient: recipient})
	}
	for _, o := range res.Barred {
		why := mail.Refuse(550, "5.7.1", words.Fail("attempt.list_barred", nil).Error())
		all = append(all, turned{o, why, recipient, true})
	}
	return all
}

// missed are those who do not get a message, those of one reason together.
type missed []mail.Missed

func (m *missed) add(failed bool, why, recipient, to string) {
	at := slices.IndexFunc(*m, func(one mail.Missed) bool { return one.Failed == failed && one.Why == why })
	if at < 0 {
		at = len(*m)
		*m = append(*m, mail.Missed{Failed: failed, Why: why})
	}
	one := &(*m)[at]
	one.To = append(one.To, mail.Onward{Recipient: recipient, To: to})
}

func (m *missed) full(recipient, mailbox string) {
	m.add(true, words.Fail("attempt.mailbox_full", nil).Error(), recipient, mailbox)
}

// circle notes an address that mail is not sent on to, because it has been there.
func (m *missed) circle(via, recipient, to string) {
	m.add(false, words.Fail("attempt.went_round", words.Args{"Via": via}).Error(), recipient, to)
}

// filed notes a mailbox that has the message already.
func (m *missed) filed(recipient, mailbox string) {
	m.add(false, words.Fail("attempt.filed_before", nil).Error(), recipient, mailbox)
}

// fetched notes a mailbox that has a message that was fetched for it, or had it.
func (m *missed) fetched(lies bool, recipient, mailbox string) {
	why := words.Fail("attempt.collected_before", nil)
	if lies {
		why = words.Fail("attempt.lies_here", nil)
	}
	m.add(false, why.Error(), recipient, mailbox)
}

// missed are those who do not get this message, for the session's watchers.
func (l *letter) missed() []mail.Missed {
	m := l.circles
	for i := range l.turned {
		t := &l.turned[i]
		m.add(t.List != nil, t.why.Text, t.recipient, t.Address)
	}
	for i := range l.targets {
		t := &l.targets[i]
		if !t.full(l.body.size) {
			continue
		}
		to := l.straight(t)
		for _, by := range l.byLists(t) {
			if !slices.Contains(to, by.rcpt) {
				to = append(to, by.rcpt)
			}
		}
		for _, n := range to {
			m.full(l.rcpts[n].To.String(), t.Address)
		}
	}
	return m
}

// failed is what a report says of a member who cannot get it. The reason is this
// server's own, and has asked nobody: it is no answer of another's (RFC 3464 §2.3.6).
func (t *turned) failed() dsn.Recipient {
	d := fullMailbox(t.Address)
	d.Status, d.Reason = t.why.Status, t.why.Text
	return d
}

// tellMissed tells the watchers of those whom a step of an expansion passes over.
func (r *Room) tellMissed(id string, all missed) {
	for _, m := range all {
		fact := event.Missed{ID: id, Failed: m.Failed, Why: m.Why}
		for _, o := range m.To {
			fact.To = append(fact.To, event.Onward(o))
		}
		r.emit(fact)
	}
}
