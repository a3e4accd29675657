package collect

import (
	"posta/event"
	"posta/mail"
)

// filed tells the watchers of a message that was filed, as they hear of any that
// comes in by SMTP: so a trace knows it. Of one that stays nobody hears, or a
// schedule would tell of it again each time.
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
