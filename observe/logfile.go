package observe

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"time"
)

// FileOptions are what a LogFile goes by.
type FileOptions struct {
	Path    string
	MaxSize int64            // octets from which a new file is begun; 0: never for its size
	Daily   bool             // a new file is begun with the first line of a day
	Keep    int              // files put aside that stay; 0: all
	KeepFor time.Duration    // how long they stay; 0: for ever
	Now     func() time.Time // nil: time.Now; its location says when a day begins
	Trouble func(error)      // told, at most once a minute, of what cannot be written or put aside; may be nil
}

const (
	lookEvery  = time.Second // whether somebody else took the file away
	retryEvery = time.Minute // to put a file aside that could not be, and to tell of trouble
)

// LogFile is a file of lines that puts itself aside by day and size: posta.log
// becomes posta-2026-11-20.log, then posta-2026-11-20.1.log. A file that was
// renamed or removed by somebody else (logrotate) is begun anew by itself.
// It belongs to one goroutine: a Log's writer.
type LogFile struct {
	o     FileOptions
	aside asides
	f     *os.File // nil: it could not be opened

	size   int64
	day    string    // of the last line, "2026-11-20"
	torn   bool      // the last line has no end
	looked time.Time // whether it is still the file of that name
	retry  time.Time // not put aside before
	told   time.Time
}

// OpenLogFile opens or makes the file, and its folder, for its owner's eyes only.
func OpenLogFile(o FileOptions) (*LogFile, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Trouble == nil {
		o.Trouble = func(error) {}
	}
	l := &LogFile{o: o, aside: newAsides(o.Path)}
	if err := l.open(); err != nil {
		return nil, err
	}
	l.prune()
	return l, nil
}

// Write takes whole lines. What could not be written is lost; the next line
// begins a line all the same.
func (l *LogFile) Write(lines []byte) (int, error) {
	if err := l.ready(int64(len(lines))); err != nil {
		l.trouble(err)
		return 0, err
	}
	if l.torn {
		if _, err := l.f.Write([]byte("\n")); err != nil {
			l.trouble(err)
			return 0, err
		}
		l.size, l.torn = l.size+1, false
	}
	n, err := l.f.Write(lines)
	l.size += int64(n)
	l.torn = n > 0 && lines[n-1] != '\n'
	if err != nil {
		l.trouble(err)
	}
	return n, err
}

// Close closes the file.
func (l *LogFile) Close() error {
	if l.f == nil {
		return nil
	}
	return l.f.Close()
}

// ready sees to it that the right file is open for so many more octets.
func (l *LogFile) ready(more int64) error {
	now := l.o.Now()
	if l.f != nil && now.Sub(l.looked) >= lookEvery {
		l.looked = now
		if l.replaced() {
			_ = l.f.Close() // it is somebody else's now
			l.f = nil
		}
	}
	if l.f == nil {
		if err := l.open(); err != nil {
			return err
		}
	}
	today := now.Format(time.DateOnly)
	full := l.o.MaxSize > 0 && l.size > 0 && l.size+more > l.o.MaxSize
	yesterdays := l.o.Daily && l.size > 0 && today != l.day
	if (full || yesterdays) && !now.Before(l.retry) {
		if err := l.putAside(); err != nil {
			l.retry = now.Add(retryEvery)
			l.trouble(err)
		}
		if l.f == nil {
			if err := l.open(); err != nil {
				return err
			}
		}
	}
	l.day = today
	return nil
}

// replaced says that the name stands for another file, or for none.
func (l *LogFile) replaced() bool {
	mine, err := l.f.Stat()
	if err != nil {
		return true
	}
	named, err := os.Stat(l.o.Path)
	return err != nil || !os.SameFile(mine, named)
}

func (l *LogFile) open() error {
	if err := os.MkdirAll(filepath.Dir(l.o.Path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(l.o.Path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err != nil {
		return errors.Join(err, f.Close())
	}
	now := l.o.Now()
	l.f, l.size, l.looked = f, info.Size(), now
	l.day, l.torn = now.Format(time.DateOnly), false
	if l.size > 0 {
		var last [1]byte
		_, err := f.ReadAt(last[:], l.size-1)
		l.torn = err != nil || last[0] != '\n' // the process before this one was killed
		l.day = info.ModTime().In(now.Location()).Format(time.DateOnly)
	}
	return nil
}

// putAside gives the file its day's name and opens a new one. The file is
// closed first: Windows renames no open one. Where another program has it open
// in a way that forbids even that, its content is copied and it is emptied.
func (l *LogFile) putAside() error {
	to, err := l.aside.next(l.day)
	if err != nil {
		return &logTrouble{"log.aside", "putting the log aside", err}
	}
	if err := l.f.Close(); err != nil {
		l.trouble(err) // what was written before is as safe as it will ever be
	}
	l.f = nil
	if err := os.Rename(l.o.Path, to); err != nil {
		if copied := copyAway(l.o.Path, to); copied != nil {
			return errors.Join(&logTrouble{"log.aside", "putting the log aside", err}, copied, l.open())
		}
	}
	l.prune()
	return l.open()
}

// copyAway moves a file's content into a new file.
func copyAway(from, to string) error {
	src, err := os.Open(from)
	if err != nil {
		return err
	}
	defer src.Close()
	dst, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(dst, src)
	if err = errors.Join(err, dst.Close()); err == nil {
		err = os.Truncate(from, 0)
	}
	if err != nil {
		return errors.Join(err, os.Remove(to)) // all of it is still in the first
	}
	return nil
}

// prune removes what was put aside too long ago, or is too much.
func (l *LogFile) prune() {
	if err := l.aside.prune(l.o.Keep, l.o.KeepFor, l.o.Now()); err != nil {
		l.trouble(&logTrouble{"log.prune", "removing old logs", err})
	}
}

// logTrouble is what went wrong with the file; words has its sentence.
type logTrouble struct {
	id, doing string
	err       error
}

func (t *logTrouble) Error() string { return t.doing + ": " + t.err.Error() }

func (t *logTrouble) Unwrap() error { return t.err }

// Words makes it Sayable.
func (t *logTrouble) Words() (string, map[string]any) { return t.id, map[string]any{"Error": t.err} }

func (l *LogFile) trouble(err error) {
	now := l.o.Now()
	if l.told.IsZero() || now.Sub(l.told) >= retryEvery {
		l.told = now
		l.o.Trouble(err)
	}
}
