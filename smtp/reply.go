package smtp

import (
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"

	"posta/mail"
)

// MaxReplyLine is the longest reply line, its end counted (RFC 5321 §4.5.3.1.5).
const MaxReplyLine = 512

// Reply is a reply of one or more lines (RFC 5321 §4.2). The zero Reply means
// that there is nothing to say.
type Reply struct {
	Code   int
	Status mail.Status // written on each line (RFC 2034 §3); zero for none
	Text   string      // the first line's text
	More   []string    // the texts of further lines
}

// Class is the code's first digit.
func (r Reply) Class() int { return r.Code / 100 }

// Positive says that the command was done or goes on (2yz, 3yz).
func (r Reply) Positive() bool { return r.Class() == 2 || r.Class() == 3 }

// Err is the reply as a mail.Error, for one who was refused; nil for 2yz and
// 3yz.
func (r Reply) Err() error {
	if r.Positive() {
		return nil
	}
	return &mail.Error{Code: r.Code, Status: r.Status, Text: r.Text}
}

// FirstLine is the reply's first line without its end, for people.
func (r Reply) FirstLine() string {
	b := r.appendLine(nil, r.Text, len(r.More) == 0)
	return string(b[:len(b)-2])
}

// String is the whole reply as sent, with line ends.
func (r Reply) String() string { return string(r.Append(nil)) }

// Append writes the reply as sent behind b. What no reply may hold does not get
// out: a control character leaves as '?', and octets past MaxReplyLine are cut.
// (Never as a space: "2.0.0\x0f0" would begin with an enhanced code.)
func (r Reply) Append(b []byte) []byte {
	b = r.appendLine(b, r.Text, len(r.More) == 0)
	for i, text := range r.More {
		b = r.appendLine(b, text, i == len(r.More)-1)
	}
	return b
}

func (r Reply) appendLine(b []byte, text string, last bool) []byte {
	start := len(b)
	b = strconv.AppendInt(b, int64(r.Code), 10)
	if last {
		b = append(b, ' ')
	} else {
		b = append(b, '-')
	}
	if r.Status != (mail.Status{}) {
		b = append(b, r.Status.String()...)
		b = append(b, ' ')
	}
	if room := MaxReplyLine - 2 - (len(b) - start); len(text) > room {
		text = cut(text, room)
	}
	from := len(b)
	b = append(b, text...)
	for i := from; i < len(b); i++ {
		if b[i] < ' ' && b[i] != '\t' || b[i] == 0x7f {
			b[i] = '?'
		}
	}
	return append(b, '\r', '\n')
}

// cut shortens s to at most n octets without breaking a character.
func cut(s string, n int) string {
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// ReplyReader puts a reply together from its lines. The zero ReplyReader is
// ready. It holds no more than maxReplyLines lines.
type ReplyReader struct {
	r     Reply
	lines []string
}

const maxReplyLines = 1024

// The faults of replies.
var (
	errReplyCode  = errors.New("smtp: a reply line does not begin with a code from 200 to 599")
	errReplyMixed = errors.New("smtp: the lines of one reply have different codes")
	errReplyLong  = errors.New("smtp: a reply has too many lines")
	errReplyEnd   = errors.New("smtp: a reply breaks off or goes on behind its last line")
)

// Line takes the next line of a reply, without its end. When done it gives the
// reply, and is ready for the next one.
func (p *ReplyReader) Line(line string) (r Reply, done bool, err error) {
	code, text, last, ok := parseReplyLine(line)
	if ok && len(p.lines) > 0 && code != p.r.Code {
		*p = ReplyReader{}
		return Reply{}, false, errReplyMixed
	}
	return p.add(code, text, last, ok)
}

// heard takes a line as who only listens must: with any code of three digits,
// whatever follows it, and with another code than the line before. The last
// line's is the reply's.
func (p *ReplyReader) heard(line string) (r Reply, done bool, err error) {
	code, text, last, ok := parseReplyLine(line)
	if !ok {
		code, text, last, ok = oddReplyLine(line)
	}
	if !ok {
		return Reply{}, false, errReplyCode // between the lines of a reply, too
	}
	return p.add(code, text, last, ok)
}

func (p *ReplyReader) add(code int, text string, last, ok bool) (r Reply, done bool, err error) {
	switch {
	case !ok:
		err = errReplyCode
	case len(p.lines) == maxReplyLines:
		err = errReplyLong
	}
	if err != nil {
		*p = ReplyReader{}
		return Reply{}, false, err
	}
	p.r.Code = code
	p.lines = append(p.lines, text)
	if !last {
		return Reply{}, false, nil
	}
	r, lines := p.r, p.lines
	*p = ReplyReader{}
	r.Status = cutStatus(r.Code, lines)
	r.Text = lines[0]
	if len(lines) > 1 {
		r.More = lines[1:]
	}
	return r, true, nil
}

// ParseReply reads a whole reply, lines ended by CRLF.
func ParseReply(s string) (Reply, error) {
	var p ReplyReader
	for {
		line, rest, ok := strings.Cut(s, "\r\n")
		if !ok {
			return Reply{}, errReplyEnd
		}
		r, done, err := p.Line(line)
		switch {
		case err != nil:
			return Reply{}, err
		case done && rest != "":
			return Reply{}, errReplyEnd
		case done:
			return r, nil
		}
		s = rest
	}
}

// parseReplyLine reads Reply-code [ SP / "-" text ]. A bare code is allowed
// (RFC 5321 §4.2.1).
func parseReplyLine(s string) (code int, text string, last, ok bool) {
	if len(s) < 3 || s[0] < '2' || s[0] > '5' || s[1] < '0' || s[1] > '9' || s[2] < '0' || s[2] > '9' {
		return 0, "", false, false
	}
	code = int(s[0]-'0')*100 + int(s[1]-'0')*10 + int(s[2]-'0')
	switch {
	case len(s) == 3:
		return code, "", true, true
	case s[3] == ' ' || s[3] == '-':
		return code, s[4:], s[3] == ' ', true
	}
	return 0, "", false, false
}

// oddReplyLine reads a line that begins with three digits as replies do, and is
// otherwise as no server should send it.
func oddReplyLine(s string) (code int, text string, last, ok bool) {
	if len(s) < 3 || s[0] == '0' || len(s) > 3 && s[3] >= '0' && s[3] <= '9' {
		return 0, "", false, false
	}
	for _, c := range []byte(s[:3]) {
		if c < '0' || c > '9' {
			return 0, "", false, false
		}
		code = 10*code + int(c-'0')
	}
	return code, s[min(4, len(s)):], len(s) == 3 || s[3] != '-', true
}

// cutStatus takes the enhanced code off the lines' texts if all of them begin
// with one of the reply's class (RFC 2034 §4); the first line's counts.
func cutStatus(code int, lines []string) mail.Status {
	var first mail.Status
	for i, line := range lines {
		word, _, _ := strings.Cut(line, " ")
		if len(word) < len("2.0.0") || int(word[0]) != '0'+code/100 { // most that are no status, at no cost
			return mail.Status{}
		}
		status, err := mail.ParseStatus(word)
		if err != nil || int(status.Class) != code/100 {
			return mail.Status{}
		}
		if i == 0 {
			first = status
		}
	}
	for i, line := range lines {
		_, lines[i], _ = strings.Cut(line, " ")
	}
	return first
}
