package smtpserver

import (
	"bytes"
	"strings"

	"posta/smtp"
)

// unknown answers what is no command of SMTP, with a hint where one is to be
// had.
func (s *session) unknown(cmd smtp.Command, fault *smtp.Fault) smtp.Reply {
	switch {
	case cmd.Name != "" && cmd.Name[0] == 0xff: // IAC (RFC 854)
		return s.text(textTelnet)
	case cmd.Name != "" && cmd.Name[0] == 0x16: // a TLS record with a handshake
		return s.text(textClientHello)
	case fault.Status.Detail == 2: // not even readable
		return fault.Reply()
	case smtp.Foreign(cmd.Name) == "POP3":
		return s.text(textPOP3)
	case cmd.Name == ".":
		return s.text(textLoneDot)
	case joined(cmd.Name) != "":
		return s.textf(textDidYouMean, joined(cmd.Name))
	case isField(cmd.Name):
		return s.text(textHeaderField)
	}
	if e := smtp.ExtensionNamed(cmd.Name); e != 0 {
		return s.textf(textKeyword, e.Keyword())
	}
	if v := smtp.Nearest(cmd.Name, s.serves); v != smtp.Unknown {
		return s.textf(textDidYouMean, v.String())
	}
	return s.text(textUnknown)
}

const endHTTP = "refused: an HTTP request"

// isHTTP says that a line that could not be read begins as browsers begin.
func isHTTP(start []byte) bool {
	name, _, _ := bytes.Cut(start, []byte(" "))
	return smtp.Foreign(string(name)) == "HTTP"
}

// joined is what is meant by two words without the blank between, "MAILFROM:<x@y>".
func joined(word string) string {
	head, _, _ := strings.Cut(strings.ToUpper(word), ":")
	return map[string]string{"MAILFROM": "MAIL FROM:", "RCPTTO": "RCPT TO:"}[head]
}

// isField says that a line begins as a header field does, "Subject:", and not
// as a verb with a colon too many.
func isField(word string) bool {
	name, _, found := strings.Cut(word, ":")
	return found && name != "" && smtp.VerbNamed(name) == smtp.Unknown
}
