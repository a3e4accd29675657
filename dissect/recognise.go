package dissect

import (
	"bytes"
	"strings"

	"posta/event"
)

// maxLooks is in how many events of a connection it is looked for what is spoken.
const maxLooks = 32

// recognise looks at octets where the port does not say what is spoken, or says
// TLS; and whether a greeting is of another protocol than is usual at the port.
// It says that now it is known.
func (c *conn) recognise(e *event.Event) bool {
	greets := e.Dir == event.FromListener && !c.spoken[event.FromListener]
	alone := !c.spoken[event.FromDialer]
	c.spoken[e.Dir] = true
	if c.looked++; c.looked > maxLooks {
		c.byPort = false
		return false
	}
	protocol := ""
	switch {
	case greets && (alone || c.tls):
		protocol = greeting(e.Data, c.ends.Local.Port())
	case c.speaks != nil: // TLS, or what the port says
	case e.Dir == event.FromListener:
		protocol = answer(e.Data)
	default:
		protocol = asking(e.Data)
	}
	if greets {
		c.byPort = false
	}
	if protocol == "" || is(c.speaks, protocol) && !c.tls {
		return false
	}
	if c.speaks != nil {
		c.speaks.drop()
	}
	c.speaks, c.tls, c.byPort = speakerOf(protocol), false, false
	return true
}

// is says that a speaker is of a protocol.
func is(s speaker, protocol string) bool {
	switch s.(type) {
	case *smtpSpeaker:
		return protocol == "smtp"
	case *popSpeaker:
		return protocol == "pop"
	case *imapSpeaker:
		return protocol == "imap"
	}
	return false
}

const portFTP = 21

// greeting knows the first words of a server that speaks before the client does:
// 220 begins SMTP, and FTP, which says so; +OK POP3; * IMAP.
func greeting(b []byte, port uint16) string {
	switch {
	case begins(b, "220 ", "220-"):
		line, _, _ := bytes.Cut(b, []byte("\n"))
		if port == portFTP || bytes.Contains(bytes.ToUpper(line), []byte("FTP")) {
			return ""
		}
		return "smtp"
	case begins(b, "+OK ", "+OK\r"):
		return "pop"
	case begins(b, "* OK ", "* OK\r", "* PREAUTH ", "* BYE "):
		return "imap"
	}
	return ""
}

// answer knows what servers say in the middle of a session and others don't.
func answer(b []byte) string {
	switch {
	case begins(b, "354 ", "334 "), hasStatus(b):
		return "smtp"
	case begins(b, "* FLAGS (", "* CAPABILITY IMAP4", "* LIST (", "* SEARCH "):
		return "imap"
	}
	if count, ok := bytes.CutPrefix(b, []byte("+OK ")); ok {
		n := digits(count)
		if n > 0 && begins(count[n:], " octets") {
			return "pop"
		}
	}
	return ""
}

// hasStatus says that a reply has a status beside its code (RFC 3463 §2).
func hasStatus(b []byte) bool {
	if len(b) < 4 || digits(b[:3]) < 3 || b[3] != ' ' && b[3] != '-' || !strings.ContainsRune("245", rune(b[0])) {
		return false
	}
	class, rest, _ := bytes.Cut(b[4:min(len(b), 20)], []byte("."))
	subject, rest, _ := bytes.Cut(rest, []byte("."))
	detail := digits(rest)
	return len(class) == 1 && class[0] == b[0] && len(subject) > 0 && digits(subject) == len(subject) && detail > 0 && begins(rest[detail:], " ")
}

// asking knows commands that are of one protocol alone.
func asking(b []byte) string {
	line, _, ended := bytes.Cut(b[:min(len(b), 64)], []byte("\r\n"))
	first, rest := word(line, 0)
	verb, arguments := string(bytes.ToUpper(first)), line[rest:]
	numbered := len(arguments) > 0 && digits(arguments) == len(arguments)
	switch verb {
	case "EHLO", "HELO", "LHLO":
		return one(len(arguments) > 0, "smtp")
	case "MAIL":
		return one(begins(bytes.ToUpper(arguments), "FROM:"), "smtp")
	case "RCPT":
		return one(begins(bytes.ToUpper(arguments), "TO:"), "smtp")
	case "DATA":
		return one(ended && len(arguments) == 0, "smtp")
	case "BDAT":
		n := digits(arguments)
		return one(n > 0 && ended, "smtp")
	case "CAPA", "STLS", "UIDL":
		return one(ended && (len(arguments) == 0 || numbered), "pop")
	case "RETR", "DELE":
		return one(ended && numbered, "pop")
	case "APOP":
		return one(ended && bytes.Count(arguments, []byte(" ")) == 1, "pop")
	}
	return one(isTag(first) && isIMAP(arguments), "imap")
}

func one(yes bool, protocol string) string {
	if yes {
		return protocol
	}
	return ""
}

// isTag knows what clients of IMAP begin their lines with: letters and digits,
// or a dot.
func isTag(w []byte) bool {
	counted := false
	for _, c := range w {
		switch {
		case c >= '0' && c <= '9', c == '.':
			counted = true
		case c|0x20 < 'a' || c|0x20 > 'z':
			return false
		}
	}
	return counted && len(w) <= 20
}

// isIMAP knows the commands of RFC 9051 §6 that a session cannot be without.
func isIMAP(rest []byte) bool {
	verb, _ := word(rest, 0)
	switch strings.ToUpper(string(verb)) {
	case "CAPABILITY", "LOGIN", "AUTHENTICATE", "SELECT", "EXAMINE", "LIST", "LSUB", "STATUS", "APPEND", "FETCH", "UID", "STORE", "IDLE", "LOGOUT":
		return true
	}
	return false
}

func begins(b []byte, with ...string) bool {
	for _, one := range with {
		if len(b) >= len(one) && string(b[:len(one)]) == one {
			return true
		}
	}
	return false
}

// digits counts those at the front.
func digits(b []byte) (n int) {
	for n < len(b) && b[n] >= '0' && b[n] <= '9' {
		n++
	}
	return n
}
