package imf

import "mime"

// EncodeWords gives text for a header as encoded words (RFC 2047) if it is not
// plain ASCII, unchanged if it is.
func EncodeWords(text string) string { return mime.QEncoding.Encode("utf-8", text) }

// DecodeWords undoes it, for UTF-8, ISO-8859-1 and US-ASCII. What cannot be
// decoded stays as it is.
func DecodeWords(raw string) string {
	var d mime.WordDecoder
	text, err := d.DecodeHeader(raw)
	if err != nil {
		return raw
	}
	return text
}
