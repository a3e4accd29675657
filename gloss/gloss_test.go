package gloss_test

import (
	"strings"
	"testing"

	"posta/event"
	"posta/gloss"
	"posta/mail"
	"posta/pop3"
	"posta/smtp"
	"posta/story"
	"posta/words"
)

func speaks(t *testing.T, lang string) *words.Words {
	t.Helper()
	w, err := words.New(lang)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// Every command that the grammars know has a meaning and its section.
func TestEveryCommandIsExplained(t *testing.T) {
	w := speaks(t, "en")
	unknown := gloss.Of(w, &story.Session{Protocol: "smtp"}, &story.Act{Kind: story.Command, Text: "BANANA"})
	for protocol, names := range map[string][]string{"smtp": smtpNames(), "pop3": popNames()} {
		if len(names) < 15 {
			t.Fatalf("%s has %d commands", protocol, len(names))
		}
		for _, name := range names {
			g := gloss.Of(w, &story.Session{Protocol: protocol}, &story.Act{Kind: story.Command, Verb: name, Text: name})
			if g.Meaning == unknown.Meaning || len(g.Cites) != 1 || !strings.HasPrefix(g.Cites[0], "RFC ") {
				t.Errorf("%s %s: %q %v", protocol, name, g.Meaning, g.Cites)
			}
		}
	}
	if len(unknown.Cites) != 0 || unknown.Meaning == "" {
		t.Errorf("no command: %+v", unknown)
	}
}

func smtpNames() (names []string) {
	for _, v := range smtp.Verbs() {
		names = append(names, v.String())
	}
	return names
}

func popNames() (names []string) {
	for v := pop3.USER; v > pop3.NoVerb; v-- {
		names = append(names, v.String())
	}
	return append(names, pop3.UTF8.String())
}

// What EHLO offers is explained where smtp knows it, and nothing else is.
func TestExtensionsAreExplained(t *testing.T) {
	w := speaks(t, "es")
	a := &story.Act{Kind: story.Reply, Verb: "EHLO", Code: 250, Text: "250-x", More: []string{"250-SIZE 100", "250-XMAGIC", "250 STARTTLS"}}
	g := gloss.Of(w, &story.Session{Protocol: "smtp"}, a)
	if len(g.Lines) != 3 || !strings.Contains(g.Lines[0].Meaning, "octetos") || g.Lines[0].Cites[0] != "RFC 1870 §3" || g.Lines[1].Meaning != "" || g.Lines[2].Cites[0] != "RFC 3207 §2" {
		t.Errorf("%+v", g.Lines)
	}
	for e := smtp.Extension(1); e.Keyword() != ""; e <<= 1 {
		a.More = []string{"250 " + e.Keyword()}
		if g := gloss.Of(w, &story.Session{Protocol: "smtp"}, a); g.Lines[0].Meaning == "" || len(g.Lines[0].Cites) != 1 {
			t.Errorf("%s: %+v", e.Keyword(), g.Lines)
		}
	}
}

func TestMeanings(t *testing.T) {
	w := speaks(t, "en")
	login := &story.Login{Mechanism: "PLAIN", User: "luis", Password: "secret", Base64: true, Readable: true}
	for _, c := range []struct {
		protocol string
		act      story.Act
		want     string // a part of the meaning
		cites    string
		states   string
	}{
		{"smtp", story.Act{Kind: story.Greeting, Text: "220 x", After: story.State{Greeted: true}}, "ready", "RFC 5321 §3.1", "connected → greeted"},
		{"smtp", story.Act{Kind: story.Command, Verb: "AUTH", Text: "AUTH PLAIN x", Login: login}, "user luis, password secret", "RFC 4954 §4", "connected → connected"},
		{"smtp", story.Act{Kind: story.Challenge, Text: "334 UGFzc3dvcmQ6"}, "Password:", "RFC 4954 §4", ""},
		{"smtp", story.Act{Kind: story.Answer, Text: "AGx1aXMAeA=="}, "␀luis␀x", "RFC 4954 §4", ""},
		{"smtp", story.Act{Kind: story.Answer, Text: event.Masked}, "left the secret out", "RFC 4954 §4", ""},
		{"smtp", story.Act{Kind: story.Answer, Text: "*"}, "gives the log-in up", "RFC 4954 §4", ""},
		{"smtp", story.Act{Kind: story.Reply, Verb: "RCPT", Code: 550, Text: "550 5.1.1 no", Status: mail.Status{Class: 5, Subject: 1, Detail: 1}, Refused: true}, "5.1.1 is about an address", "RFC 5321 §4.2.3 RFC 3463 §3.2", ""},
		{"smtp", story.Act{Kind: story.Reply, Verb: "RCPT", Code: 250, After: story.State{Greeted: true, Helo: "x", Sender: true, From: "a@b", Recipients: 2}}, "recipient is accepted", "RFC 5321 §4.2.3",
			"connected → 2 recipients of <a@b> given"},
		{"smtp", story.Act{Kind: story.Reply, Code: 599}, "Refused for good", "RFC 5321 §4.2.3", ""},
		{"smtp", story.Act{Kind: story.Command, Verb: "MAIL", Grouped: true, Lenient: []string{"blank"}, Fault: "Bad"}, "pipelining", "RFC 5321 §4.1.1.2 RFC 2920 §3.1", ""},
		{"smtp", story.Act{Kind: story.Mail, Verb: "DATA", Message: &story.Message{Size: 10, Octets: []byte("x"), Subject: "hi"}}, "empty line between header and text is missing", "RFC 5321 §4.1.1.4 RFC 5321 §4.5.2 RFC 5322 §2.1", ""},
		{"smtp", story.Act{Kind: story.TLS, Event: event.Secured{Version: "TLSv1.3", Cipher: "X"}, After: story.State{Secure: true, Greeted: true}}, "TLSv1.3 X", "RFC 3207 §4.2", "connected → greeted, inside TLS"},
		{"smtp", story.Act{Kind: story.Gap, Octets: 7}, "7 octets are missing", "", " → "},
		{"pop3", story.Act{Kind: story.Greeting, Text: "+OK <1.2@x>"}, "APOP", "RFC 1939 §4 RFC 1939 §7", ""},
		{"pop3", story.Act{Kind: story.Reply, Verb: "PASS", Text: "+OK", After: story.State{Greeted: true, User: "eva"}}, "accepted", "RFC 1939 §3 RFC 1939 §7", "connected → TRANSACTION: eva is logged in"},
		{"pop3", story.Act{Kind: story.Reply, Verb: "PASS", Text: "-ERR", Refused: true}, "log-in is refused", "RFC 1939 §3 RFC 1939 §7", ""},
		{"pop3", story.Act{Kind: story.List, Verb: "UIDL"}, "lasting name", "RFC 1939 §7 RFC 1939 §3", ""},
	} {
		g := gloss.Of(w, &story.Session{Protocol: c.protocol}, &c.act)
		if !strings.Contains(g.Meaning, c.want) || strings.Join(g.Cites, " ") != c.cites || c.states != "" && g.Before+" → "+g.After != c.states {
			t.Errorf("%+v:\n%+v\nwant %q %q %q", c.act, g, c.want, c.cites, c.states)
		}
	}
}

// No octet of a peer's reaches a terminal as it is.
func TestGlossIsHarmless(t *testing.T) {
	w := speaks(t, "en")
	evil := "\x1b]0;x\a"
	for _, a := range []*story.Act{
		{Kind: story.Command, Verb: "PASS", Login: &story.Login{User: evil, Password: evil, Readable: true}},
		{Kind: story.Mail, Message: &story.Message{Subject: evil, From: evil, To: evil}},
		{Kind: story.TLS, Event: event.Secured{Version: evil, Cipher: evil}, After: story.State{Greeted: true, Helo: evil, User: evil, Sender: true, From: evil}},
	} {
		for _, protocol := range []string{"smtp", "pop3"} {
			g := gloss.Of(w, &story.Session{Protocol: protocol}, a)
			if strings.ContainsAny(g.Meaning+g.Before+g.After, "\x1b\a") {
				t.Errorf("%q", g)
			}
		}
	}
}
