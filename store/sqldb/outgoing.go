package sqldb

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"posta/mail"
	"posta/store"
)

const (
	perMessage  = 100_000 // numbers for the recipients of one message
	mostStory   = 40      // attempts that are kept for a recipient
	mostSaid    = 1000    // octets of one thing that a remote host said
	neverMicros = 1 << 40 * 1_000_000
)

// firstOf and lastOf bound the ids of a message's recipients.
func firstOf(message int64) int64 { return message * perMessage }

func lastOf(message int64) int64 { return message*perMessage + perMessage - 1 }

// admitOut refuses what cannot be queued.
func (t *tx) admitOut(f *store.Filing) error {
	for i := range f.Out {
		o := &f.Out[i]
		if len(o.Prefix) >= maxPrefix {
			return fmt.Errorf("prefix of %d octets for mail that leaves; less than %d are kept", len(o.Prefix), maxPrefix)
		}
		if len(o.Rcpts) == 0 {
			return errors.New("a message for nobody in the queue")
		}
		if len(o.Rcpts) >= perMessage {
			return fmt.Errorf("%d recipients of one message in the queue; less than %d are kept", len(o.Rcpts), perMessage)
		}
	}
	for _, s := range f.Settle {
		row, err := t.one(qPlace, s.Item)
		if err != nil {
			return fmt.Errorf("settle item %d: %w", s.Item, err)
		}
		if row == nil {
			return fmt.Errorf("settle item %d: %w", s.Item, store.ErrNotFound)
		}
		if err := t.db.claims.settle(s.Item, s.Token, t.db.now()); err != nil {
			return fmt.Errorf("settle item %d: %w", s.Item, err)
		}
	}
	return nil
}

// queue puts messages that leave where they wait.
func (t *tx) queue(f *store.Filing, blob, body int64) error {
	for i := range f.Out {
		o := &f.Out[i]
		prefix, err := t.prefix(o.Prefix)
		if err != nil {
			return err
		}
		size := int64(len(o.Prefix)) + body
		r, err := t.insertOutgoing.exec(o.Queue, o.MessageID, o.From, o.Sender, boolValue(o.Lab), o.EnvID, int64(o.Ret),
			int64(o.Body), boolValue(o.UTF8), traitFlags(o.Traits), o.Received.UnixMicro(), blob, prefix, size, o.Auth)
		if err != nil {
			return err
		}
		id, err := r.LastInsertId()
		if err != nil {
			return err
		}
		for n := range o.Rcpts {
			if err := t.addRecipient(firstOf(id)+int64(n)+1, o.Sender, &o.Rcpts[n]); err != nil {
				return err
			}
		}
		t.depth.messages++
		t.depth.octets += size
		o.ID, o.Blob, o.Size = id, store.Blob(blob), size
	}
	return nil
}

func (t *tx) addRecipient(id int64, sender string, r *store.Rcpt) error {
	p := place{lane: lane{r.Domain, sender}, due: t.dueAt(r.Due), expires: r.Expires.UnixMicro(), held: r.Held}
	_, err := t.insertRecipient.exec(id, r.Domain, sender, r.To, r.Orcpt, int64(r.Notify), p.due, p.expires, p.turn(), boolValue(r.Held))
	t.arrives(p)
	return err
}

// dueAt is a time as it is kept; a zero one means now.
func (t *tx) dueAt(at time.Time) int64 {
	if at.IsZero() {
		at = t.db.now()
	}
	return min(at.UnixMicro(), neverMicros)
}

// settle makes true what became of claimed items.
func (t *tx) settle(all []store.Settlement) error {
	for i := range all {
		s := &all[i]
		p, err := t.place(s.Item)
		if err == nil && s.Done {
			err = t.depart(s.Item, p)
		} else if err == nil {
			err = t.wait(s, p)
		}
		if err != nil {
			return fmt.Errorf("item %d: %w", s.Item, err)
		}
	}
	return nil
}

// place finds where an item waits.
func (t *tx) place(item int64) (place, error) {
	row, err := t.one(qPlace, item)
	if err == nil && row == nil {
		err = store.ErrNotFound
	}
	if err != nil {
		return place{}, err
	}
	return scanPlace(row), nil
}

func scanPlace(row []driver.Value) place {
	return place{lane{asString(row[0]), asString(row[1])}, asInt(row[2]), asInt(row[3]), asBool(row[4]), asInt(row[5]), asInt(row[9]), asInt(row[10]),
		byHand{asInt(row[6]), asInt(row[7]), asInt(row[8])}}
}

// depart takes a recipient out, and the message with the last of them.
func (t *tx) depart(item int64, p place) error {
	if _, err := t.exec(qDropRecipient, item); err != nil {
		return err
	}
	t.leaves(p)
	if p.attempts > 0 {
		if _, err := t.exec(qDropAttempts, item, p.attempts); err != nil {
			return err
		}
	}
	message := item / perMessage
	row, err := t.one(qAnyRecipient, firstOf(message), lastOf(message))
	if err != nil || row != nil {
		return err
	}
	if row, err = t.one(qOutgoingHeld, message); err != nil || row == nil {
		return err
	}
	held, size := pair{asInt(row[0]), asInt(row[1])}, asInt(row[2])
	if _, err := t.exec(qDropOutgoing, message); err != nil {
		return err
	}
	t.depth.messages--
	t.depth.octets -= size
	// A small body goes at once: it was written a moment ago, and the sweep
	// takes turns that a queue under load would outrun.
	return t.unlinkAll([]pair{held})
}

// wait lets a recipient wait, with what was tried. Where somebody has asked for a
// try meanwhile it is due again: the one that ends here was no answer to that.
func (t *tx) wait(s *store.Settlement, p place) error {
	after := p
	after.due, after.asked, after.planned = t.dueAt(s.Due), 0, 0
	if p.asked > 0 && p.asked > t.db.claims.since(s.Item, s.Token) {
		after.asked = p.asked
		after.hasten(p.asked)
	}
	if store.Change(p.leaving).Leaves() {
		after.due = p.due // at once
	}
	if s.Extra {
		after.extra++
	}
	if a := s.Attempt; a != nil {
		after.attempts++
		if !a.AsOf.IsZero() {
			after.unasked++
		}
		if err := t.addAttempt(s.Item, after.attempts, a); err != nil {
			return err
		}
	}
	_, err := t.exec(qWait, after.due, after.turn(), boolValue(s.Warned), after.attempts,
		after.asked, after.planned, after.extra, after.unasked, s.Item)
	t.leaves(p)
	t.arrives(after)
	return err
}

func (t *tx) addAttempt(item, number int64, a *store.Attempt) error {
	before, err := beforeText(a.Before)
	if err != nil {
		return err
	}
	_, err = t.exec(qInsertAttempt, item, number, a.At.UnixMicro(), a.Took.Microseconds(), clip(a.Host), clip(a.Addr),
		clip(a.TLS), clip(a.Verb), int64(a.Code), a.Status.String(), clip(a.Text), int64(a.Session), stamp(a.AsOf), before)
	if err == nil && number > mostStory {
		_, err = t.exec(qDropAttempts, item, number-mostStory)
	}
	return err
}

// clip shortens what somebody else has said.
func clip(s string) string { return clipTo(s, mostSaid) }

func clipTo(s string, most int) string {
	if len(s) <= most {
		return s
	}
	n := most
	for n > most-utf8.UTFMax && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

func scanOutgoing(id int64, row []driver.Value) *store.Outgoing {
	return &store.Outgoing{ID: id, Queue: asString(row[0]), MessageID: asString(row[1]), From: asString(row[2]), Sender: asString(row[3]),
		Lab: asBool(row[4]), EnvID: asString(row[5]), Ret: mail.Ret(asInt(row[6])), Body: mail.Body(asInt(row[7])),
		UTF8: asBool(row[8]), Traits: traitsOf(asInt(row[9])), Received: moment(row[10]), Blob: store.Blob(asInt(row[11])),
		Prefix: asBytes(row[12]), Size: asInt(row[13]), Auth: asString(row[14])}
}

func scanItem(row []driver.Value) store.Item {
	return store.Item{ID: asInt(row[0]), Attempts: int(asInt(row[8])), Warned: asBool(row[9]),
		Asked: microTime(row[10]), Planned: microTime(row[11]), Extra: int(asInt(row[12])), Unasked: int(asInt(row[13])), Leaving: store.Change(asInt(row[14])),
		Rcpt: store.Rcpt{Domain: asString(row[1]), To: asString(row[2]), Orcpt: asString(row[3]), Notify: mail.Notify(asInt(row[4])),
			Due: moment(row[5]), Expires: moment(row[6]), Held: asBool(row[7])}}
}

func scanAttempt(row []driver.Value) store.Attempt {
	status, _ := mail.ParseStatus(asString(row[7])) // "" for none
	return store.Attempt{At: moment(row[0]), Took: time.Duration(asInt(row[1])) * time.Microsecond, Host: asString(row[2]),
		Addr: asString(row[3]), TLS: asString(row[4]), Verb: asString(row[5]), Code: int(asInt(row[6])), Status: status,
		Text: asString(row[8]), Session: uint64(asInt(row[9])), AsOf: microTime(row[10]), Before: scanBefore(asString(row[11]))}
}

func moment(v driver.Value) time.Time { return time.UnixMicro(asInt(v)).UTC() }
