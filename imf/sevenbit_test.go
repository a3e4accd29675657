package imf

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func sevenBit(t testing.TB, msg string) (string, *SevenBit, error) {
	s, err := LookSevenBit(strings.NewReader(msg), Usual())
	if err != nil {
		return "", nil, err
	}
	out, err := io.ReadAll(s.Reader(strings.NewReader(msg)))
	if err != nil {
		t.Fatalf("%q: %v", msg, err)
	}
	return string(out), s, nil
}

// rfc: 3030-3-9, 3030-3-10, 3030-3-11, 6522-3-7, 6522-4-2, 6533-6.3-2
func TestSevenBit(t *testing.T) {
	crlf := strings.NewReplacer("\n", "\r\n")
	const text = "MIME-Version: 1.0\nContent-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: 8bit\n"
	const text7 = "MIME-Version: 1.0\nContent-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: 7bit\n"
	const qp = "MIME-Version: 1.0\nContent-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: quoted-printable\n"
	const mixed = "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"b b\"\n"
	const mixed8 = mixed + "Content-Transfer-Encoding: 8BIT\n"
	const mixed7 = mixed + "Content-Transfer-Encoding: 7bit\n"
	for _, tt := range []struct{ name, in, out string }{
		{"text", text + "\na\xf1o = \t\nx\n", qp + "\na=F1o =3D =09\nx\n"},
		{"no last line end", text + "\na\xf1o", qp + "\na=F1o"},
		{"text after all", "Content-Transfer-Encoding: 8bit (all)\n" + text + "\nano\n", "MIME-Version: 1.0\nContent-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: 7bit\n\nano\n"},
		{"no MIME", "Subject: x\n\nñ\n", "Subject: x\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n=C3=B1\n"},
		{"no MIME, no UTF-8", "Subject: x\n\n\xf1\xc3", "Subject: x\nMIME-Version: 1.0\nContent-Type: text/plain; charset=unknown-8bit\nContent-Transfer-Encoding: quoted-printable\n\n=F1=C3"},
		{"type alone", "Content-Type: text/html\n\nñ\n", "Content-Type: text/html\nMIME-Version: 1.0\nContent-Transfer-Encoding: quoted-printable\n\n=C3=B1\n"},
		{"no text", "MIME-Version: 1.0\nContent-Type: image/x\nContent-Transfer-Encoding: binary\n\n\xff\n\xfe\n",
			"MIME-Version: 1.0\nContent-Type: image/x\nContent-Transfer-Encoding: base64\n\n/w0K/g0K"},
		{"parts", mixed8 + "\npreamble\n--b b\n\nplain\n--b b\nContent-Type: text/html\n\nñ\n\n--b b\nContent-Type: image/x\nContent-Transfer-Encoding: base64\n\n/w==\n--b b--\nepilogue\n",
			mixed7 + "\npreamble\n--b b\n\nplain\n--b b\nContent-Type: text/html\nContent-Transfer-Encoding: quoted-printable\n\n=C3=B1\n\n--b b\nContent-Type: image/x\nContent-Transfer-Encoding: base64\n\n/w==\n--b b--\nepilogue\n"},
		{"part without a header", mixed8 + "\n--b b\n\nñ\n--b b--\n", mixed7 + "\n--b b\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n=C3=B1\n--b b--\n"},
		{"open end", mixed8 + "\n--b b\n\nñ", mixed7 + "\n--b b\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n=C3=B1"},
		{"message", mixed8 + "\n--b b\nContent-Type: message/rfc822\nContent-Transfer-Encoding: 8bit\n\nFrom: a@b\n\nñ\n--b b--\n",
			mixed7 + "\n--b b\nContent-Type: message/rfc822\nContent-Transfer-Encoding: 7bit\n\nFrom: a@b\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n=C3=B1\n--b b--\n"},
		{"multipart in multipart", mixed8 + "\n--b b\nContent-Type: multipart/alternative; boundary=i\n\n--i\n\nñ\n--i--\n--b b\n\nx\n--b b--\n",
			mixed7 + "\n--b b\nContent-Type: multipart/alternative; boundary=i\n\n--i\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n=C3=B1\n--i--\n--b b\n\nx\n--b b--\n"},
		{"signed part beside", mixed8 + "\n--b b\nContent-Type: multipart/signed; boundary=s\n\n--s\n\nx\n--s--\n--b b\n\nñ\n--b b--\n",
			mixed7 + "\n--b b\nContent-Type: multipart/signed; boundary=s\n\n--s\n\nx\n--s--\n--b b\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n=C3=B1\n--b b--\n"},
		{"in a header", "Subject: ñ\n" + text + "\nx\n", "Subject: =?utf-8?q?=C3=B1?=\n" + text7 + "\nx\n"},
		{"in a header and below", "From: José <a@b>\nX-Y: ñ\n" + text + "\na\xf1o\n", "From: =?utf-8?b?Sm9zw6k=?= <a@b>\nX-Y: =?utf-8?q?=C3=B1?=\n" + qp + "\na=F1o\n"},
		{"in a header without MIME", "Subject: ñ\n\nñ\n", "Subject: =?utf-8?q?=C3=B1?=\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n=C3=B1\n"},
		{"in a header that ends the message", "A: b\nSubject: ñ", "A: b\nSubject: =?utf-8?q?=C3=B1?="},
		{"in a header above what is signed", "Subject: ñ\nContent-Type: multipart/signed; boundary=s\n\n--s\n\nx\n--s--\n", "Subject: =?utf-8?q?=C3=B1?=\nContent-Type: multipart/signed; boundary=s\n\n--s\n\nx\n--s--\n"},
		{"in an address", "To: José <josé@b>\n\nx\n", ""},
		{"in an address beside", "To: a@b, José <josé@b>\n\nx\n", ""},
		{"in a group's name", "To: Año: a@b;\n\nx\n", ""},
		{"in no address", "To: año\n\nx\n", ""},
		{"in another field of addresses", "Disposition-Notification-To: José <a@b>\n\nx\n", ""},
		{"in a trace line", "Received: from ñ by y; now\n\nx\n", ""},
		{"in a message's number", "Message-ID: <ñ@x>\n\nx\n", ""},
		{"in a list's name", "List-Id: ñ <a.b>\n\nx\n", ""},
		{"in a signature's field", "DKIM-Signature: ñ\n\nx\n", ""},
		{"in a type", "Content-Type: ñ\n\nx\n", ""},
		{"in a header that is not UTF-8", "Subject: \xf1\n\nx\n", ""},
		{"in what is signed", mixed8 + "\n--b b\nContent-Type: multipart/signed; boundary=s\n\n--s\n\nñ\n--s--\n--b b--\n", ""},
		{"in what is encoded", "Content-Transfer-Encoding: base64\n\n\xff\n", ""},
		{"in a preamble", mixed8 + "\nñ\n--b b\n\nx\n--b b--\n", ""},
		{"behind the end", mixed8 + "\n--b b\n\nx\n--b b--\nñ\n", ""},
		{"in a part's header", mixed8 + "\n--b b\nContent-Description: ñ\nContent-Disposition: attachment; filename=\"ñ\"\n\nx\n--b b--\n",
			mixed7 + "\n--b b\nContent-Description: =?utf-8?q?=C3=B1?=\nContent-Disposition: attachment; filename*=utf-8''%C3%B1\n\nx\n--b b--\n"},
		{"in a delimiter", mixed8 + "\n--b bñ\n", ""},
		{"behind a line that is no field", "Subject: x\nwhat is this\n\nñ\n", ""},
		{"of another kind", "Content-Type: message/news\n\nSubject: ñ\n\nx\n", ""},
		{"header that goes back", mixed8 + "\n--b b\nContent-Type: text/rfc822-headers\nContent-Transfer-Encoding: 8bit\n\nSubject: \xf1\n\n--b b--\n",
			mixed7 + "\n--b b\nContent-Type: text/rfc822-headers\nContent-Transfer-Encoding: quoted-printable\n\nSubject: =F1\n\n--b b--\n"},
		{"in a message of UTF-8", mixed8 + "\n--b b\nContent-Type: message/global\nContent-Transfer-Encoding: 8bit\n\nSubject: ñ\n\nx\n--b b\nContent-Type: message/global-headers\n\nA: b\n--b b--\n",
			mixed7 + "\n--b b\nContent-Type: message/global\nContent-Transfer-Encoding: base64\n\nU3ViamVjdDogw7ENCg0KeA==\n--b b\nContent-Type: message/global-headers\n\nA: b\n--b b--\n"},
	} {
		in, want := crlf.Replace(tt.in), crlf.Replace(tt.out)
		got, s, err := sevenBit(t, in)
		if want == "" != errors.Is(err, ErrWide) || got != want {
			t.Errorf("%s: %v\n%q\nwant\n%q", tt.name, err, got, want)
		}
		if s == nil {
			continue
		}
		if s.Plain != isASCII([]byte(in)) {
			t.Errorf("%s: plain %v", tt.name, s.Plain)
		}
		slow, err := io.ReadAll(s.Reader(iotest.OneByteReader(strings.NewReader(in))))
		if err != nil || string(slow) != want {
			t.Errorf("%s, octet by octet: %q %v", tt.name, slow, err)
		}
	}
}

// Signatures are counted, those of messages within not; they go when asked to.
func TestSevenBitUnsigned(t *testing.T) {
	const body = "\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nDKIM-Signature: inner\r\n\r\nñ\r\n--b--\r\n"
	const msg = "DKIM-Signature: a;\r\n\tb\r\nFrom: x\r\ndkim-signature: c\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n" + body
	s, err := LookSevenBit(strings.NewReader(msg), Usual())
	if err != nil || s.Signatures != 2 {
		t.Fatalf("%+v %v", s, err)
	}
	s.Unsigned = true
	out, err := io.ReadAll(s.Reader(strings.NewReader(msg)))
	if err != nil || !strings.HasPrefix(string(out), "From: x\r\nMIME-Version") || strings.Count(string(out), "DKIM-Signature: inner") != 1 {
		t.Errorf("%q %v", out, err)
	}
}

// A long message passes through little memory, and a reader's fault comes out.
//
// rfc: 3030-3-9
func TestSevenBitLong(t *testing.T) {
	long := "MIME-Version: 1.0\r\nContent-Type: application/x\r\n\r\n" + strings.Repeat("\xff", 3*longestLine+7) + "\r\n" + strings.Repeat("y", longestLine) + "\r\n"
	out, _, err := sevenBit(t, long)
	p := Parse([]byte(out), Usual())
	body, _ := Decode(p.Body.Of([]byte(out)), p.Encoding, 1<<30)
	if err != nil || p.Encoding != "base64" || string(body) != long[strings.Index(long, "\xff"):] {
		t.Errorf("%v, %s, %d octets", err, p.Encoding, len(body))
	}
	for line := range strings.Lines(out) {
		if len(line) > 78 {
			t.Fatalf("%q", line)
		}
	}
	broken := errors.New("broken")
	if _, err := LookSevenBit(io.MultiReader(strings.NewReader(long), iotest.ErrReader(broken)), Usual()); !errors.Is(err, broken) {
		t.Error(err)
	}
}

// leaves are the bodies that no part divides, decoded, with their types.
func leaves(p *Part, msg []byte) (out []string) {
	if len(p.Parts) == 0 {
		body, _ := Decode(p.Body.Of(msg), p.Encoding, 1<<20)
		return []string{p.Type + "\n" + string(bytes.TrimSuffix(body, []byte("\r\n")))}
	}
	for i := range p.Parts {
		out = append(out, leaves(&p.Parts[i], msg)...)
	}
	return out
}

// What comes out is in seven bits and reads as before.
func FuzzSevenBit(f *testing.F) {
	for _, s := range []string{"", "\r\n", "Subject: ñ\r\nTo: \"ñ, x\" <a@b>\r\nContent-Type: image/x; name=\"ñ\"\r\n\r\nx", "Subject: x\r\n\r\nñ\r\n", "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nñ\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nA: b\r\n\r\n\xff\r\n--b--\r\n",
		"Content-Type: multipart/digest; boundary=b\r\nContent-Transfer-Encoding: 8bit\r\n\r\n--b\r\n\r\nA: b\r\n\r\nñ\r\n--b--\r\n", "Content-Type: image/x\r\nContent-Transfer-Encoding: binary\r\n\r\n\xff",
		"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: multipart/mixed; boundary=c\r\n--b\r\n\r\nñ"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, msg string) {
		msg = strings.ReplaceAll(strings.ReplaceAll(msg, "\r", ""), "\n", "\r\n") // others are made good where it is sent
		out, s, err := sevenBit(t, msg)
		if err != nil {
			if !errors.Is(err, ErrWide) || isASCII([]byte(msg)) {
				t.Fatalf("%v", err)
			}
			return
		}
		if s.Plain != isASCII([]byte(msg)) || !isASCII([]byte(out)) {
			t.Fatalf("plain %v: %q", s.Plain, out)
		}
		was, is := Parse([]byte(msg), Usual()), Parse([]byte(out), Usual())
		before, after := leaves(&was, []byte(msg)), leaves(&is, []byte(out))
		if strings.Join(before, "\x00") != strings.Join(after, "\x00") {
			t.Errorf("%q\nbecame\n%q\nof\n%q", before, after, msg)
		}
	})
}

// Only headers count, wherever in the message they stand.
//
// rfc: 6531-3.6-1
func TestHasWideHeader(t *testing.T) {
	const mixed = "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\n"
	for name, c := range map[string]struct {
		text string
		want bool
	}{
		"nothing":             {"Subject: x\n\nx\n", false},
		"the body":            {"Subject: x\n\nñ\n", false},
		"the header":          {"Subject: ñ\n\nx\n", true},
		"a header alone":      {"Subject: ñ", true},
		"a part's body":       {mixed + "Content-Type: text/plain\n\nñ\n--b--\nñ\n", false},
		"a part's header":     {mixed + "\nx\n--b\nContent-Description: ñ\n\nx\n--b--\n", true},
		"a message within":    {"Content-Type: message/rfc822\n\nSubject: ñ\n\nx\n", true},
		"looks like a header": {"Subject: x\n\nSubject: ñ\n\nx\n", false},
	} {
		wide, err := HasWideHeader(strings.NewReader(strings.ReplaceAll(c.text, "\n", "\r\n")), Usual())
		if err != nil || wide != c.want {
			t.Errorf("%s: %v %v", name, wide, err)
		}
	}
	bad := errors.New("bad")
	if _, err := HasWideHeader(iotest.ErrReader(bad), Usual()); !errors.Is(err, bad) {
		t.Errorf("unread: %v", err)
	}
}
