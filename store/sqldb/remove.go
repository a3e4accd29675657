package sqldb

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"posta/store"
)

// span is a range of UIDs, both ends in it.
type span struct{ from, to int64 }

// removal is what a call of Remove does to a mailbox, worked out from its
// listing: the writer then has only ranges to delete.
type removal struct {
	before   listing
	after    listing
	spans    []span
	pairs    []pair
	messages int64
	bytes    int64
}

// errStale says that the mailbox is not as it was listed.
var errStale = errors.New("the mailbox has changed")

// Remove implements store.Maildrops. Entries go by range, and bodies are only
// noted: row by row, a full maildrop would hold everybody up.
func (db *DB) Remove(ctx context.Context, l store.Lease, uids []uint32) error {
	wanted := slices.Clone(uids)
	slices.Sort(wanted)
	wanted = slices.Compact(wanted)
	err := errStale
	for errors.Is(err, errStale) && len(wanted) > 0 {
		err = db.remove(ctx, l, wanted)
	}
	if err != nil && len(wanted) > 0 {
		return fmt.Errorf("remove mail of account %d: %w", l.Account, err)
	}
	return nil
}

func (db *DB) remove(ctx context.Context, l store.Lease, wanted []uint32) error {
	var before listing
	err := db.read(ctx, func(c *conn) (err error) {
		before, err = db.listInbox(c, l.Account)
		return err
	})
	if err != nil {
		return err
	}
	r := plan(before, wanted)
	// What somebody else has removed meanwhile is no failure of a session's
	// QUIT, but an administrator is told.
	if missing := len(wanted) - int(r.messages); l.Token == 0 && missing > 0 {
		return fmt.Errorf("%d of %d messages: %w", missing, len(wanted), store.ErrNotFound)
	}
	if err := db.writer.change(func(t *tx) error { return t.remove(l, r) }); err != nil {
		return err
	}
	db.listings.keep(r.after)
	db.sweeper.stir()
	return nil
}

// plan makes as few ranges as it can of UIDs in order. A range may run over
// UIDs without a message: they are never given again.
func plan(l listing, wanted []uint32) removal {
	r := removal{before: l, after: listing{inboxRow: l.inboxRow}}
	r.after.modseq++
	stays := true
	for i, e := range l.entries {
		for len(wanted) > 0 && wanted[0] < e.UID {
			wanted = wanted[1:]
		}
		if len(wanted) == 0 || wanted[0] != e.UID {
			r.after.entries = append(r.after.entries, e)
			r.after.prefixes = append(r.after.prefixes, l.prefixes[i])
			stays = true
			continue
		}
		uid := int64(e.UID)
		if stays {
			r.spans = append(r.spans, span{from: uid})
		}
		stays = false
		r.spans[len(r.spans)-1].to = uid
		r.pairs = append(r.pairs, pair{int64(e.Blob), l.prefixes[i]})
		r.messages++
		r.bytes += e.Size
	}
	return r
}

// remove takes the messages out of an INBOX.
func (t *tx) remove(l store.Lease, r removal) error {
	if l.Token != 0 && !t.db.leases.valid(l) {
		return store.ErrLost
	}
	in, err := findInbox(t.conn, l.Account)
	if err != nil {
		return err
	}
	if in.id != r.before.id || in.modseq != r.before.modseq {
		return errStale
	}
	gone := int64(0)
	for _, s := range r.spans {
		n, err := affected(t.exec(qDropRange, in.id, s.from, s.to))
		if err != nil {
			return err
		}
		gone += n
	}
	if gone != r.messages {
		return fmt.Errorf("mailbox %d: %d entries where %d were listed", in.id, gone, r.messages)
	}
	if err := t.trash(r.pairs); err != nil || gone == 0 {
		return err
	}
	_, err = t.exec(qShrinkBox, r.messages, r.bytes, in.id)
	return err
}
