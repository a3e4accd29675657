package dsn

import (
	"strings"

	"posta/mail"
)

// Cause is what went wrong, as far as a status says that, for people: what it
// means and what the reader can do.
type Cause string

const (
	NoUser        Cause = "no user"
	BadAddress    Cause = "bad address"
	Moved         Cause = "moved"
	Disabled      Cause = "disabled"
	Full          Cause = "full"
	FullYet       Cause = "full yet" // and it is tried again
	TooLarge      Cause = "too large"
	NoDomain      Cause = "no domain"
	NoMail        Cause = "no mail" // the domain takes none (RFC 7505)
	NoWay         Cause = "no way"
	Loop          Cause = "loop"
	Misled        Cause = "misled" // the domain's mail leads to this server, which has not the domain
	Expired       Cause = "expired"
	Silent        Cause = "silent"  // the other server does not answer
	Unknown       Cause = "unknown" // DNS does not answer
	Blocked       Cause = "blocked"
	Unproven      Cause = "unproven" // sender's identity: SPF, DKIM, DMARC (RFC 7372)
	NoTLS         Cause = "no TLS"
	LogIn         Cause = "log-in"
	EightBit      Cause = "eight bit"
	International Cause = "international" // the recipient's address in UTF-8 (RFC 6531)
	OfSender      Cause = "of sender"     // the same of the sender's
	WideHeader    Cause = "wide header"   // UTF-8 in the header (RFC 6531 §3.5)
	Content       Cause = "content"
	TooMany       Cause = "too many"
	Returned      Cause = "returned" // by an administrator
	Refused       Cause = "refused"  // and the other server's words say why
	OwnRule       Cause = "own rule" // this server lets it go no further, and has asked nobody
	Later         Cause = "later"
)

// cause reads a status (RFC 3463 §3, RFC 7372, RFC 7505). What went well has none.
func (rc *Recipient) cause() Cause {
	if rc.Action != Failed && rc.Action != Delayed {
		return ""
	}
	if rc.Returned {
		return Returned
	}
	c := causeOf(rc.Status)
	switch {
	case c == Full && rc.Action == Delayed:
		return FullYet
	case c == Blocked && rc.Diagnostic == "":
		return OwnRule
	case c == Loop && rc.Diagnostic == "": // it went nowhere
		return Misled
	case c != "":
		return c
	case rc.Action == Delayed:
		return Later
	case rc.Diagnostic != "":
		return Refused
	}
	return ""
}

// cause is what went wrong with a recipient. An address that a host cannot take for
// its letters may be the sender's, where the recipient's has none: its domain goes as
// an A-label.
func (r *Report) cause(rc *Recipient) Cause {
	c := rc.cause()
	final := fromUnitext(rc.Final)
	if local := final[:max(strings.LastIndexByte(final, '@'), 0)]; c == International && mail.IsASCII(local) && !r.To.IsASCII() {
		return OfSender
	}
	return c
}

// ofAddress says that it is about the address, which who wrote it could mend.
func (c Cause) ofAddress() bool {
	switch c {
	case NoUser, BadAddress, Moved, Disabled, Full, FullYet, NoDomain, NoMail, NoWay, Misled, International:
		return true
	}
	return false
}

func causeOf(s mail.Status) Cause {
	switch s.Subject {
	case 1:
		return addressing(s.Detail)
	case 2:
		return mailbox(s.Detail)
	case 3:
		return system(s.Detail)
	case 4:
		return network(s.Detail)
	case 5:
		if s.Detail == 3 {
			return TooMany
		}
	case 6:
		return content(s.Detail)
	case 7:
		return policy(s)
	}
	return ""
}

func addressing(detail uint16) Cause {
	switch detail {
	case 1:
		return NoUser
	case 2:
		return NoDomain
	case 3, 4:
		return BadAddress
	case 6:
		return Moved
	case 10:
		return NoMail
	}
	return ""
}

func mailbox(detail uint16) Cause {
	switch detail {
	case 1:
		return Disabled
	case 2:
		return Full
	case 3:
		return TooLarge
	}
	return ""
}

func system(detail uint16) Cause {
	if detail == 4 {
		return TooLarge
	}
	return ""
}

func network(detail uint16) Cause {
	switch detail {
	case 1, 2:
		return Silent
	case 3:
		return Unknown
	case 4:
		return NoWay
	case 6:
		return Loop
	case 7:
		return Expired
	}
	return ""
}

func content(detail uint16) Cause {
	switch detail {
	case 3:
		return EightBit
	case 7:
		return International
	case 9:
		return WideHeader
	}
	return Content
}

func policy(s mail.Status) Cause {
	switch s.Detail {
	case 4, 8, 9:
		return LogIn
	case 5, 10, 11, 12, 30:
		return NoTLS
	case 20, 21, 22, 23, 24, 25, 26, 27:
		return Unproven
	}
	if s.Class == 5 {
		return Blocked
	}
	return ""
}

// wrapped breaks a text into lines that people can read, each behind the indent.
func wrapped(indent, text string) string {
	const most = 74
	var b strings.Builder
	line := indent
	for _, word := range strings.Fields(text) {
		if len([]rune(line))+1+len([]rune(word)) > most && line != indent {
			b.WriteString(line + "\r\n")
			line = indent
		}
		if line != indent {
			line += " "
		}
		line += word
	}
	return b.String() + line + "\r\n"
}
