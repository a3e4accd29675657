package admin

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"
)

// A password-reset mail as programs write it: texts in two forms, in two
// encodings, an image in between and a file behind.
const reset = `From: =?utf-8?q?Tienda_de_Pe=C3=B1a?= <shop@example.org>
To: ana@example.net
to: bob@example.net
Subject: =?utf-8?b?UmVzdGFibGVjZXIgY29udHJhc2XDsWE=?=
Content-Type: multipart/mixed; boundary=m

--m
Content-Type: multipart/alternative; boundary=a

--a
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable

https://shop.example.org/reset?u=3Dana&token=3D47=
11
=C3=B1and=C3=BA

--a
Content-Type: multipart/related; boundary=r

--r
Content-Type: text/html; charset=iso-8859-15
Content-Transfer-Encoding: base64

PGEgaHJlZj0iaHR0cHM6Ly94L3I/dT1hbmEmYW1wO3Q9MSI+cGFnYSA1IKQ8L2E+DQo=
--r
Content-Type: image/png; name="logo.png"
Content-ID: <logo>
Content-Disposition: inline
Content-Transfer-Encoding: base64

iVBORw0KGgo=
--r--
--a--
--m
Content-Type: application/pdf
Content-Disposition: attachment; filename*=utf-8''T%C3%A9rminos.pdf
Content-Transfer-Encoding: base64

JVBERg==
--m
Content-Type: text/plain
Content-Disposition: attachment; filename=notes.txt

not to be read with it
--m
Content-Type: message/rfc822

Subject: inner

inner text
--m
Content-Type: text/plain

the list's last line
--m--
`

func crlf(text string) []byte { return []byte(strings.ReplaceAll(text, "\n", "\r\n")) }

func TestContent(t *testing.T) {
	got, err := json.Marshal(contentOf(crlf(reset)))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"header":{"content-type":["multipart/mixed; boundary=m"],"from":["Tienda de Peña \u003cshop@example.org\u003e"],` +
		`"subject":["Restablecer contraseña"],"to":["ana@example.net","bob@example.net"]},` +
		`"plain":"https://shop.example.org/reset?u=ana\u0026token=4711\nñandú\nthe list's last line",` +
		`"html":"\u003ca href=\"https://x/r?u=ana\u0026amp;t=1\"\u003epaga 5 €\u003c/a\u003e\n",` +
		`"attachments":[{"name":"logo.png","type":"image/png","size":8},{"name":"Términos.pdf","type":"application/pdf","size":4},` +
		`{"name":"notes.txt","type":"text/plain","size":22},{"name":"","type":"message/rfc822","size":28}]}`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// What is no MIME, or bad MIME, is read all the same.
func TestContentOfPoorMail(t *testing.T) {
	for in, want := range map[string]string{
		"":                              "",
		"no header at all\n":            "no header at all\n",
		"Subject: x\n\nhola \xf1\n":     "hola ñ\n",
		"Subject: x\n\nhola ñ\n":        "hola ñ\n",
		"Subject: x\nstray line\n\nx\n": "stray line\n\nx\n",
		"Content-Type: multipart/mixed\n\n--a\n\nx\n":                                    "--a\n\nx\n",
		"Content-Type: text/plain; charset=us-ascii\n\nñ":                                "ñ",
		"Content-Type: text/plain; charset=rubbish\nContent-Transfer-Encoding: 9\n\n=F1": "=F1",
	} {
		if c := contentOf(crlf(in)); c.Plain != want || c.Truncated || c.Attachments != nil {
			t.Errorf("%q: %+v, want %q", in, c, want)
		}
	}
}

func TestContentIsBounded(t *testing.T) {
	short := contentOf(crlf("Subject: x\n\n" + strings.Repeat("x", maxBody)))
	if len(short.Plain) != maxBody || short.Truncated {
		t.Errorf("%d octets, truncated %v", len(short.Plain), short.Truncated)
	}
	var deep strings.Builder
	for i := range 30 {
		fmt.Fprintf(&deep, "Content-Type: multipart/mixed; boundary=x%d\n\n--x%d\n", i, i)
	}
	for name, msg := range map[string]string{
		"text":         "Subject: x\n\n" + strings.Repeat("x", maxBody+1),
		"two octets":   "Subject: x\n\nx" + strings.Repeat("ñ", maxBody/2),
		"other words":  "Content-Type: text/plain; charset=iso-8859-1\n\n" + strings.Repeat("\xf1", maxBody-1),
		"header":       "Subject: " + strings.Repeat("x ", maxHeader) + "\n\nx",
		"depth":        deep.String(),
		"many parts":   "Content-Type: multipart/mixed; boundary=x\n\n" + strings.Repeat("--x\n\ny\n", 2000),
		"several text": "Content-Type: multipart/mixed; boundary=x\n\n" + strings.Repeat("--x\n\n"+strings.Repeat("y", maxBody/2)+"\n", 3),
	} {
		c := contentOf(crlf(msg))
		if !c.Truncated || len(c.Plain) > maxBody || !utf8.ValidString(c.Plain) || strings.Contains(c.Plain, "\ufffd") || strings.Contains(c.Plain, "Ã") {
			t.Errorf("%s: truncated %v, %d octets", name, c.Truncated, len(c.Plain))
		}
	}
	w := first{max: 5}
	for _, p := range []string{"abc", "de"} {
		if n, err := w.Write([]byte(p)); n != len(p) || err != nil || w.cut {
			t.Error(n, err, w.cut)
		}
	}
	if n, err := w.Write([]byte("f")); n != 0 || err == nil || !w.cut || string(w.kept) != "abcde" {
		t.Error(n, err, w.cut, string(w.kept))
	}
}

// Whatever a stranger sends, what a program is told of it is UTF-8 and bounded.
func FuzzContent(f *testing.F) {
	f.Add(crlf(reset))
	f.Add([]byte("Content-Type: text/html; charset=utf-16\n\n\xff\xfe"))
	f.Fuzz(func(t *testing.T, msg []byte) {
		c := contentOf(msg)
		texts := []string{c.Plain, c.HTML}
		for name, values := range c.Header {
			texts = append(texts, values...)
			if len(values) == 0 || name != strings.ToLower(name) {
				t.Errorf("field %q: %q", name, values)
			}
		}
		for _, one := range c.Attachments {
			texts = append(texts, one.Name)
			if one.Size < 0 || one.Size > int64(len(msg)) || len(one.Type) > maxType {
				t.Errorf("%+v", one)
			}
		}
		for _, text := range texts {
			if !utf8.ValidString(text) || len(text) > maxBody {
				t.Errorf("%d octets: %.100q", len(text), text)
			}
		}
	})
}
