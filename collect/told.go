package collect

import (
	"slices"

	"posta/event"
	"posta/mail"
	"posta/words"
)

// filed tells the watchers of a message that was filed, as they hear of any that
// comes in by SMTP: so a trace knows it.
func (b *box) filed(to mail.Address, r *mail.Receipt, f *filing) {
	tell := b.client.State
	if from := author(f.head); from != "" {
		tell(event.Written{From: from})
	}
	tell(event.Enveloped{})
	tell(event.Addressed{To: to.String()})
	tell(event.Accepted{ID: r.ID, MessageID: r.MessageID, Recipients: 1, Size: f.size})
	if len(r.To) > 0 {
		fact := event.Delivered{ID: r.ID}
		for _, d := range r.To {
			fact.To = append(fact.To, event.Delivery(d))
		}
		tell(fact)
	}
	if len(r.Queued) > 0 {
		fact := event.Queued{ID: r.ID}
		for _, o := range r.Queued {
			fact.To = append(fact.To, event.Onward(o))
		}
		tell(fact)
	}
	for _, m := range r.Missed {
		fact := event.Missed{ID: r.ID, Failed: m.Failed, Why: m.Why}
		for _, o := range m.To {
			fact.To = append(fact.To, event.Onward(o))
		}
		tell(fact)
	}
	for _, note := range r.Notes {
		tell(event.Note{Text: note})
	}
}

// left tells the watchers of a message that stays. Of one that stayed the last time, for
// the same reason, they have heard, and a schedule would tell of it again each time.
func (b *box) left(one *Stay) {
	if slices.Contains(b.e.Last.Stayed, *one) {
		return
	}
	args := words.Args{"UIDL": one.UIDL, "Octets": one.Octets, "From": one.From, "Why": one.Why}
	b.client.State(event.Note{Text: words.Fail("note.left", args).Error()})
}
