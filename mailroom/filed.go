package mailroom

import (
	"context"
	"slices"
	"strings"
	"unicode"

	"posta/event"
	"posta/mail"
	"posta/store"
)

// filing is a message on its way into the store, and what is told of it when
// it is there.
type filing struct {
	store.Filing
	targets   []target // of To, in the same order
	recipient string   // of a report
	messageID string
	size      int64 // of the body, as it came
}

// file makes the filings true, all or none.
func (r *Room) file(ctx context.Context, filings []filing) error {
	bare := make([]store.Filing, len(filings))
	for i := range filings {
		bare[i] = filings[i].Filing // To is shared, and gets its UIDs
	}
	return r.cfg.Store.File(ctx, bare...)
}

// delivered is where the message lies, for the session's watchers.
func (l *letter) delivered(f *filing) []mail.Delivery {
	out := make([]mail.Delivery, 0, len(f.To))
	for i := range f.To {
		t := &f.targets[i]
		out = append(out, mail.Delivery{Recipient: l.rcpts[t.rcpt].To.String(), Mailbox: t.Address, Account: t.Account, UID: f.To[i].UID})
	}
	for _, n := range l.served(len(l.targets), func(i int) int { return l.targets[i].rcpt }) {
		i := slices.IndexFunc(f.targets, func(t target) bool { return t.Account == l.rcpts[n].account })
		if i >= 0 && i < len(f.To) {
			d := out[i]
			d.Recipient = l.rcpts[n].To.String()
			out = append(out, d)
		}
	}
	return out
}

// served are the recipients for whom nothing went this way by itself: another's
// copy may serve them. of gives for whom the first n copies went.
func (l *letter) served(n int, of func(i int) int) (all []int) {
	own := make([]bool, len(l.rcpts))
	for i := range n {
		own[of(i)] = true
	}
	for n := range l.rcpts {
		if !own[n] {
			all = append(all, n)
		}
	}
	return all
}

// tell tells the watchers of a report, which no session brought.
func (r *Room) tell(f *filing) {
	recipients := len(f.To)
	for i := range f.Out {
		recipients += len(f.Out[i].Rcpts)
	}
	r.emit(event.Accepted{ID: f.ID, MessageID: f.messageID, From: f.From, Recipients: recipients, Size: f.size})
	r.tellDelivered(f.ID, f.recipient, f.To, f.targets)
	r.tellQueued(f.ID, f.recipient, f.Out)
}

func (r *Room) tellDelivered(id, recipient string, to []store.Delivery, targets []target) {
	if len(to) == 0 {
		return
	}
	fact := event.Delivered{ID: id, To: make([]event.Delivery, len(to))}
	for i := range to {
		t := &targets[i]
		fact.To[i] = event.Delivery{Recipient: recipient, Mailbox: t.Address, Account: t.Account, UID: to[i].UID}
	}
	r.emit(fact)
}

func (r *Room) emit(fact any) {
	r.cfg.Sink.Emit(&event.Event{Time: r.cfg.Now(), Kind: event.State, Fact: fact})
}

// newMessageID is the id of a message that came without one.
func (r *Room) newMessageID(queue string) string { return queue + "@" + r.cfg.Hostname }

// maxMessageID bounds what is kept of a stranger's Message-ID.
const maxMessageID = 250

// messageID makes a header's Message-ID fit to be looked for and printed.
func messageID(text string) string {
	text = strings.TrimSuffix(strings.TrimPrefix(text, "<"), ">")
	if len(text) > maxMessageID {
		text = text[:maxMessageID]
	}
	return strings.Map(func(c rune) rune {
		if !unicode.IsPrint(c) {
			return '?'
		}
		return c
	}, text)
}
