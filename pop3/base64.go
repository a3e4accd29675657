package pop3

import (
	"bytes"
	"encoding/base64"
)

// DecodeSASL undoes the base64 of a challenge or response: nothing but its
// alphabet, pads at the end only (RFC 5034 §4). An empty line is an empty,
// non-nil response.
func DecodeSASL(b []byte) ([]byte, bool) {
	// encoding/base64 skips line ends; here they are rubbish.
	if bytes.IndexByte(b, '\r') >= 0 || bytes.IndexByte(b, '\n') >= 0 {
		return nil, false
	}
	out := make([]byte, base64.StdEncoding.DecodedLen(len(b)))
	n, err := base64.StdEncoding.Strict().Decode(out, b)
	if err != nil {
		return nil, false
	}
	return out[:n], true
}

// DecodeInitial undoes the initial response of AUTH, where "=" is an empty one.
func DecodeInitial(b []byte) ([]byte, bool) {
	if len(b) == 1 && b[0] == '=' {
		return []byte{}, true
	}
	if len(b) == 0 {
		return nil, false
	}
	return DecodeSASL(b)
}

// AppendChallenge writes a challenge line without CRLF: "+", one space, base64
// (RFC 5034 §4).
func AppendChallenge(dst, challenge []byte) []byte {
	return base64.StdEncoding.AppendEncode(append(dst, '+', ' '), challenge)
}
