package smtp

import (
	"math"
	"strings"
	"unicode/utf8"

	"posta/mail"
)

// Param is one ESMTP parameter (RFC 5321 §4.1.2). Value is as sent, "" where
// no "=" stood.
type Param struct {
	Key, Value         string
	KeySpan, ValueSpan Span
}

func (p Param) String() string {
	if p.Value == "" {
		return p.Key
	}
	return p.Key + "=" + p.Value
}

// maxParams bounds the parameters of one command; the standards define nine.
const maxParams = 32

// params takes the parameters off the line's end. It knows their form only:
// which ones are served is Envelope's and Recipient's question.
func (p *parser) params(c *Command) *Fault {
	p.blanks()
	for p.pos < len(p.src) {
		word, at := p.word()
		param, f := parseParam(word, at)
		if f != nil {
			return f
		}
		for _, other := range c.Params {
			if strings.EqualFold(other.Key, param.Key) {
				return badArg(at, "A parameter stands twice") // RFC 3461 §4.5
			}
		}
		if len(c.Params) == maxParams {
			return badArg(at, "Too many parameters")
		}
		c.Params = append(c.Params, param)
	}
	return nil
}

func parseParam(word string, at Span) (Param, *Fault) {
	key, value, hasValue := strings.Cut(word, "=")
	p := Param{Key: key, Value: value, KeySpan: Span{at.Off, len(key)}}
	if !isKeyword(key) {
		return p, badArg(at, "Malformed parameter; write KEYWORD or KEYWORD=value")
	}
	if !hasValue {
		return p, nil
	}
	p.ValueSpan = Span{at.Off + len(key) + 1, len(value)}
	if value == "" || strings.IndexByte(value, '=') >= 0 {
		return p, badArg(at, "Malformed parameter value")
	}
	return p, nil
}

// isKeyword is esmtp-keyword of RFC 5321 §4.1.2.
func isKeyword(s string) bool {
	if s == "" || s[0] == '-' {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && c != '-' {
			return false
		}
	}
	return true
}

// paramRow is one parameter: where it may stand, which extension brings it,
// and what it sets. One of mail and rcpt is set.
type paramRow struct {
	key  string
	ext  Extension
	flag bool // takes no value; all others must have one
	mail func(*mail.Envelope, string) *Fault
	rcpt func(*mail.Recipient, string) *Fault
}

// mailParam is the table of MAIL's parameters.
func mailParam(key string) (paramRow, bool) {
	switch {
	case strings.EqualFold(key, "SIZE"):
		return paramRow{key: "SIZE", ext: ExtSize, mail: setSize}, true
	case strings.EqualFold(key, "BODY"):
		return paramRow{key: "BODY", ext: Ext8BitMIME, mail: setBody}, true
	case strings.EqualFold(key, "SMTPUTF8"):
		return paramRow{key: "SMTPUTF8", ext: ExtSMTPUTF8, flag: true, mail: setUTF8}, true
	case strings.EqualFold(key, "AUTH"):
		return paramRow{key: "AUTH", ext: ExtAuth, mail: setAuth}, true
	case strings.EqualFold(key, "RET"):
		return paramRow{key: "RET", ext: ExtDSN, mail: setRet}, true
	case strings.EqualFold(key, "ENVID"):
		return paramRow{key: "ENVID", ext: ExtDSN, mail: setEnvID}, true
	}
	return paramRow{}, false
}

// rcptParam is the table of RCPT's parameters.
func rcptParam(key string) (paramRow, bool) {
	switch {
	case strings.EqualFold(key, "NOTIFY"):
		return paramRow{key: "NOTIFY", ext: ExtDSN, rcpt: setNotify}, true
	case strings.EqualFold(key, "ORCPT"):
		return paramRow{key: "ORCPT", ext: ExtDSN, rcpt: setOrcpt}, true
	}
	return paramRow{}, false
}

// Envelope gives what a MAIL command says, where the extensions in offered are
// served; other parameters get 555 (RFC 5321 §4.1.1.11).
func (c Command) Envelope(offered Extension) (mail.Envelope, *Fault) {
	if len(c.Params) == 0 {
		return mail.Envelope{From: c.Path.Address}, nil // without the allocation that the table costs
	}
	env := mail.Envelope{From: c.Path.Address}
	for _, p := range c.Params {
		row, known := mailParam(p.Key)
		if f := row.check(p, known, offered); f != nil {
			return env, f
		}
		if f := row.mail(&env, p.Value); f != nil {
			f.Span = p.ValueSpan
			return env, f
		}
	}
	return env, nil
}

// Recipient gives what a RCPT command says, as Envelope does for MAIL.
func (c Command) Recipient(offered Extension) (mail.Recipient, *Fault) {
	if len(c.Params) == 0 {
		return mail.Recipient{To: c.Path.Address}, nil
	}
	to := mail.Recipient{To: c.Path.Address}
	for _, p := range c.Params {
		row, known := rcptParam(p.Key)
		if f := row.check(p, known, offered); f != nil {
			return to, f
		}
		if f := row.rcpt(&to, p.Value); f != nil {
			f.Span = p.ValueSpan
			return to, f
		}
	}
	return to, nil
}

func (row paramRow) check(p Param, known bool, offered Extension) *Fault {
	switch {
	case !known:
		return &Fault{Code: 555, Status: statusBadArg(), Text: "Parameter not recognized", Span: p.KeySpan}
	case !offered.Has(row.ext):
		return &Fault{Code: 555, Status: statusBadArg(), Text: row.key + " is not served here", Span: p.KeySpan}
	case row.flag && p.Value != "":
		return badArg(p.ValueSpan, row.key+" takes no value")
	case !row.flag && p.Value == "":
		return badArg(p.KeySpan, row.key+" needs a value")
	}
	return nil
}

// HasUTF8 says that VRFY or EXPN carried SMTPUTF8 (RFC 6531 §3.7.4.2).
func (c Command) HasUTF8() bool {
	return len(c.Params) == 1 && strings.EqualFold(c.Params[0].Key, "SMTPUTF8")
}

// setSize reads size-value, 1*20DIGIT (RFC 1870 §4). More than 63 bits are as
// much too big as 63.
func setSize(env *mail.Envelope, v string) *Fault {
	n, ok := parseDigits(v, 20)
	if !ok {
		if len(v) > 20 || strings.Trim(v, "0123456789") != "" {
			return badArg(Span{}, "SIZE is a number of octets")
		}
		n = math.MaxInt64
	}
	env.Size = n
	return nil
}

// setBody reads BODY (RFC 6152 §3). BINARYMIME is another extension's
// (RFC 3030 §3), which POP3 cannot carry on.
func setBody(env *mail.Envelope, v string) *Fault {
	switch {
	case strings.EqualFold(v, "7BIT"):
		env.Body = mail.Body7Bit
	case strings.EqualFold(v, "8BITMIME"):
		env.Body = mail.Body8BitMIME
	case strings.EqualFold(v, "BINARYMIME"):
		return &Fault{Code: 555, Status: statusBadArg(), Text: "BODY=BINARYMIME is not served here"}
	default:
		return badArg(Span{}, "BODY is 7BIT or 8BITMIME")
	}
	return nil
}

func setUTF8(env *mail.Envelope, _ string) *Fault {
	env.UTF8 = true
	return nil
}

// setAuth reads AUTH= (RFC 4954 §5): an xtext with a mailbox or "<>".
func setAuth(env *mail.Envelope, v string) *Fault {
	s, err := DecodeXtext(v)
	if err == nil && s != "<>" {
		_, err = mail.ParseAddress(s)
	}
	if err != nil {
		return badArg(Span{}, "AUTH is <> or a mailbox as xtext")
	}
	env.Auth = s
	return nil
}

// setRet reads RET (RFC 3461 §4.3).
func setRet(env *mail.Envelope, v string) *Fault {
	switch {
	case strings.EqualFold(v, "FULL"):
		env.Ret = mail.RetFull
	case strings.EqualFold(v, "HDRS"):
		env.Ret = mail.RetHdrs
	default:
		return badArg(Span{}, "RET is FULL or HDRS")
	}
	return nil
}

// setEnvID reads ENVID: at most 100 characters of xtext that hold printable
// ASCII (RFC 3461 §4.4).
func setEnvID(env *mail.Envelope, v string) *Fault {
	s, err := DecodeXtext(v)
	if err != nil || len(v) > 100 || !isPrintable(s) {
		return badArg(Span{}, "ENVID is at most 100 characters of xtext")
	}
	env.EnvID = s
	return nil
}

// setNotify reads NOTIFY: NEVER alone, or a list (RFC 3461 §4.1).
func setNotify(to *mail.Recipient, v string) *Fault {
	const wrong = "NOTIFY is NEVER, or some of SUCCESS,FAILURE,DELAY"
	if strings.EqualFold(v, "NEVER") {
		to.Notify = mail.NotifyNever
		return nil
	}
	for word := range strings.SplitSeq(v, ",") {
		bit := notifyBit(word)
		if bit == 0 || to.Notify&bit != 0 {
			return badArg(Span{}, wrong)
		}
		to.Notify |= bit
	}
	return nil
}

func notifyBit(word string) mail.Notify {
	switch {
	case strings.EqualFold(word, "SUCCESS"):
		return mail.NotifySuccess
	case strings.EqualFold(word, "FAILURE"):
		return mail.NotifyFailure
	case strings.EqualFold(word, "DELAY"):
		return mail.NotifyDelay
	}
	return 0
}

// setOrcpt reads ORCPT: addr-type ";" xtext, at most 500 characters
// (RFC 3461 §4.2). Only the type utf-8 may hold other than ASCII
// (RFC 6533 §3); its own \x{…} forms stay.
func setOrcpt(to *mail.Recipient, v string) *Fault {
	kind, text, ok := strings.Cut(v, ";")
	s, err := DecodeXtext(text)
	utf := strings.EqualFold(kind, "utf-8")
	if !ok || err != nil || len(v) > 500 || text == "" || !isAtom(kind) || !isPrintable(s) && (!utf || !isClean(s)) {
		return badArg(Span{}, "ORCPT is an address type, a semicolon and an address as xtext")
	}
	to.Orcpt = kind + ";" + s
	return nil
}

// isAtom is atom of RFC 5322 §3.2.3.
func isAtom(s string) bool {
	for i := range len(s) {
		c := s[i]
		alnum := c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
		if !alnum && strings.IndexByte("!#$%&'*+-/=?^_`{|}~", c) < 0 {
			return false
		}
	}
	return s != ""
}

// isPrintable says that s is graphic ASCII and spaces.
func isPrintable(s string) bool { return mail.IsASCII(s) && isClean(s) }

// isClean says that s is UTF-8 without control characters.
func isClean(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] == 0x7f {
			return false
		}
	}
	return utf8.ValidString(s)
}
