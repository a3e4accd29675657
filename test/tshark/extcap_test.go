//go:build whole && linux

package tshark_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// patience is how long anything may take on a busy machine.
const patience = 2 * time.Minute

// bench is a folder with a posta and an environment in which nobody has been.
type bench struct {
	program string
	env     []string
}

func newBench(t *testing.T) *bench {
	t.Helper()
	home := t.TempDir()
	b := &bench{filepath.Join(home, "posta"), []string{"HOME=" + home, "XDG_DATA_HOME=" + filepath.Join(home, "data"), "PATH=/usr/bin:/bin:/usr/sbin",
		"LC_ALL=C", "POSTA_LANG=en", "POSTA_DATA=" + filepath.Join(home, "lab"), "WIRESHARK_EXTCAP_DIR=" + filepath.Join(home, "extcap")}}
	if out, err := exec.Command("go", "build", "-o", b.program, "posta/cmd/posta").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if err := os.Mkdir(filepath.Join(home, "extcap"), 0o755); err != nil {
		t.Fatal(err)
	}
	return b
}

// command prepares a program; posta is the one that was built.
func (b *bench) command(ctx context.Context, program string, args ...string) *exec.Cmd {
	if program == "posta" {
		program = b.program
	}
	c := exec.CommandContext(ctx, program, args...)
	c.Env = b.env
	c.WaitDelay = 5 * time.Second
	return c
}

func (b *bench) must(t *testing.T, program string, args ...string) string {
	t.Helper()
	var said, wrong bytes.Buffer
	c := b.command(t.Context(), program, args...)
	c.Stdout, c.Stderr = &said, &wrong
	if err := c.Run(); err != nil {
		t.Fatalf("%s %q: %v\n%s%s", program, args, err, &said, &wrong)
	}
	return said.String()
}

// lab runs a posta and gives the addresses of its listeners.
func (b *bench) lab(t *testing.T, more ...string) map[string]string {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	args := []string{"quickstart", "pepito.es", "--account", "pepe:secret-2026"}
	for _, name := range []string{"smtp", "submission", "submissions", "pop3", "pop3s"} {
		args = append(args, "--"+name, "127.0.0.1:0")
	}
	c := b.command(ctx, "posta", append(args, more...)...)
	c.Cancel = func() error { return c.Process.Signal(syscall.SIGTERM) }
	var said bytes.Buffer
	c.Stdout, c.Stderr = &said, &said
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop()
		if c.Wait(); c.ProcessState.ExitCode() != 0 {
			t.Errorf("the server ended with %v:\n%s", c.ProcessState, &said)
		}
	})
	b.must(t, "posta", "wait-ready", "--timeout", "1m")
	var state struct {
		Listeners []struct{ Name, Address string }
	}
	if err := json.Unmarshal([]byte(b.must(t, "posta", "status", "--json")), &state); err != nil {
		t.Fatal(err)
	}
	addresses := map[string]string{}
	for _, l := range state.Listeners {
		addresses[l.Name] = l.Address
	}
	return addresses
}

// lines runs a program and gives what it prints, a line at a time; end asks it
// to end as Ctrl-C does, and waits.
func (b *bench) lines(t *testing.T, program string, args ...string) (await func(text string) string, end func()) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	c := b.command(ctx, program, args...)
	c.Cancel = func() error { return c.Process.Signal(os.Interrupt) }
	var wrong bytes.Buffer
	c.Stderr = &wrong
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	said := make(chan string, 1000)
	go func() {
		defer close(said)
		for all := bufio.NewScanner(out); all.Scan(); {
			said <- all.Text()
		}
	}()
	late := time.AfterFunc(patience, stop)
	await = func(text string) string {
		t.Helper()
		for line := range said {
			if strings.Contains(line, text) {
				return line
			}
		}
		c.Wait()
		t.Fatalf("%s does not say %q: %s", program, text, &wrong)
		return ""
	}
	return await, func() {
		late.Stop()
		stop()
		for range said {
		}
		c.Wait()
	}
}

// session is a conversation by hand.
type session struct {
	t    *testing.T
	conn net.Conn
	in   *bufio.Reader
}

func call(t *testing.T, address string) *session {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	s := &session{t, c, bufio.NewReader(c)}
	s.hear()
	return s
}

func (s *session) hear() {
	s.t.Helper()
	for {
		line, err := s.in.ReadString('\n')
		if err != nil {
			s.t.Fatal(err)
		}
		if len(line) < 4 || line[3] != '-' {
			return
		}
	}
}

func (s *session) say(line string) {
	s.t.Helper()
	if _, err := io.WriteString(s.conn, line+"\r\n"); err != nil {
		s.t.Fatal(err)
	}
	s.hear()
}

// posta is a capture interface of tshark's: what is said in a session stands
// there at once, and of one that is open from its beginning.
func TestExtcap(t *testing.T) {
	b := newBench(t)
	if said := b.must(t, "posta", "extcap", "install"); !strings.Contains(said, "posta sessions") {
		t.Errorf("install says %s", said)
	}
	if list := b.must(t, "tshark", "-D"); !strings.Contains(list, "posta (posta sessions)") {
		t.Errorf("tshark -D lists\n%s", list)
	}
	if links := b.must(t, "tshark", "-i", "posta", "-L"); !strings.Contains(links, "EN10MB") {
		t.Errorf("tshark -L says\n%s", links)
	}
	addresses := b.lab(t)
	s := call(t, addresses["smtp"])
	s.say("EHLO first.example")
	await, end := b.lines(t, "tshark", "-i", "posta", "-l", "-n", "-Y", "smtp.req || pop.request", "-T", "fields", "-e", "smtp.req.command", "-e", "smtp.req.parameter", "-e", "pop.request.command")
	defer end()
	await("EHLO\tfirst.example")
	s.say("MAIL FROM:<ana@example.net>")
	await("MAIL\tFROM:<ana@example.net>")
	pop := call(t, addresses["pop3"])
	pop.say("USER pepe")
	await("USER")
	end()
	if said := b.must(t, "posta", "extcap", "uninstall"); !strings.Contains(said, "postadump") {
		t.Errorf("uninstall says %s", said)
	}
	if list := b.must(t, "tshark", "-D"); strings.Contains(list, "posta") {
		t.Errorf("tshark -D still lists\n%s", list)
	}
}

// tshark reads what is inside TLS while the session goes on.
func TestExtcapTLS(t *testing.T) {
	for _, version := range []string{"1.2", "1.3"} {
		t.Run(version, func(t *testing.T) {
			b := newBench(t)
			b.must(t, "posta", "extcap", "install")
			addresses := b.lab(t)
			await, end := b.lines(t, "tshark", "-i", "posta", "-l", "-n", "-Y", "smtp.req", "-T", "fields", "-e", "smtp.req.command", "-e", "tls.record.version")
			defer end()
			s := call(t, addresses["smtp"])
			s.say("EHLO first.example")
			s.say("STARTTLS")
			s.starttls(version)
			s.say("EHLO inside.example")
			s.say("MAIL FROM:<ana@example.net>")
			await("MAIL\t0x0303")
		})
	}
}

// starttls goes on inside TLS.
func (s *session) starttls(version string) {
	s.t.Helper()
	c := tls.Client(s.conn, &tls.Config{InsecureSkipVerify: true,
		MaxVersion: map[string]uint16{"1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13}[version]})
	if err := c.Handshake(); err != nil {
		s.t.Fatal(err)
	}
	s.conn, s.in = c, bufio.NewReader(c)
}

// posta starts Wireshark on a pipe; here it is a tshark under that name, which
// reads SMTP at the lab's ports because it is told what they speak.
func TestWiresharkPipe(t *testing.T) {
	b := newBench(t)
	home := filepath.Dir(b.program)
	script := "#!/bin/sh\nshift\nexec tshark -l -n -Y smtp.req -T fields -e smtp.req.command -e smtp.req.parameter \"$@\" > " + filepath.Join(home, "shown") + "\n"
	if err := os.WriteFile(filepath.Join(home, "wireshark"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(filepath.Join(home, "shown"), 0o600); err != nil {
		t.Fatal(err)
	}
	b.env = append(b.env, "PATH="+home+":/usr/bin:/bin:/usr/sbin")
	s := call(t, b.lab(t)["smtp"])
	s.say("EHLO first.example")
	end := b.capturing(t, "--wireshark")
	shown, err := os.Open(filepath.Join(home, "shown"))
	if err != nil {
		t.Fatal(err)
	}
	defer shown.Close()
	lines := bufio.NewScanner(shown)
	for _, want := range []string{"EHLO\tfirst.example", "MAIL\tFROM:<ana@example.net>"} {
		if !lines.Scan() || lines.Text() != want {
			t.Errorf("it shows %q, not %q", lines.Text(), want)
		}
		s.say("MAIL FROM:<ana@example.net>")
	}
	end()
}
