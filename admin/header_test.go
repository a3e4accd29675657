package admin

import (
	"io"
	"strings"
	"testing"

	"posta/imf"
)

// A header is read up to its end and decoded, however it comes in pieces; one
// that is too long gives what stands in its beginning.
func TestHeader(t *testing.T) {
	const message = "Received: by x\r\nFrom: =?UTF-8?Q?Pe=C3=B1a?= <p@x.test>\r\nSUBJECT: one\r\n two\r\n\r\nSubject: body\r\n"
	for cut := range len(message) {
		h := header{scanner: imf.Scanner{Max: maxHeader}}
		r := io.MultiReader(strings.NewReader(message[:cut]), strings.NewReader(message[cut:]))
		_, _ = io.Copy(struct{ io.Writer }{&h}, r) // ends with errEnough
		h.scanner.Finish()
		if from, subject := h.text("From"), h.text("Subject"); from != "Peña <p@x.test>" || subject != "one two" {
			t.Fatalf("cut at %d: From %q, Subject %q", cut, from, subject)
		}
	}
	long := header{scanner: imf.Scanner{Max: maxHeader}}
	_, err := long.Write([]byte("Subject: first\r\nX: " + strings.Repeat("x", maxHeader) + "\r\n\r\n"))
	long.scanner.Finish()
	if err == nil || long.text("Subject") != "first" || len(long.head) > maxHeader {
		t.Errorf("a long header: %v, Subject %q, %d octets kept", err, long.text("Subject"), len(long.head))
	}
}
