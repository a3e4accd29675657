package smtp

import (
	"strconv"
	"strings"
)

// Extension is a set of service extensions (RFC 5321 §2.2); a single one is a
// set of one.
type Extension uint32

const (
	ExtSize Extension = 1 << iota
	ExtPipelining
	Ext8BitMIME
	ExtSMTPUTF8
	ExtChunking
	ExtBinaryMIME
	ExtStatusCodes
	ExtDSN
	ExtAuth
	ExtStartTLS
	ExtExpn
	ExtHelp
	ExtEtrn
	ExtAtrn
	extEnd
)

// Has says that all of e are in the set.
func (x Extension) Has(e Extension) bool { return x&e == e }

// Keyword is the extension's EHLO keyword; "" for a set of none or several.
func (x Extension) Keyword() string {
	switch x {
	case ExtSize:
		return "SIZE" // RFC 1870
	case ExtPipelining:
		return "PIPELINING" // RFC 2920
	case Ext8BitMIME:
		return "8BITMIME" // RFC 6152
	case ExtSMTPUTF8:
		return "SMTPUTF8" // RFC 6531
	case ExtChunking:
		return "CHUNKING" // RFC 3030
	case ExtBinaryMIME:
		return "BINARYMIME" // RFC 3030
	case ExtStatusCodes:
		return "ENHANCEDSTATUSCODES" // RFC 2034
	case ExtDSN:
		return "DSN" // RFC 3461
	case ExtAuth:
		return "AUTH" // RFC 4954
	case ExtStartTLS:
		return "STARTTLS" // RFC 3207
	case ExtExpn:
		return "EXPN" // RFC 5321 §4.1.1.7
	case ExtHelp:
		return "HELP" // RFC 5321 §4.1.1.8
	case ExtEtrn:
		return "ETRN" // RFC 1985
	case ExtAtrn:
		return "ATRN" // RFC 2645
	}
	return ""
}

// Cites is where a standard has the extension; "" for a set of none or several.
func (x Extension) Cites() string {
	switch x {
	case ExtSize:
		return "RFC 1870 §3"
	case ExtPipelining:
		return "RFC 2920 §2"
	case Ext8BitMIME:
		return "RFC 6152 §2"
	case ExtSMTPUTF8:
		return "RFC 6531 §3.2"
	case ExtChunking, ExtBinaryMIME:
		return "RFC 3030 §2"
	case ExtStatusCodes:
		return "RFC 2034 §3"
	case ExtDSN:
		return "RFC 3461 §3"
	case ExtAuth:
		return "RFC 4954 §3"
	case ExtStartTLS:
		return "RFC 3207 §2"
	case ExtExpn:
		return "RFC 5321 §4.1.1.7"
	case ExtHelp:
		return "RFC 5321 §4.1.1.8"
	case ExtEtrn:
		return "RFC 1985 §3"
	case ExtAtrn:
		return "RFC 2645 §4"
	}
	return ""
}

// ExtensionNamed finds an extension by its EHLO keyword in any case
// (RFC 5321 §4.1.1.1); 0 if it is not known.
func ExtensionNamed(keyword string) Extension {
	for e := Extension(1); e < extEnd; e <<= 1 {
		if strings.EqualFold(e.Keyword(), keyword) {
			return e
		}
	}
	return 0
}

// Offer is what a server shows after EHLO.
type Offer struct {
	Extensions Extension
	MaxSize    int64    // for SIZE; 0: no fixed limit (RFC 1870 §4)
	Mechanisms []string // for AUTH (RFC 4954 §3)
}

// Lines are the keyword lines of the EHLO reply, without the first line that
// greets.
func (o Offer) Lines() []string {
	lines := make([]string, 0, 12)
	for e := Extension(1); e < extEnd; e <<= 1 {
		if !o.Extensions.Has(e) {
			continue
		}
		line := e.Keyword()
		switch e {
		case ExtSize:
			line += " " + strconv.FormatInt(o.MaxSize, 10)
		case ExtAuth:
			line += " " + strings.Join(o.Mechanisms, " ")
		}
		lines = append(lines, line)
	}
	return lines
}

// ParseOffer reads the keyword lines of an EHLO reply. Keywords that it does
// not know, and parameters that do not fit, are passed over: a client only
// uses what it understood.
func ParseOffer(lines []string) Offer {
	var o Offer
	for _, line := range lines {
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		e := ExtensionNamed(words[0])
		o.Extensions |= e
		switch {
		case e == ExtSize && len(words) == 2:
			if n, err := strconv.ParseInt(words[1], 10, 64); err == nil && n > 0 {
				o.MaxSize = n
			}
		case e == ExtAuth:
			for _, m := range words[1:] {
				if m = strings.ToUpper(m); isMechanism(m) {
					o.Mechanisms = append(o.Mechanisms, m)
				}
			}
		}
	}
	return o
}
