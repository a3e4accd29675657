package smtp

import (
	"strings"

	"posta/mail"
)

// Path is the argument of MAIL or RCPT (RFC 5321 §4.1.2).
type Path struct {
	Address mail.Address // zero for <>; without Domain for <postmaster>
	Route   string       // a source route as sent, "@a,@b"; it is read and ignored (RFC 5321 §C)
	Span    Span         // with the brackets
	Mailbox Span         // the mailbox alone
}

// String writes the path in its brackets, without the source route, which
// SHOULD NOT be generated (RFC 5321 §4.1.2).
func (p Path) String() string { return "<" + p.Address.String() + ">" }

// parseMail reads "FROM:" Reverse-path [SP Mail-parameters].
func parseMail(p *parser, c *Command) *Fault {
	if f := p.prefix(c, "FROM"); f != nil {
		return f
	}
	if f := p.path(c, statusBadSender()); f != nil {
		return f
	}
	return p.params(c)
}

// parseRcpt reads "TO:" Forward-path [SP Rcpt-parameters].
func parseRcpt(p *parser, c *Command) *Fault {
	if f := p.prefix(c, "TO"); f != nil {
		return f
	}
	if f := p.path(c, statusBadRcpt()); f != nil {
		return f
	}
	return p.params(c)
}

// prefix takes "FROM:" or "TO:". RFC 5321 §3.3 allows no blanks beside the
// colon. Behind it they are taken all the same: Outlook and some large senders
// write them. Before it they are for the lab.
func (p *parser) prefix(c *Command, word string) *Fault {
	at := p.rest()
	if at.Len < len(word) || !strings.EqualFold(p.src[p.pos:p.pos+len(word)], word) {
		return badArg(at, "Syntax: "+c.Verb.Syntax())
	}
	p.pos += len(word)
	before := p.pos
	p.blanks()
	if p.pos == len(p.src) || p.src[p.pos] != ':' {
		return badArg(at, "A colon follows "+word+". Syntax: "+c.Verb.Syntax())
	}
	if p.pos > before {
		if p.mode != mail.Lab {
			return badArg(at, "No space may stand before the colon. Syntax: "+c.Verb.Syntax())
		}
		c.Lax |= LaxBlank
	}
	p.pos++
	before = p.pos
	if p.blanks(); p.pos > before {
		c.Lax |= LaxBlank
	}
	return nil
}

// path takes a path off the line.
func (p *parser) path(c *Command, bad mail.Status) *Fault {
	if p.pos == len(p.src) || p.src[p.pos] != '<' {
		return p.barePath(c, bad)
	}
	end := closing(p.src, p.pos+1, '>')
	if end < 0 {
		return &Fault{Code: 501, Status: bad, Text: "The address has no closing >", Span: p.rest()}
	}
	c.Path.Span = Span{p.pos, end + 1 - p.pos}
	from := p.pos + 1
	p.pos = end + 1
	if rest := strings.TrimLeft(p.src[p.pos:], " \t,;"); strings.HasPrefix(rest, "<") {
		return &Fault{Code: 501, Status: bad, Text: oneAddress, Span: p.rest()}
	}
	if p.pos < len(p.src) && p.src[p.pos] != ' ' && p.src[p.pos] != '\t' {
		return &Fault{Code: 501, Status: bad, Text: "A space must follow the closing >", Span: p.rest()}
	}
	from += routeLen(p.src[from:end])
	if from > c.Path.Span.Off+1 {
		c.Path.Route = p.src[c.Path.Span.Off+1 : from-1]
		if !isRoute(c.Path.Route) {
			return &Fault{Code: 501, Status: bad, Text: "Malformed source route", Span: c.Path.Span}
		}
	}
	return c.address(p.src, Span{from, end - from}, bad)
}

// barePath takes an address without brackets, as people type it in the lab.
func (p *parser) barePath(c *Command, bad mail.Status) *Fault {
	if p.pos == len(p.src) {
		return &Fault{Code: 501, Status: bad, Text: "The address is missing. Syntax: " + c.Verb.Syntax(), Span: p.rest()}
	}
	if p.mode != mail.Lab {
		return &Fault{Code: 501, Status: bad, Text: "The address stands in angle brackets: " + c.Verb.Syntax(), Span: p.rest()}
	}
	end := closing(p.src, p.pos, ' ')
	if end < 0 {
		end = len(p.src)
	}
	at := Span{p.pos, end - p.pos}
	p.pos = end
	c.Path.Span = at
	c.Lax |= LaxBrackets
	return c.address(p.src, at, bad)
}

// address reads the mailbox of a path: empty only for MAIL, without a domain
// only <postmaster> for RCPT (RFC 5321 §4.1.1.3).
func (c *Command) address(src string, at Span, bad mail.Status) *Fault {
	c.Path.Mailbox = at
	s := at.Of(src)
	switch {
	case s == "" && c.Verb == MAIL && c.Path.Route == "":
		return nil
	case s == "":
		return &Fault{Code: 501, Status: bad, Text: "The address is missing. Syntax: " + c.Verb.Syntax(), Span: c.Path.Span}
	case c.Verb == RCPT && strings.EqualFold(s, "postmaster"):
		c.Path.Address = mail.Address{Local: s}
		return nil
	}
	a, err := mail.ParseAddress(s)
	if err != nil {
		return &Fault{Code: 501, Status: bad, Text: addressFault(s), Span: at}
	}
	c.Path.Address = a
	return nil
}

const oneAddress = "One address stands here; each recipient has a RCPT of its own"

// addressFault words what is wrong without repeating the peer's octets.
func addressFault(s string) string {
	if strings.HasSuffix(s, ">") {
		return "The address has no opening <"
	}
	if _, more, comma := strings.Cut(s, ","); comma && more != "" && strings.Contains(s, "@") && !strings.Contains(more, "@") {
		return "A comma stands in the address where a dot should be"
	}
	if strings.ContainsAny(s, ",;") {
		return oneAddress
	}
	if !strings.Contains(s, "@") {
		return "The address has no domain; write name@example.net"
	}
	return "Malformed address; write name@example.net"
}

// closing finds end outside of quoted strings, from i on; -1 if it is missing.
// A blank end stands for any blank.
func closing(s string, i int, end byte) int {
	quoted := false
	for ; i < len(s); i++ {
		c := s[i]
		if c == '\t' && end == ' ' {
			c = ' '
		}
		switch {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case c == end && !quoted:
			return i
		}
	}
	return -1
}

// routeLen is the length of "@a,@b:" at the front of a path, 0 without one.
func routeLen(s string) int {
	if s == "" || s[0] != '@' {
		return 0
	}
	literal := false
	for i := range len(s) {
		switch {
		case s[i] == '[':
			literal = true
		case s[i] == ']':
			literal = false
		case s[i] == ':' && !literal:
			return i + 1
		}
	}
	return 0
}

// isRoute is A-d-l of RFC 5321 §4.1.2.
func isRoute(s string) bool {
	for hop := range strings.SplitSeq(s, ",") {
		domain, ok := strings.CutPrefix(hop, "@")
		if !ok || mail.CheckDomain(domain) != nil {
			return false
		}
	}
	return true
}
