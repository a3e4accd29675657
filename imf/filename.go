package imf

import (
	"mime"
	"net/url"
	"strings"
)

// maxName bounds the octets of a file's name.
const maxName = 1000

// isAttached says that a Content-Disposition keeps its part apart from the
// text. An unknown kind counts as attachment (RFC 2183 §2.8).
func isAttached(text string) bool {
	kind, _, _ := strings.Cut(text, ";")
	kind = strings.TrimSpace(kind)
	return kind != "" && !strings.EqualFold(kind, "inline")
}

// fileName finds a file's name in a Content-Disposition, or a Content-Type
// with name. It reads what RFC 2183 and RFC 2231 write, encoded words (which
// RFC 2047 §5 forbids here and most programs write), names with blanks and
// without quotes, and other charsets than UTF-8.
func fileName(text, parameter string) string {
	_, params, err := mime.ParseMediaType(text)
	name := ""
	if err == nil {
		name = params[parameter]
	}
	if name == "" {
		name = wildName(text, parameter)
	}
	name = strings.ToValidUTF8(DecodeWords(name), "\ufffd")
	return strings.ToValidUTF8(name[:min(len(name), maxName)], "")
}

// wildName reads a parameter that mime does not understand.
func wildName(text, parameter string) string {
	for rest := text; ; {
		i := strings.IndexByte(rest, ';')
		if i < 0 {
			return ""
		}
		rest = rest[i+1:]
		key, value, ok := strings.Cut(rest, "=")
		if !ok {
			return ""
		}
		value = strings.TrimSpace(value)
		switch key = strings.ToLower(strings.TrimSpace(key)); {
		case key == parameter && strings.HasPrefix(value, `"`):
			value, _, _ = strings.Cut(value[1:], `"`)
			return value
		case key == parameter:
			value, _, _ = strings.Cut(value, ";")
			return strings.TrimSpace(value)
		case key == parameter+"*": // charset'language'octets (RFC 2231 §4)
			value, _, _ = strings.Cut(value, ";")
			if parts := strings.SplitN(value, "'", 3); len(parts) == 3 {
				if octets, err := url.PathUnescape(parts[2]); err == nil {
					return ToUTF8(parts[0], []byte(octets))
				}
			}
		}
	}
}
