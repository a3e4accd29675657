package smtpserver

import (
	"bytes"
	"strings"

	"posta/mail"
	"posta/smtp"
)

// hide masks what may be a secret in a command line, before anything else is
// done with the connection: AUTH's response, however misspelt or misplaced,
// and the lines of a log-in or a message that was refused but is sent all the
// same. sound says that the command has no fault. hide says that the whole line
// is hidden.
func (s *session) hide(line []byte, cmd *smtp.Command, sound bool) bool {
	if s.mayBeText(cmd, sound) {
		s.c.Mask(0, len(line))
		return true
	}
	name, rest := cutWord(bytes.TrimLeft(line, " \t"))
	verb := smtp.VerbNamed(string(name))
	if verb != smtp.Unknown && verb != smtp.AUTH {
		s.asked = false
		return false
	}
	from := len(line)
	switch {
	case verb == smtp.AUTH:
		s.asked = true
		mechanism, response := cutWord(rest)
		from = len(line) - len(response)
		if !isMechanism(mechanism) {
			from = len(line) - len(rest) // a response whose mechanism was forgotten
		}
	case s.asked:
		from = 0
	case strings.EqualFold(string(name), "USER"): // POP3's, with a password behind the name
		_, password := cutWord(rest)
		from = len(line) - len(password)
	case nearAuth(string(name)):
		s.asked = true
		from = len(line) - len(rest)
	case nearPass(string(name)):
		from = len(line) - len(rest)
	}
	if from < len(line) {
		s.c.Mask(from, len(line)-from)
	}
	return from == 0
}

// mayBeText says that a line of a strict session may be message text: it comes
// where nothing but QUIT is served, or behind a DATA that was refused. That
// message ends with its dot, or was never sent if a command comes that may
// follow DATA. Text may begin with a verb, "Mail from home", and so a command
// counts only when there is nothing wrong with it.
func (s *session) mayBeText(cmd *smtp.Command, sound bool) bool {
	switch {
	case s.srv.Mode != mail.Strict:
		return false
	case s.shut:
		return cmd.Verb != smtp.QUIT || cmd.Arg != ""
	case !s.stray:
		return false
	}
	switch cmd.Verb {
	case smtp.Unknown:
		s.stray = cmd.Name != "." || cmd.Arg != ""
		return s.stray
	case smtp.HELO, smtp.EHLO, smtp.MAIL, smtp.RCPT, smtp.DATA, smtp.BDAT, smtp.RSET, smtp.STARTTLS, smtp.QUIT:
		s.stray = !sound
		return s.stray
	}
	return cmd.Arg != "" // which the others take as it is
}

// nearAuth says that a word is AUTH misspelt.
func nearAuth(name string) bool {
	return strings.HasPrefix(strings.ToUpper(name), "AUTH") || // AUTHLOGIN
		smtp.Nearest(name, func(v smtp.Verb) bool { return v == smtp.AUTH }) == smtp.AUTH
}

// nearPass says that behind such a word stands a password in POP3.
func nearPass(name string) bool {
	word := strings.ToUpper(name)
	return strings.HasPrefix(word, "PAS") || word == "APOP"
}

// isMechanism says that a word can be a mechanism's name (RFC 4422 §3.1, but
// also in lower case). Base64 mixes the cases.
func isMechanism(word []byte) bool {
	var lower, upper bool
	for _, c := range word {
		switch {
		case c >= 'a' && c <= 'z':
			lower = true
		case c >= 'A' && c <= 'Z':
			upper = true
		case c != '-' && c != '_' && (c < '0' || c > '9'):
			return false
		}
	}
	return len(word) <= 20 && !(lower && upper)
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
