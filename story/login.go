package story

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"strings"
	"unicode/utf16"

	"posta/event"
)

// login follows a log-in.
type login struct {
	Login
	answers int
}

func newLogin(mechanism string) *login {
	return &login{Login: Login{Mechanism: strings.ToUpper(clip(mechanism))}}
}

// secret takes a password, unless posta has left it out.
func (l *login) secret(password string) {
	if password == event.Masked {
		l.Masked = true
		return
	}
	l.Password, l.Readable = clip(password), true
}

// answer takes the client's next answer, in base64 (RFC 4954 §4, RFC 5034 §4).
func (l *login) answer(line []byte, at Moment) {
	l.answers++
	if string(line) == "*" { // it gives up
		return
	}
	if string(line) == event.Masked {
		l.Masked, l.At = true, at
		return
	}
	if string(line) == "=" { // an initial answer of no octets
		line = nil
	}
	clear, err := base64.StdEncoding.DecodeString(string(line))
	if err != nil {
		return
	}
	switch l.Mechanism {
	case "LOGIN": // never standardised
		l.Base64 = true
		switch l.answers {
		case 1:
			l.User, l.At = clip(string(clear)), at
		case 2:
			l.At = at
			l.secret(string(clear))
		}
	case "PLAIN": // RFC 4616 §2
		if parts := bytes.SplitN(clear, []byte{0}, 3); len(parts) == 3 {
			l.User, l.Base64, l.At = clip(string(parts[1])), true, at
			l.secret(string(parts[2]))
		}
	case "XOAUTH2", "OAUTHBEARER": // RFC 7628 §3.1
		l.bearer(clear, at)
	case "CRAM-MD5": // RFC 2195 §2
		if user, _, ok := cutLast(string(clear), " "); ok {
			l.User, l.At = clip(user), at
		}
	case "DIGEST-MD5": // RFC 2831 §2.1.2
		if _, rest, ok := strings.Cut(string(clear), `username="`); ok {
			user, _, _ := strings.Cut(rest, `"`)
			l.User, l.At = clip(user), at
		}
	case "EXTERNAL", "ANONYMOUS":
		l.User, l.At = clip(string(clear)), at
	case "NTLM":
		if user := ntlmUser(clear); user != "" {
			l.User, l.At = clip(user), at
		}
	default:
		if strings.HasPrefix(l.Mechanism, "SCRAM-") && l.answers == 1 { // RFC 5802 §7
			l.User, l.At = scramUser(string(clear)), at
		}
	}
}

// ntlmUser reads the user, and before it the domain, of NTLM's third message
// (MS-NLMP 2.2.1.3).
func ntlmUser(message []byte) string {
	const domain, user, flags, least = 28, 36, 60, 64
	if len(message) < least || !bytes.HasPrefix(message, []byte("NTLMSSP\x00\x03\x00\x00\x00")) {
		return ""
	}
	wide := binary.LittleEndian.Uint32(message[flags:])&1 != 0
	part := func(at int) string {
		n, off := int(binary.LittleEndian.Uint16(message[at:])), int(binary.LittleEndian.Uint32(message[at+4:]))
		if off > len(message) || n > len(message)-off {
			return ""
		}
		octets := message[off : off+n]
		if !wide {
			return string(octets)
		}
		units := make([]uint16, 0, n/2)
		for ; len(octets) > 1; octets = octets[2:] {
			units = append(units, binary.LittleEndian.Uint16(octets))
		}
		return string(utf16.Decode(units))
	}
	name := part(user)
	if house := part(domain); house != "" && name != "" {
		name = house + `\` + name
	}
	return name
}

// bearer reads a token, which is as good as a password while it lasts.
func (l *login) bearer(clear []byte, at Moment) {
	for _, part := range strings.Split(string(clear), "\x01") {
		if user, ok := strings.CutPrefix(part, "user="); ok {
			l.User = clip(user)
		}
		if _, user, ok := strings.Cut(part, ",a="); ok {
			l.User = clip(strings.TrimSuffix(user, ","))
		}
		if token, ok := strings.CutPrefix(part, "auth=Bearer "); ok {
			l.Base64, l.At = true, at
			l.secret(token)
		}
	}
}

func scramUser(first string) string {
	for _, part := range strings.Split(first, ",") {
		if name, ok := strings.CutPrefix(part, "n="); ok {
			return clip(strings.NewReplacer("=2C", ",", "=3D", "=").Replace(name))
		}
	}
	return ""
}

func cutLast(text, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(text, sep); i >= 0 {
		return text[:i], text[i+len(sep):], true
	}
	return text, "", false
}
