package event

import (
	"errors"
	"io"
)

// Records is a Writer that takes the records of a stream, however they are cut,
// and gives their events to a Sink.
type Records struct {
	to   Sink
	rest []byte
}

// NewRecords makes one; a Sink may take its time.
func NewRecords(to Sink) *Records { return &Records{to: to} }

// Write implements io.Writer. It fails with ErrDamaged, and with ErrVersion where
// the stream is of another posta.
func (r *Records) Write(p []byte) (int, error) {
	from := p
	if len(r.rest) > 0 {
		r.rest = append(r.rest, p...)
		from = r.rest
	}
	var e Event
	for len(from) > 0 {
		n, err := Decode(from, &e)
		if errors.Is(err, ErrShort) {
			break
		}
		if err != nil {
			return 0, err
		}
		r.to.Emit(&e)
		from = from[n:]
	}
	r.rest = append(r.rest[:0], from...)
	return len(p), nil
}

// Recorder is a Sink that writes events as records. It belongs to one goroutine.
type Recorder struct {
	w   io.Writer
	buf []byte
	err error
}

// flushAt is how much a Recorder gathers at most.
const flushAt = 32 << 10

// NewRecorder makes one.
func NewRecorder(w io.Writer) *Recorder { return &Recorder{w: w} }

// Wants takes everything.
func (r *Recorder) Wants(uint64, Layer, Part) bool { return true }

// Emit writes an event, at the latest with the next Flush.
func (r *Recorder) Emit(e *Event) {
	if r.err != nil {
		return
	}
	if r.buf, r.err = Append(r.buf, e); len(r.buf) > flushAt {
		_ = r.Flush()
	}
}

// Flush writes what was gathered, and gives the first error of all.
func (r *Recorder) Flush() error {
	if r.err == nil && len(r.buf) > 0 {
		_, r.err = r.w.Write(r.buf)
		r.buf = r.buf[:0]
	}
	return r.err
}
