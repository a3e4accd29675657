package imf

import (
	"bytes"
	"mime"
	"strings"
	"unicode/utf8"
)

// AppendSurrogate appends a header in ASCII that says as much of another as
// readers without UTF-8 can be told: the surrogate of RFC 6855 §7, to which RFC
// 6856 §2.1 sends POP3's servers. An address that ASCII cannot say becomes a
// group without members, as RFC 6857 §3.2.1 has it (RFC 6854 lets one stand in
// From:); the rest is done with RFC 6858's simplicity.
// fields are those of a Scanner that began with head. Fields in ASCII stay
// octet for octet, as does what stands around the fields.
func AppendSurrogate(dst, head []byte, fields []Field) []byte {
	at := int32(0)
	for _, f := range fields {
		dst = append(dst, head[at:f.Start]...)
		at = f.End
		if whole := head[f.Start:f.End]; isASCII(whole) {
			dst = append(dst, whole...)
		} else {
			dst = appendNarrow(dst, head, f)
		}
	}
	return append(dst, head[at:]...)
}

// appendNarrow appends one field in ASCII, or nothing.
func appendNarrow(dst, head []byte, f Field) []byte {
	value := ""
	last := !bytes.HasSuffix(f.Raw(head), []byte("\r\n")) // and the message ends in it
	switch f.Kind {
	case ReturnPath, DeliveredTo:
		if !last {
			return dst // another address would be a wrong one
		}
		value = questioned(f.Text(head))
	case From, Sender, ReplyTo, To, Cc, Bcc, ResentFrom, ResentSender, ResentTo, ResentCc, ResentBcc:
		value = narrowAddresses(f.Text(head))
	case Received, Date, MessageID, InReplyTo, References, MIMEVersion, ContentEncoding:
		value = questioned(f.Text(head))
	case ContentType, ContentDisposition:
		value = narrowParameters(f.Text(head))
	default:
		value = EncodeWords(DecodeWords(f.Text(head)))
	}
	dst = AppendField(dst, string(f.Name(head)), value)
	if last {
		dst = dst[:len(dst)-len("\r\n")]
	}
	return dst
}

// narrowAddresses writes mailboxes with names in encoded words. An address
// that ASCII cannot say becomes the name of a group without members.
func narrowAddresses(text string) string {
	list, err := ParseMailboxes(text)
	if err != nil || len(list) == 0 {
		return EncodeWords(DecodeWords(text))
	}
	out := make([]string, len(list))
	for i, m := range list {
		switch {
		case !isASCII([]byte(m.Addr)):
			out[i] = phrase(strings.TrimSpace(m.Name+" "+m.Addr)) + ":;"
		case m.Name == "":
			out[i] = m.Addr
		default:
			out[i] = phrase(m.Name) + " <" + m.Addr + ">"
		}
	}
	return strings.Join(out, ", ")
}

// phrase writes a display name (RFC 5322 §3.2.5). Base64 has none of the
// characters that RFC 2047 §5 forbids in a phrase.
func phrase(name string) string {
	if isASCII([]byte(name)) && !strings.ContainsFunc(name, isControl) {
		return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(name) + `"`
	}
	return mime.BEncoding.Encode("utf-8", name)
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f }

// narrowParameters writes a media type or disposition with its parameters as
// RFC 2231 has them.
func narrowParameters(text string) string {
	if kind, parameters, err := mime.ParseMediaType(text); err == nil {
		if out := mime.FormatMediaType(kind, parameters); out != "" && isASCII([]byte(out)) {
			return out
		}
	}
	return questioned(text)
}

// questioned has a question mark for each character that is not ASCII.
func questioned(text string) string {
	return strings.Map(func(r rune) rune {
		if r >= utf8.RuneSelf {
			return '?'
		}
		return r
	}, text)
}
