package imf

import "mime"

// EncodeWords gives text for a header as encoded words (RFC 2047) if it is not
// plain ASCII, unchanged if it is.
func EncodeWords(text string) string { return mime.QEncoding.Encode("utf-8", text) }

// DecodeWords undoes it, for every charset that ToUTF8 knows. What cannot be
// decoded stays as it is.
func DecodeWords(raw string) string {
	d := mime.WordDecoder{CharsetReader: charsetReader}
	text, err := d.DecodeHeader(raw)
	if err != nil {
		return raw
	}
	return text
}
