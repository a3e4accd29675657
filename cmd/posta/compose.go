package main

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/textproto"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode/utf8"

	"posta/imf"
	"posta/mail"
	"posta/words"
)

// draft is a message that is made of flags.
type draft struct {
	from    string
	to      []string
	subject string
	headers []string // "Name: value"
	body    []byte   // UTF-8, any line ends
	attach  []string // names of files
	host    string   // for the Message-ID
}

// maxSentFiles bounds the files of one message together, in octets.
const maxSentFiles = 100 << 20

// compose writes the message as it travels: CRLF, 7-bit octets, lines of bounded
// length (RFC 5322 §2.1.1, RFC 2045 §6).
func (d *draft) compose(now time.Time) ([]byte, error) {
	head, err := d.head(now)
	if err != nil {
		return nil, err
	}
	if !utf8.Valid(d.body) {
		return nil, words.Fail("send.not_utf8", nil)
	}
	out := bytes.NewBuffer(head)
	if len(d.attach) == 0 {
		fields, body := textPart(d.body)
		writeFields(out, fields)
		out.WriteString("\r\n")
		out.Write(body)
		return out.Bytes(), nil
	}
	m := multipart.NewWriter(out)
	mixed := mime.FormatMediaType("multipart/mixed", map[string]string{"boundary": m.Boundary()})
	writeFields(out, textproto.MIMEHeader{"Content-Type": {mixed}})
	out.WriteString("\r\n")
	fields, body := textPart(d.body)
	if err := part(m, fields, body); err != nil {
		return nil, err
	}
	left := int64(maxSentFiles)
	for _, name := range d.attach {
		if left, err = d.file(m, name, left); err != nil {
			return nil, err
		}
	}
	err = m.Close()
	return out.Bytes(), err
}

// head is the header but for what belongs to the body. --header takes the place
// of a field of the same name.
func (d *draft) head(now time.Time) ([]byte, error) {
	own := map[string]bool{}
	var extra []byte
	for _, h := range d.headers {
		name, value, ok := strings.Cut(h, ":")
		if value = strings.TrimSpace(value); !ok || !isFieldName(name) || strings.ContainsAny(value, "\r\n") {
			return nil, usage(words.Fail("send.bad_header", words.Args{"Header": h}))
		}
		own[strings.ToLower(name)] = true
		extra = imf.AppendField(extra, name, imf.EncodeWords(value))
	}
	if strings.ContainsAny(d.subject, "\r\n") {
		return nil, usage(words.Fail("send.bad_header", words.Args{"Header": "Subject"}))
	}
	id := make([]byte, 12)
	if _, err := rand.Read(id); err != nil {
		return nil, err
	}
	var head []byte
	for _, f := range []struct{ name, value string }{
		{"Date", imf.FormatDate(now)},
		{"From", d.from},
		{"To", strings.Join(d.to, ", ")},
		{"Subject", imf.EncodeWords(d.subject)},
		{"Message-ID", fmt.Sprintf("<%x@%s>", id, d.host)},
		{"MIME-Version", "1.0"},
	} {
		if !own[strings.ToLower(f.name)] && f.value != "" {
			head = imf.AppendField(head, f.name, f.value)
		}
	}
	return append(head, extra...), nil
}

// isFieldName is field-name of RFC 5322 §3.6.8.
func isFieldName(name string) bool {
	for i := range len(name) {
		if name[i] <= ' ' || name[i] > '~' || name[i] == ':' {
			return false
		}
	}
	return name != ""
}

// textPart gives a text's fields and its octets, encoded where they must be.
func textPart(text []byte) (textproto.MIMEHeader, []byte) {
	var ends imf.LineEnds
	lines := ends.End(ends.Append(nil, text))
	if len(lines) > 0 && !bytes.HasSuffix(lines, []byte("\r\n")) {
		lines = append(lines, '\r', '\n')
	}
	plain := mail.IsASCII(string(lines))
	for line := range bytes.Lines(lines) {
		plain = plain && len(line) <= 998
	}
	fields := textproto.MIMEHeader{"Content-Type": {"text/plain; charset=utf-8"}, "Content-Transfer-Encoding": {"7bit"}}
	if plain {
		return fields, lines
	}
	fields.Set("Content-Transfer-Encoding", "quoted-printable")
	var out bytes.Buffer
	w := quotedprintable.NewWriter(&out)
	_, _ = w.Write(lines) // a Buffer takes everything
	_ = w.Close()
	return fields, out.Bytes()
}

func writeFields(out *bytes.Buffer, fields textproto.MIMEHeader) {
	for _, name := range []string{"Content-Type", "Content-Transfer-Encoding", "Content-Disposition"} {
		if v := fields.Get(name); v != "" {
			fmt.Fprintf(out, "%s: %s\r\n", name, v)
		}
	}
}

func part(m *multipart.Writer, fields textproto.MIMEHeader, body []byte) error {
	w, err := m.CreatePart(fields)
	if err == nil {
		_, err = w.Write(body)
	}
	return err
}

// file attaches one; left is how many octets files may still have.
func (d *draft) file(m *multipart.Writer, name string, left int64) (int64, error) {
	f, err := os.Open(name)
	if err != nil {
		return left, words.FailOf(err, "fail.unreadable", words.Args{"File": name})
	}
	defer f.Close()
	octets, err := io.ReadAll(io.LimitReader(f, left+1))
	if err != nil {
		return left, words.FailOf(err, "fail.unreadable", words.Args{"File": name})
	}
	if left -= int64(len(octets)); left < 0 {
		return left, words.Fail("send.too_large", words.Args{"Most": maxSentFiles >> 20})
	}
	kind := mime.TypeByExtension(filepath.Ext(name))
	if kind == "" {
		kind = "application/octet-stream"
	}
	shown := mime.FormatMediaType("attachment", map[string]string{"filename": filepath.Base(name)})
	if shown == "" {
		return left, errors.New("posta: a file name that no field takes: " + name)
	}
	fields := textproto.MIMEHeader{"Content-Type": {kind}, "Content-Transfer-Encoding": {"base64"}, "Content-Disposition": {shown}}
	return left, part(m, fields, base64Lines(octets))
}

// base64Lines is base64 in lines of 76 characters (RFC 2045 §6.8).
func base64Lines(octets []byte) []byte {
	const width = 57 // octets a line
	out := make([]byte, 0, len(octets)/3*4+len(octets)/width*2+8)
	for from := 0; from < len(octets); from += width {
		out = base64.StdEncoding.AppendEncode(out, octets[from:min(from+width, len(octets))])
		out = append(out, '\r', '\n')
	}
	return out
}
