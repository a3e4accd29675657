package smtp

import (
	"strconv"
	"strings"

	"posta/mail"
)

// String writes the command as RFC 5321 has it, without the line end: what was
// accepted leniently comes out in its proper form. It holds AUTH's initial
// response: do not log it.
func (c Command) String() string {
	name := c.Verb.String()
	switch c.Verb {
	case Unknown:
		return joinWords(c.Name, c.Arg)
	case HELO, EHLO, HELP, ETRN:
		return joinWords(name, c.Word)
	case ATRN:
		return joinWords(name, strings.Join(c.Domains, ","))
	case TURN:
		return name
	case MAIL:
		return "MAIL FROM:" + c.Path.String() + paramString(c.Params)
	case RCPT:
		return "RCPT TO:" + c.Path.String() + paramString(c.Params)
	case VRFY, EXPN:
		return joinWords(name, lookupString(c.Word)) + paramString(c.Params)
	case AUTH:
		return joinWords(joinWords(name, c.Word), c.Initial)
	case BDAT:
		s := name + " " + strconv.FormatInt(c.Size, 10)
		if c.Last {
			s += " LAST"
		}
		return s
	}
	return joinWords(name, c.Arg)
}

func joinWords(a, b string) string {
	if b == "" {
		return a
	}
	return a + " " + b
}

func paramString(params []Param) string {
	var b strings.Builder
	for _, p := range params {
		b.WriteByte(' ')
		b.WriteString(p.String())
	}
	return b.String()
}

// lookupString quotes a string that VRFY could not read back bare.
func lookupString(s string) string {
	bare := s != "" && !strings.ContainsAny(s, " \t\"\\<>")
	if bare {
		return s
	}
	return mail.Quote(s)
}
