package sqldb

import (
	"context"
	"fmt"
	"slices"

	"posta/store"
)

// span is a range of UIDs, both ends in it.
type span struct{ from, to uint32 }

// Remove implements store.Maildrops. Entries go by range, and bodies are only
// noted: row by row, a full maildrop would hold everybody up.
func (db *DB) Remove(ctx context.Context, l store.Lease, uids []uint32) error {
	wanted := slices.Clone(uids)
	slices.Sort(wanted)
	wanted = slices.Compact(wanted)
	if len(wanted) == 0 {
		return nil
	}
	in, err := db.inbox(ctx, l.Account)
	if err == nil {
		known, _ := db.listings.find(in.id)
		spans := spansOf(wanted, known)
		err = db.writer.change(func(t *tx) error { return t.remove(l, spans, int64(len(wanted))) })
	}
	if err != nil {
		return fmt.Errorf("remove mail of account %d: %w", l.Account, err)
	}
	db.sweeper.stir()
	return nil
}

// spansOf makes as few ranges as it can of UIDs in order. A range may run over
// UIDs that are known to be free: they are never given again.
func spansOf(uids []uint32, known listing) []span {
	var spans []span
	entries := known.entries
	for _, uid := range uids {
		n := len(spans)
		if n == 0 {
			spans = append(spans, span{uid, uid})
			continue
		}
		last := &spans[n-1]
		for len(entries) > 0 && entries[0].UID <= last.to {
			entries = entries[1:]
		}
		free := int64(uid) < known.next && (len(entries) == 0 || entries[0].UID >= uid)
		if uid == last.to+1 || free {
			last.to = uid
		} else {
			spans = append(spans, span{uid, uid})
		}
	}
	return spans
}

// remove takes the messages out of an INBOX. Those that somebody else has
// removed meanwhile are no failure of a session's QUIT, but an administrator
// is told.
func (t *tx) remove(l store.Lease, spans []span, wanted int64) error {
	if l.Token != 0 && !t.db.leases.valid(l) {
		return store.ErrLost
	}
	in, err := findInbox(t.conn, l.Account)
	if err != nil {
		return err
	}
	var messages, bytes int64
	for _, s := range spans {
		from, to := int64(s.from), int64(s.to)
		row, err := t.one(qCountRange, in.id, from, to)
		if err != nil {
			return err
		}
		messages += asInt(row[0])
		bytes += asInt(row[1])
		if _, err := t.exec(qTrashRange, in.id, from, to); err != nil {
			return err
		}
		if _, err := t.exec(qDropRange, in.id, from, to); err != nil {
			return err
		}
	}
	if l.Token == 0 && messages != wanted {
		return fmt.Errorf("%d of %d messages: %w", wanted-messages, wanted, store.ErrNotFound)
	}
	_, err = t.exec(qShrinkBox, messages, bytes, in.id)
	return err
}
