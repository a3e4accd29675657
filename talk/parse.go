package talk

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// MaxFile bounds a transcript, in octets.
const MaxFile = 4 << 20

// Error says what is wrong in which line of a transcript.
type Error struct {
	Line int
	Text string
	Got  *Got // what the server did instead; nil where it is something else
}

func (e *Error) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Text) }

func complain(line int, format string, args ...any) error {
	return &Error{Line: line, Text: fmt.Sprintf(format, args...)}
}

// Parse reads a transcript and checks every line of it.
func Parse(src []byte) (*File, error) {
	if len(src) > MaxFile {
		return nil, complain(1, "a transcript has at most %d octets", MaxFile)
	}
	if !utf8.Valid(src) {
		return nil, complain(1, "a transcript is UTF-8; write other octets as \\xff")
	}
	text := strings.TrimSuffix(strings.ReplaceAll(string(src), "\r\n", "\n"), "\n")
	f := &File{}
	header := true
	n := 0
	for line := range strings.SplitSeq(text, "\n") {
		n++
		if err := checkLine(n, line); err != nil {
			return nil, err
		}
		if header && line == "" {
			header = false
			continue
		}
		var err error
		if header {
			err = f.parseHeader(n, line)
		} else {
			err = f.parseStep(n, line)
		}
		if err != nil {
			return nil, err
		}
	}
	if err := f.check(); err != nil {
		return nil, err
	}
	return f, nil
}

func checkLine(n int, line string) error {
	for _, r := range line {
		if r < ' ' || r == 0x7f {
			return complain(n, "control character %q; write it with a backslash", r)
		}
	}
	if strings.TrimRight(line, " ") != line {
		return complain(n, "a blank at the end cannot be seen; write \\s")
	}
	return nil
}

func (f *File) parseHeader(n int, line string) error {
	if text, ok := strings.CutPrefix(line, "#"); ok {
		f.Header = append(f.Header, Field{"#", strings.TrimSpace(text), n})
		return nil
	}
	key, value, ok := strings.Cut(line, ":")
	if !ok || !isName(key) {
		return complain(n, "a header line is \"key: value\"; an empty line ends the header")
	}
	f.Header = append(f.Header, Field{key, strings.TrimSpace(value), n})
	return nil
}

func (f *File) parseStep(n int, line string) error {
	step := Step{Line: n}
	switch {
	case line == "":
		step.Op = Blank
	case line[0] == '#':
		step.Op, step.Text = Comment, strings.TrimSpace(line[1:])
	case line[0] == 'C' || line[0] == 'S' || line[0] == 'M':
		if !step.parseMark(line) {
			return complain(n, "a spoken line is \"C: …\", \"S: …\" or \"M: …\", with a blank behind the mark")
		}
	default:
		step.Op, step.Text = Do, strings.Join(strings.Fields(line), " ")
	}
	f.Steps = append(f.Steps, step)
	return nil
}

func (s *Step) parseMark(line string) bool {
	end := 1
	for end < len(line) && isAlnum(line[end]) {
		end++
	}
	if end == len(line) {
		return false
	}
	for _, m := range marks {
		if m.who == line[0] && m.by == line[end] {
			s.Op = m.op
		}
	}
	s.Conn = line[1:end]
	rest := line[end+1:]
	if s.Op == 0 || (rest != "" && rest[0] != ' ') || (line[0] == 'M' && s.Conn != "") {
		return false
	}
	s.Text = strings.TrimPrefix(rest, " ")
	return true
}

// check compiles everything once, so that a transcript that parses can be played.
func (f *File) check() error {
	if e := f.Value("engine", ""); e != "server" {
		return complain(1, "the header must say \"engine: server\"; it says %q", e)
	}
	for _, w := range f.Ways() {
		if !slices.Contains([]Way{Lines, Typed, Paste}, w) {
			return complain(1, "unknown way %q; there are lines, keys and paste", w)
		}
	}
	if _, err := f.Fixture(nil); err != nil {
		return err
	}
	_, err := compile(f)
	return err
}

// Action is a parsed Do step.
type action struct {
	verb string
	conn string
	arg  string        // kind of connect, address of mailbox
	n    int           // of mailbox and message
	wait time.Duration // of wait
}

// parseAction reads "connect 2 smtp", "wait 5m", "mailbox pepe@pepito.es 1".
func parseAction(text string) (a action, err error) {
	words := strings.Fields(text)
	a.verb, words = words[0], words[1:]
	switch a.verb {
	case "connect":
		return a.connect(words)
	case "tls", "half-close", "reset", "close", "closed", "silent", "flushed":
		if len(words) > 1 || (len(words) == 1 && !isConn(words[0])) {
			return a, fmt.Errorf("%s takes a connection's name or nothing", a.verb)
		}
		a.conn = strings.Join(words, "")
		return a, nil
	case "stop":
		if len(words) != 0 {
			return a, errors.New("stop takes nothing")
		}
		return a, nil
	case "wait":
		if len(words) == 1 {
			a.wait, err = time.ParseDuration(words[0])
		}
		if len(words) != 1 || err != nil || a.wait <= 0 {
			return a, errors.New("wait takes a time, \"5m\"")
		}
		return a, nil
	case "mailbox":
		if len(words) != 2 {
			return a, errors.New("mailbox takes an address and how many messages it holds")
		}
		a.arg = words[0]
		a.n, err = strconv.Atoi(words[1])
		return a, err
	case "message":
		if len(words) != 1 {
			return a, errors.New("message takes a number")
		}
		a.n, err = strconv.Atoi(words[0])
		return a, err
	}
	return a, fmt.Errorf("unknown action %q", a.verb)
}

func (a action) connect(words []string) (action, error) {
	switch {
	case len(words) == 1:
		a.arg = words[0]
	case len(words) == 2 && isConn(words[0]):
		a.conn, a.arg = words[0], words[1]
	default:
		return a, errors.New("connect takes a listener's kind, with a connection's name before it")
	}
	if !slices.Contains([]string{"smtp", "submission", "submissions", "odmr", "pop3", "pop3s"}, a.arg) {
		return a, fmt.Errorf("unknown listener %q; there are smtp, submission, submissions, odmr, pop3 and pop3s", a.arg)
	}
	return a, nil
}

func isName(s string) bool {
	for i := range len(s) {
		if !isAlnum(s[i]) && s[i] != '-' {
			return false
		}
	}
	return s != "" && s[0] >= 'a' && s[0] <= 'z'
}

func isConn(s string) bool {
	for i := range len(s) {
		if !isAlnum(s[i]) {
			return false
		}
	}
	return s != ""
}

func isAlnum(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}
