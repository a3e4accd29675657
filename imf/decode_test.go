package imf

import (
	"bytes"
	"encoding/base64"
	"mime/quotedprintable"
	"strings"
	"testing"
)

func TestDecode(t *testing.T) {
	for _, c := range []struct{ encoding, in, want string }{
		{"", "as=20it is\r\n", "as=20it is\r\n"},
		{"x-unknown", "QQ==", "QQ=="},
		{"base64", "SGVs\r\nbG8=\r\n", "Hello"},
		{"base64", "SGVsbG8", "Hello"},               // no padding
		{"base64", "SG*Vs bG\x008=", "Hello"},        // rubbish between
		{"base64", "SGVsbG8=V29ybGQ=", "HelloWorld"}, // two behind each other
		{"base64", "SGVsb", "Hel"},                   // six bits are no octet
		{"base64", "====", ""},
		{"quoted-printable", "token=3Dabc=\r\ndef=C3=B1\r\n", "token=abcdefñ\r\n"},
		{"quoted-printable", "=c3=b1", "ñ"},
		{"quoted-printable", "a=  \r\nb  \r\nc", "ab\r\nc"}, // blanks that a relay put there
		{"quoted-printable", "x?a=1&b==zz=4", "x?a=1&b==zz=4"},
		{"quoted-printable", "=\nend=", "end"},
	} {
		got, size := Decode([]byte(c.in), c.encoding, 1000)
		if string(got) != c.want || size != len(c.want) {
			t.Errorf("%s %q: %q and %d, want %q", c.encoding, c.in, got, size, c.want)
		}
		short, size := Decode([]byte(c.in), c.encoding, 4)
		if string(short) != c.want[:min(4, len(c.want))] || size != len(c.want) {
			t.Errorf("%s %q to 4 octets: %q and %d", c.encoding, c.in, short, size)
		}
	}
}

// What the standard library encodes comes back, and nothing that a stranger
// writes becomes longer than it was.
func FuzzDecode(f *testing.F) {
	f.Add([]byte("Hello =\r\n ñ \t\r\n"))
	f.Add([]byte("a=3D=\n====QUFB"))
	f.Fuzz(func(t *testing.T, text []byte) {
		var b bytes.Buffer
		w := quotedprintable.NewWriter(&b)
		w.Binary = true
		_, _ = w.Write(text)
		_ = w.Close()
		if got, _ := Decode(b.Bytes(), "quoted-printable", len(text)+1); !bytes.Equal(got, text) {
			t.Errorf("%q became %q", text, got)
		}
		if got, _ := Decode([]byte(base64.StdEncoding.EncodeToString(text)), "base64", len(text)+1); !bytes.Equal(got, text) {
			t.Errorf("%q became %q", text, got)
		}
		for _, encoding := range []string{"base64", "quoted-printable", ""} {
			if got, size := Decode(text, encoding, 10); size > len(text) || len(got) != min(size, 10) {
				t.Errorf("%s: %d octets, %d kept, of %d", encoding, size, len(got), len(text))
			}
		}
	})
}

func TestToUTF8(t *testing.T) {
	for _, c := range []struct{ charset, in, want string }{
		{"utf-8", "ñ\xff", "ñ\ufffd"},
		{"UTF-8", "\ufeffñ", "ñ"},
		{"", "ñ", "ñ"},
		{"us-ascii", "\xf1 \x80", "ñ €"},
		{"iso-8859-1", "\xf1", "ñ"},
		{" ISO-8859-15 ", "\xa4", "€"},
		{"windows-1252", "\x93x\x94", "“x”"},
		{"koi8-r", "\xc1", "а"},
		{"shift_jis", "\x93\xfa", "日"},
		{"utf-16le", "\xf1\x00", "ñ"},
		{"iso-2022-kr", "plain", "plain"}, // one that the web refuses to read
		{"rubbish", "\xf1", "ñ"},
	} {
		if got := ToUTF8(c.charset, []byte(c.in)); got != c.want {
			t.Errorf("%s %q: %q, want %q", c.charset, c.in, got, c.want)
		}
	}
}

func TestDecodeWords(t *testing.T) {
	for in, want := range map[string]string{
		"=?utf-8?b?w7E=?= x":             "ñ x",
		"=?windows-1252?q?=80?=":         "€",
		"=?ISO-2022-JP?B?GyRCRnwbKEI=?=": "日",
		"=?x-none?q?a?=":                 "=?x-none?q?a?=",
	} {
		if got := DecodeWords(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestFileName(t *testing.T) {
	for _, c := range []struct {
		in, want string
		attached bool
	}{
		{`attachment; filename=a.pdf`, "a.pdf", true},
		{`inline; filename="a b.pdf"`, "a b.pdf", false},
		{`ATTACHMENT; filename=My bill 1.pdf; size=3`, "My bill 1.pdf", true},
		{`attachment; filename*=utf-8''T%C3%A9rminos.pdf`, "Términos.pdf", true},
		{`attachment; filename*=iso-8859-1'es'T%E9rminos.pdf`, "Términos.pdf", true},
		{`attachment; filename*0="long "; filename*1="name"`, "long name", true},
		{`attachment; filename="=?utf-8?q?T=C3=A9rminos.pdf?="`, "Términos.pdf", true},
		{`attachment; x=1; y z; filename="it; is.pdf`, "it; is.pdf", true},
		{`attachment`, "", true},
		{`;;;filename`, "", false},
		{`form-data; filename=x`, "x", true},
		{``, "", false},
		{`attachment; filename=` + strings.Repeat("ñ", 600), strings.Repeat("ñ", 500), true},
	} {
		if got := fileName(c.in, "filename"); got != c.want || isAttached(c.in) != c.attached {
			t.Errorf("%q: %q %v", c.in, got, isAttached(c.in))
		}
	}
	p := Parse([]byte("Content-Type: image/png; name=\"ü.png\"\r\nContent-Transfer-Encoding: Base64 (sic)\r\nContent-Disposition: inline\r\n\r\nQQ=="), Usual())
	if p.Name != "ü.png" || p.Attached || p.Encoding != "base64" {
		t.Errorf("%+v", p)
	}
}

func FuzzFileName(f *testing.F) {
	f.Add(`attachment; filename=My bill.pdf; size=3`)
	f.Add(`x;filename*=utf-8''%`)
	f.Fuzz(func(t *testing.T, text string) {
		if name := fileName(text, "filename"); len(name) > maxName || name != strings.ToValidUTF8(name, "") {
			t.Errorf("%q", name)
		}
	})
}
