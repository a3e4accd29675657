package directory

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"posta/mail"
)

// Key is the form of a local part by which it is found: lower case, NFC
// (RFC 6532 §3.1). RFC 5321 §2.4 leaves the meaning of case to us, who own the
// domain. The result costs nothing for the common spelling.
func Key(local string) string {
	if isPlainLower(local) {
		return local
	}
	return norm.NFC.String(strings.ToLower(norm.NFC.String(local)))
}

// Split takes a canonical address, as it stands in Account.Address,
// Alias.Address and List.Address, apart into what a Store looks it up by.
func Split(address string) (localKey, domain string) {
	if a, err := mail.ParseAddress(address); err == nil {
		return a.Local, a.Domain
	}
	at := strings.LastIndexByte(address, '@')
	if at < 0 {
		return address, ""
	}
	return address[:at], address[at+1:]
}

// isPlainLower says that s is ASCII without capitals.
func isPlainLower(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf || 'A' <= s[i] && s[i] <= 'Z' {
			return false
		}
	}
	return true
}
