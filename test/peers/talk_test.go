//go:build whole && linux

package peers

import (
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"posta/config"
)

// postaProgram builds posta into the clients' folder.
func (w *world) postaProgram() string {
	w.t.Helper()
	program := filepath.Join(w.home, "posta")
	if out, err := exec.Command("go", "build", "-o", program, "posta/cmd/posta").CombinedOutput(); err != nil {
		w.t.Fatalf("go build: %v\n%s", err, out)
	}
	return program
}

// unstyled is what a screen shows without colours and the moves of the cursor.
func unstyled(text string) string {
	return regexp.MustCompile(`\x1b\[[?0-9;]*[A-Za-z]`).ReplaceAllString(text, "")
}

// A person types a whole conversation at a terminal: Tab completes, Ctrl-T turns
// TLS on, a password is typed unseen, and a recording, a history and a
// transcript that plays again are what is left.
func TestTalkAtATerminal(t *testing.T) {
	w := start(t, config.ModeLab)
	program := w.postaProgram()
	term := w.terminal(program, "talk", "smtp", w.addrs["smtp"], "--ca", w.ca, "--insecure", "--save", filepath.Join(w.home, "typed.talk"))
	term.expect(`S: 220 `)
	term.expect(`now: EHLO `)
	term.paste("\x14") // Ctrl-T
	term.expect(`C: EHLO `)
	term.expect(`C: STARTTLS`)
	term.expect(`encrypted from here on: TLS 1\.3`)
	term.expect(`now: MAIL AUTH`)
	term.paste("AU\t")
	term.expect(`AUTH `)
	term.paste("LOG\t\r")
	term.expect(`that is base64 for: Username:`)
	term.keys(pepe)
	term.expect(`not shown`)
	term.keys(secret)
	term.expect(`S: 235 `)
	term.expect(`now: MAIL`)
	term.paste("mail from:<" + pepe + ">\r")
	term.expect(`S: 250 `)
	term.paste("RCPT \t")
	term.expect(`TO:<`)
	term.paste(gorka + ">\r")
	term.expect(`S: 250 `)
	term.keys("DATA")
	term.expect(`a line with only a dot`)
	term.keys("Subject: typed")
	term.keys("")
	term.keys(".dot")
	term.expect(`another dot will be put`)
	term.keys(".")
	term.expect(`S: 250 `)
	term.paste("\x10\r") // Up: the last command again, which is none of the lines of the message
	term.expect(`C: DATA`)
	term.expect(`S: 503 `)
	term.keys("QUIT")
	term.expect(`S: 221 `)
	screen := unstyled(term.end(false))
	w.arrived(gorka, "Subject: typed\r\n\r\n.dot\r\n")
	if strings.Contains(screen, secret) {
		t.Errorf("the password is on the screen:\n%s", screen)
	}
	state := filepath.Join(w.home, ".local", "state", "posta")
	history, err := os.ReadFile(filepath.Join(state, "history-smtp"))
	if err != nil {
		t.Fatal(err)
	}
	for _, no := range []string{secret, pepe + "\n", "Subject"} {
		if strings.Contains(string(history), no) {
			t.Errorf("the history holds %q:\n%s", no, history)
		}
	}
	files, err := filepath.Glob(filepath.Join(state, "recordings", "*.pcapng"))
	if err != nil || len(files) != 1 {
		t.Fatalf("recordings: %q, %v", files, err)
	}
	for _, name := range []string{files[0], filepath.Join(w.home, "typed.talk")} {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
	if shown := w.must("", program, "read", files[0], "--filter", `smtp.req.command == "STARTTLS"`); !strings.Contains(shown, "STARTTLS") {
		t.Errorf("the recording shows %s", shown)
	}
	if said := w.must("", program, "talk", "--script", filepath.Join(w.home, "typed.talk"), "--insecure", "smtp", w.addrs["smtp"]); !strings.Contains(said, "as expected") {
		t.Error(said)
	}
}

// POP3 in Spanish, on a screen of eighty columns.
func TestTalkInSpanish(t *testing.T) {
	w := start(t, config.ModeLab)
	w.must("Subject: uno\n\nHola\n", w.postaProgram(), "send", "--server", w.addrs["smtp"], "--no-tls", "--from", gorka, "--to", pepe, "--message", "-")
	term := w.terminal(filepath.Join(w.home, "posta"), "talk", "pop3", w.addrs["pop3"], "--lang", "es")
	term.expect(`ahora: USER `)
	term.keys("USER " + pepe)
	term.expect(`S: \+OK`)
	term.keys("PASS")
	term.expect(`contraseña \(no se ve\)`)
	term.keys(secret)
	term.expect(`ahora: STAT LIST RETR`)
	term.keys("LIST")
	term.expect(`S: \.`)
	term.paste("RETR \t\r")
	term.expect(`Subject: uno`)
	term.paste("\x14")
	term.expect(`S: -ERR`)
	term.keys("QUIT")
	term.expect(`el servidor cerró la conexión, como debe`)
	if screen := unstyled(term.end(false)); strings.Contains(screen, secret) {
		t.Errorf("the password is on the screen:\n%s", screen)
	}
}

// A server that closes while nothing is typed is told of at once.
func TestTalkServerCloses(t *testing.T) {
	w := start(t, config.ModeLab)
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	end := make(chan struct{})
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		_, _ = io.WriteString(c, "220 x\r\n") // the screen tells
		<-end
		c.Close()
	}()
	term := w.terminal(w.postaProgram(), "talk", "smtp", l.Addr().String())
	term.expect(`now: EHLO `)
	close(end)
	term.expect(`closed the connection`)
	term.leave()
}
