package pop3

import (
	"bytes"
	"crypto/md5" // RFC 1939 §7 prescribes it for APOP
	"encoding/hex"
)

// Timestamp finds the APOP timestamp in a greeting: the first <…> of printable
// ASCII with an @ inside, brackets included (RFC 1939 §7, RFC 2449 §3). It is
// nil when there is none, and the server does not know APOP.
func Timestamp(greeting []byte) []byte {
	start := bytes.IndexByte(greeting, '<')
	if start < 0 {
		return nil
	}
	end := bytes.IndexByte(greeting[start:], '>')
	if end < 0 {
		return nil
	}
	stamp := greeting[start : start+end+1]
	at := bytes.IndexByte(stamp, '@')
	if at < 2 || at == len(stamp)-2 || !isVisible(stamp) || bytes.IndexByte(stamp[1:], '<') >= 0 {
		return nil
	}
	return stamp
}

// Digest is APOP's second argument: the MD5 of timestamp and secret in
// lower-case hexadecimal (RFC 1939 §7).
func Digest(timestamp string, secret []byte) string {
	h := md5.New()
	h.Write([]byte(timestamp))
	h.Write(secret)
	return hex.EncodeToString(h.Sum(nil))
}
