package sqldb

import (
	"context"
	"database/sql/driver"
	"fmt"
	"io"

	"posta/store"
)

// How far a reader reads ahead, in octets. It begins small, for a client that
// wants one message, and doubles while messages are fetched in order.
const (
	firstAhead = 32 << 10
	mostAhead  = 512 << 10
	mostGap    = 8 // UIDs between two messages read in one go
	stretch    = 4 // chunks of a large body in memory
)

// reader implements store.Reader.
type reader struct {
	db      *DB
	account int64
	box     int64
	ahead   []piece // in order of UID
	at      int     // the one likely wanted next
	window  int64
}

// piece is a small message read ahead.
type piece struct {
	uid    uint32
	prefix []byte
	chunks [][]byte
}

// Reader implements store.Maildrops.
func (db *DB) Reader(account int64) store.Reader {
	return &reader{db: db, account: account, window: firstAhead}
}

func (r *reader) Close() { r.ahead, r.at = nil, 0 }

// WriteTo implements store.Reader.
func (r *reader) WriteTo(ctx context.Context, w io.Writer, e store.Entry, next []store.Entry) error {
	if e.Size > store.Inline {
		return r.stream(ctx, w, e)
	}
	p, ok := r.take(e.UID)
	if !ok {
		if err := r.fill(ctx, e, next); err != nil {
			return fmt.Errorf("read message %d of account %d: %w", e.UID, r.account, err)
		}
		if p, ok = r.take(e.UID); !ok {
			return fmt.Errorf("read message %d of account %d: %w", e.UID, r.account, store.ErrNotFound)
		}
	}
	if err := write(w, p.prefix); err != nil {
		return err
	}
	for _, c := range p.chunks {
		if err := write(w, c); err != nil {
			return err
		}
	}
	return nil
}

func write(w io.Writer, b []byte) error {
	if len(b) == 0 {
		return nil
	}
	_, err := w.Write(b)
	return err
}

// take gives a piece read ahead, and forgets those before it.
func (r *reader) take(uid uint32) (piece, bool) {
	for i := r.at; i < len(r.ahead); i++ {
		if r.ahead[i].uid == uid {
			clear(r.ahead[r.at:i])
			p := r.ahead[i]
			r.ahead[i] = piece{}
			r.at = i + 1
			return p, true
		}
	}
	return piece{}, false
}

// fill reads e and what will follow it.
func (r *reader) fill(ctx context.Context, e store.Entry, next []store.Entry) error {
	if r.at == len(r.ahead) && len(r.ahead) > 0 {
		r.window = min(2*r.window, mostAhead)
	} else {
		r.window = firstAhead
	}
	clear(r.ahead)
	r.ahead, r.at = append(r.ahead[:0], piece{uid: e.UID}), 0
	octets, last := e.Size, e.UID
	for _, n := range next {
		octets += n.Size
		if n.UID <= last || n.UID-last > mostGap || octets > r.window {
			break
		}
		r.ahead = append(r.ahead, piece{uid: n.UID})
		last = n.UID
	}
	return r.db.read(ctx, func(c *conn) error { return r.load(c, e.UID, last) })
}

// load fills the pieces between two UIDs, and drops those that have gone.
func (r *reader) load(c *conn, from, to uint32) error {
	if err := r.find(c); err != nil {
		return err
	}
	i, found := 0, make([]bool, len(r.ahead))
	err := c.query(func(row []driver.Value) error {
		uid := uint32(asInt(row[0]))
		for i < len(r.ahead) && r.ahead[i].uid < uid {
			i++
		}
		if i == len(r.ahead) || r.ahead[i].uid != uid {
			return nil
		}
		p := &r.ahead[i]
		found[i] = true
		p.prefix = asBytes(row[1])
		if b := asBytes(row[2]); b != nil {
			p.chunks = append(p.chunks, b)
		}
		return nil
	}, qAhead, r.box, int64(from), int64(to))
	if err != nil {
		return err
	}
	kept := r.ahead[:0]
	for i, p := range r.ahead {
		if found[i] {
			kept = append(kept, p)
		}
	}
	clear(r.ahead[len(kept):])
	r.ahead = kept
	return nil
}

func (r *reader) find(c *conn) error {
	if r.box != 0 {
		return nil
	}
	in, err := findInbox(c, r.account)
	r.box = in.id
	return err
}

// stream writes a large message piece by piece. Between two pieces no
// transaction is open, however slow the client is.
func (r *reader) stream(ctx context.Context, w io.Writer, e store.Entry) error {
	var prefix []byte
	fail := func(err error) error {
		return fmt.Errorf("read message %d of account %d: %w", e.UID, r.account, err)
	}
	err := r.db.read(ctx, func(c *conn) error {
		if err := r.find(c); err != nil {
			return err
		}
		row, err := c.one(qPrefix, r.box, int64(e.UID))
		if err == nil && row == nil {
			err = store.ErrNotFound
		}
		if err == nil {
			prefix = asBytes(row[0])
		}
		return err
	})
	if err != nil {
		return fail(err)
	}
	if err := write(w, prefix); err != nil {
		return err
	}
	left := e.Size - int64(len(prefix))
	if e.Traits.NoEOL {
		left -= 2
	}
	for n := int64(0); left > 0; n += stretch {
		parts, err := r.stretch(ctx, int64(e.Blob)<<chunkBits|n)
		if err != nil {
			return fail(err)
		}
		if len(parts) == 0 {
			return fail(store.ErrNotFound)
		}
		for _, p := range parts {
			if err := write(w, p); err != nil {
				return err
			}
			left -= int64(len(p))
		}
	}
	return nil
}

// stretch reads the next chunks of a body.
func (r *reader) stretch(ctx context.Context, from int64) ([][]byte, error) {
	var parts [][]byte
	err := r.db.read(ctx, func(c *conn) error {
		return c.query(func(row []driver.Value) error {
			parts = append(parts, asBytes(row[0]))
			return nil
		}, qChunks, from, from+stretch-1)
	})
	return parts, err
}
