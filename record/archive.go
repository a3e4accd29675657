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
	file     file       // that one; nil: there is none yet
	number   int        // of the newest file that there ever was
	byID     map[uint64]*archived
	texts    map[string]string // of listeners' names and such, each once
	size     int64
	failed   bool // the last writing did
	stays    bool // the last file to be removed could not be
	missed   missed

	create func(path string) (file, error)

	arena  []byte      // room for entries in the making
	staged []*archived // to be written
	out    []byte      // their entries
}

// segment is one file.
type segment struct {
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
	a := &Archive{o: o, byID: map[uint64]*archived{}, texts: map[string]string{}, create: create}
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
		a.number = max(a.number, n)
		s := &segment{path: filepath.Join(o.Dir, one.Name())}
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
