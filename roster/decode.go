package roster

import (
	"bytes"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"posta/words"
)

// MaxFile bounds a class list, in octets.
const MaxFile = 4 << 20

// decode gives the text of a file in UTF-8. Excel saves "Unicode text" as
// UTF-16, "CSV UTF-8" with a byte order mark, and plain "CSV" in the system's
// code page, which is Windows-1252 where Spanish or English is spoken.
func decode(file []byte) ([]byte, error) {
	switch {
	case len(file) > MaxFile:
		return nil, words.Fail("roster.too_large", words.Args{"Most": MaxFile >> 20})
	case bytes.HasPrefix(file, []byte("PK\x03\x04")), bytes.HasPrefix(file, []byte("\xd0\xcf\x11\xe0")):
		return nil, words.Fail("roster.workbook", nil)
	}
	text, err := encodingOf(file).NewDecoder().Bytes(file)
	if err != nil {
		return nil, words.FailOf(err, "roster.encoding", nil)
	}
	if bytes.IndexByte(text, 0) >= 0 {
		return nil, words.Fail("roster.binary", nil)
	}
	if isOldMac(text) {
		text = bytes.ReplaceAll(text, []byte("\r"), []byte("\n"))
	}
	return text, nil
}

// isOldMac says that lines end in CR alone, as Excel's "CSV (Macintosh)" has
// it; an LF is then one within a cell.
func isOldMac(file []byte) bool {
	alone := bytes.Count(file, []byte("\r")) - bytes.Count(file, []byte("\r\n"))
	return alone > bytes.Count(file, []byte("\n"))
}

// encodingOf guesses by the byte order mark, then by the zeros that UTF-16 has
// in every Latin letter, then by what is no UTF-8.
func encodingOf(file []byte) encoding.Encoding {
	zero := func(i int) bool { return i < len(file) && file[i] == 0 }
	switch {
	case bytes.HasPrefix(file, []byte("\xff\xfe")), zero(1) && zero(3):
		return unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)
	case bytes.HasPrefix(file, []byte("\xfe\xff")), zero(0) && zero(2):
		return unicode.UTF16(unicode.BigEndian, unicode.UseBOM)
	case utf8.Valid(file):
		return unicode.UTF8BOM
	case isOldMac(file):
		return charmap.Macintosh
	}
	return charmap.Windows1252
}
