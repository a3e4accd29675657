package record

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// file is what is needed of the one that is written.
type file interface {
	io.WriterAt
	io.Closer
	Truncate(size int64) error
}

// create makes a file that is not there yet.
func create(path string) (file, error) {
	return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
}

// maxStaged is how much is written at once.
const maxStaged = 1 << 20

// append puts an entry into the file, at the latest with the next flush; mu is held.
func (a *Archive) append(s Session, b []byte) error {
	if err := a.turn(s.Closed, int64(len(b))); err != nil {
		return err
	}
	last := a.segments[len(a.segments)-1]
	s.keys = nil
	one := &archived{Session: s, at: last, off: last.size + int64(len(a.out)), size: len(b) - entryHeader}
	if len(last.sessions)+len(a.staged) == 0 {
		last.oldest = s.Closed
	}
	a.staged, a.out = append(a.staged, one), append(a.out, b...)
	if len(a.out) >= maxStaged {
		return a.flush()
	}
	return nil
}

// flush writes what is staged, and only then makes room for it: a full disk costs
// nothing of what is there. Where it fails, the file goes on where it was; one
// that cannot be cut off there ends, because nothing behind half an entry would
// ever be found.
func (a *Archive) flush() error {
	if len(a.out) == 0 {
		return nil
	}
	last := a.segments[len(a.segments)-1]
	_, err := a.file.WriteAt(a.out, last.size)
	if err == nil {
		last.size += int64(len(a.out))
		a.size += int64(len(a.out))
		for _, one := range a.staged {
			a.add(one)
		}
		a.makeRoom()
	} else if a.file.Truncate(last.size) != nil {
		_ = a.file.Close()
		a.file = nil
		if len(last.sessions) == 0 {
			a.drop(len(a.segments) - 1)
		}
	}
	clear(a.staged)
	a.staged, a.out = a.staged[:0], a.out[:0]
	return err
}

// turn begins a file where there is none, or the last one has its fill or is old.
func (a *Archive) turn(at time.Time, next int64) error {
	each := a.o.Size / segments
	if a.file != nil {
		last := a.segments[len(a.segments)-1]
		sessions := len(last.sessions) + len(a.staged)
		if sessions == 0 || last.size+int64(len(a.out))+next <= each && int64(sessions) < each/leastSession && at.Sub(last.oldest) < a.o.KeepFor/segments {
			return nil
		}
		if err := a.flush(); err != nil {
			return err
		}
		err := a.file.Close()
		a.file = nil
		if err != nil {
			return err
		}
	}
	return a.begin(at)
}

// begin begins a file. One without its head would be lost at the next start: it
// is none.
func (a *Archive) begin(at time.Time) error {
	s := &segment{newest: at, size: int64(len(segmentHead))}
	var f file
	for err := fs.ErrExist; errors.Is(err, fs.ErrExist); {
		a.number++
		s.path = filepath.Join(a.o.Dir, fmt.Sprintf("%010d%s", a.number, segmentEnd))
		if f, err = a.create(s.path); err != nil && !errors.Is(err, fs.ErrExist) {
			a.number--
			return err
		}
	}
	if _, err := f.WriteAt([]byte(segmentHead), 0); err != nil {
		_ = f.Close()
		_ = os.Remove(s.path)
		return err
	}
	a.file = f
	a.segments = append(a.segments, s)
	a.size += s.size
	return nil
}

// makeRoom removes files until there is room for all that the last one may take:
// those first in which there is no session.
func (a *Archive) makeRoom() {
	for n := len(a.segments) - 1; n > 0; n-- {
		left := max(0, a.o.Size/segments-a.segments[n].size)
		if n < 2*segments && a.size+left <= a.o.Size {
			return
		}
		a.drop(max(0, slices.IndexFunc(a.segments[:n], func(s *segment) bool { return len(s.sessions) == 0 })))
	}
}

// drop removes a file. One that cannot be removed is found again by the next
// run.
func (a *Archive) drop(i int) {
	s := a.segments[i]
	if i == len(a.segments)-1 && a.file != nil {
		_ = a.file.Close()
		a.file = nil
	}
	err := os.Remove(s.path)
	stays := err != nil && !os.IsNotExist(err)
	if stays && !a.stays {
		a.o.Trouble(fmt.Errorf("record: %w", err))
	}
	a.stays = stays
	for _, one := range s.sessions {
		if a.byID[one.ID] == one {
			delete(a.byID, one.ID)
		}
	}
	a.size -= s.size
	a.segments = slices.Delete(a.segments, i, i+1)
}

// expire removes files in which everything is too old; mu is held.
func (a *Archive) expire(now time.Time) {
	for old := now.Add(-a.o.KeepFor); len(a.segments) > 0 && !a.segments[0].newest.After(old); {
		a.drop(0)
	}
}
