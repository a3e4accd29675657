package capture

import "bytes"

// dialed says which side of a connection dialed. It is sure where the packet
// is one of the handshake's first two; otherwise it is a guess: by what its
// first octets say, by mail's ports, by the lower port.
func dialed(s *segment) (side uint8, sure bool) {
	other := 1 - s.side
	switch s.flags & (flagSYN | flagACK) {
	case flagSYN:
		return s.side, true
	case flagSYN | flagACK:
		return other, true
	}
	switch {
	case soundsLikeServer(s.payload):
		return other, false
	case soundsLikeClient(s.payload):
		return s.side, false
	}
	mailA, mailB := isMail(s.key.portA), isMail(s.key.portB)
	if mailA != mailB {
		if mailA {
			return 1, false
		}
		return 0, false
	}
	if s.key.portA < s.key.portB {
		return 1, false
	}
	return 0, false
}

// isMail knows the ports of mail's servers, and those that posta moves to.
func isMail(port uint16) bool {
	switch port {
	case 25, 465, 587, 110, 995, 143, 993, 2525, 2587, 2465, 2110, 2995, 3525, 3110:
		return true
	}
	return false
}

// soundsLikeServer knows replies of SMTP, POP3 and IMAP.
func soundsLikeServer(b []byte) bool {
	if len(b) >= 4 && b[0] >= '2' && b[0] <= '5' && isDigit(b[1]) && isDigit(b[2]) && (b[3] == ' ' || b[3] == '-') {
		return true
	}
	for _, reply := range []string{"+OK", "-ERR", "* OK", "* PREAUTH"} {
		if len(b) >= len(reply) && string(b[:len(reply)]) == reply {
			return true
		}
	}
	return false
}

// soundsLikeClient knows commands that begin a session or stand in the middle of one.
func soundsLikeClient(b []byte) bool {
	verb, _, ends := bytes.Cut(b[:min(len(b), 16)], []byte(" "))
	if !ends {
		verb, _, ends = bytes.Cut(b[:min(len(b), 16)], []byte("\r\n"))
	}
	if !ends {
		return false
	}
	for _, known := range []string{"EHLO", "HELO", "MAIL", "RCPT", "DATA", "BDAT", "RSET", "AUTH", "STARTTLS", "QUIT", "NOOP",
		"ETRN", "USER", "PASS", "APOP", "STAT", "LIST", "UIDL", "RETR", "TOP", "DELE", "CAPA", "STLS"} {
		if len(verb) == len(known) && bytes.EqualFold(verb, []byte(known)) {
			return true
		}
	}
	return false
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
