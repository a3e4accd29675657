package smtp

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"posta/mail"
)

func TestParseCommand(t *testing.T) {
	tests := []struct {
		line string
		mode mail.Mode
		want string // Command.String(), or the fault
	}{
		{"HELO a.example", mail.Strict, "HELO a.example"},
		{"helo a.example  ", mail.Strict, "HELO a.example"},
		{"EHLO [192.0.2.1]", mail.Strict, "EHLO [192.0.2.1]"},
		{"EHLO [IPv6:2001:db8::1]", mail.Strict, "EHLO [IPv6:2001:db8::1]"},
		{"EHLO", mail.Strict, "!501 5.5.4"},
		{"EHLO", mail.Lab, "!501 5.5.4"},
		{"EHLO a b", mail.Strict, "!501 5.5.4"},
		{"EHLO mi pc", mail.Lab, "EHLO mi pc"},
		{"EHLO señal", mail.Strict, "!501 5.5.4"},
		{"MAIL FROM:<a@b.example>", mail.Strict, "MAIL FROM:<a@b.example>"},
		{"mail from:<a@b.example>", mail.Strict, "MAIL FROM:<a@b.example>"},
		{"MAIL FROM:<>", mail.Strict, "MAIL FROM:<>"},
		{"MAIL FROM:<> BODY=8BITMIME", mail.Strict, "MAIL FROM:<> BODY=8BITMIME"},
		{"MAIL FROM:<@x,@[1.2.3.4]:a@b>", mail.Strict, "MAIL FROM:<a@b>"},
		{"MAIL FROM:<@[IPv6:::1]:a@b>", mail.Strict, "MAIL FROM:<a@b>"},
		{"MAIL FROM:<@x:>", mail.Strict, "!501 5.1.7"},
		{"MAIL FROM:<@x y:a@b>", mail.Strict, "!501 5.1.7"},
		{`MAIL FROM:<"a> b"@c> SIZE=1`, mail.Strict, `MAIL FROM:<"a> b"@c> SIZE=1`},
		{"MAIL FROM: <a@b>", mail.Strict, "MAIL FROM:<a@b>"},
		{"RCPT TO:\t <a@b> NOTIFY=NEVER", mail.Strict, "RCPT TO:<a@b> NOTIFY=NEVER"},
		{"MAIL FROM : <a@b>", mail.Strict, "!501 5.5.4"},
		{"MAIL FROM: a@b", mail.Strict, "!501 5.1.7"},
		{"MAIL FROM: <a@b>", mail.Lab, "MAIL FROM:<a@b>"},
		{"MAIL FROM:a@b", mail.Strict, "!501 5.1.7"},
		{"MAIL FROM:a@b", mail.Lab, "MAIL FROM:<a@b>"},
		{"MAIL FROM: luis@jaramillo.edu.ec", mail.Lab, "MAIL FROM:<luis@jaramillo.edu.ec>"},
		{"MAIL FROM : luis@x SIZE=3", mail.Lab, "MAIL FROM:<luis@x> SIZE=3"},
		{`MAIL FROM: "luis j"@x SIZE=3`, mail.Lab, `MAIL FROM:<"luis j"@x> SIZE=3`},
		{"MAIL FROM:", mail.Lab, "!501 5.1.7"},
		{"MAIL FROM:", mail.Strict, "!501 5.1.7"},
		{"MAIL FROM", mail.Lab, "!501 5.5.4"},
		{"MAIL", mail.Strict, "!501 5.5.4"},
		{"MAIL TO:<a@b>", mail.Strict, "!501 5.5.4"},
		{"MAIL FROM:<a@b", mail.Strict, "!501 5.1.7"},
		{"MAIL FROM:<a@b>SIZE=1", mail.Strict, "!501 5.1.7"},
		{"MAIL FROM:<a>", mail.Strict, "!501 5.1.7"},
		{"MAIL FROM:<postmaster>", mail.Strict, "!501 5.1.7"},
		{"MAIL FROM:<a@b> SIZE=1 size=2", mail.Strict, "!501 5.5.4"},
		{"MAIL FROM:<a@b> =1", mail.Strict, "!501 5.5.4"},
		{"MAIL FROM:<a@b> SIZE=", mail.Strict, "!501 5.5.4"},
		{"MAIL FROM:<a@b> X=1=2", mail.Strict, "!501 5.5.4"},
		{"MAIL FROM:<a\x00@b>", mail.Strict, "!501 5.5.2"},
		{"MAIL FROM:<a\xff@b>", mail.Strict, "!501 5.5.2"},
		{"MAIL FROM:<ñ@ñandú.example> SMTPUTF8", mail.Strict, "MAIL FROM:<ñ@ñandú.example> SMTPUTF8"},
		{"RCPT TO:<Postmaster>", mail.Strict, "RCPT TO:<Postmaster>"},
		{"RCPT TO: postmaster", mail.Lab, "RCPT TO:<postmaster>"},
		{"RCPT TO:<>", mail.Strict, "!501 5.1.3"},
		{"RCPT TO:<pepe>", mail.Strict, "!501 5.1.3"},
		{"RCPT TO:<@a.b:pepe@c> NOTIFY=NEVER", mail.Strict, "RCPT TO:<pepe@c> NOTIFY=NEVER"},
		{"DATA", mail.Strict, "DATA"},
		{"DATA x", mail.Strict, "!501 5.5.4"},
		{"RSET x", mail.Strict, "!501 5.5.4"},
		{"QUIT x", mail.Strict, "!501 5.5.4"},
		{"NOOP x y", mail.Strict, "NOOP x y"},
		{"BDAT 0", mail.Strict, "BDAT 0"},
		{"bdat 86 last", mail.Strict, "BDAT 86 LAST"},
		{"BDAT", mail.Strict, "!501 5.5.4"},
		{"BDAT -1", mail.Strict, "!501 5.5.4"},
		{"BDAT 1 2", mail.Strict, "!501 5.5.4"},
		{"BDAT 1 LAST x", mail.Strict, "!501 5.5.4"},
		{"BDAT 99999999999999999999", mail.Strict, "!501 5.5.4"},
		{"VRFY pepe", mail.Strict, "VRFY pepe"},
		{"VRFY <pepe@x> smtputf8", mail.Strict, "VRFY pepe@x smtputf8"},
		{"VERFY pepe", mail.Lab, "VRFY pepe"},
		{"VERFY pepe", mail.Strict, "!500 5.5.1"},
		{`VRFY "Pepe \"el\" P"`, mail.Strict, `VRFY "Pepe \"el\" P"`},
		{`VRFY "a\"`, mail.Strict, "!501 5.5.4"},
		{"EXPN", mail.Strict, "!501 5.5.4"},
		{"HELP rcpt", mail.Strict, "HELP rcpt"},
		{"AUTH plain AGE=", mail.Strict, "AUTH PLAIN AGE="},
		{"AUTH PLAIN =", mail.Strict, "AUTH PLAIN ="},
		{"AUTH", mail.Strict, "!501 5.5.4"},
		{"AUTH PLAIN a b", mail.Strict, "!501 5.5.4"},
		{"AUTH A*B", mail.Strict, "!501 5.5.4"},
		{"STARTTLS now", mail.Strict, "!501 5.5.4"},
		{"ETRN", mail.Strict, "!500 5.5.2"},
		{"ETRN x", mail.Strict, "!501 5.5.4"},
		{"ETRN localname", mail.Lab, "!501 5.5.4"},
		{"etrn Foo.com", mail.Strict, "ETRN Foo.com"},
		{"ETRN @foo.com", mail.Strict, "ETRN @foo.com"},
		{"ETRN @com", mail.Strict, "!501 5.5.4"},
		{"ETRN @@foo.com", mail.Strict, "!501 5.5.4"},
		{"ETRN #uucp", mail.Strict, "ETRN #uucp"},
		{"ETRN #", mail.Strict, "!501 5.5.4"},
		{"ETRN #a b", mail.Strict, "!501 5.5.4"},
		{"ETRN # uucp", mail.Strict, "!501 5.5.4"},
		{"ETRN foo.com bar.com", mail.Strict, "!501 5.5.4"},
		{"ETRN foo.com.", mail.Strict, "!501 5.5.4"},
		{"ETRN -foo.com", mail.Strict, "!501 5.5.4"},
		{"ETRN [192.0.2.1]", mail.Strict, "!501 5.5.4"},
		{"ETRN a@b.example", mail.Strict, "!501 5.5.4"},
		{"ETRN " + strings.Repeat("a.", 150) + "example", mail.Strict, "!501 5.5.4"},
		{"ATRN", mail.Strict, "ATRN"},
		{"ATRN example.org", mail.Strict, "ATRN example.org"},
		{"atrn example.org,Example.COM", mail.Strict, "ATRN example.org,Example.COM"},
		{"ATRN example.org, example.com", mail.Strict, "!501 5.5.4"},
		{"ATRN example.org,", mail.Strict, "!501 5.5.4"},
		{"ATRN ,", mail.Strict, "!501 5.5.4"},
		{"ATRN example.org example.com", mail.Strict, "!501 5.5.4"},
		{"ATRN org", mail.Strict, "!501 5.5.4"},
		{"ATRN example-.org", mail.Strict, "!501 5.5.4"},
		{"ATRN @example.org", mail.Strict, "!501 5.5.4"},
		{"ATRN ñandú.example", mail.Strict, "!501 5.5.4"},
		{"TURN", mail.Strict, "TURN"},
		{"TURN around", mail.Strict, "!501 5.5.4"},
		{"XYZZY 1 2", mail.Strict, "!500 5.5.1"},
		{"", mail.Strict, "!500 5.5.2"},
		{" HELO x", mail.Strict, "!500 5.5.2"},
		{"\xff\xfb\x1fHELO x", mail.Strict, "!500 5.5.2"},
		{"HE\x00LO x", mail.Strict, "!500 5.5.2"},
		{"HELO x\x7f", mail.Lab, "!501 5.5.2"},
	}
	for _, test := range tests {
		c, f := ParseCommand([]byte(test.line), test.mode)
		got := c.String()
		if f != nil {
			got = "!" + f.Reply().FirstLine()[:9]
		}
		if got != test.want {
			t.Errorf("ParseCommand(%q, %v) = %s, want %s (%v)", test.line, test.mode, got, test.want, f)
		}
	}
}

func TestSpans(t *testing.T) {
	line := "MAIL FROM: <@r:a@b> SIZE=12 SMTPUTF8"
	c, f := ParseCommand([]byte(line), mail.Lab)
	if f != nil {
		t.Fatal(f)
	}
	for _, test := range []struct {
		at   Span
		want string
	}{
		{c.NameSpan, "MAIL"}, {c.ArgSpan, line[5:]}, {c.Path.Span, "<@r:a@b>"}, {c.Path.Mailbox, "a@b"},
		{c.Params[0].KeySpan, "SIZE"}, {c.Params[0].ValueSpan, "12"}, {c.Params[1].KeySpan, "SMTPUTF8"},
	} {
		if got := test.at.Of(line); got != test.want {
			t.Errorf("span %v is %q, want %q", test.at, got, test.want)
		}
	}
	if c.Path.Route != "@r" || c.Lax != LaxBlank {
		t.Errorf("route %q, lax %b", c.Path.Route, c.Lax)
	}
	line = "AUTH  plain  abcd"
	c, _ = ParseCommand([]byte(line), mail.Strict)
	if c.WordSpan.Of(line) != "plain" || c.InitialSpan.Of(line) != "abcd" {
		t.Errorf("AUTH: %+v", c)
	}
	_, f = ParseCommand([]byte("RCPT TO:<a@b> NOTIFY=X\x01"), mail.Strict)
	if f == nil || f.Span != (Span{22, 1}) {
		t.Errorf("fault %+v", f)
	}
}

// rfc: 3461-4-1, 3461-4-2, 3461-4-3
func TestEnvelope(t *testing.T) {
	all := ExtSize | Ext8BitMIME | ExtSMTPUTF8 | ExtAuth | ExtDSN
	good := map[string]mail.Envelope{
		"SIZE=0":                        {},
		"size=12":                       {Size: 12},
		"SIZE=99999999999999999999":     {Size: 1<<63 - 1},
		"BODY=7bit":                     {},
		"BODY=8BITMIME":                 {Body: mail.Body8BitMIME},
		"SMTPUTF8":                      {UTF8: true},
		"AUTH=<>":                       {Auth: "<>"},
		"AUTH=e+3Dmc2@example.com":      {Auth: "e=mc2@example.com"},
		"RET=full":                      {Ret: mail.RetFull},
		"RET=HDRS ENVID=a+2Bb+20c":      {Ret: mail.RetHdrs, EnvID: "a+b c"},
		"ENVID=(a)+2Bb+41":              {EnvID: "(a)+bA"},
		"BODY=8BITMIME SIZE=9 RET=FULL": {Body: mail.Body8BitMIME, Size: 9, Ret: mail.RetFull},
	}
	for params, want := range good {
		c, f := ParseCommand([]byte("MAIL FROM:<a@b> "+params), mail.Strict)
		if f != nil {
			t.Fatal(params, f)
		}
		want.From = mail.Address{Local: "a", Domain: "b"}
		if env, f := c.Envelope(all); f != nil || env != want {
			t.Errorf("%s: %+v, %v", params, env, f)
		}
		if _, f := c.Envelope(0); f == nil || f.Code != 555 {
			t.Errorf("%s without the extension: %v", params, f)
		}
	}
	bad := map[string]int{"SIZE": 501, "SIZE=-1": 501, "SIZE=999999999999999999999": 501, "BODY=BINARYMIME": 555,
		"BODY=X": 501, "SMTPUTF8=1": 501, "AUTH=x": 501, "AUTH=+3": 501, "RET=X": 501, "RET": 501, "ENVID=+07": 501,
		"ENVID=" + strings.Repeat("a", 101): 501, "X=1": 555, "NOTIFY=NEVER": 555, "ENVID=+": 501}
	for params, code := range bad {
		c, f := ParseCommand([]byte("MAIL FROM:<a@b> "+params), mail.Strict)
		if f != nil {
			t.Fatal(params, f)
		}
		if _, f := c.Envelope(all); f == nil || f.Code != code || f.Status.String() != "5.5.4" {
			t.Errorf("%s: %v, want %d", params, f, code)
		}
	}
}

// rfc: 3461-4.1-3
func TestRecipient(t *testing.T) {
	good := map[string]mail.Recipient{
		"NOTIFY=NEVER":                 {Notify: mail.NotifyNever},
		"notify=success,Failure,DELAY": {Notify: mail.NotifySuccess | mail.NotifyFailure | mail.NotifyDelay},
		"ORCPT=rfc822;a+2Bb@c":         {Orcpt: "rfc822;a+b@c"},
		"ORCPT=utf-8;ñ@c":              {Orcpt: "utf-8;ñ@c"},
		`ORCPT=utf-8;\x{F1}@c`:         {Orcpt: `utf-8;\x{F1}@c`},
	}
	for params, want := range good {
		c, f := ParseCommand([]byte("RCPT TO:<a@b> "+params), mail.Strict)
		if f != nil {
			t.Fatal(params, f)
		}
		want.To = mail.Address{Local: "a", Domain: "b"}
		if to, f := c.Recipient(ExtDSN); f != nil || to != want {
			t.Errorf("%s: %+v, %v", params, to, f)
		}
		if _, f := c.Recipient(0); f == nil || f.Code != 555 {
			t.Errorf("%s without DSN: %v", params, f)
		}
	}
	bad := map[string]int{"NOTIFY=NEVER,DELAY": 501, "NOTIFY=DELAY,DELAY": 501, "NOTIFY=X": 501, "NOTIFY": 501,
		"NOTIFY=,": 501, "ORCPT=a@b": 501, "ORCPT=;a": 501, "ORCPT=rfc822;": 501, "ORCPT=rfc822;ñ": 501,
		"ORCPT=rfc822;a+0A": 501, "ORCPT=rfc822;" + strings.Repeat("a", 494): 501, "SIZE=1": 555, "FOO": 555}
	for params, code := range bad {
		c, f := ParseCommand([]byte("RCPT TO:<a@b> "+params), mail.Strict)
		if f != nil {
			t.Fatal(params, f)
		}
		if _, f := c.Recipient(ExtDSN); f == nil || f.Code != code {
			t.Errorf("%s: %v, want %d", params, f, code)
		}
	}
}

// Every verb and extension is found by the name that its table gives it.
//
// rfc: 6531-3.1-2
func TestTables(t *testing.T) {
	for _, v := range Verbs() {
		if v.String() == "" || v.Help() == "" || VerbNamed(v.String()) != v || VerbNamed(strings.ToLower(v.String())) != v {
			t.Errorf("verb %d is %q, found as %v", v, v, VerbNamed(v.String()))
		}
		if e := v.Extension(); e != 0 && ExtensionNamed(e.Keyword()) != e {
			t.Errorf("%v: extension %q is not found", v, e.Keyword())
		}
		if v.Syntax() != "" && !strings.HasPrefix(v.Syntax(), v.String()) {
			t.Errorf("%v: syntax %q", v, v.Syntax())
		}
	}
	if VerbNamed("") != Unknown || VerbNamed("STARTTLSX") != Unknown || ExtensionNamed("X") != 0 || ExtensionNamed("") != 0 {
		t.Error("something was found that is not there")
	}
	o := Offer{Extensions: extEnd - 1, MaxSize: 10, Mechanisms: []string{"PLAIN", "LOGIN"}}
	if got := ParseOffer(append(o.Lines(), "X-UNKNOWN 1", "")); !reflect.DeepEqual(got, o) {
		t.Errorf("%+v came back as %+v", o, got)
	}
	odd := "AUTH plain \x1b[2J \u009b2J A= SCRAM-SHA-256-PLUS-AND-MORE X_1"
	if got := ParseOffer([]string{"SMTPUTF8 x y"}); !reflect.DeepEqual(got, Offer{Extensions: ExtSMTPUTF8}) {
		t.Errorf("SMTPUTF8 with parameters: %+v", got)
	}
	if got := ParseOffer([]string{odd}).Mechanisms; !slices.Equal(got, []string{"PLAIN", "X_1"}) {
		t.Errorf("%q offers %q", odd, got)
	}
}

func TestNearest(t *testing.T) {
	all := func(v Verb) bool { return v != SAML }
	for name, want := range map[string]Verb{"VERFY": VRFY, "HELLO": HELO, "EHOL": EHLO, "MIAL": MAIL, "RCTP": RCPT,
		"QIUT": QUIT, "DAT": DATA, "STARTTSL": STARTTLS, "XYZZY": Unknown, "SML": SOML, "XYZ": Unknown, "AB": Unknown, "Ñ": Unknown, "HOLA": HELO, "exit": QUIT, "bye": QUIT} {
		if got := Nearest(name, all); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestForeign(t *testing.T) {
	for name, want := range map[string]string{"get": "HTTP", "Host:": "HTTP", "host:localhost": "HTTP", "USER": "POP3", "Subject:": "", "HELO": ""} {
		if got := Foreign(name); got != want {
			t.Errorf("Foreign(%q) = %q", name, got)
		}
	}
}

// What is understood in either mode is written in a form that strict listeners
// understand alike; HELO's liberties have none.
func FuzzCommand(f *testing.F) {
	for _, s := range []string{"HELO a", "MAIL FROM:<a@b> SIZE=1 AUTH=<>", "MAIL FROM: a@b", "RCPT TO:<@a:b@c> NOTIFY=NEVER",
		"BDAT 1 LAST", `VRFY "a b" SMTPUTF8`, "VERFY <>", "AUTH PLAIN =", "HELP x y", "\xff", "MAIL FROM:<\"\\>\"@x>", "TURN\tx", "SAML", "ETRN @a.example",
		"ETRN #q", "ATRN a.example,b.example"} {
		f.Add([]byte(s), true)
		f.Add([]byte(s), false)
	}
	f.Fuzz(func(t *testing.T, line []byte, lab bool) {
		mode := mail.Strict
		if lab {
			mode = mail.Lab
		}
		c, fault := ParseCommand(line, mode)
		checkSpans(t, line, c)
		_, _ = c.Envelope(extEnd - 1)
		_, _ = c.Recipient(extEnd - 1)
		if fault != nil || c.Lax&LaxDomain != 0 {
			return
		}
		s := c.String()
		again, fault := ParseCommand([]byte(s), mail.Strict)
		if fault != nil {
			t.Fatalf("%q → %q: %v", line, s, fault)
		}
		if a, b := bare(again), bare(c); !reflect.DeepEqual(a, b) {
			t.Fatalf("%q → %q:\n%+v\n%+v", line, s, a, b)
		}
	})
}

// bare leaves what a command says, without how it was written.
func bare(c Command) Command {
	c.Name, c.Lax, c.Path.Route = "", 0, ""
	c.NameSpan, c.ArgSpan, c.WordSpan, c.InitialSpan, c.Path.Span, c.Path.Mailbox = Span{}, Span{}, Span{}, Span{}, Span{}, Span{}
	if c.Verb != NOOP {
		c.Arg = ""
	}
	params := c.Params
	c.Params = nil
	for _, p := range params {
		c.Params = append(c.Params, Param{Key: p.Key, Value: p.Value})
	}
	return c
}

func checkSpans(t *testing.T, line []byte, c Command) {
	spans := []Span{c.NameSpan, c.ArgSpan, c.WordSpan, c.InitialSpan, c.Path.Span, c.Path.Mailbox}
	for _, p := range c.Params {
		spans = append(spans, p.KeySpan, p.ValueSpan)
	}
	for _, s := range spans {
		if s.Off < 0 || s.Len < 0 || s.Off+s.Len > len(line) {
			t.Fatalf("%q: span %v is outside", line, s)
		}
	}
}

func FuzzXtext(f *testing.F) {
	f.Add("a+2Bb", "a+b =ñ")
	f.Fuzz(func(t *testing.T, in, plain string) {
		if got, err := DecodeXtext(EncodeXtext(plain)); err != nil || got != plain {
			t.Fatalf("%q → %q → %q, %v", plain, EncodeXtext(plain), got, err)
		}
		if s, err := DecodeXtext(in); err == nil {
			if again, err := DecodeXtext(EncodeXtext(s)); err != nil || again != s {
				t.Fatalf("%q → %q → %q, %v", in, s, again, err)
			}
		}
	})
}
