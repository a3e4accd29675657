package smtpserver

import (
	"strings"

	"posta/smtp"
)

// hide masks what may be a secret in a command line, before anything else is
// done with the connection: AUTH's response, however misspelt or misplaced,
// and the lines of a log-in that was refused but is sent all the same. It says
// that the whole line is hidden.
func (s *session) hide(line []byte) bool {
	name, rest := cutWord(line)
	verb := smtp.VerbNamed(string(name))
	if verb != smtp.Unknown && verb != smtp.AUTH {
		s.asked = false
		return false
	}
	from := len(line)
	switch {
	case verb == smtp.AUTH:
		s.asked = true
		_, response := cutWord(rest)
		from = len(line) - len(response)
	case s.asked:
		from = 0
	case strings.EqualFold(string(name), "PASS"), strings.EqualFold(string(name), "APOP"), nearAuth(string(name)):
		from = len(line) - len(rest)
	}
	if from < len(line) {
		s.c.Mask(from, len(line)-from)
	}
	return from == 0
}

func nearAuth(name string) bool {
	return smtp.Nearest(name, func(v smtp.Verb) bool { return v == smtp.AUTH }) == smtp.AUTH
}

// cutWord takes the first word off a line, and the blanks behind it.
func cutWord(line []byte) (word, rest []byte) {
	i := 0
	for i < len(line) && line[i] != ' ' && line[i] != '\t' {
		i++
	}
	word = line[:i]
	for i < len(line) && (line[i] == ' ' || line[i] == '\t') {
		i++
	}
	return word, line[i:]
}
