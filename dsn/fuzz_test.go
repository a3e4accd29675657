package dsn

import (
	"bytes"
	"reflect"
	"strings"
	"testing"

	"posta/mail"
)

// What a peer gave never adds a field or a recipient, and reads back.
func FuzzReport(f *testing.F) {
	f.Add("a@b", "QQ1", "550 no", "x.y", false)
	f.Add("ñ\r\nAction: failed", "\x00", "año\r\n\r\nFinal-Recipient: x", "--b1--", true)
	f.Fuzz(func(t *testing.T, addr, env, diag, host string, utf bool) {
		// A word that no line holds (RFC 5322 §2.1.1) is cut, and these may grow to three times
		// their size; in SMTP none is this long (RFC 5321 §4.5.3.1).
		if max(len(addr), len(env), len(diag), len(host)) > 300 {
			return
		}
		r := example()
		r.UTF8 = utf
		r.EnvID = env
		r.Recipients[0].Final = "utf-8;x" + addr
		r.Recipients[0].Diagnostic = "5" + diag
		r.MTA = "a." + host
		got, err := Parse(write(t, r))
		if err != nil || len(got.Recipients) != 1 || got.Recipients[0].Action != Delivered {
			t.Fatalf("%v: %+v\n%s", err, got, write(t, r))
		}
		again, err := Parse(write(t, got))
		if err != nil || !reflect.DeepEqual(again.Recipients, got.Recipients) || again.EnvID != got.EnvID || again.MTA != got.MTA {
			t.Fatalf("%v:\n got %+v\nagain %+v", err, got, again)
		}
	})
}

func FuzzParse(f *testing.F) {
	var b bytes.Buffer
	if err := example().Write(&b, English()); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, msg []byte) {
		r, err := Parse(msg)
		if err == nil && len(r.Recipients) == 0 {
			t.Fatal("a report on nobody")
		}
	})
}

func FuzzUnitext(f *testing.F) {
	f.Add("peña+x=y@españa.example")
	f.Add(`\x{110000}\x{41`)
	f.Fuzz(func(t *testing.T, s string) {
		s = strings.ToValidUTF8(s, "")
		enc := Unitext(s)
		if !mail.IsASCII(enc) || fromUnitext(enc) != s {
			t.Fatalf("%q → %q → %q", s, enc, fromUnitext(enc))
		}
	})
}
