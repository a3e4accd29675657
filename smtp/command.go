package smtp

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"posta/mail"
)

// Command is one command line, understood.
type Command struct {
	Verb Verb
	Name string // the verb as typed; "VERFY" may stand for VRFY in the lab
	Arg  string // all that stood behind the verb

	Word    string  // HELO's domain, VRFY's and EXPN's string, HELP's topic, AUTH's mechanism in upper case, ETRN's node with its option
	Path    Path    // MAIL and RCPT
	Params  []Param // MAIL and RCPT; VRFY's and EXPN's SMTPUTF8
	Initial string  // AUTH's initial response as sent, "=" for an empty one; "" absent (RFC 4954 §4)
	Size    int64   // BDAT's octets; -1 where they could not be read
	Last    bool    // BDAT's LAST
	Lax     Lax     // what only the lab accepts

	Domains []string // ATRN's

	NameSpan, ArgSpan, WordSpan, InitialSpan Span
}

// Lax is a set of liberties that were taken. Strict listeners accept LaxBlank
// behind the colon, and submission LaxDomain; the rest is the lab's.
type Lax uint8

const (
	LaxBlank    Lax = 1 << iota // a space around the colon of FROM: or TO:
	LaxBrackets                 // no angle brackets around the address
	LaxName                     // VERFY for VRFY
	LaxDomain                   // HELO with something that is no domain
)

// ParseCommand reads a command line without its line end. With a Fault the
// Command and its spans are filled as far as the line was understood. What it
// keeps of the line is a copy.
func ParseCommand(line []byte, mode mail.Mode) (Command, *Fault) {
	p := parser{src: strings.TrimRight(string(line), " \t"), mode: mode}
	c := Command{Size: -1}
	for p.pos < len(p.src) && p.src[p.pos] != ' ' && p.src[p.pos] != '\t' {
		p.pos++
	}
	c.Name, c.NameSpan = p.src[:p.pos], Span{0, p.pos}
	p.blanks()
	c.Arg, c.ArgSpan = p.src[p.pos:], Span{p.pos, len(p.src) - p.pos}
	if c.Arg == "" {
		c.ArgSpan = Span{}
	}
	if f := checkName(&c); f != nil {
		return c, f
	}
	if f := checkArg(c.Arg, c.ArgSpan); f != nil {
		c.Verb = VerbNamed(c.Name)
		return c, f
	}
	if c.Verb = VerbNamed(c.Name); c.Verb == Unknown && mode == mail.Lab && strings.EqualFold(c.Name, "VERFY") {
		c.Verb, c.Lax = VRFY, LaxName
	}
	if c.Verb == Unknown {
		return c, &Fault{Code: 500, Status: statusBadCommand(), Text: "Command not recognized", Span: c.NameSpan}
	}
	return c, p.arguments(&c)
}

// arguments reads what stands behind the verb. Verbs without a case take
// anything, because it means nothing here.
func (p *parser) arguments(c *Command) *Fault {
	switch c.Verb {
	case HELO, EHLO:
		return parseHello(p, c)
	case MAIL:
		return parseMail(p, c)
	case RCPT:
		return parseRcpt(p, c)
	case DATA, RSET, QUIT, STARTTLS, TURN:
		return parseNothing(c)
	case ETRN:
		return parseEtrn(c)
	case ATRN:
		return parseAtrn(c)
	case BDAT:
		return parseBdat(p, c)
	case VRFY, EXPN:
		return parseLookup(c)
	case HELP:
		c.Word, c.WordSpan = p.word()
	case AUTH:
		return parseAuth(p, c)
	}
	return nil
}

// parser walks over one command line. pos stands behind the verb's blanks
// when a verb's parse is called.
type parser struct {
	src  string
	pos  int
	mode mail.Mode
}

func (p *parser) blanks() {
	for p.pos < len(p.src) && (p.src[p.pos] == ' ' || p.src[p.pos] == '\t') {
		p.pos++
	}
}

// rest is what has not been read, as a span.
func (p *parser) rest() Span { return Span{p.pos, len(p.src) - p.pos} }

// word takes the octets up to the next blank, and the blanks behind them.
func (p *parser) word() (string, Span) {
	from := p.pos
	for p.pos < len(p.src) && p.src[p.pos] != ' ' && p.src[p.pos] != '\t' {
		p.pos++
	}
	at := Span{from, p.pos - from}
	p.blanks()
	return p.src[at.Off : at.Off+at.Len], at
}

func checkName(c *Command) *Fault {
	if c.Name == "" {
		text := "An empty line is no command"
		if c.Arg != "" {
			text = "A command begins with its verb, without a space before it"
		}
		return &Fault{Code: 500, Status: statusBadSyntax(), Text: text, Span: c.NameSpan}
	}
	for i := range len(c.Name) {
		if b := c.Name[i]; b <= ' ' || b > '~' {
			return &Fault{Code: 500, Status: statusBadSyntax(), Text: "Invalid character in a command", Span: Span{i, 1}}
		}
	}
	return nil
}

// checkArg refuses what no argument may hold: control characters, and octets
// that are no UTF-8 (RFC 5321 §4.1.2, RFC 6531 §3.3).
func checkArg(arg string, at Span) *Fault {
	ascii := true
	for i := range len(arg) {
		b := arg[i]
		if b < ' ' && b != '\t' || b == 0x7f {
			return &Fault{Code: 501, Status: statusBadSyntax(), Text: "Control character in an argument", Span: Span{at.Off + i, 1}}
		}
		ascii = ascii && b < utf8.RuneSelf
	}
	if !ascii && !utf8.ValidString(arg) {
		return &Fault{Code: 501, Status: statusBadSyntax(), Text: "The argument is not valid UTF-8; set the terminal to UTF-8", Span: at}
	}
	return nil
}

// parseNothing reads DATA, RSET, QUIT, STARTTLS and TURN (RFC 5321 §4.3.2: 501).
func parseNothing(c *Command) *Fault {
	if c.Arg != "" {
		return badArg(c.ArgSpan, c.Verb.String()+" takes no argument")
	}
	return nil
}

// parseHello reads HELO and EHLO (RFC 5321 §4.1.1.1). Address literals are let
// through after HELO too, and anything at all in the lab. Where the fault is
// the name alone Lax says so, for servers that let it pass.
func parseHello(p *parser, c *Command) *Fault {
	if c.Arg == "" {
		return badArg(c.ArgSpan, "Say who you are: "+c.Verb.Syntax())
	}
	c.Word, c.WordSpan = c.Arg, c.ArgSpan
	err := mail.CheckDomain(c.Arg)
	if err == nil && mail.IsASCII(c.Arg) {
		return nil
	}
	c.Lax |= LaxDomain
	if p.mode == mail.Lab {
		return nil
	}
	return badArg(c.ArgSpan, "Neither a domain name nor an address literal: "+c.Verb.Syntax())
}

// parseLookup reads VRFY and EXPN (RFC 5321 §4.1.1.6; RFC 6531 §3.7.4.2 for
// the parameter). The string may be an atom, quoted, in angle brackets, or a
// name with spaces.
func parseLookup(c *Command) *Fault {
	if c.Arg == "" {
		return badArg(c.ArgSpan, "Say whom: "+c.Verb.Syntax())
	}
	what, at := c.Arg, c.ArgSpan
	if i := strings.LastIndexAny(what, " \t"); i > 0 && strings.EqualFold(what[i+1:], ExtSMTPUTF8.Keyword()) {
		c.Params = []Param{{Key: what[i+1:], KeySpan: Span{at.Off + i + 1, len(what) - i - 1}}}
		what = strings.TrimRight(what[:i], " \t")
		at.Len = len(what)
	}
	c.WordSpan = at
	switch {
	case len(what) > 2 && what[0] == '<' && what[len(what)-1] == '>':
		what = what[1 : len(what)-1]
	case len(what) > 1 && what[0] == '"' && what[len(what)-1] == '"':
		s, ok := unquote(what)
		if !ok {
			return badArg(at, "Malformed quoted string: "+c.Verb.Syntax())
		}
		what = s
	}
	c.Word = what
	if what == "" {
		return badArg(at, "Say whom: "+c.Verb.Syntax())
	}
	return nil
}

// unquote reads a Quoted-string that fills s (RFC 5321 §4.1.2).
func unquote(s string) (string, bool) {
	var b strings.Builder
	for i := 1; i < len(s)-1; i++ {
		switch {
		case s[i] == '"':
			return "", false
		case s[i] == '\\':
			if i++; i == len(s)-1 {
				return "", false
			}
		}
		b.WriteByte(s[i])
	}
	return b.String(), true
}

// parseBdat reads BDAT (RFC 3030 §2). Size is set wherever the chunk behind
// the line can be measured, so that a server can stay in step.
func parseBdat(p *parser, c *Command) *Fault {
	digits, at := p.word()
	n, ok := parseDigits(digits, 19)
	if !ok {
		return badArg(at, "Say how many octets follow: "+c.Verb.Syntax())
	}
	c.Size = n
	last, at := p.word()
	if c.Last = strings.EqualFold(last, "LAST"); !c.Last && last != "" || p.pos < len(p.src) {
		return badArg(Span{at.Off, len(p.src) - at.Off}, "Only LAST may follow the number: "+c.Verb.Syntax())
	}
	return nil
}

// parseDigits reads 1*max DIGIT, and says no to what does not fit into 63 bits.
func parseDigits(s string, max int) (int64, bool) {
	if s == "" || len(s) > max {
		return 0, false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil
}

// parseAuth reads AUTH (RFC 4954 §4, §8). The base64 is left as it came.
func parseAuth(p *parser, c *Command) *Fault {
	word, at := p.word()
	c.Word, c.WordSpan = strings.ToUpper(word), at
	if p.pos < len(p.src) {
		c.InitialSpan = p.rest()
		c.Initial = p.src[p.pos:]
	}
	if !isMechanism(c.Word) {
		return badArg(at, "Name a mechanism, EHLO lists them: "+c.Verb.Syntax())
	}
	if strings.ContainsAny(c.Initial, " \t") {
		return badArg(c.InitialSpan, "Only one response may follow the mechanism: "+c.Verb.Syntax())
	}
	return nil
}

// isMechanism is sasl-mech of RFC 4422 §3.1.
func isMechanism(s string) bool {
	if s == "" || len(s) > 20 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_' {
			return false
		}
	}
	return true
}
