package smtp

import (
	"strings"

	"posta/mail"
)

// Nearest is the verb that a mistyped name was probably meant to be, among
// those that served accepts; Unknown if none is near. One mistake is near, two
// are where the first letter is right and the name is not short; two swapped
// letters are one mistake. What other programs say for QUIT means that.
func Nearest(name string, served func(Verb) bool) Verb {
	name = strings.ToUpper(name)
	switch name {
	case "EXIT", "BYE", "LOGOUT", "CLOSE": // how one leaves elsewhere
		return QUIT
	}
	if len(name) < 3 || len(name) > 12 || !mail.IsASCII(name) {
		return Unknown
	}
	best, least := Unknown, 3
	for v := Unknown + 1; v < verbs; v++ {
		if !served(v) {
			continue
		}
		target := v.String()
		d := distance(name, target)
		if d == 2 && (len(name) == 3 || name[0] != target[0]) {
			continue
		}
		if d < least {
			best, least = v, d
		}
	}
	return best
}

// distance counts insertions, deletions, changes and swaps of neighbours that
// turn a into b. Both are short.
func distance(a, b string) int {
	var rows [3][16]int
	for j := range len(b) + 1 {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		row, up := &rows[i%3], &rows[(i-1)%3]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(up[j]+1, row[j-1]+1, up[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], rows[(i-2)%3][j-2]+1)
			}
		}
	}
	return rows[len(a)%3][len(b)]
}

// Foreign names the protocol of which a word is a command, and not of SMTP:
// "HTTP" or "POP3"; "" for others. HTTP's commands and first header fields are
// how a web page can make a browser speak to a server on loopback.
func Foreign(name string) string {
	if field := strings.IndexByte(name, ':'); field >= 0 {
		name = name[:field+1] // a header field may have its value right behind the colon
	}
	switch strings.ToUpper(name) {
	case "GET", "POST", "PUT", "HEAD", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "PRI",
		"HOST:", "USER-AGENT:", "CONTENT-LENGTH:", "CONTENT-TYPE:", "ORIGIN:", "REFERER:", "CONNECTION:", "COOKIE:", "ACCEPT:":
		return "HTTP"
	case "USER", "PASS", "APOP", "STAT", "LIST", "RETR", "DELE", "UIDL", "TOP", "CAPA", "STLS":
		return "POP3"
	}
	return ""
}
