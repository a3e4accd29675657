package record

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"posta/event"
)

// ArchiveOptions are the bounds of an Archive; zeros are replaced by what stands
// behind.
type ArchiveOptions struct {
	Dir     string        // made where it is not there
	Size    int64         // octets of all files: 1 GiB
	KeepFor time.Duration // from when a session ended: 7 days
	Trouble func(error)   // told of what goes wrong; may be nil
}

const (
	leastArchive = 16 << 20
	segments     = 16      // files that an archive has when it is full
	leastSession = 8 << 10 // octets that a session counts for in a file's bound, for its place in memory
	linger       = time.Second
	batch        = 8 << 20 // octets of sessions that are written at once
)

// Archive keeps sessions on the disk that have ended, each in one piece, in
// files that are only appended to; the oldest file makes room. Masked sessions
// are masked there as they are in the Ring, and clear ones are clear, with their
// keys. Mail waits for none of it: a goroutine follows the Ring, and what the
// ring lost before is missing.
type Archive struct {
	o ArchiveOptions

	mu       sync.Mutex
	segments []*segment // oldest first; the last one is written
	file     *os.File   // that one; nil: there is none yet
	byID     map[uint64]*archived
	texts    map[string]string // of listeners' names and such, each once
	size     int64
	failed   bool // the last writing did

	arena  []byte      // room for entries in the making
	staged []*archived // to be written
	out    []byte      // their entries
}

// segment is one file.
type segment struct {
	number   int
	path     string
	size     int64
	oldest   time.Time // end of its first session
	newest   time.Time
	sessions []*archived
}

// archived is a session in a file.
type archived struct {
	Session
	at   *segment
	off  int64 // of its entry
	size int   // of that, behind its header
}

// OpenArchive finds the sessions of earlier runs, and forgets those that are too old.
func OpenArchive(o ArchiveOptions) (*Archive, error) {
	o.Size = max(cmp.Or(o.Size, 1<<30), leastArchive)
	o.KeepFor = cmp.Or(max(o.KeepFor, 0), 7*24*time.Hour)
	if o.Trouble == nil {
		o.Trouble = func(error) {}
	}
	a := &Archive{o: o, byID: map[uint64]*archived{}, texts: map[string]string{}}
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("record: %w", err)
	}
	all, err := os.ReadDir(o.Dir)
	if err != nil {
		return nil, fmt.Errorf("record: %w", err)
	}
	for _, one := range all { // in the order of their names
		number, ok := strings.CutSuffix(one.Name(), segmentEnd)
		n, err := strconv.Atoi(number)
		if !ok || err != nil || !one.Type().IsRegular() {
			continue
		}
		s := &segment{number: n, path: filepath.Join(o.Dir, one.Name())}
		if err := a.load(s); err != nil {
			return nil, fmt.Errorf("record: %w", err)
		}
		a.segments = append(a.segments, s)
		a.size += s.size
	}
	a.expire(time.Now())
	return a, nil
}

// Close ends the writing. Follow must have returned.
func (a *Archive) Close() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.file == nil {
		return nil
	}
	err := a.file.Close()
	a.file = nil
	return err
}

// Sessions are those that can be played.
func (a *Archive) Sessions() []Session {
	a.mu.Lock()
	defer a.mu.Unlock()
	old := time.Now().Add(-a.o.KeepFor)
	out := make([]Session, 0, len(a.byID))
	for _, s := range a.byID {
		if s.Closed.After(old) {
			out = append(out, s.Session)
		}
	}
	return out
}

func (a *Archive) has(id uint64) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	s := a.byID[id]
	return s != nil && s.Closed.After(time.Now().Add(-a.o.KeepFor))
}

// Play gives sessions to a sink, one behind the other as they began, with their
// keys behind their Open. One that is not there, or damaged, is passed over.
func (a *Archive) Play(ctx context.Context, ids []uint64, to event.Sink) error {
	old := time.Now().Add(-a.o.KeepFor)
	var found []archived
	a.mu.Lock()
	for _, id := range ids {
		if s := a.byID[id]; s != nil && s.Closed.After(old) {
			found = append(found, *s)
		}
	}
	a.mu.Unlock()
	slices.SortFunc(found, func(x, y archived) int { return cmp.Compare(x.ID, y.ID) })
	for i := range found {
		if err := ctx.Err(); err != nil {
			return err
		}
		records, err := found[i].read()
		if errors.Is(err, fs.ErrNotExist) {
			continue // it made room meanwhile
		}
		if err == nil {
			_, err = event.NewRecords(to).Write(records)
		}
		if err != nil {
			a.o.Trouble(fmt.Errorf("record: session %d in %s: %w", found[i].ID, found[i].at.path, err))
		}
	}
	return nil
}

// Follow writes the sessions of a ring as they end, until ctx is done, and then
// those that have ended by then.
func (a *Archive) Follow(ctx context.Context, r *Ring) {
	place := int64(0)
	for done := false; ; {
		var ended []Session
		var more <-chan struct{}
		ended, place, more = r.endedSince(place)
		a.take(r, ended)
		if done {
			return
		}
		if len(ended) > 0 {
			continue
		}
		select {
		case <-more: // others will end, too
			done = waited(ctx, linger)
		case <-ctx.Done():
			done = true
		case <-time.After(a.o.KeepFor / segments):
		}
		a.mu.Lock()
		a.expire(time.Now())
		a.mu.Unlock()
	}
}

// waited waits, and says whether ctx was done before.
func waited(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return false
	case <-ctx.Done():
		return true
	}
}

// take writes sessions, not too much at once.
func (a *Archive) take(r *Ring, ended []Session) {
	for len(ended) > 0 {
		n, octets := 0, 0
		for n < len(ended) && (n == 0 || octets+ended[n].size <= batch) {
			octets += ended[n].size
			n++
		}
		err := a.write(r, ended[:n])
		a.mu.Lock()
		told := a.failed
		a.failed = err != nil
		a.mu.Unlock()
		if err != nil && !told {
			a.o.Trouble(fmt.Errorf("record: %w", err))
		}
		ended = ended[n:]
	}
}
