package console

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "x.eml")
	if err := os.WriteFile(name, []byte("Subject: x\n\n.dot"), 0o600); err != nil {
		t.Fatal(err)
	}
	saved := filepath.Join(t.TempDir(), "x.talk")
	const script = `
		S: 220 x
		C: HELO x
		S: 250 x
		C: MAIL FROM:<>
		S: 250 ok
		C: RCPT TO:<a@b.es>
		S: 250 ok
		C: DATA
		S: 354 go
		C: Subject: x
		C:
		C: ..dot
		C: .
		S: 250 ok
		closed`
	screen, _, _ := scene{protocol: "smtp", script: script, typed: []string{"/file " + name, "HELO x", "MAIL FROM:<>", "RCPT TO:<a@b.es>", "/file " + name, "/save " + saved,
		"/save " + saved, "/why", "/nothing", "/help", "/quit", "never typed"},
		options: func(o *Options) { o.Why = func() []string { return []string{"because"} } }}.play(t)
	wants(t, screen, "   first MAIL and RCPT; then /file sends DATA and the file", "C: DATA", "S: 250 ok", "   because")
	unfolded := strings.Join(strings.Fields(screen), " ") // names of folders are of any length
	if !strings.Contains(unfolded, "the transcript is in "+saved+"; ") || !strings.Contains(unfolded, "cannot write "+saved) ||
		!strings.Contains(unfolded, "there is no /nothing") || strings.Contains(unfolded, "never typed") {
		t.Error(screen)
	}
	if info, err := os.Stat(saved); err != nil || info.Mode().Perm()&0o077 != 0 {
		t.Error(info, err)
	}
}

// A file that DATA was refused for is not sent at a later one, nor is one whose
// reply never came when something else was typed.
func TestFileIsForgotten(t *testing.T) {
	name := filepath.Join(t.TempDir(), "x.eml")
	if err := os.WriteFile(name, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	for reply, hurry := range map[string]bool{"S: 451 later\n": false, "": true} {
		script := "S: 220 x\nC: HELO x\nS: 250 x\nC: MAIL FROM:<>\nS: 250 ok\nC: RCPT TO:<a@b.es>\nS: 250 ok\nC: DATA\n" +
			reply + "C: NOOP\nS: 250 ok\n"
		typed := []string{"HELO x", "MAIL FROM:<>", "RCPT TO:<a@b.es>", "/file " + name, "NOOP"}
		if !hurry {
			script += "C: DATA\nS: 354 go\nC: new\nC: .\nS: 250 ok\n"
			typed = append(typed, "DATA", "new", ".")
		}
		_, _, c := scene{protocol: "smtp", script: script + "closed", typed: append(typed, "/quit"),
			options: func(o *Options) {
				if hurry {
					o.Patience = 20 * time.Millisecond
				}
			}}.play(t)
		if c.file != "" {
			t.Errorf("after %q %s is sent at the next DATA", reply, c.file)
		}
	}
}
