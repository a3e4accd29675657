// Package trace knows what became of each message: accepted or refused and
// why, delivered into which mailboxes, fetched and deleted by which session. It
// watches events as the log does, keeps what it sees as slices of records in a
// Store of its own, and tells the story of a message when somebody asks.
//
// It refuses to hold mail up, and to be asked by it: the mail's transactions
// don't know it. What was seen in the second before a crash may be missing; of
// a message that leaves, the attempts after it tell from whom it is.
// There is no index: that would cost each message more than all the rest, and
// a search reads a month of a small house's slices in a moment.
// Start reading at Trace; Find searches.
package trace

import (
	"cmp"
	"context"
	"fmt"
	"sync"
	"time"
)

// Kind parts slices, so that a flood of refusals pushes out no message's story.
type Kind int

const (
	Mail     Kind = iota // what became of accepted messages
	Refusals             // what never was accepted
	kinds
)

// Slice is a run of records, as a Store keeps it.
type Slice struct {
	ID          int64 // given by the Store; grows
	Kind        Kind
	First, Last time.Time
	Data        []byte
}

// Store keeps slices. Many goroutines may use it at once.
type Store interface {
	// AddTrace keeps a slice. Data is lent for the call.
	AddTrace(ctx context.Context, s Slice) error

	// Traces gives slices with greater ids, in order, at most so many; none are
	// the end.
	Traces(ctx context.Context, after int64, limit int) ([]Slice, error)

	// TraceBefore gives the id to begin Traces after so that nothing is missed
	// that happened at a time or later.
	TraceBefore(ctx context.Context, at time.Time) (int64, error)

	// TrimTraces removes slices of a kind that ended before a time, and the
	// oldest beyond so many octets in all.
	TrimTraces(ctx context.Context, k Kind, before time.Time, most int64) error
}

// Options are the bounds of a Trace; zeros are replaced by what stands behind.
type Options struct {
	KeepFor time.Duration    // 30 days
	MaxSize int64            // octets of all slices: 256 MiB; refusals have a quarter
	Buffer  int              // octets that may wait for the Store: 1 MiB
	Every   time.Duration    // between two slices: 1 s
	Now     func() time.Time // time.Now
	Trouble func(error)      // told of what could not be kept; nobody
}

const (
	flushAt   = 64 << 10 // octets that make a slice before its time
	trimEvery = time.Hour
	trimAfter = 4 << 20 // octets written
)

// Trace is an event.Sink. Close ends it.
type Trace struct {
	Options
	store Store

	mu      sync.Mutex
	peers   map[uint64]*peer
	waiting [kinds]run
	spare   [kinds][]byte
	missing uint64 // records that did not fit

	wake chan struct{}      // something waits
	asks chan chan struct{} // that all be written now
	quit chan struct{}
	done chan struct{}

	written int64 // since the last trimming; the loop's own
}

// run is a slice in the making.
type run struct {
	data        []byte
	first, last time.Time
	records     uint64
}

// New makes a Trace that keeps what it sees in the Store.
func New(store Store, o Options) *Trace {
	o.KeepFor = cmp.Or(max(o.KeepFor, 0), 30*24*time.Hour)
	o.MaxSize = cmp.Or(max(o.MaxSize, 0), 256<<20)
	o.Buffer = cmp.Or(max(o.Buffer, 0), 1<<20)
	o.Every = cmp.Or(max(o.Every, 0), time.Second)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Trouble == nil {
		o.Trouble = func(error) {}
	}
	t := &Trace{Options: o, store: store, peers: map[uint64]*peer{}, wake: make(chan struct{}, 1),
		asks: make(chan chan struct{}), quit: make(chan struct{}), done: make(chan struct{})}
	go t.loop()
	return t
}

// Close keeps what is waiting. Nothing may be emitted any more.
func (t *Trace) Close() {
	close(t.quit)
	<-t.done
}

// Flush returns when all that was seen before is in the Store.
func (t *Trace) Flush(ctx context.Context) error {
	written := make(chan struct{})
	select {
	case t.asks <- written:
		<-written
		return nil
	case <-t.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// add puts a record into the slice of its kind. It never waits.
func (t *Trace) add(k Kind, r *record) {
	w := &t.waiting[k]
	if t.missing > 0 && len(w.data) < t.Buffer/2 {
		gap := record{what: lost, time: r.time, count: t.missing}
		w.append(&gap)
		t.missing = 0
	}
	before := len(w.data)
	if before >= t.Buffer {
		t.missing++
		return
	}
	w.append(r)
	if before == 0 || before < flushAt && len(w.data) >= flushAt {
		select {
		case t.wake <- struct{}{}:
		default:
		}
	}
}

func (w *run) append(r *record) {
	if len(w.data) == 0 {
		w.first = r.time
	}
	w.last = r.time
	w.data = r.append(w.data)
	w.records++
}

// loop writes slices: a second after something happened, or when there is much.
func (t *Trace) loop() {
	defer close(t.done)
	timer := time.NewTimer(t.Every)
	timer.Stop()
	trim := time.NewTicker(trimEvery)
	defer trim.Stop()
	ticking := false
	for {
		select {
		case <-t.wake:
			if t.much() {
				t.flush()
			} else if !ticking {
				timer.Reset(t.Every)
				ticking = true
			}
		case <-timer.C:
			ticking = false
			t.flush()
		case written := <-t.asks:
			t.flush()
			close(written)
		case <-trim.C:
			t.trim()
		case <-t.quit:
			t.flush()
			return
		}
	}
}

func (t *Trace) much() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	for k := range t.waiting {
		if len(t.waiting[k].data) >= flushAt {
			return true
		}
	}
	return false
}

func (t *Trace) flush() {
	for k := range kinds {
		t.mu.Lock()
		w := t.waiting[k]
		t.waiting[k] = run{data: t.spare[k]}
		t.spare[k] = nil
		t.mu.Unlock()
		if len(w.data) > 0 {
			t.keep(k, w)
		}
		if cap(w.data) > 2*flushAt {
			w.data = nil // of a burst
		}
		t.spare[k] = w.data[:0] // only the loop reads it
	}
	if t.written >= trimAfter {
		t.trim()
	}
}

// keep writes a slice. What the Store does not take is counted as lost: it
// would not have taken mail either.
func (t *Trace) keep(k Kind, w run) {
	err := t.store.AddTrace(context.Background(), Slice{Kind: k, First: w.first, Last: w.last, Data: w.data})
	if err != nil {
		t.mu.Lock()
		t.missing += w.records
		t.mu.Unlock()
		t.Trouble(fmt.Errorf("trace: %w", err))
		return
	}
	t.written += int64(len(w.data))
}

func (t *Trace) trim() {
	t.written = 0
	for k, most := range map[Kind]int64{Mail: t.MaxSize - t.MaxSize/4, Refusals: t.MaxSize / 4} {
		if err := t.store.TrimTraces(context.Background(), k, t.Now().Add(-t.KeepFor), most); err != nil {
			t.Trouble(fmt.Errorf("trace: %w", err))
		}
	}
}
