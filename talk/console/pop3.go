package console

import (
	"strconv"
	"strings"

	"posta/mail"
	"posta/pop3"
)

// maxCapabilities is how many of a server's lines behind CAPA are held.
const maxCapabilities = 200

// pop3Speaker follows POP3.
type pop3Speaker struct {
	dialog   pop3.Dialog
	stamp    string // APOP's
	user     bool   // USER was accepted
	login    bool
	tls      bool
	can      pop3.Capabilities
	asked    bool // CAPA was answered
	messages int
	verb     pop3.Verb // whose list is coming
}

func (s *pop3Speaker) sent(line []byte) {
	if what, _ := s.dialog.Next(pop3.Client); what == pop3.AuthLine {
		s.dialog.Auth(line)
		return
	}
	s.dialog.Command(line)
}

func (s *pop3Speaker) data(int64, bool) {}

func (s *pop3Speaker) hear(line []byte) heard {
	if what, _ := s.dialog.Next(pop3.Server); what == pop3.List {
		return s.item(line)
	}
	a, fault := s.dialog.Response(line)
	if fault != nil {
		return heard{first: true, done: true, stray: true}
	}
	h := heard{first: true, done: !a.List, stray: !a.Greeting && a.Verb == pop3.NoVerb}
	text := a.Text.Of(a.Line)
	switch {
	case a.Status == pop3.Continue:
		h.challenge, h.expect = append([]byte{}, text...), "+*"
		return h
	case a.Status == pop3.Err:
		h.expect = "{err}"
		if code := a.Code.Of(a.Line); len(code) > 0 {
			h.expect = "{err " + string(code) + "}"
		}
		s.user = false
		return h
	case a.List:
		h.expect = "{ok lines}"
	default:
		h.expect = "{ok}"
	}
	s.verb = a.Verb
	h.tls, h.bye = a.Verb == pop3.STLS, a.Verb == pop3.QUIT
	s.step(a, text)
	if a.Greeting && s.stamp != "" {
		before, _, _ := strings.Cut(string(line), s.stamp)
		h.expect = starless(before) + "$stamp*"
	}
	return h
}

// starless is text as a pattern that takes it alone.
func starless(text string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "$", `\$`).Replace(text)
}

// step does what a positive response brings about.
func (s *pop3Speaker) step(a pop3.Answer, text []byte) {
	switch {
	case a.Greeting:
		s.stamp = string(pop3.Timestamp(text))
	case a.Verb == pop3.USER:
		s.user = true
	case a.Verb == pop3.PASS, a.Verb == pop3.APOP, a.Verb == pop3.AUTH && !a.List:
		s.login, s.user = true, false
	case a.Verb == pop3.STAT:
		if d, fault := pop3.ParseDrop(text); fault == nil {
			s.messages = d.Messages
		}
	case a.Verb == pop3.CAPA:
		s.can, s.asked = nil, true
	case a.Verb == pop3.LIST && a.List, a.Verb == pop3.UIDL && a.List:
		s.messages = 0
	}
}

// item is a line of a list.
func (s *pop3Speaker) item(line []byte) heard {
	if string(line) == "." {
		s.dialog.Ended()
		return heard{done: true}
	}
	switch s.verb {
	case pop3.CAPA:
		if c, fault := pop3.ParseCapability(line); fault == nil && len(s.can) < maxCapabilities {
			s.can = append(s.can, c)
		}
	case pop3.LIST, pop3.UIDL:
		number, _, _ := strings.Cut(string(line), " ")
		if n, err := strconv.Atoi(number); err == nil {
			s.messages = max(s.messages, n)
		}
	}
	return heard{}
}

func (s *pop3Speaker) secured() { *s = pop3Speaker{tls: true, stamp: s.stamp} }

func (s *pop3Speaker) next() (awaited, int64) {
	if what, sure := s.dialog.Next(pop3.Client); what == pop3.AuthLine && sure {
		return anAnswer, 0
	}
	return aCommand, 0
}

// has says that the server has a capability, or never said which it has.
func (s *pop3Speaker) has(tag string) bool {
	if !s.asked {
		return true
	}
	_, ok := s.can.Find(tag)
	return ok
}

// legal lists the commands of the state that the session is in (RFC 1939 §4,
// §5), and of those that a server need not have the ones that CAPA named.
func (s *pop3Speaker) legal() []string {
	var out []string
	add := func(fits bool, verbs ...pop3.Verb) {
		for _, v := range verbs {
			if fits {
				out = append(out, v.String())
			}
		}
	}
	if s.login {
		add(true, pop3.STAT, pop3.LIST, pop3.RETR)
		add(s.has("TOP"), pop3.TOP)
		add(s.has("UIDL"), pop3.UIDL)
		add(true, pop3.DELE, pop3.RSET, pop3.NOOP, pop3.CAPA, pop3.QUIT)
		return out
	}
	add(s.has("USER"), pop3.USER)
	add(s.user, pop3.PASS)
	add(s.stamp != "", pop3.APOP)
	add(s.has("SASL"), pop3.AUTH)
	add(s.has("STLS") && !s.tls, pop3.STLS)
	add(s.asked && s.has("UTF8"), pop3.UTF8)
	add(true, pop3.CAPA, pop3.QUIT)
	return out
}

func (s *pop3Speaker) options(line string) []string {
	c, _ := pop3.ParseCommand([]byte(line), mail.Lab)
	words := strings.Count(line, " ")
	switch c.Verb {
	case pop3.RETR, pop3.DELE, pop3.LIST, pop3.UIDL, pop3.TOP:
		if words > 1 {
			return nil
		}
		var out []string
		for n := 1; n <= min(s.messages, 20); n++ {
			out = append(out, strconv.Itoa(n))
		}
		return out
	case pop3.AUTH:
		if words == 1 {
			return s.mechanisms()
		}
	}
	return nil
}

func (s *pop3Speaker) secret(line string) int {
	c, _ := pop3.ParseCommand([]byte(line), mail.Lab)
	if c.Secret.Len == 0 {
		return -1
	}
	return c.Secret.Off
}

func (s *pop3Speaker) known(line string) bool {
	c, _ := pop3.ParseCommand([]byte(line), mail.Lab)
	return c.Verb != pop3.NoVerb
}

func (s *pop3Speaker) mechanism(line string) string {
	c, _ := pop3.ParseCommand([]byte(line), mail.Lab)
	if c.Verb != pop3.AUTH || c.N != 1 {
		return ""
	}
	return strings.ToUpper(c.Arg(0))
}

func (s *pop3Speaker) mechanisms() []string {
	offered, _ := s.can.Find("SASL")
	return offered.Params
}

func (s *pop3Speaker) hello(string) []string { return nil }

func (s *pop3Speaker) startTLS() (line, after string) { return "STLS", "CAPA" }
