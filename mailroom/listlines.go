package mailroom

import (
	"fmt"
	"net/url"
	"strings"

	"posta/directory"
	"posta/imf"
	"posta/mail"
)

// listFields are the fields of lists that a message has, or that its signature
// wants it not to have: a signer may name a field that is not there, so that
// nobody adds one (RFC 6376 §5.4). delivered is only that of Delivered-To.
type listFields struct{ id, post, unsubscribe, delivered bool }

// see notes a field of the header.
func (s *listFields) see(f imf.Field, octets []byte) {
	switch f.Kind {
	case imf.ListID:
		s.id = true
	case imf.ListPost:
		s.post = true
	case imf.ListUnsubscribe:
		s.unsubscribe = true
	case imf.DKIMSignature:
		for _, name := range signedNames(f.Text(octets)) {
			switch {
			case strings.EqualFold(name, "List-Id"):
				s.id = true
			case strings.EqualFold(name, "List-Post"):
				s.post = true
			case strings.EqualFold(name, "List-Unsubscribe"):
				s.unsubscribe = true
			case strings.EqualFold(name, "Delivered-To"):
				s.delivered = true
			}
		}
	}
}

// signedNames gives the names in the h= tag of a signature (RFC 6376 §3.5).
func signedNames(signature string) (names []string) {
	for tag := range strings.SplitSeq(signature, ";") {
		key, value, _ := strings.Cut(tag, "=")
		if strings.TrimSpace(key) != "h" {
			continue
		}
		for name := range strings.SplitSeq(value, ":") {
			names = append(names, strings.TrimSpace(name))
		}
	}
	return names
}

// listLines are what a list adds to a message for its members (RFC 2919, RFC
// 2369), below our other lines and above the message's own, none of which
// change: its signatures stay good. A message that another list has marked
// keeps its marks.
func (t *trace) listLines(l *directory.List) []byte {
	if t.has.id {
		return nil
	}
	a, err := mail.ParseAddress(l.Address)
	if err != nil {
		return nil
	}
	var b []byte
	if id := listID(a); id != "" {
		if l.Name != "" {
			id = phrase(l.Name) + " " + id
		}
		b = imf.AppendField(b, "List-Id", id)
	}
	if !t.has.post {
		post := "<" + mailto(a, "") + ">"
		if l.Kind == directory.Announcement {
			post = "NO (only its owner writes to this list)"
		}
		b = imf.AppendField(b, "List-Post", post)
	}
	if !t.has.unsubscribe {
		owner, err := mail.ParseAddress(l.Owner)
		if err != nil {
			owner = mail.Address{Local: "postmaster", Domain: a.Domain}
		}
		b = imf.AppendField(b, "List-Unsubscribe", "<"+mailto(owner, "unsubscribe "+l.Address)+">")
	}
	return b
}

// listID is the list's name under its domain, "<clase.pepito.es>"; "" where it
// cannot be one (RFC 2919 §2).
func listID(a mail.Address) string {
	id := "<" + a.Local + "." + a.Domain + ">"
	if !mail.IsASCII(id) || a.String() != a.Local+"@"+a.Domain || len(id) > 255 {
		return ""
	}
	return id
}

// mailto is the address as a URL (RFC 6068 §2).
func mailto(a mail.Address, subject string) string {
	to := strings.ReplaceAll(url.PathEscape(a.String()), "%40", "@")
	if subject == "" {
		return "mailto:" + to
	}
	return fmt.Sprintf("mailto:%s?subject=%s", to, strings.ReplaceAll(url.QueryEscape(subject), "+", "%20"))
}

// phrase is a display name as RFC 5322 §3.2.5 wants it.
func phrase(s string) string {
	if !mail.IsASCII(s) {
		return imf.EncodeWords(s)
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}
