package wiretest

import (
	"io"
	"sync"
)

// stream is one direction: the written pieces that nobody has read yet.
type stream struct {
	mu       sync.Mutex
	pieces   [][]byte
	size     int
	finished bool
	readErr  error
	writeErr error
	changed  chan struct{} // closed at the next change
}

func newStream() *stream { return &stream{changed: make(chan struct{})} }

// change wakes all who wait. mu is held.
func (s *stream) change() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// take reads, or returns a channel to wait on.
func (s *stream) take(p []byte) (n int, wait <-chan struct{}, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.readErr != nil:
		return 0, nil, s.readErr
	case len(p) == 0:
		return 0, nil, nil
	case len(s.pieces) > 0:
		n = copy(p, s.pieces[0])
		if s.pieces[0] = s.pieces[0][n:]; len(s.pieces[0]) == 0 {
			s.pieces = s.pieces[1:]
		}
		s.size -= n
		s.change()
		return n, nil, nil
	case s.finished:
		return 0, nil, io.EOF
	}
	return 0, s.changed, nil
}

// put writes, or returns a channel to wait on. A piece larger than the Window
// is taken whole once the stream is empty.
func (s *stream) put(p []byte) (n int, wait <-chan struct{}, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.writeErr != nil:
		return 0, nil, s.writeErr
	case s.finished:
		return 0, nil, io.ErrClosedPipe
	case len(p) == 0:
		return 0, nil, nil
	case s.size > 0 && s.size+len(p) > Window:
		return 0, s.changed, nil
	}
	s.pieces = append(s.pieces, append([]byte(nil), p...))
	s.size += len(p)
	s.change()
	return len(p), nil, nil
}

func (s *stream) finish() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.finished = true
	s.change()
}

// fail makes later reads and writes fail; an error that stands is kept.
func (s *stream) fail(read, write error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.readErr == nil {
		s.readErr = read
	}
	if s.writeErr == nil {
		s.writeErr = write
	}
	s.change()
}

func (s *stream) drop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pieces, s.size = nil, 0
}

func (s *stream) waiting() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.size
}
