package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"unicode"

	"posta/story"
	"posta/words"
)

// largestExported is the largest message that is exported whole; so much of the
// messages that pass at one time is put together.
const largestExported = 64 << 20

// exportedMail is a message that was written to a file, as JSON has it.
type exportedMail struct {
	place
	File    string   `json:"file"`
	From    string   `json:"from,omitempty"`
	To      string   `json:"to,omitempty"`
	Subject string   `json:"subject,omitempty"`
	Date    string   `json:"date,omitempty"`
	Size    int64    `json:"size"`
	Whole   bool     `json:"whole"`
	TLS     bool     `json:"tls,omitempty"`
	Files   []string `json:"files,omitempty"`
}

// mailExport writes each message to a file of its own, and lists them.
type mailExport struct {
	a     *app
	dir   string
	fresh []exportedMail // of the event at hand, with what they hold
	held  [][]byte
	names map[string]bool
	all   []exportedMail
	left  int
	err   error
}

// newMailExport makes the folder, if it is not there.
func newMailExport(a *app, dir string) (*mailExport, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, words.FailOf(err, "fail.unwritable", words.Args{"File": dir})
	}
	return &mailExport{a: a, dir: dir, names: map[string]bool{}}, nil
}

// act keeps a message until it is known whether the filter holds of its frame.
func (x *mailExport) act(s *story.Session, act *story.Act) {
	if act.Kind != story.Mail || act.Verb == "TOP" || len(act.Message.Octets) == 0 {
		return
	}
	m := act.Message
	one := exportedMail{place: placeOf(s.Conn, s.Stream, act.At), From: m.From, To: m.To, Subject: m.Subject, Date: m.Date, Size: m.Size,
		Whole: m.Whole, TLS: act.Secure}
	for _, part := range m.Parts {
		if part.Name != "" {
			one.Files = append(one.Files, part.Name)
		}
	}
	x.fresh, x.held = append(x.fresh, one), append(x.held, m.Octets)
}

// settle writes the messages of the event at hand, if they are chosen.
func (x *mailExport) settle(chosen bool) {
	for i := range x.fresh {
		if chosen && x.err == nil {
			x.write(&x.fresh[i], x.held[i])
		}
	}
	x.fresh, x.held = x.fresh[:0], x.held[:0]
}

// write makes the file. None that is there is written over.
func (x *mailExport) write(one *exportedMail, octets []byte) {
	file, err := x.create(one)
	if err != nil {
		x.err = err
		return
	}
	one.File = file.Name()
	if _, err = file.Write(octets); err != nil {
		x.err = errors.Join(words.FailOf(err, "fail.unwritable", words.Args{"File": file.Name()}), file.Close())
		return
	}
	if err = file.Close(); err != nil {
		x.err = words.FailOf(err, "fail.unwritable", words.Args{"File": file.Name()})
		return
	}
	if len(x.all) == maxListed {
		x.left++
		return
	}
	x.all = append(x.all, *one)
}

// create opens a new file: of the frame, the stream and the subject, and with a
// number where two messages would have the same.
func (x *mailExport) create(one *exportedMail) (*os.File, error) {
	name := fmt.Sprintf("%06d", one.Frame)
	if one.Stream != nil {
		name += "-" + strconv.FormatInt(*one.Stream, 10)
	}
	if subject := slug(one.Subject); subject != "" {
		name += "-" + subject
	}
	for n := 1; ; n++ {
		full := name + ".eml"
		if n > 1 {
			full = fmt.Sprintf("%s-%d.eml", name, n)
		}
		if x.names[full] {
			continue
		}
		path := filepath.Join(x.dir, full)
		file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		switch {
		case errors.Is(err, fs.ErrExist):
			return nil, words.Fail("fail.file_exists", words.Args{"File": path})
		case err != nil:
			return nil, words.FailOf(err, "fail.unwritable", words.Args{"File": path})
		}
		x.names[full] = true
		return file, nil
	}
}

// longestSlug is how much of a subject a file's name has.
const longestSlug = 40

// slug is what of a subject may stand in a file's name everywhere: letters and
// digits, and one dash for what is between.
func slug(subject string) string {
	var b strings.Builder
	n, dash := 0, false
	for _, r := range subject {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			dash = n > 0
			continue
		}
		if n >= longestSlug {
			break
		}
		if dash {
			b.WriteByte('-')
			n++
		}
		b.WriteRune(unicode.ToLower(r))
		n, dash = n+1, false
	}
	return b.String()
}

// inCell is a header's value in a table: blanks in a row are one.
func inCell(value string) string { return printable(strings.Join(strings.Fields(value), " ")) }

func (x *mailExport) end(func(uint64) bool) (rows int, err error) {
	if x.err != nil {
		return len(x.all), x.err
	}
	if err := printAll(x.a, x.all, x.table); err != nil {
		return 0, err
	}
	return len(x.all), x.a.leftOut("read.messages_left", x.left)
}

// table lists the messages for people.
func (x *mailExport) table(w io.Writer) error {
	return lister(x.a, x.all, []string{"read.number", "read.stream", "field.size", "read.from_field", "read.to_field", "read.subject_field", "read.file"},
		func(m exportedMail) []string {
			size := strconv.FormatInt(m.Size, 10)
			if !m.Whole {
				size += " " + x.a.say("read.not_whole", nil)
			}
			stream := strconv.FormatUint(m.Session, 10)
			if m.Stream != nil {
				stream = strconv.FormatInt(*m.Stream, 10)
			}
			return []string{strconv.FormatUint(uint64(m.Frame), 10), stream, size, inCell(m.From), inCell(m.To), inCell(m.Subject), m.File}
		})(w)
}
