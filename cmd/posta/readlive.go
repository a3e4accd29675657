package main

import (
	"context"
	"io"
	"os"
	"time"
)

// The times of an input that comes as things happen.
const (
	pause       = 50 * time.Millisecond // without input, what is known is shown
	rowPatience = 2 * time.Second       // how long a row waits at most for one before it
)

// liveInput is an input that may have pauses, in which it says so. At its end,
// or once ctx is done, it ends.
type liveInput struct {
	ctx    context.Context
	chunks chan chunk
	free   chan []byte
	now    chunk
	rest   []byte
	idle   func() (again time.Duration) // called in pauses; again: when next, 0 for not in this one
}

type chunk struct {
	buf []byte
	n   int
	err error
}

// newLiveInput begins to read. What it reads from may block for ever, and then
// so does its goroutine.
func newLiveInput(ctx context.Context, in io.Reader, idle func() time.Duration) *liveInput {
	l := &liveInput{ctx: ctx, chunks: make(chan chunk), free: make(chan []byte, 2), idle: idle}
	for range cap(l.free) {
		l.free <- make([]byte, 64<<10)
	}
	go func() {
		for buf := range l.free {
			n, err := in.Read(buf)
			select {
			case l.chunks <- chunk{buf, n, err}:
			case <-ctx.Done():
				return
			}
			if err != nil {
				return
			}
		}
	}()
	return l
}

// Read implements io.Reader.
func (l *liveInput) Read(p []byte) (int, error) {
	for len(l.rest) == 0 {
		if l.now.err != nil {
			return 0, l.now.err
		}
		if l.now.buf != nil {
			l.free <- l.now.buf
		}
		l.now = l.next()
		l.rest = l.now.buf[:l.now.n]
	}
	n := copy(p, l.rest)
	l.rest = l.rest[n:]
	return n, nil
}

// next waits for octets, and calls idle while it does.
func (l *liveInput) next() chunk {
	select {
	case c := <-l.chunks:
		return c
	default:
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	for {
		select {
		case c := <-l.chunks:
			return c
		case <-l.ctx.Done():
			return chunk{err: io.EOF}
		case <-timer.C:
			if again := l.idle(); again > 0 {
				timer.Reset(again)
			}
		}
	}
}

// comes says whether an input may have pauses: not a file, nor octets in memory.
func comes(in io.Reader) bool {
	switch in := in.(type) {
	case *os.File:
		info, err := in.Stat()
		return err != nil || !info.Mode().IsRegular()
	case interface{ Len() int }:
		return false
	}
	return true
}

// idle shows what is known while nothing comes. Rows that wait for one before
// them do so for a while.
func (l *frameList) idle() (again time.Duration) {
	if one := l.held.first(); one != nil {
		again = time.Until(one.at.Add(rowPatience))
	}
	if again < 0 {
		again = 0
		l.d.Flush()
		for l.held.first() != nil {
			l.row(l.held.take())
		}
	}
	l.begin()
	if l.failed == nil {
		l.failed = l.out.Flush()
	}
	return again
}

// overdue says that a row has waited long enough.
func (l *frameList) overdue(r *heldRow) bool { return l.live && time.Since(r.at) > rowPatience }

// leastWidths are those of the usual columns where the first rows are too few
// to tell.
func (l *frameList) leastWidths() []int {
	if l.live && l.columns == nil {
		return []int{5, 11, 15, 15, 4, 0}
	}
	return nil
}
