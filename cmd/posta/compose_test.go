package main

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/textproto"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"posta/mail"
)

// What is composed travels in 7 bits and bounded lines, and is read back as it
// was meant.
//
// rfc: 5321-4.5.3.1-2
func TestCompose(t *testing.T) {
	file := filepath.Join(t.TempDir(), "señal ñ.bin")
	octets := bytes.Repeat([]byte{0, '\r', '\n', 0xff}, 100)
	if err := os.WriteFile(file, octets, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		d    draft
		body string
	}{
		"plain":   {draft{body: []byte("Hola\n.punto")}, "Hola\r\n.punto\r\n"},
		"accents": {draft{body: []byte("Señal\r\n")}, "Señal\r\n"},
		"long":    {draft{body: []byte(strings.Repeat("x", 2000))}, strings.Repeat("x", 2000) + "\r\n"},
		"empty":   {draft{}, ""},
		"file":    {draft{body: []byte("ñ\n"), attach: []string{file}}, "ñ\r\n"},
	} {
		c.d.from, c.d.to, c.d.subject, c.d.host = "luis@pepito.es", []string{"ana@pepito.es", "pepe@pepito.es"}, "Señal", "x.example"
		c.d.headers = []string{"X-Own: ñ", "subject: Another"}
		text, err := c.d.compose(time.Unix(0, 0).UTC())
		if err != nil {
			t.Fatal(name, err)
		}
		for line := range bytes.Lines(text) {
			if len(line) > 1000 || !mail.IsASCII(string(line)) || !bytes.HasSuffix(line, []byte("\r\n")) {
				t.Errorf("%s: the line %q", name, line)
			}
		}
		in := textproto.NewReader(bufio.NewReader(bytes.NewReader(text)))
		head, err := in.ReadMIMEHeader()
		if err != nil {
			t.Fatal(name, err)
		}
		if head.Get("To") != "ana@pepito.es, pepe@pepito.es" || len(head["Subject"]) != 1 || head.Get("Subject") != "Another" ||
			head.Get("Date") != "Thu, 1 Jan 1970 00:00:00 +0000" || head.Get("X-Own") != "=?utf-8?q?=C3=B1?=" {
			t.Errorf("%s: %v", name, head)
		}
		fields, body := head, io.Reader(in.R)
		if len(c.d.attach) > 0 {
			_, params, err := mime.ParseMediaType(head.Get("Content-Type"))
			if err != nil {
				t.Fatal(err)
			}
			parts := multipart.NewReader(in.R, params["boundary"])
			first, err := parts.NextRawPart()
			if err != nil {
				t.Fatal(err)
			}
			held, err := io.ReadAll(first)
			if err != nil {
				t.Fatal(err)
			}
			fields, body = first.Header, bytes.NewReader(held)
			second, err := parts.NextRawPart()
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(base64.NewDecoder(base64.StdEncoding, second))
			if err != nil || !bytes.Equal(got, octets) || second.FileName() != "señal ñ.bin" {
				t.Errorf("%d octets of %q, %v", len(got), second.FileName(), err)
			}
		}
		if fields.Get("Content-Transfer-Encoding") == "quoted-printable" {
			body = quotedprintable.NewReader(body)
		}
		if got, err := io.ReadAll(body); err != nil || string(got) != c.body {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	for _, bad := range []draft{{headers: []string{"no colon"}}, {headers: []string{"A B: c"}}, {headers: []string{"A: b\r\nBcc: c"}},
		{subject: "a\r\nBcc: b"}, {body: []byte("\xff")}, {attach: []string{"/no/such/file"}}} {
		if text, err := bad.compose(time.Now()); err == nil {
			t.Errorf("%+v became %q", bad, text)
		}
	}
}
