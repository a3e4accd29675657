package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"golang.org/x/term"

	"posta/words"
)

// writer is where the octets of a message go.
type writer = io.Writer

// tee writes to both.
type tee struct{ to, also io.Writer }

// Write implements io.Writer.
func (t tee) Write(p []byte) (int, error) {
	_, _ = t.also.Write(p) // a headBuffer takes everything
	return t.to.Write(p)
}

// mailPlace is where fetched messages go. put returns only when the message is
// on the disk; what write could not finish is not there. A place that does not
// keep has only shown it: then it stays on the server, and counts as new.
type mailPlace interface {
	put(w waiting, write func(writer) error) (file string, err error)
	keeps() bool
	end() error
}

// place is the one that the flags name.
func (m *maildrop) place(o *fetchOptions) (mailPlace, error) {
	switch {
	case o.mbox != "":
		return openMbox(o.mbox, syncFolder)
	case o.maildir != "":
		for _, sub := range []string{"tmp", "new", "cur"} {
			if err := makeFolder(filepath.Join(o.maildir, sub)); err != nil {
				return nil, words.FailOf(err, "fail.unwritable", words.Args{"File": o.maildir})
			}
		}
		return folder{filepath.Join(o.maildir, "tmp"), filepath.Join(o.maildir, "new"), maildirName, syncFolder}, nil
	case o.dir != "":
		if err := makeFolder(o.dir); err != nil {
			return nil, words.FailOf(err, "fail.unwritable", words.Args{"File": o.dir})
		}
		return folder{o.dir, o.dir, plainName, syncFolder}, nil
	}
	return screen{m.a.Out, isTerminal(m.a.Out)}, nil
}

// makeFolder makes a folder, for the user alone, with those that it lies in,
// and brings their names to the disk.
func makeFolder(dir string) error {
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	above := filepath.Dir(dir)
	if above != dir {
		if err := makeFolder(above); err != nil {
			return err
		}
	}
	return errors.Join(os.MkdirAll(dir, 0o700), syncFolder(above))
}

// folder holds a file for each message, which gets its name when it is whole.
// Its sync brings a folder's names to the disk.
type folder struct {
	tmp, to string
	name    func(waiting) (before, after string) // where a number fits between
	sync    func(dir string) error
}

// maildirName is a file's name in a Maildir, unique by time, process and number.
func maildirName(w waiting) (before, after string) {
	host, err := os.Hostname()
	if err != nil {
		host = "localhost"
	}
	now := time.Now()
	return fmt.Sprintf("%d.M%dP%d_%d", now.Unix(), now.Nanosecond()/1000, os.Getpid(), w.Number), "." + fileWord(host)
}

// plainName is by the unique-id, for people to find the message by. Different
// ids may give the same name: fileWord drops letters, and to some systems
// capitals are no others.
func plainName(w waiting) (before, after string) {
	id := w.UIDL
	if id == "" {
		id = time.Now().Format("20060102-150405.000000")
	}
	return fmt.Sprintf("%04d-%s", w.Number, fileWord(id)), ".eml"
}

func (f folder) put(w waiting, write func(writer) error) (string, error) {
	tmp, err := os.CreateTemp(f.tmp, "fetching-*") // 0600
	if err != nil {
		return "", words.FailOf(err, "fail.unwritable", words.Args{"File": f.tmp})
	}
	out := bufio.NewWriter(tmp)
	ends := &localEnds{to: out}
	err = write(ends)
	err = errors.Join(err, ends.end(), out.Flush(), tmp.Sync(), tmp.Close())
	name := ""
	if err == nil {
		name, err = f.settle(tmp.Name(), w)
	}
	if err != nil {
		return "", errors.Join(err, os.Remove(tmp.Name()))
	}
	return name, f.sync(f.to)
}

// settle gives a whole file its name, one that no other has: mail that is there
// already stays.
func (f folder) settle(tmp string, w waiting) (string, error) {
	const most = 10_000
	before, after := f.name(w)
	for n := 1; n <= most; n++ {
		number := ""
		if n > 1 {
			number = fmt.Sprintf("-%d", n)
		}
		name := filepath.Join(f.to, before+number+after)
		err := moveNew(tmp, name)
		if !errors.Is(err, fs.ErrExist) {
			return name, err
		}
	}
	return "", words.Fail("fail.unwritable", words.Args{"File": filepath.Join(f.to, before+after)})
}

// moveNew gives a file a name that nothing has yet. Where a file can have no
// second name for a moment, an empty one keeps the place.
func moveNew(from, to string) error {
	err := os.Link(from, to)
	if err == nil {
		return os.Remove(from)
	}
	if errors.Is(err, fs.ErrExist) {
		return err
	}
	f, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if err := errors.Join(f.Close(), os.Rename(from, to)); err != nil {
		return errors.Join(err, os.Remove(to))
	}
	return nil
}

func (f folder) keeps() bool { return true }
func (f folder) end() error  { return nil }

// screen shows the messages: to a terminal so that it obeys none of them, and
// to a program their octets.
type screen struct {
	out      io.Writer
	terminal bool
}

// isTerminal says that a person looks at what is written.
func isTerminal(out io.Writer) bool {
	f, ok := out.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

func (s screen) put(_ waiting, write func(writer) error) (string, error) {
	if s.terminal {
		out := newSafe(s.out)
		return "", errors.Join(write(out), out.Close())
	}
	ends := &localEnds{to: s.out}
	return "", errors.Join(write(ends), ends.end())
}

func (s screen) keeps() bool { return false }
func (s screen) end() error  { return nil }

// localEnds writes lines that end in LF, as files have them. A CR that stands
// alone stays; one at the end of a piece waits for what follows.
type localEnds struct {
	to io.Writer
	cr bool
}

// Write implements io.Writer.
func (l *localEnds) Write(p []byte) (int, error) {
	n := len(p)
	if n == 0 {
		return 0, nil
	}
	if l.cr && p[0] != '\n' {
		if _, err := l.to.Write([]byte("\r")); err != nil {
			return 0, err
		}
	}
	if l.cr = p[n-1] == '\r'; l.cr {
		p = p[:n-1]
	}
	if _, err := l.to.Write(bytes.ReplaceAll(p, []byte("\r\n"), []byte("\n"))); err != nil {
		return 0, err
	}
	return n, nil
}

// end writes what waits.
func (l *localEnds) end() error {
	if !l.cr {
		return nil
	}
	l.cr = false
	_, err := l.to.Write([]byte("\r"))
	return err
}

// mbox is one file with all messages, as mboxrd has it: a line "From …" before
// each, and one more ">" before lines of the message that look like one.
type mbox struct {
	file *os.File
	name string
}

// openMbox makes the file where there is none, and sync brings its name to the
// disk.
func openMbox(name string, sync func(dir string) error) (*mbox, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err == nil {
		err = sync(filepath.Dir(name))
	}
	if err == nil {
		_, err = f.Seek(0, io.SeekEnd)
	}
	if err != nil {
		if f != nil {
			err = errors.Join(err, f.Close())
		}
		return nil, words.FailOf(err, "fail.unwritable", words.Args{"File": name})
	}
	return &mbox{f, name}, nil
}

// put appends a message. One that does not come whole is cut off again.
func (b *mbox) put(_ waiting, write func(writer) error) (string, error) {
	start, err := b.file.Seek(0, io.SeekEnd)
	if err != nil {
		return "", err
	}
	out := bufio.NewWriter(b.file)
	q := &quoting{out: out}
	_, err = out.WriteString(strings.Join([]string{"From", "posta@localhost", time.Now().UTC().Format(time.ANSIC)}, " ") + "\n")
	if err == nil {
		err = write(q)
	}
	if err = errors.Join(err, q.end(), out.Flush()); err == nil {
		err = b.file.Sync()
	}
	if err != nil {
		return "", errors.Join(err, b.file.Truncate(start))
	}
	return b.name, nil
}

func (b *mbox) keeps() bool { return true }
func (b *mbox) end() error  { return b.file.Close() }

// quoting turns CRLF into LF and quotes lines, whole ones, however they come.
type quoting struct {
	out  *bufio.Writer
	line []byte
	cut  bool // the line was too long to be held: what follows is not its start
}

// fromLine is a line that must be quoted.
var fromLine = regexp.MustCompile(`^>*From `)

// Write implements io.Writer.
func (q *quoting) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		i := bytes.IndexByte(p, '\n')
		if i < 0 {
			q.line = append(q.line, p...)
			if len(q.line) > 64<<10 {
				if err := q.give(false); err != nil {
					return 0, err
				}
			}
			return n, nil
		}
		q.line = append(q.line, p[:i]...)
		p = p[i+1:]
		if err := q.give(true); err != nil {
			return 0, err
		}
	}
	return n, nil
}

func (q *quoting) give(whole bool) error {
	line := q.line
	if whole {
		line = bytes.TrimSuffix(line, []byte("\r"))
	}
	if !q.cut && fromLine.Match(line) {
		if err := q.out.WriteByte('>'); err != nil {
			return err
		}
	}
	_, err := q.out.Write(line)
	if whole && err == nil {
		err = q.out.WriteByte('\n')
	}
	q.line, q.cut = q.line[:0], !whole
	return err
}

// end ends the message with an empty line.
func (q *quoting) end() error {
	if len(q.line) > 0 || q.cut {
		if err := q.give(true); err != nil {
			return err
		}
	}
	return q.out.WriteByte('\n')
}
