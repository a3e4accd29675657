package sqldb

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"

	"posta/store"
)

var errContentClosed = errors.New("sqldb: the content is closed")

// content reads a message that leaves, a stretch of its chunks at a time.
type content struct {
	ctx   context.Context
	db    *DB
	out   *store.Outgoing
	parts [][]byte // read, and not yet handed out
	next  int64    // chunk
	left  int64    // octets that are still to be read
	err   error
}

// Content implements store.Queue.
func (q queued) Content(ctx context.Context, out *store.Outgoing) io.ReadCloser {
	c := &content{ctx: ctx, db: q.DB, out: out, left: out.Size - int64(len(out.Prefix))}
	if len(out.Prefix) > 0 {
		c.parts = [][]byte{out.Prefix}
	}
	return c
}

// Read implements io.Reader. The end is told only when every octet was given.
func (c *content) Read(p []byte) (int, error) {
	if err := c.ready(); err != nil {
		return 0, err
	}
	n := copy(p, c.parts[0])
	if c.parts[0] = c.parts[0][n:]; len(c.parts[0]) == 0 {
		c.parts = c.parts[1:]
	}
	return n, nil
}

// WriteTo implements io.WriterTo.
func (c *content) WriteTo(w io.Writer) (written int64, err error) {
	for {
		err := c.ready()
		if errors.Is(err, io.EOF) {
			return written, nil
		}
		if err != nil {
			return written, err
		}
		n, err := w.Write(c.parts[0])
		written += int64(n)
		if err != nil {
			return written, err
		}
		c.parts = c.parts[1:]
	}
}

// ready sees to it that there is something to hand out.
func (c *content) ready() error {
	if c.err == nil && len(c.parts) == 0 {
		c.err = c.fill()
	}
	return c.err
}

func (c *content) fill() error {
	if c.left == 0 {
		return io.EOF
	}
	c.parts = nil
	from := int64(c.out.Blob)<<chunkBits | c.next
	err := c.db.read(c.ctx, func(conn *conn) error {
		return conn.query(func(row []driver.Value) error {
			part := asBytes(row[0])
			c.parts = append(c.parts, part)
			c.left -= int64(len(part))
			return nil
		}, qChunks, from, from+stretch-1)
	})
	c.next += stretch
	if err == nil && (len(c.parts) == 0 || c.left < 0) {
		err = store.ErrNotFound
	}
	if err != nil {
		c.parts = nil
		return fmt.Errorf("content of %s: %w", c.out.Queue, err)
	}
	return nil
}

// Close implements io.Closer. It keeps nothing.
func (c *content) Close() error {
	c.parts, c.err = nil, errContentClosed
	return nil
}
