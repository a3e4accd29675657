package sqldb

import (
	"errors"
	"fmt"
	"sync"

	"posta/store"
)

const (
	smallBuffer = 8 << 10 // most mail fits
	maxFlight   = 8       // chunks of one draft that wait for the writer
)

// buffers are lent to drafts.
type buffers struct{ small, chunk sync.Pool }

func (p *buffers) smallOne() []byte {
	if b, ok := p.small.Get().(*[smallBuffer]byte); ok {
		return b[:0]
	}
	return make([]byte, 0, smallBuffer)
}

func (p *buffers) chunkOne() []byte {
	if b, ok := p.chunk.Get().(*[store.Chunk]byte); ok {
		return b[:0]
	}
	return make([]byte, 0, store.Chunk)
}

func (p *buffers) giveBack(b []byte) {
	switch cap(b) {
	case smallBuffer:
		p.small.Put((*[smallBuffer]byte)(b[:smallBuffer]))
	case store.Chunk:
		p.chunk.Put((*[store.Chunk]byte)(b[:store.Chunk]))
	}
}

// live are the blobs being written ahead: the sweep leaves them alone.
type live struct {
	mu    sync.Mutex
	blobs map[int64]struct{}
}

func (l *live) init() { l.blobs = map[int64]struct{}{} }

func (l *live) add(blob int64) {
	l.mu.Lock()
	l.blobs[blob] = struct{}{}
	l.mu.Unlock()
}

func (l *live) drop(blob int64) {
	l.mu.Lock()
	delete(l.blobs, blob)
	l.mu.Unlock()
}

func (l *live) has(blob int64) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, ok := l.blobs[blob]
	return ok
}

// draft is a body being received. Up to store.Inline it stays in memory; then
// full chunks go to the writer, and only so many at a time that a draft never
// holds more than nine of them.
type draft struct {
	db     *DB
	bufs   [][]byte // in memory; all but the last are full chunks
	size   int64
	blob   int64    // where chunks are written ahead; 0: nowhere
	sent   int      // chunks handed to the writer
	flight []flying // handed over and not yet answered
	err    error
	ended  bool
}

type flying struct {
	job *job
	buf []byte
}

var errEnded = errors.New("the draft has ended")

// Draft implements store.Mail.
func (db *DB) Draft(hint int64) store.Draft {
	d := &draft{db: db}
	if hint > smallBuffer {
		d.bufs = append(d.bufs, db.buffers.chunkOne())
	}
	return d
}

func (d *draft) Size() int64 { return d.size }

// Write implements io.Writer.
func (d *draft) Write(p []byte) (int, error) {
	if d.ended {
		return 0, errEnded
	}
	written := 0
	for len(p) > 0 && d.err == nil {
		last := d.tail()
		if last == nil {
			break
		}
		n := min(len(p), cap(*last)-len(*last))
		*last = append(*last, p[:n]...)
		p = p[n:]
		written += n
		d.size += int64(n)
	}
	return written, d.err
}

// tail gives the buffer to write to, which has room; nil after an error.
func (d *draft) tail() *[]byte {
	if len(d.bufs) == 0 {
		d.bufs = append(d.bufs, d.db.buffers.smallOne())
	}
	last := &d.bufs[len(d.bufs)-1]
	if len(*last) < cap(*last) {
		return last
	}
	if cap(*last) == smallBuffer {
		larger := append(d.db.buffers.chunkOne(), *last...)
		d.db.buffers.giveBack(*last)
		*last = larger
		return last
	}
	if d.blob != 0 || len(d.bufs)*store.Chunk >= store.Inline {
		if d.err = d.ahead(); d.err != nil {
			return nil
		}
	}
	d.bufs = append(d.bufs, d.db.buffers.chunkOne())
	return &d.bufs[len(d.bufs)-1]
}

// ahead hands the full chunks to the writer.
func (d *draft) ahead() error {
	if d.blob == 0 {
		d.blob = d.db.blobs.Add(1)
		d.db.live.add(d.blob)
	}
	for i, b := range d.bufs {
		if d.sent >= maxChunks-1 {
			return fmt.Errorf("body of %d octets: %w", d.size, errTooLong)
		}
		if err := d.wait(maxFlight - 1); err != nil {
			return err
		}
		j := d.chunkJob(b, d.sent)
		if err := d.db.writer.put(chunks, j); err != nil {
			d.bufs = append(d.bufs[:0], d.bufs[i:]...)
			return err
		}
		d.flight = append(d.flight, flying{j, b})
		d.bufs[i] = nil
		d.sent++
	}
	d.bufs = d.bufs[:0]
	return nil
}

var errTooLong = errors.New("more than a body may have")

// chunkJob writes one chunk, and the blob without references that owns it. Any
// chunk may be the first whose batch holds.
func (d *draft) chunkJob(data []byte, n int) *job {
	blob := d.blob
	return &job{octets: int64(len(data)), apart: true, done: make(chan error, 1), run: func(t *tx) error {
		if _, err := t.exec(qOwnBlob, blob); err != nil {
			return fmt.Errorf("body: %w", err)
		}
		if _, err := t.insertChunk.exec(blob<<chunkBits|int64(n), data); err != nil {
			return fmt.Errorf("body: %w", err)
		}
		return nil
	}}
}

// wait takes answers until at most n chunks are under way.
func (d *draft) wait(n int) error {
	for len(d.flight) > n {
		f := d.flight[0]
		d.flight = append(d.flight[:0], d.flight[1:]...)
		err := <-f.job.done
		d.db.buffers.giveBack(f.buf)
		if err != nil && d.err == nil {
			d.err = err
		}
	}
	return d.err
}

// settle waits until all that was written ahead is on the disk.
func (d *draft) settle() error {
	if d.ended {
		return errEnded
	}
	return d.wait(0)
}

// buffered counts the octets in memory.
func (d *draft) buffered() int {
	n := 0
	for _, b := range d.bufs {
		n += len(b)
	}
	return n
}

// Discard implements store.Draft. It also ends a draft that was filed: its
// blob has references then, and the sweep passes it by.
func (d *draft) Discard() {
	if d.ended {
		return
	}
	d.ended = true
	_ = d.wait(0) // the writer holds buffers of ours
	for _, b := range d.bufs {
		d.db.buffers.giveBack(b)
	}
	d.bufs = nil
	if d.blob != 0 {
		d.db.live.drop(d.blob)
		d.db.sweeper.stir()
	}
}
