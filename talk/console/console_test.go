package console

import (
	"context"
	"errors"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"posta/event"
	"posta/talk"
	"posta/wire/wiretest"
	"posta/words"
)

// A message is typed line by line, with what is legal shown before each, a dot
// stuffed, and a transcript that plays again.
func TestMessage(t *testing.T) {
	const script = `
		S: 220 x
		C: EHLO me.example
		S: 250-x
		S: 250-SIZE 100
		S: 250 STARTTLS
		C: MAIL FROM:<a@x.es>
		S: 250 2.1.0 ok
		C: RCPT TO:<b@x.es>
		S: 550 5.1.1 no
		C: RCPT TO:<c@x.es>
		S: 250 2.1.5 ok
		C: DATA
		S: 354 go
		C: Subject: x
		C:
		C: ..dot
		C: /no local command
		C: .
		S: 250 2.0.0 queued
		C: QUIT
		S: 221 bye`
	screen, _, c := scene{protocol: "smtp", script: script, typed: []string{"EHLO me.example", "MAIL FROM:<a@x.es>", "RCPT TO:<b@x.es>",
		"RCPT TO:<c@x.es>", "DATA", "Subject: x", "slip", "/undo", "", ".dot", "//no local command", ".", "QUIT"}}.play(t)
	wants(t, screen, "S: 220 x", "   now: EHLO HELO RSET NOOP VRFY HELP QUIT   (Tab completes, /help helps)", "C: EHLO me.example", "S: 250 STARTTLS",
		"   now: MAIL STARTTLS RSET NOOP VRFY HELP QUIT", "S: 250 2.1.0 ok", "   now: RCPT RSET NOOP VRFY HELP QUIT", "S: 550 5.1.1 no",
		"   now: RCPT DATA RSET NOOP VRFY HELP QUIT", "C| slip", "   taken back: slip", "C| .dot",
		"   another dot will be put before this one, so that it does not end the message", "   43 octets sent, with all line ends and the dot",
		"S: 250 2.0.0 queued", "   now: MAIL STARTTLS RSET NOOP VRFY HELP QUIT", "S: 221 bye", "   the server closed the connection, as it should")
	text, secrets, err := c.Transcript()
	if err != nil || secrets {
		t.Fatal(secrets, err)
	}
	f, err := talk.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	play := func(script string) error {
		near, _ := wiretest.Play(script, nil)
		r := talk.Runner{Build: func(context.Context, talk.Fixture) (talk.Host, error) { return host{near}, nil }, Patience: time.Second}
		return r.Play(t.Context(), f, talk.Lines)
	}
	if err := play(script); err != nil {
		t.Errorf("it does not play again: %v\n%s", err, text)
	}
	if err := play(strings.Replace(script, "550 5.1.1", "250 2.1.5", 1)); err == nil {
		t.Errorf("it plays with a server that says something else:\n%s", text)
	}
}

func TestPOP3(t *testing.T) {
	const script = `
		S: +OK <1896.697170952@dbc.mtview.ca.us>
		C: CAPA
		S: +OK
		S: TOP
		S: USER
		S: .
		C: APOP mrose c4c9334bac560ecc979e58001b3e22fb
		S: -ERR no
		C: USER mrose
		S: +OK
		C: PASS tanstaaf
		S: +OK
		C: LIST
		S: +OK
		S: 1 10
		S: 2 20
		S: .
		C: QUIT
		S: +OK`
	screen, e, c := scene{protocol: "pop3", script: script, typed: []string{"CAPA", "APOP mrose", "tanstaaf", "USER mrose", "PASS", "tanstaaf", "LIST", "QUIT"}}.play(t)
	wants(t, screen, "   now: USER APOP AUTH STLS CAPA QUIT   (Tab completes, /help helps)", "   now: USER APOP CAPA QUIT",
		"C: APOP mrose c4c9334bac560ecc979e58001b3e22fb", "   now: USER PASS APOP CAPA QUIT", "C: PASS ********",
		"   now: STAT LIST RETR TOP DELE RSET NOOP CAPA QUIT", "S: .")
	if e.secrets != 2 {
		t.Errorf("%d passwords were asked for unseen", e.secrets)
	}
	text, _, err := c.Transcript()
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"S: +OK $stamp*", "C: APOP mrose\\s$apop($stamp,tanstaaf)", "S: {err}", "S: {ok lines}"} {
		if !strings.Contains(string(text), line+"\n") {
			t.Errorf("the transcript lacks %s:\n%s", line, text)
		}
	}
	if got := c.speaker.options("RETR "); !slices.Equal(got, []string{"1", "2"}) {
		t.Errorf("RETR is completed with %q", got)
	}
}

// Capabilities without an end are not held.
func TestCapabilitiesAreBounded(t *testing.T) {
	s := &pop3Speaker{}
	s.hear([]byte("+OK x"))
	s.sent([]byte("CAPA"))
	s.hear([]byte("+OK"))
	for range 10 * maxCapabilities {
		s.hear([]byte("TOP"))
	}
	if s.hear([]byte(".")); len(s.can) != maxCapabilities {
		t.Errorf("%d are held", len(s.can))
	}
}

// A server that hangs up, and one that says nothing, are told of.
func TestEnds(t *testing.T) {
	screen, _, _ := scene{protocol: "smtp", script: "S: 220 x\nC: NOOP\nS: 421 4.3.2 down", typed: []string{"NOOP", "/hints"}, ended: io.EOF}.play(t)
	wants(t, screen, "S: 421 4.3.2 down")
	screen, _, _ = scene{protocol: "smtp", script: "S: 220 x\nC: NOOP\nC: QUIT\nS: 221 bye", typed: []string{"NOOP", "QUIT"},
		options: func(o *Options) { o.Patience = 20 * time.Millisecond }}.play(t)
	wants(t, screen, "   no answer for 20 ms; you may go on, what comes is shown", "C: QUIT")
}

// Octets before TLS end the connection (CVE-2011-0411's kind of injection).
func TestEarlyOctets(t *testing.T) {
	near, _ := wiretest.Pipe()
	en, err := words.New("en")
	if err != nil {
		t.Fatal(err)
	}
	c := New(Options{Protocol: "smtp", Words: en, Editor: &typist{}})
	c.tap = talk.NewTap(near, event.Discard{}, 1, event.Opened{})
	c.scribe = talk.NewScribe()
	c.hear(t.Context(), chunk{octets: []byte("220 x\r\n")})
	<-c.more
	c.speaker.sent([]byte("STARTTLS"))
	c.hear(t.Context(), chunk{octets: []byte("220 go\r\n220 injected\r\n")})
	if !c.over || c.failure == nil {
		t.Error("octets before TLS were let in")
	}
	near.Close()
}

func TestRaw(t *testing.T) {
	screen, _, _ := scene{protocol: "smtp", script: "S: 220 x\nC: NOOP\nS: 250 ok\nC: QUIT\nS: 221 bye", typed: []string{"/raw", `NO\`, "OP", `\xg`, "/raw", "QUIT"}}.play(t)
	wants(t, screen, "C  0000  4e 4f                                            NO",
		"C  0000  4f 50 0d 0a                                      OP..",
		"S  0000  32 35 30 20 6f 6b 0d 0a                          250 ok..", "S: 250 ok")
}

// rfc: 5321-F.6-1
func TestComplete(t *testing.T) {
	en, err := words.New("en")
	if err != nil {
		t.Fatal(err)
	}
	c := New(Options{Protocol: "smtp", Name: "me.example", Words: en, Past: []string{"MAIL FROM:<pepe@x.es>", "RCPT TO:<>", "rubbish"}})
	complete := func(line, want string) {
		t.Helper()
		from, all := c.Complete(line)
		if got := line[:from] + "|" + strings.Join(all, " "); got != want {
			t.Errorf("%q is completed as %q, want %q", line, got, want)
		}
	}
	complete("e", "|EHLO")
	complete("/s", "|/starttls /save")
	complete("EHLO ", "EHLO |me.example")
	complete("mail from:<p", "mail |FROM:<pepe@x.es>")
	complete("MAIL FROM:<a@b.es> S", "MAIL FROM:<a@b.es> |")
	s := c.speaker.(*smtpSpeaker)
	hear := func(command string, reply ...string) {
		if command != "" {
			s.sent([]byte(command))
		}
		for _, line := range reply {
			s.hear([]byte(line))
		}
	}
	hear("", "220 x")
	hear("EHLO x", "250-x", "250-SIZE 10", "250-DSN", "250-SMTPUTF8", "250-CHUNKING", "250-STARTTLS", "250 AUTH PLAIN SCRAM-SHA-256")
	complete("", "|MAIL AUTH STARTTLS RSET NOOP VRFY HELP QUIT")
	complete("MAIL FROM:<a@b.es> S", "MAIL FROM:<a@b.es> |SIZE= SMTPUTF8")
	complete("AUTH s", "AUTH |SCRAM-SHA-256")
	hear("EHLO x", "250-x", "250-SIZE 10", "250-DSN", "250-SMTPUTF8", "250-CHUNKING", "250-STARTTLS", "250 AUTH PLAIN \x1b[2J \x9b2J SCRAM-SHA-256")
	complete("AUTH ", "AUTH |PLAIN SCRAM-SHA-256")
	if got := beginning("", []string{"a", "\x1b[2J", "\u009b2J", "\x9b", "ñ"}); !slices.Equal(got, []string{"a", "ñ"}) {
		t.Errorf("the terminal is told %q", got)
	}
	complete("RCPT TO:<a@b.es> NOTIFY=N", "RCPT TO:<a@b.es> |NOTIFY=NEVER")
	hear("MAIL FROM:<a@b.es>", "250 ok")
	complete("", "|RCPT RSET NOOP VRFY HELP QUIT")
	hear("RCPT TO:<a@b.es>", "250 ok")
	complete("", "|RCPT DATA BDAT RSET NOOP VRFY HELP QUIT")
	hear("RSET", "250 ok")
	hear("STARTTLS", "220 go")
	s.secured()
	complete("", "|EHLO HELO RSET NOOP VRFY HELP QUIT")
}

// The history never holds a password.
func TestClean(t *testing.T) {
	for protocol, lines := range map[string]map[string]string{
		"smtp": {"AUTH PLAIN AHBlcGUA": "AUTH PLAIN", "AUTH LOGIN": "AUTH LOGIN", "AUTH AGEAcHc=": "AUTH", "auth AGEAcHc": "auth", "AUTH": "AUTH",
			"AUTH scram-sha-256 ": "AUTH scram-sha-256", "AUTH CRAM-MD5 x": "AUTH CRAM-MD5", "AUTH PLAIN geheim more": "AUTH PLAIN", "AUTH  AGEAcHc=": "AUTH", "MAIL FROM:<a@b>": "MAIL FROM:<a@b>", "geheim": "", "PASS geheim": "", "/file x": "/file x"},
		"pop3": {"PASS geheim": "PASS", "APOP pepe 0123": "APOP pepe", "USER pepe": "USER pepe", "USER pepe geheim": "USER pepe", "AUTH PLAIN AHBl": "AUTH PLAIN", "AUTH AGEAcHc=": "AUTH", "geheim": ""},
	} {
		c := New(Options{Protocol: protocol})
		h := &History{Clean: c.Clean, open: true}
		for line, want := range lines {
			h.lines = nil
			h.Add(line)
			if got := strings.Join(h.lines, "|"); got != want {
				t.Errorf("%s: %q is remembered as %q", protocol, line, got)
			}
		}
		h.open, h.lines = false, nil
		if h.Add("QUIT"); h.Len() != 0 {
			t.Error("an answer is remembered")
		}
	}
	name := filepath.Join(t.TempDir(), "history")
	h := &History{open: true}
	for i := range maxHistory + 10 {
		h.Add(strings.Repeat("x", i+1))
	}
	again := &History{}
	if err := errors.Join(again.Load(name), h.Save(name), again.Load(name)); err != nil {
		t.Fatal(err)
	}
	if again.Len() != maxHistory || again.At(0) != h.At(0) || again.At(maxHistory-1) != h.At(maxHistory-1) {
		t.Error(again.Len())
	}
}

// Ctrl-T becomes the local command, wherever it is in what was read.
func TestKeys(t *testing.T) {
	for in, want := range map[string]string{"ab": "ab", "\x14": ctrlKey, "ab\x14cd": "ab" + ctrlKey + "cd"} {
		got, err := io.ReadAll(&keys{in: strings.NewReader(in)})
		if err != nil || string(got) != want {
			t.Errorf("%q becomes %q, %v", in, got, err)
		}
	}
}

func TestFolded(t *testing.T) {
	for width, want := range map[int]string{0: "añ bb ccc", 5: "añ bb|ccc", 6: "añ bb|ccc", 3: "añ|bb|ccc", 1: "añ|bb|ccc"} {
		if got := strings.Join(folded("añ bb ccc", width), "|"); got != want {
			t.Errorf("%d: %q", width, got)
		}
	}
}

// Behind TURN the server asks and the person answers: nobody waits for a reply,
// each question is shown, and its end is an orderly one.
func TestTurned(t *testing.T) {
	const script = `
		S: 220 x
		C: EHLO me.example
		S: 250 x
		C: TURN
		S: 250 ok
		C: 220 me.example
		S: EHLO x
		C: 250 me.example
		S: MAIL FROM:<a@x.es>
		C: 550 no
		S: QUIT
		C: 221 bye`
	screen, _, _ := scene{protocol: "smtp", script: script, typed: []string{"EHLO me.example", "TURN", "220 me.example", "250 me.example", "550 no", "221 bye"}}.play(t)
	wants(t, screen, "S: 250 ok", "   the sides have changed: the server asks from here on, and what you type", "   answers it. It waits for a greeting: 220 and a name", "C: 220 me.example", "S: EHLO x", "C: 250 me.example", "S: MAIL FROM:<a@x.es>",
		"C: 550 no", "S: QUIT", "C: 221 bye", "   the server closed the connection, as it should")
	if strings.Contains(screen, "no answer for") || strings.Contains(screen, "answers nothing") {
		t.Error(screen)
	}
	cut, _, _ := strings.Cut(script, "\t\tS: QUIT") // the other side breaks off
	screen, _, _ = scene{protocol: "smtp", script: cut, typed: []string{"EHLO me.example", "TURN", "220 me.example", "250 me.example", "550 no"}, ended: io.EOF}.play(t)
	if strings.Contains(screen, "as it should") {
		t.Error(screen)
	}
}
