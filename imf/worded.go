package imf

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// appendWorded appends a header in ASCII that says the same as one with UTF-8:
// text and names in encoded words (RFC 2047), parameters as RFC 2231 has them. It
// is not ok where something else has UTF-8, as an address, which ASCII cannot say.
// fields are those of a Scanner that began with head.
func appendWorded(dst, head []byte, fields []Field) (out []byte, ok bool) {
	at := int32(0)
	for _, f := range fields {
		dst = append(dst, head[at:f.Start]...)
		at = f.End
		whole := head[f.Start:f.End]
		if isASCII(whole) {
			dst = append(dst, whole...)
			continue
		}
		if !bytes.HasSuffix(whole, []byte("\r\n")) && int(f.End) != len(head) || !saysSame(head, f) {
			return nil, false
		}
		dst = appendNarrow(dst, head, f)
	}
	dst = append(dst, head[at:]...)
	return dst, isASCII(dst)
}

// saysSame says that nothing is lost of a field in its narrow form.
func saysSame(head []byte, f Field) bool {
	text := f.Text(head)
	if !utf8.ValidString(text) {
		return false
	}
	switch f.Kind {
	case From, Sender, ReplyTo, To, Cc, Bcc, ResentFrom, ResentSender, ResentTo, ResentCc, ResentBcc:
		list, err := ParseMailboxes(text)
		if err != nil || len(list) == 0 || strings.Contains(text, ";") { // a group, whose name would be lost
			return false
		}
		for _, m := range list {
			if !isASCII([]byte(m.Addr)) {
				return false
			}
		}
		return true
	case ContentType, ContentDisposition:
		return narrowParameters(text) != questioned(text)
	case Subject:
		return true
	case Other:
		return unstructured(strings.ToLower(string(f.Name(head))))
	}
	return false
}

// unstructured says that a field's value is text, as that of all is that nobody
// says otherwise of (RFC 5322 §3.6.8).
func unstructured(lower string) bool {
	for _, family := range []string{"arc-", "authentication-", "content-", "list-", "received-", "resent-"} {
		if strings.HasPrefix(lower, family) {
			return lower == "content-description"
		}
	}
	return lower != "keywords" && !strings.HasSuffix(lower, "-to") // Disposition-Notification-To and the like
}

// worded is an entity whose header is in ASCII; nil where it cannot be.
func (e *entity) worded() *entity {
	if isASCII(e.head) {
		return e
	}
	head, ok := appendWorded(nil, e.head, e.fields)
	if !ok {
		return nil
	}
	s := Scanner{Max: len(head) + 1}
	if s.Scan(head) == More {
		s.Finish()
	}
	again := *e
	again.head, again.fields, again.end = head, s.Fields(), s.End()
	return &again
}
