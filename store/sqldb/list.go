package sqldb

import (
	"container/list"
	"context"
	"database/sql/driver"
	"encoding/hex"
	"fmt"
	"math"
	"sync"
	"time"

	"posta/store"
)

// maxListed bounds the entries remembered, some 160 octets each.
const maxListed = 100_000

// inboxRow is what tells whether a remembered listing is still true: a message
// that came has moved next, one that went has moved modseq.
type inboxRow struct{ id, next, modseq int64 }

// listing is the content of a mailbox at one moment. Its entries are shared
// and never changed.
type listing struct {
	inboxRow
	entries []store.Entry
}

// listings remembers the mailboxes listed last: reading a row costs a
// microsecond a column, and a maildrop is often fetched unchanged or grown.
type listings struct {
	mu      sync.Mutex
	byBox   map[int64]*list.Element // of listing
	order   *list.List              // the one used last in front
	entries int
}

func (ls *listings) init() { ls.byBox, ls.order = map[int64]*list.Element{}, list.New() }

func (ls *listings) find(box int64) (listing, bool) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	e, ok := ls.byBox[box]
	if !ok {
		return listing{}, false
	}
	ls.order.MoveToFront(e)
	return e.Value.(listing), true
}

// keep remembers a listing, unless a newer one is there.
func (ls *listings) keep(l listing) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	if e, ok := ls.byBox[l.id]; ok {
		if have := e.Value.(listing); have.modseq > l.modseq || have.next > l.next {
			return
		}
		ls.remove(e)
	}
	if len(l.entries) == 0 || len(l.entries) > maxListed {
		return
	}
	ls.byBox[l.id] = ls.order.PushFront(l)
	ls.entries += len(l.entries)
	for ls.entries > maxListed {
		ls.remove(ls.order.Back())
	}
}

func (ls *listings) remove(e *list.Element) {
	l := e.Value.(listing)
	ls.order.Remove(e)
	delete(ls.byBox, l.id)
	ls.entries -= len(l.entries)
}

// inbox finds an account's INBOX.
func (db *DB) inbox(ctx context.Context, account int64) (inboxRow, error) {
	var in inboxRow
	err := db.read(ctx, func(c *conn) (err error) {
		in, err = findInbox(c, account)
		return err
	})
	return in, err
}

func findInbox(c *conn, account int64) (inboxRow, error) {
	row, err := c.one(qInbox, account)
	if err != nil {
		return inboxRow{}, err
	}
	if row == nil || account <= 0 {
		return inboxRow{}, store.ErrNotFound
	}
	return inboxRow{asInt(row[0]), asInt(row[1]), asInt(row[2])}, nil
}

// List implements store.Maildrops. The entries are shared with other callers
// and must not be changed.
func (db *DB) List(ctx context.Context, account int64) ([]store.Entry, error) {
	var l listing
	err := db.read(ctx, func(c *conn) (err error) {
		l, err = db.listInbox(c, account)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list the mail of account %d: %w", account, err)
	}
	return l.entries, nil
}

func (db *DB) listInbox(c *conn, account int64) (listing, error) {
	in, err := findInbox(c, account)
	if err != nil {
		return listing{}, err
	}
	from := int64(0)
	have, ok := db.listings.find(in.id)
	if ok && have.modseq == in.modseq {
		if have.next >= in.next {
			return have, nil
		}
		from = have.next
	} else {
		have = listing{}
	}
	entries, err := readEntries(c, in.id, from, in.next)
	if err != nil {
		return listing{}, err
	}
	l := listing{inboxRow: in, entries: entries}
	if len(have.entries) > 0 {
		l.entries = append(have.entries[:len(have.entries):len(have.entries)], entries...)
	}
	l.entries = l.entries[:len(l.entries):len(l.entries)]
	db.listings.keep(l)
	return l, nil
}

// readEntries reads a range of UIDs.
func readEntries(c *conn, box, from, to int64) ([]store.Entry, error) {
	var entries []store.Entry
	var digits []byte // of all UIDLs, one allocation in the end
	err := c.query(func(row []driver.Value) error {
		e := store.Entry{UID: uint32(asInt(row[0])), Size: asInt(row[2]), Received: time.UnixMicro(asInt(row[3])),
			Blob: store.Blob(asInt(row[4])), Traits: traitsOf(asInt(row[5])), Queue: asString(row[6]),
			Prefix: int32(min(asInt(row[8]), math.MaxInt32))}
		if given := asString(row[7]); given != "" {
			e.UIDL = given
		} else {
			digits = hex.AppendEncode(digits, asBytes(row[1]))
		}
		entries = append(entries, e)
		return nil
	}, qList, box, from, to)
	if err != nil {
		return nil, err
	}
	all := string(digits)
	for i := range entries {
		if entries[i].UIDL == "" {
			entries[i].UIDL, all = all[:2*uidlBytes], all[2*uidlBytes:]
		}
	}
	return entries, nil
}
