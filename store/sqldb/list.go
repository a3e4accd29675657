package sqldb

import (
	"container/list"
	"context"
	"database/sql/driver"
	"encoding/hex"
	"fmt"
	"slices"
	"sync"
	"time"

	"posta/store"
)

// maxListed bounds the entries remembered, some 160 octets each.
const maxListed = 100_000

// inboxRow is what tells whether a remembered listing is still true: a message
// that came has moved next, one that went has moved modseq.
type inboxRow struct{ id, next, modseq int64 }

// listing is the content of a mailbox at one moment. Its slices are shared and
// what is in them never changes.
type listing struct {
	inboxRow
	entries  []store.Entry
	prefixes []int64 // as in the message's row
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
	l := listing{inboxRow: in, entries: slices.Clip(have.entries), prefixes: slices.Clip(have.prefixes)}
	if err := l.read(c, from); err != nil {
		return listing{}, err
	}
	l.entries, l.prefixes = slices.Clip(l.entries), slices.Clip(l.prefixes)
	db.listings.keep(l)
	return l, nil
}

// read adds the messages from a UID on.
func (l *listing) read(c *conn, from int64) error {
	known := len(l.entries)
	var digits []byte // of all UIDLs: one allocation in the end
	err := c.query(func(row []driver.Value) error {
		prefix := asInt(row[5])
		e := store.Entry{UID: uint32(asInt(row[0])), Size: asInt(row[2]), Received: time.UnixMicro(asInt(row[3])),
			Blob: store.Blob(asInt(row[4])), Prefix: int32(prefix % maxPrefix), Traits: traitsOf(asInt(row[6])),
			Queue: asString(row[7]), UIDL: asString(row[8])}
		if e.UIDL == "" {
			digits = hex.AppendEncode(digits, asBytes(row[1]))
		}
		l.entries = append(l.entries, e)
		l.prefixes = append(l.prefixes, prefix)
		return nil
	}, qList, l.id, from, l.next)
	if err != nil {
		return err
	}
	all := string(digits)
	for i := known; i < len(l.entries); i++ {
		if e := &l.entries[i]; e.UIDL == "" {
			e.UIDL, all = all[:2*uidlBytes], all[2*uidlBytes:]
		}
	}
	return nil
}
