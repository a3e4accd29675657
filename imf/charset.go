package imf

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
)

var errCharset = errors.New("imf: the charset is unknown")

// ToUTF8 gives text in a charset (RFC 2046 §4.1.2) as UTF-8. Where the charset
// is unknown, or is one of those that programs name without looking, text
// that is UTF-8 stays so; the rest counts as windows-1252. What has no meaning
// stands as U+FFFD.
func ToUTF8(charset string, text []byte) string {
	e, _ := encodingOf(charset)
	if e == nil {
		if utf8.Valid(text) {
			return withoutMark(text)
		}
		e = charmap.Windows1252
	}
	out, err := e.NewDecoder().Bytes(text)
	if err != nil {
		out = text
	}
	return strings.ToValidUTF8(withoutMark(out), "\ufffd")
}

// withoutMark takes the byte order mark away that some programs begin with.
func withoutMark(text []byte) string { return string(bytes.TrimPrefix(text, []byte("\ufeff"))) }

// encodingOf finds a charset. A known one without encoding says nothing.
func encodingOf(charset string) (e encoding.Encoding, known bool) {
	charset = strings.ToLower(strings.TrimSpace(charset))
	switch charset {
	case "", "us-ascii", "ascii", "unknown-8bit", "x-unknown":
		return nil, true
	}
	e, err := htmlindex.Get(charset)
	if err != nil || e == encoding.Replacement { // the web refuses to read some
		return nil, false
	}
	return e, true
}

// charsetReader is how mime.WordDecoder asks for other charsets than it knows.
func charsetReader(charset string, input io.Reader) (io.Reader, error) {
	if _, known := encodingOf(charset); !known {
		return nil, errCharset
	}
	text, err := io.ReadAll(input)
	if err != nil {
		return nil, err
	}
	return strings.NewReader(ToUTF8(charset, text)), nil
}
