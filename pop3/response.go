package pop3

import (
	"bytes"
	"strings"
)

// Status is how a response begins.
type Status uint8

const (
	OK       Status = iota + 1 // +OK
	Err                        // -ERR
	Continue                   // "+ ", the server's challenge in AUTH (RFC 5034 §4)
)

// String is the status as it is sent; servers send it in upper case only
// (RFC 1939 §3).
func (s Status) String() string {
	switch s {
	case OK:
		return "+OK"
	case Err:
		return "-ERR"
	case Continue:
		return "+"
	}
	return ""
}

// Response codes (RFC 2449 §8.1, RFC 3206, RFC 6856 §5).
const (
	InUse      = "IN-USE"
	LoginDelay = "LOGIN-DELAY"
	SysTemp    = "SYS/TEMP"
	SysPerm    = "SYS/PERM"
	AuthCode   = "AUTH"
	UTF8Code   = "UTF8"
)

// Response is the first line of a response, understood. It refers to the line
// it was parsed from.
type Response struct {
	Line   []byte // lent, without its CRLF
	Status Status
	Code   Span // the response code without brackets (RFC 2449 §8); empty when there is none
	Text   Span // what follows the code, or a challenge's base64
}

// ParseResponse reads the first line of a response, or a challenge, without
// its CRLF (RFC 2449 §3, RFC 5034 §5).
func ParseResponse(line []byte) (Response, *Fault) {
	r := Response{Line: line}
	var at int
	switch {
	case hasStatus(line, "+OK"):
		r.Status, at = OK, 3
	case hasStatus(line, "-ERR"):
		r.Status, at = Err, 4
	case hasStatus(line, "+"):
		r.Status, at = Continue, 1
	default:
		return r, &Fault{NoStatus, 0, "A response begins with +OK, -ERR or +"}
	}
	if at < len(line) {
		at++
	}
	if r.Status != Continue {
		if n := codeLen(line[at:]); n > 0 {
			r.Code = Span{at + 1, n - 2}
			at += n
			if at < len(line) && line[at] == ' ' {
				at++
			}
		}
	}
	r.Text = Span{at, len(line) - at}
	return r, nil
}

// hasStatus says that the line is the status, alone or with a space after it.
func hasStatus(line []byte, status string) bool {
	n := len(status)
	return len(line) >= n && string(line[:n]) == status && (len(line) == n || line[n] == ' ')
}

// codeLen is the length of "[code]" at the front of text, 0 when none is there:
// "[" resp-level *("/" resp-level) "]".
func codeLen(text []byte) int {
	if len(text) == 0 || text[0] != '[' {
		return 0
	}
	end := bytes.IndexByte(text, ']')
	if end < 2 || text[1] == '/' || text[end-1] == '/' {
		return 0
	}
	for i, b := range text[1:end] {
		if b <= ' ' || b > '~' || b == '/' && text[i] == '/' {
			return 0
		}
	}
	return end + 1
}

// HasCode says whether the response's code is code or a detail of it.
func (r *Response) HasCode(code string) bool {
	return IsCode(string(r.Code.Of(r.Line)), code)
}

// IsCode says whether a response code is code or a detail of it, in any case:
// detail that nobody knows is ignored (RFC 2449 §8).
func IsCode(have, code string) bool {
	if len(have) < len(code) || !strings.EqualFold(have[:len(code)], code) {
		return false
	}
	return len(have) == len(code) || have[len(code)] == '/'
}

// AppendResponse writes a response's first line without CRLF. code may be "".
func AppendResponse(dst []byte, s Status, code, text string) []byte {
	dst = append(dst, s.String()...)
	if s == Continue || code != "" || text != "" {
		dst = append(dst, ' ')
	}
	if code != "" {
		dst = append(append(append(dst, '['), code...), ']')
		if text != "" {
			dst = append(dst, ' ')
		}
	}
	return append(dst, text...)
}
