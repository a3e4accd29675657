package observe

import (
	"bytes"
	"io"
	"sync"
	"time"
)

// writer lets log lines be written by a goroutine of its own. A console that
// stands still (a selection in a terminal window) must stop no mail: what does
// not fit into the buffer is dropped and counted.
type writer struct {
	out  io.Writer
	max  int
	lost func(lines uint64) []byte // makes the line that tells of dropped ones

	mu      sync.Mutex
	pending []byte
	missing uint64 // dropped since the last line that told of it
	unsaid  uint64 // dropped by the output, which is told of with its next line
	dropped uint64 // dropped in all
	closed  bool
	wake    chan struct{}
	done    chan struct{}
}

// keepBuffer is how large a buffer may stay after a burst.
const keepBuffer = 64 << 10

// Writer writes whole lines to an output that may stand still, and never
// waits for it itself: a console for people.
type Writer struct{ *writer }

// NewWriter makes a Writer whose lines, up to limit octets of them, may wait.
// lost makes the line that tells of dropped ones.
func NewWriter(out io.Writer, limit int, lost func(lines uint64) []byte) Writer {
	return Writer{newWriter(out, limit, lost)}
}

// Close writes what is pending; an output that stands still is given up after
// 2 seconds.
func (w Writer) Close() { w.writer.Close(2 * time.Second) }

func newWriter(out io.Writer, limit int, lost func(uint64) []byte) *writer {
	w := &writer{out: out, max: limit, lost: lost, wake: make(chan struct{}, 1), done: make(chan struct{})}
	go w.run()
	return w
}

// Write takes one whole line. It never blocks on I/O and never fails.
func (w *writer) Write(line []byte) (int, error) {
	w.mu.Lock()
	if w.closed || len(w.pending)+len(line) > w.max {
		w.missing++
		w.dropped++
	} else {
		w.pending = append(w.pending, line...)
	}
	w.mu.Unlock()
	w.signal()
	return len(line), nil
}

func (w *writer) signal() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// run writes what is pending until the writer is closed and empty.
func (w *writer) run() {
	defer close(w.done)
	var spare []byte
	for range w.wake {
		for {
			w.mu.Lock()
			text, missing, closed := w.pending, w.missing, w.closed
			if len(text) > 0 || missing > 0 {
				missing += w.unsaid
				w.unsaid = 0
			}
			w.pending, w.missing = spare[:0], 0
			w.mu.Unlock()
			if len(text) == 0 && missing == 0 {
				if closed {
					return
				}
				spare = text
				break
			}
			if spare = w.write(text, missing)[:0]; cap(spare) > keepBuffer {
				spare = nil
			}
		}
	}
}

// write gives lines to the output, and tells of the missing ones. What it does
// not take counts as dropped, and is told of with the next line that it takes.
func (w *writer) write(lines []byte, missing uint64) []byte {
	text := lines
	if missing > 0 {
		text = append(text, w.lost(missing)...)
	}
	n, err := w.out.Write(text)
	if err == nil {
		return text
	}
	dropped := uint64(0)
	if n < len(lines) {
		dropped = uint64(bytes.Count(text[n:len(lines)], []byte{'\n'}))
	}
	w.mu.Lock()
	w.dropped += dropped
	w.unsaid += dropped + missing
	w.mu.Unlock()
	return text
}

// Dropped counts the lines that were not written.
func (w *writer) Dropped() uint64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.dropped
}

// Close writes what is pending, but waits no longer than patience for an
// output that stands still.
func (w *writer) Close(patience time.Duration) {
	w.mu.Lock()
	w.closed = true
	w.mu.Unlock()
	w.signal()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-w.done:
	case <-timer.C:
	}
}
