//go:build whole && linux

package wine

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"fmt"
	"net"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"posta/test/loopback"
)

const password = "clave-2026"

// telnet is what PuTTY sends before the first command.
const telnet = "\xff\xfb\x1f\xff\xfb\x20\xff\xfb\x18\xff\xfb\x27\xff\xfd\x01\xff\xfb\x03\xff\xfd\x03"

// exchange is a line that is sent and how what comes back begins.
type exchange struct{ send, want string }

// house is a running posta.exe.
type house struct {
	cmd   *exec.Cmd
	said  *output
	ended chan struct{}
	smtp  string
	pop3  string
}

// output keeps what a program says while it runs.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// posta.exe says its version, reads the configuration that it writes, and
// serves a class.
func TestWindows(t *testing.T) {
	m := newMachine(t)
	t.Run("program", func(t *testing.T) {
		if got := m.posta(t, "version"); !strings.Contains(got, "windows/amd64") {
			t.Errorf("posta version: %q", got)
		}
		m.posta(t, "config", "example", "--output", "posta.toml")
		m.posta(t, "config", "check", "posta.toml")
	})
	t.Run("quickstart", func(t *testing.T) { serveClass(t, m) })
	t.Run("pipes", func(t *testing.T) { pipes(t, m) })
	t.Run("double click", func(t *testing.T) { clicked(t, m) })
}

// serveClass is a lesson: quickstart, the dialogues, the process killed and
// started again on the same data, Ctrl-C.
func serveClass(t *testing.T, m *machine) {
	h := m.quickstart(t)
	typed(t, h.smtp, "220", labLetter...)
	typed(t, h.smtp, "220", courseLetter...)
	typed(t, h.pop3, "+OK", append(login("gorka"),
		exchange{"STAT", "+OK 1 "}, exchange{"RETR 1", "luis jaramillo uday"}, exchange{"DELE 1", "+OK"})...) // and hangs up
	if got := m.posta(t, "account", "list", "--data", "data", "--json"); !strings.Contains(got, "usuario@servidor.es") {
		t.Errorf("account list, through the control socket: %s", got)
	}
	h.kill()
	h = m.quickstart(t)
	typed(t, h.pop3, "+OK", append(login("gorka"),
		exchange{"STAT", "+OK 1 "}, exchange{"RETR 1", "luis jaramillo uday"}, exchange{"DELE 1", "+OK"}, exchange{"QUIT", "+OK"})...)
	typed(t, h.pop3, "+OK", append(login("usuario@servidor.es"),
		exchange{"LIST", "1 "}, exchange{"RETR 1", "Probamos el protocolo SMTP."}, exchange{"TOP 1 1", "subject: Asunto"},
		exchange{"NOOP", "+OK"}, exchange{"RSET", "+OK"}, exchange{"QUIT", "+OK"})...)
	h.interrupt(t)
	if got := m.posta(t, "message", "list", "gorka@jaramillo.edu.ec", "--data", "data", "--json"); strings.Contains(got, "uid") {
		t.Errorf("message list, on the store at rest: %s", got)
	}
}

var (
	labLetter = []exchange{
		{telnet + "HELO jaramillo.edu.ec", "250"},
		{"MAIL FROM: luis@jaramillo.edu.ec", "250"},
		{"RCPT TO: gorka@jaramillo.edu.ec", "250"},
		{"DATA", "354"},
		{"luis jaramillo uday\r\n.", "250"},
		{"QUIT", "221"},
	}
	courseLetter = []exchange{
		{"HELO arquiredes.net", "250"},
		{"AUTH LOGIN", "334 VXNlcm5hbWU6"},
		{base64.StdEncoding.EncodeToString([]byte("pepe@pepito.es")), "334 UGFzc3dvcmQ6"},
		{base64.StdEncoding.EncodeToString([]byte(password)), "235"},
		{"MAIL FROM: pepe@pepito.es", "250"},
		{"RCPT TO: usuario@servidor.es", "250"},
		{"DATA", "354"},
		{"subject: Asunto\r\nEste mensaje es de prueba.\r\nProbamos el protocolo SMTP.\r\n.", "250 2.0.0 OK: queued as "},
		{"QUIT", "221 2.0.0 Bye"},
	}
)

func login(user string) []exchange {
	return []exchange{{"USER " + user, "+OK"}, {"PASS " + password, "+OK"}}
}

// quickstart starts a lab on the machine's data, and again on the same.
func (m *machine) quickstart(t *testing.T) *house {
	t.Helper()
	h := &house{said: &output{}, ended: make(chan struct{})}
	h.smtp, h.pop3 = loopback.Pair(t)
	h.cmd = m.command("quickstart", "jaramillo.edu.ec", "--domain", "pepito.es", "--domain", "servidor.es",
		"--account", "gorka:"+password, "--account", "pepe@pepito.es:"+password, "--account", "usuario@servidor.es:"+password,
		"--data", "data", "--smtp", h.smtp, "--pop3", h.pop3, "--submission", "off", "--submissions", "off", "--pop3s", "off")
	h.cmd.Stdout, h.cmd.Stderr = h.said, h.said
	if err := h.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = h.cmd.Wait() // its state says it
		close(h.ended)
	}()
	t.Cleanup(h.kill)
	for end := time.Now().Add(patience); ; {
		conn, err := net.Dial("tcp", h.pop3)
		if err == nil {
			conn.Close()
			return h
		}
		select {
		case <-h.ended:
			t.Fatalf("quickstart ended: %v\n%s", h.cmd.ProcessState, h.said)
		case <-time.After(20 * time.Millisecond):
		}
		if time.Now().After(end) {
			t.Fatalf("quickstart does not listen\n%s", h.said)
		}
	}
}

// kill is the Task Manager's way.
func (h *house) kill() {
	_ = h.cmd.Process.Kill()
	<-h.ended
}

// interrupt is Ctrl-C, as wine hands it on, and wants an end in order.
func (h *house) interrupt(t *testing.T) {
	t.Helper()
	if err := h.cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	h.finish(t)
}

// typed plays a dialogue line by line from outside wine.
func typed(t *testing.T, addr, greeting string, lines ...exchange) {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	in := bufio.NewReader(conn)
	for _, e := range append([]exchange{{"", greeting}}, lines...) {
		if e.send != "" {
			if _, err := fmt.Fprintf(conn, "%s\r\n", e.send); err != nil {
				t.Fatal(err)
			}
		}
		if err := until(in, e.want); err != nil {
			t.Fatalf("after %q: %v", e.send, err)
		}
	}
}

// until reads to the line that begins as wanted; others may come before it
// unless they say no.
func until(in *bufio.Reader, want string) error {
	for {
		line, err := in.ReadString('\n')
		line = strings.TrimPrefix(line, telnetAnswer(line))
		switch {
		case err != nil:
			return fmt.Errorf("%q does not come: %w", want, err)
		case strings.HasPrefix(line, want):
			return nil
		case strings.HasPrefix(line, "-ERR"), line[0] == '4', line[0] == '5':
			return fmt.Errorf("want %q, got %q", want, line)
		}
	}
}

// telnetAnswer is the DONTs and WONTs that a line begins with.
func telnetAnswer(line string) string {
	n := 0
	for n+2 < len(line) && line[n] == '\xff' {
		n += 3
	}
	return line[:n]
}
