package sqldb

import (
	"context"
	"crypto/rand"
	"database/sql/driver"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"posta/store"
)

const (
	chunkBits = 20 // of a chunk's id are its number; the rest is the blob's
	maxChunks = 1 << chunkBits
	maxPrefix = 1 << chunkBits
	uidlBytes = 12
)

// File implements store.Mail. The session's context plays no part: the writer
// works with the draft's pooled buffers until it has answered.
func (db *DB) File(_ context.Context, filings ...store.Filing) error {
	defer release(filings)
	j := &job{filings: filings, done: make(chan error, 1)}
	for i := range filings {
		f := &filings[i]
		j.letters += weight(f)
		if f.Draft == nil {
			continue
		}
		d, ok := f.Draft.(*draft)
		if !ok || d.db != db {
			return errors.New("file: the draft is another store's")
		}
		if err := d.settle(); err != nil {
			return err
		}
		j.octets += int64(d.buffered())
	}
	j.after = func(err error) {
		for _, f := range filings {
			db.claims.settled(f.Settle, err)
		}
	}
	if err := db.writer.put(letters, j); err != nil {
		return err
	}
	err := <-j.done
	if err == nil && j.trashes() {
		db.sweeper.stir()
	}
	return err
}

// weight is how much of a batch a filing takes.
func weight(f *store.Filing) int {
	n := len(f.To) + len(f.Later) + len(f.Settle)
	for _, o := range f.Out {
		n += len(o.Rcpts)
	}
	return max(n, 1)
}

func release(filings []store.Filing) {
	for _, f := range filings {
		if f.Draft != nil {
			f.Draft.Discard()
		}
	}
}

// trashes says that a reference went with the letter.
func (j *job) trashes() bool {
	for _, f := range j.filings {
		if f.Step != nil && f.Step.Done || slices.ContainsFunc(f.Settle, func(s store.Settlement) bool { return s.Done }) {
			return true
		}
	}
	return false
}

// check refuses what cannot be filed, before anything is written. It gives the
// body sizes of the filings, and has charged their boxes.
func (t *tx) check(filings []store.Filing) ([]int64, error) {
	t.undo = t.undo[:0]
	bodies := make([]int64, len(filings))
	for i := range filings {
		size, err := t.body(&filings[i])
		if err == nil {
			err = t.admit(&filings[i], size)
		}
		if err != nil {
			for _, c := range t.undo {
				c.box.used -= c.bytes
			}
			return nil, err
		}
		bodies[i] = size
	}
	return bodies, nil
}

// body gives the octets of a filing's body.
func (t *tx) body(f *store.Filing) (int64, error) {
	if d, ok := f.Draft.(*draft); ok {
		return d.size, nil
	}
	if f.Draft == nil && f.Blob == 0 && refs(f) == 0 {
		return 0, nil // nothing but settlements
	}
	row, err := t.one(qBlobSize, int64(f.Blob))
	if err != nil {
		return 0, fmt.Errorf("body %d: %w", f.Blob, err)
	}
	if row == nil {
		return 0, fmt.Errorf("body %d: %w", f.Blob, store.ErrNotFound)
	}
	return asInt(row[0]), nil
}

func (t *tx) admit(f *store.Filing, body int64) error {
	if s := f.Step; s != nil {
		row, err := t.one(qExpansion, s.ID)
		if err != nil {
			return fmt.Errorf("expansion %d: %w", s.ID, err)
		}
		if row == nil {
			return fmt.Errorf("expansion %d: %w", s.ID, store.ErrNotFound)
		}
	}
	if err := t.admitOut(f); err != nil {
		return err
	}
	for i := range f.To {
		d := &f.To[i]
		if d.Mailbox != "" && d.Mailbox != inbox {
			return fmt.Errorf("mailbox %q of account %d: %w", d.Mailbox, d.Account, store.ErrNotFound)
		}
		if len(d.Prefix) >= maxPrefix {
			return fmt.Errorf("prefix of %d octets for account %d; less than %d are kept", len(d.Prefix), d.Account, maxPrefix)
		}
		b, err := t.box(d.Account)
		if err != nil {
			return err
		}
		size := entrySize(f, d, body)
		if b.quota > 0 && b.used+size > b.quota {
			return fmt.Errorf("account %d: %w", d.Account, store.ErrQuota)
		}
		if b.next > math.MaxUint32 {
			return fmt.Errorf("account %d: no UIDs are left", d.Account)
		}
		b.used += size
		t.undo = append(t.undo, charge{b, size})
		if d.UIDL != "" {
			if err := t.freeUIDL(b, d.UIDL); err != nil {
				return err
			}
		}
	}
	return nil
}

const inbox = "INBOX"

// entrySize is what RETR sends of a message, dot-stuffing aside.
func entrySize(f *store.Filing, d *store.Delivery, body int64) int64 {
	n := int64(len(d.Prefix)) + body
	if f.Traits.NoEOL {
		n += 2
	}
	return n
}

// freeUIDL says whether an old server's UIDL can be used (RFC 1939 §7). One
// that looks like our own is sought among those, too.
func (t *tx) freeUIDL(b *box, uidl string) error {
	if len(uidl) > 70 || strings.ContainsFunc(uidl, func(r rune) bool { return r < 0x21 || r > 0x7e }) {
		return fmt.Errorf("UIDL %q: RFC 1939 §7 wants 1 to 70 printable characters", uidl)
	}
	row, err := t.one(qGivenTaken, b.id, uidl)
	if own, e := hex.DecodeString(uidl); err == nil && row == nil && e == nil && len(own) == uidlBytes {
		row, err = t.one(qUIDLTaken, b.id, own)
	}
	if err != nil {
		return fmt.Errorf("UIDL %q: %w", uidl, err)
	}
	if row != nil {
		return fmt.Errorf("UIDL %q: %w", uidl, store.ErrExists)
	}
	return nil
}

// refs is how often a filing refers to its body.
func refs(f *store.Filing) int64 { return int64(len(f.To) + len(f.Later) + len(f.Out)) }

// write makes checked filings true.
func (t *tx) write(filings []store.Filing, bodies []int64) error {
	for i := range filings {
		f := &filings[i]
		refs := refs(f)
		blob := int64(f.Blob)
		var err error
		switch d, _ := f.Draft.(*draft); {
		case refs == 0:
		case d != nil:
			blob, err = t.link(d, refs)
		default:
			err = t.refer(blob, bodies[i], refs)
		}
		if err != nil {
			return fmt.Errorf("body: %w", err)
		}
		if err := t.entries(f, blob, bodies[i]); err != nil {
			return fmt.Errorf("message: %w", err)
		}
		if err := t.expansions(f, blob); err != nil {
			return fmt.Errorf("expansion: %w", err)
		}
		if err := t.queue(f, blob, bodies[i]); err != nil {
			return fmt.Errorf("queue: %w", err)
		}
		if err := t.settle(f.Settle); err != nil {
			return fmt.Errorf("settle: %w", err)
		}
	}
	return nil
}

// errNoBody says that a letter would be filed without its body.
var errNoBody = errors.New("sqldb: the body is gone")

// refer adds references to a blob, which must be there.
func (t *tx) refer(blob, size, refs int64) error {
	n, err := affected(t.linkBlob.exec(size, refs, blob))
	if err == nil && n == 0 {
		err = fmt.Errorf("%w: %d", errNoBody, blob)
	}
	return err
}

// link makes a draft a blob, or adds references where it has become one.
func (t *tx) link(d *draft, refs int64) (int64, error) {
	blob, again := t.linked[d]
	if !again {
		blob = d.blob
	}
	if blob != 0 {
		if err := t.refer(blob, d.size, refs); err != nil || again {
			return blob, err
		}
	} else {
		blob = t.db.blobs.Add(1)
		if _, err := t.insertBlob.exec(blob, d.size, refs); err != nil {
			return 0, err
		}
	}
	t.linked[d] = blob
	for i, b := range d.bufs {
		if len(b) == 0 {
			continue
		}
		if _, err := t.insertChunk.exec(blob<<chunkBits|int64(d.sent+i), b); err != nil {
			return 0, err
		}
	}
	return blob, nil
}

func (t *tx) entries(f *store.Filing, blob, body int64) error {
	var random []byte
	if len(f.To) > 0 {
		random = make([]byte, uidlBytes*len(f.To))
		rand.Read(random)
	}
	received, flags := f.Received.UnixMicro(), traitFlags(f.Traits)
	for i := range f.To {
		d := &f.To[i]
		b, err := t.box(d.Account)
		if err != nil {
			return err
		}
		var uidl, given driver.Value = random[uidlBytes*i : uidlBytes*(i+1)], nil
		if d.UIDL != "" {
			uidl, given = nil, d.UIDL
		}
		prefix, err := t.prefix(d.Prefix)
		if err != nil {
			return err
		}
		size := entrySize(f, d, body)
		_, err = t.insertMessage.exec(b.id, b.next, uidl, size, received, blob, prefix, flags, f.ID, given)
		if err != nil {
			return err
		}
		d.UID = uint32(b.next) // admit has seen that it fits
		b.next++
		b.messages++
		b.bytes += size
		t.touch(b)
	}
	return nil
}

// randomUIDL makes a UIDL as it is kept.
func randomUIDL() []byte {
	b := make([]byte, uidlBytes)
	rand.Read(b)
	return b
}

// prefix keeps the lines before a body, and gives what the entry says of them.
func (t *tx) prefix(lines []byte) (int64, error) {
	if len(lines) == 0 {
		return 0, nil
	}
	id := t.db.blobs.Add(1) << chunkBits
	_, err := t.insertChunk.exec(id, lines)
	return id | int64(len(lines)), err
}

// Usage implements store.Mail.
func (db *DB) Usage(ctx context.Context, account int64) (store.Usage, error) {
	var u store.Usage
	err := db.read(ctx, func(c *conn) error {
		row, err := c.one(qUsage, account)
		if err != nil {
			return err
		}
		if asInt(row[0]) == 0 {
			return store.ErrNotFound
		}
		u = store.Usage{Messages: asInt(row[1]), Bytes: asInt(row[2])}
		return nil
	})
	if err != nil {
		return store.Usage{}, fmt.Errorf("usage of account %d: %w", account, err)
	}
	return u, nil
}

const (
	flagStuffed = 1 << iota
	flagNoEOL
	flagUTF8
	flagEightBit // of an expansion
	flagLab
	flagWide   // likewise
	flagNotify // likewise: the first of those of its Notify
)

func traitFlags(t store.Traits) int64 {
	var n int64
	if t.Stuffed {
		n |= flagStuffed
	}
	if t.NoEOL {
		n |= flagNoEOL
	}
	if t.UTF8 {
		n |= flagUTF8
	}
	return n
}

func traitsOf(n int64) store.Traits {
	return store.Traits{Stuffed: n&flagStuffed != 0, NoEOL: n&flagNoEOL != 0, UTF8: n&flagUTF8 != 0}
}
