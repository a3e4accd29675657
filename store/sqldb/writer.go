package sqldb

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"posta/store"
)

// What one transaction takes at most.
const (
	maxLetters = 256     // deliveries
	maxOctets  = 8 << 20 // of bodies
	maxAhead   = 1 << 20 // octets of large bodies while letters wait
	leastRoom  = 4 << 20 // octets of disk for what brings no body
)

const (
	patience      = 50 * time.Millisecond // that housekeeping waits behind letters
	worthWaiting  = time.Millisecond      // a commit from which a cohort is waited for
	longestCohort = 10 * time.Millisecond // should a disk stall
	smoothing     = 8                     // commits that the smoothed commit time looks back
)

// writer owns the one connection that writes. What callers hand over waits in
// three queues; each turn takes what fits into one transaction: letters first
// (and all other changes that somebody waits for), then chunks of large
// bodies, then housekeeping.
type writer struct {
	db     *DB
	c      *conn
	tx     tx
	failed atomic.Bool // COMMIT failed: nothing is true any more
	done   chan struct{}
	wake   chan struct{}

	mu      sync.Mutex
	letters []*job
	chunks  []*job
	chores  []*job
	wanted  int  // letters that wake it; 0: it is at work
	anyJob  bool // any job wakes it
	closing bool
	fatal   error

	// The loop's own.
	commit    time.Duration // smoothed
	batch     []*job
	cohort    int       // letters to wait for
	until     time.Time // but no longer
	lastChore time.Time
	logged    int64 // pages in the WAL since it was last brought into the file
	told      int64 // and when somebody was told of them; 0: nobody
	stats     counters
}

// job is a piece of work for the writer.
type job struct {
	filings []store.Filing  // a letter; or
	run     func(*tx) error // anything else
	apart   bool            // run leaves the mailboxes in use alone, and fails only with the disk
	letters int             // deliveries in it
	octets  int64
	err     error
	after   func(error) // told how it ended before anybody else is; nil: nobody
	done    chan error
}

type queue uint8

const (
	letters queue = iota
	chunks
	chores
)

func newWriter(db *DB, c *conn) *writer {
	return &writer{db: db, c: c, done: make(chan struct{}), wake: make(chan struct{}, 1)}
}

// put hands a job over; its done channel will get exactly one answer.
func (w *writer) put(q queue, j *job) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closing || w.fatal != nil {
		return store.ErrClosed
	}
	switch q {
	case letters:
		w.letters = append(w.letters, j)
	case chunks:
		w.chunks = append(w.chunks, j)
	case chores:
		w.chores = append(w.chores, j)
	}
	if w.anyJob || w.wanted > 0 && len(w.letters) >= w.wanted {
		w.anyJob, w.wanted = false, 0
		select {
		case w.wake <- struct{}{}:
		default:
		}
	}
	return nil
}

// change runs fn in a transaction, alone in its own savepoint, and returns
// when it is on stable storage.
func (w *writer) change(fn func(*tx) error) error {
	j := &job{run: fn, letters: 1, done: make(chan error, 1)}
	if err := w.put(letters, j); err != nil {
		return err
	}
	return <-j.done
}

// chore runs fn in a transaction when nobody waits much for another.
func (w *writer) chore(fn func(*tx) error) error {
	j := &job{run: fn, apart: true, done: make(chan error, 1)}
	if err := w.put(chores, j); err != nil {
		return err
	}
	return <-j.done
}

// loop serves until stop, and then what still waits.
func (w *writer) loop() {
	defer close(w.done)
	for w.next() {
		w.turn()
		if !w.failed.Load() {
			w.checkpoint()
		}
		if w.failed.Load() {
			w.refuse()
			w.db.o.OnFatal(w.fatal)
		}
	}
}

// next fills the batch, waiting for work. It is false at the end.
func (w *writer) next() bool {
	w.mu.Lock()
	for len(w.letters)+len(w.chunks)+len(w.chores) == 0 {
		if w.closing || w.fatal != nil {
			w.mu.Unlock()
			return false
		}
		w.anyJob = true
		w.mu.Unlock()
		<-w.wake
		w.mu.Lock()
	}
	if rest := time.Until(w.until); len(w.letters) > 0 && len(w.letters) < w.cohort && rest > 0 && !w.closing {
		w.await(rest)
	}
	w.take()
	w.mu.Unlock()
	return true
}

// await gives the sessions that were answered by the last commit a chance to
// be in this one: without it two halves of them take turns, and each waits for
// two commits. It is called, and returns, with the lock held.
func (w *writer) await(rest time.Duration) {
	w.wanted = w.cohort
	w.mu.Unlock()
	t := time.NewTimer(rest)
	select {
	case <-w.wake:
	case <-t.C:
	}
	t.Stop()
	w.mu.Lock()
	w.wanted = 0
}

// take moves what fits into the batch.
func (w *writer) take() {
	w.batch = w.batch[:0]
	n, octets := 0, int64(0)
	w.letters = w.move(w.letters, func(j *job) bool {
		n += j.letters
		octets += j.octets
		return n <= maxLetters && octets <= maxOctets
	})
	limit := int64(maxOctets)
	if len(w.batch) > 0 {
		limit = maxAhead
	}
	octets = 0
	w.chunks = w.move(w.chunks, func(j *job) bool {
		octets += j.octets
		return octets <= limit
	})
	if len(w.chores) > 0 && (len(w.batch) == 0 || time.Since(w.lastChore) > patience) {
		w.lastChore = time.Now()
		once := true
		w.chores = w.move(w.chores, func(*job) bool { defer func() { once = false }(); return once })
	}
}

// move takes jobs off the front of a queue while fits says so; the first of
// an empty batch always fits.
func (w *writer) move(from []*job, fits func(*job) bool) []*job {
	n := 0
	for n < len(from) && (fits(from[n]) || len(w.batch) == 0) {
		w.batch = append(w.batch, from[n])
		n++
	}
	left := copy(from, from[n:])
	clear(from[left:])
	return from[:left]
}

// turn makes the batch true and answers it.
func (w *writer) turn() {
	err := w.transact()
	if err != nil {
		for _, j := range w.batch {
			j.err = err
		}
	}
	w.mu.Lock()
	done := 0
	for _, j := range w.batch {
		done += min(len(j.filings), 1)
	}
	if err == nil {
		w.stats.batches++
		w.stats.letters += int64(done)
		w.stats.commit = w.commit
	}
	w.cohort, w.until = 0, time.Time{}
	if w.commit >= worthWaiting {
		w.cohort = min(done+len(w.letters), maxLetters)
		w.until = time.Now().Add(min(w.commit/2, longestCohort))
	}
	w.mu.Unlock()
	for i, j := range w.batch {
		w.batch[i] = nil
		if j.after != nil {
			j.after(j.err)
		}
		j.done <- j.err
	}
}

// refuse answers all that waits after the end.
func (w *writer) refuse() {
	w.mu.Lock()
	left := append(append(w.letters, w.chunks...), w.chores...)
	w.letters, w.chunks, w.chores = nil, nil, nil
	w.mu.Unlock()
	for _, j := range left {
		j.done <- store.ErrClosed
	}
}

// transact runs the batch. An error is everybody's.
func (w *writer) transact() error {
	if err := w.room(); err != nil {
		return err
	}
	err := w.attempt(false)
	if err == errAgain {
		err = w.attempt(true)
	}
	return err
}

// room keeps a full disk out of COMMIT. Deletions and housekeeping need little
// and have the reserve, or nobody could make room; but when another program
// has left nothing at all, they too fail here and not in their COMMIT.
func (w *writer) room() error {
	if w.db.o.Reserve == 0 {
		return nil
	}
	octets := int64(0)
	for _, j := range w.batch {
		octets += j.octets
	}
	need := min(w.db.o.Reserve, leastRoom)
	if octets > 0 {
		need = w.db.o.Reserve + 2*octets
	}
	free, err := freeSpace(w.db.dir)
	if err != nil {
		return nil // the write itself will tell
	}
	if free < need {
		return fmt.Errorf("%w: %d octets free, %d needed", store.ErrFull, free, need)
	}
	return nil
}

// attempt is one transaction. In the careful way each item has a savepoint;
// the fast way gives errAgain when an item would need one.
func (w *writer) attempt(careful bool) error {
	t := &w.tx
	if err := w.db.o.Fault("begin"); err != nil {
		return classify(err)
	}
	if _, err := t.begin.exec(); err != nil {
		return classify(fmt.Errorf("begin: %w", err))
	}
	t.start()
	err := t.items(w.batch, careful)
	if err == nil {
		err = t.flush()
	}
	switch {
	case unsynced(err): // a transaction that outgrew the cache
		return w.doom(err)
	case err != nil:
		t.abandon()
		return classify(err)
	}
	return w.seal()
}

// seal commits. After an error here the disk's state is unknown: a second
// fsync would succeed although the pages of the first are lost.
func (w *writer) seal() error {
	before := time.Now()
	err := w.db.o.Fault("commit")
	if err == nil {
		_, err = w.tx.commit.exec()
	}
	if err != nil {
		return w.doom(fmt.Errorf("commit: %w", err))
	}
	took := time.Since(before)
	if w.commit == 0 {
		w.commit = took
	} else {
		w.commit += (took - w.commit) / smoothing
	}
	w.tx.sealed()
	return nil
}

// doom ends the use of this connection: nothing is true any more.
func (w *writer) doom(err error) error {
	err = fmt.Errorf("%w: %w", store.ErrUnknown, err)
	w.failed.Store(true)
	w.mu.Lock()
	w.fatal = err
	w.mu.Unlock()
	return err
}

// stop ends the loop when all is written, and gives the fatal error if there
// was one.
func (w *writer) stop() error {
	w.mu.Lock()
	w.closing = true
	w.mu.Unlock()
	select {
	case w.wake <- struct{}{}:
	default:
	}
	<-w.done
	return w.fatal
}

// abandon closes the connection of a DB that never started.
func (w *writer) abandon() {
	if w != nil {
		w.c.close()
	}
}
