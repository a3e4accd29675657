package pop3

import (
	"bytes"
	"math"
	"strconv"
	"unicode/utf8"

	"posta/mail"
)

// Command is one command line, understood. It refers to the line it was
// parsed from and lives no longer than that.
type Command struct {
	Line    []byte  // lent, without its CRLF
	Verb    Verb    // NoVerb when unknown
	Keyword Span    // as typed
	Args    [2]Span // the first N are there
	N       int
	Secret  Span  // octets that nobody may see; also set when there is a Fault
	Message int   // the message-number argument; 0 when absent
	Lines   int64 // TOP's second argument
}

// Arg is a copy of argument i, "" when it is absent.
func (c *Command) Arg(i int) string {
	if i >= c.N {
		return ""
	}
	return string(c.Args[i].Of(c.Line))
}

// Multiline says whether the command's positive response has more than one
// line (RFC 1939 §5, §7; RFC 2449 §5). For AUTH without a mechanism it is the
// list of mechanisms.
func (c *Command) Multiline() bool {
	switch c.Verb {
	case CAPA, RETR, TOP:
		return true
	case LIST, UIDL, AUTH, LANG:
		return c.N == 0
	}
	return false
}

// Append writes the command in its canonical form, without CRLF.
func (c *Command) Append(dst []byte) []byte {
	dst = append(dst, c.Verb.String()...)
	for _, a := range c.Args[:c.N] {
		dst = append(append(dst, ' '), a.Of(c.Line)...)
	}
	return dst
}

// ParseCommand reads a command line without its CRLF (RFC 2449 §3). With a
// Fault the Command is filled as far as it was understood. In the lab, where
// people type, spaces and tabs around words do not matter; a password keeps
// all of its own.
func ParseCommand(line []byte, m mail.Mode) (Command, *Fault) {
	c := Command{Line: line}
	at := 0
	if m == mail.Lab {
		at = skip(line, 0)
	}
	if at == len(line) {
		return c, &Fault{Empty, 0, "Empty command"}
	}
	c.Keyword = Span{at, wordEnd(line, at, m) - at}
	c.Verb = lookup(c.Keyword.Of(line))
	if c.Verb == NoVerb {
		return c, &Fault{Unknown, at, "Unknown command"}
	}
	s := &table[c.Verb]
	if s.args[0] == phrase {
		return c, c.phrase(s, m)
	}
	f := c.split(s, m)
	if f == nil {
		f = c.values(s)
	}
	return c, f
}

// phrase takes everything behind the one space after the keyword: a password
// may hold spaces (RFC 1939 §7, PASS). In lab mode it may be empty, as a sink
// takes it and programs send it.
func (c *Command) phrase(s *shape, m mail.Mode) *Fault {
	end := c.Keyword.Off + c.Keyword.Len
	c.Secret = Span{end, len(c.Line) - end}
	least := 2
	if m == mail.Lab {
		least = 1
	}
	if c.Secret.Len < least {
		return tooFew(s, len(c.Line))
	}
	c.Secret = Span{end + 1, len(c.Line) - end - 1}
	c.Args[0], c.N = c.Secret, 1
	return clean(c.Line, c.Secret, true)
}

// split finds the arguments.
func (c *Command) split(s *shape, m mail.Mode) *Fault {
	most := s.most()
	at := c.Keyword.Off + c.Keyword.Len
	var fault *Fault
	for at < len(c.Line) {
		at++ // the separator
		if m == mail.Lab {
			if at = skip(c.Line, at); at == len(c.Line) {
				break
			}
		}
		end := wordEnd(c.Line, at, m)
		switch {
		case end == at && fault == nil:
			fault = &Fault{Spacing, at, "Exactly one space stands between words, none at the end"}
		case c.N == most && fault == nil:
			fault = &Fault{TooMany, at, s.name + " takes " + arguments(most)}
		case fault == nil:
			c.Args[c.N] = Span{at, end - at}
			c.N++
		}
		at = end
	}
	c.hide(s)
	if fault == nil && c.N < s.least {
		fault = tooFew(s, len(c.Line))
	}
	return fault
}

// hide sets Secret: all from the first secret argument to the end of the line,
// whatever was wrong with it.
func (c *Command) hide(s *shape) {
	if c.Verb == AUTH && c.N > 0 && !isMechanism(c.Args[0].Of(c.Line)) {
		c.Secret = Span{c.Args[0].Off, len(c.Line) - c.Args[0].Off} // a response whose mechanism was forgotten
		return
	}
	for i, a := range s.args {
		if a == secret && i < c.N {
			c.Secret = Span{c.Args[i].Off, len(c.Line) - c.Args[i].Off}
			return
		}
	}
	if s.args[1] != secret && s.args[0] != name {
		return
	}
	// AUTH or APOP that went wrong before the secret, or USER with a password
	// behind the name: what follows the first argument may be one.
	end := c.Keyword.Off + c.Keyword.Len
	if c.N == 1 {
		end = c.Args[0].Off + c.Args[0].Len
	}
	c.Secret = Span{end, len(c.Line) - end}
}

// isMechanism says that a word can be a mechanism's name (RFC 4422 §3.1, but
// also in lower case). Base64 mixes the cases.
func isMechanism(word []byte) bool {
	var lower, upper bool
	for _, b := range word {
		switch {
		case b >= 'a' && b <= 'z':
			lower = true
		case b >= 'A' && b <= 'Z':
			upper = true
		case b != '-' && b != '_' && (b < '0' || b > '9'):
			return false
		}
	}
	return len(word) <= 20 && !(lower && upper)
}

// values checks the arguments' octets and reads the numbers.
func (c *Command) values(s *shape) *Fault {
	for i, a := range c.Args[:c.N] {
		if f := clean(c.Line, a, s.args[i] == name); f != nil {
			return f
		}
		var limit int64
		switch s.args[i] {
		case message:
			limit = math.MaxInt32
		case count:
			limit = math.MaxInt64
		default:
			continue
		}
		n, ok := parseNumber(a.Of(c.Line), limit)
		if !ok {
			return &Fault{Number, a.Off, "Argument " + strconv.Itoa(i+1) + " of " + s.name + " must be a decimal number"}
		}
		if s.args[i] == message {
			c.Message = int(n)
		} else {
			c.Lines = n
		}
	}
	return nil
}

// clean refuses control characters, and 8-bit octets other than UTF-8 where
// that may stand.
func clean(line []byte, s Span, wide bool) *Fault {
	for i, b := range s.Of(line) {
		switch {
		case b < ' ' || b == 0x7f:
			return &Fault{Rubbish, s.Off + i, "Control characters are not allowed"}
		case b >= utf8.RuneSelf && !wide:
			return &Fault{Rubbish, s.Off + i, "Only printable ASCII is allowed here"}
		}
	}
	if wide && !utf8.Valid(s.Of(line)) {
		return &Fault{Rubbish, s.Off, "Not valid UTF-8"}
	}
	return nil
}

// parseNumber reads digits, and nothing but digits, up to limit.
func parseNumber(b []byte, limit int64) (int64, bool) {
	if len(b) == 0 {
		return 0, false
	}
	var n int64
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		d := int64(c - '0')
		if n > (limit-d)/10 {
			return 0, false
		}
		n = n*10 + d
	}
	return n, true
}

func tooFew(s *shape, off int) *Fault {
	return &Fault{TooFew, off, s.name + " needs " + arguments(s.least) + ": " + s.syntax()}
}

func arguments(n int) string {
	switch n {
	case 0:
		return "no argument"
	case 1:
		return "one argument"
	}
	return strconv.Itoa(n) + " arguments"
}

// wordEnd is where the word that begins at off ends.
func wordEnd(line []byte, off int, m mail.Mode) int {
	i := bytes.IndexByte(line[off:], ' ')
	if m == mail.Lab {
		i = bytes.IndexAny(line[off:], " \t")
	}
	if i < 0 {
		return len(line)
	}
	return off + i
}

// skip gives the first octet from off that is no blank.
func skip(line []byte, off int) int {
	for off < len(line) && (line[off] == ' ' || line[off] == '\t') {
		off++
	}
	return off
}
