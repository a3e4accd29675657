//go:build whole && linux

package wine

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"posta/test/loopback"
)

// explorer stands in for Windows' own: posta knows by its name that it was
// clicked. It starts a program, waits for it, and hands its status on.
const explorer = `#include <windows.h>
int main(int n, char **v) {
  STARTUPINFOA si = { sizeof si }; PROCESS_INFORMATION pi; DWORD code;
  if (!CreateProcessA(v[1], v[1], 0, 0, TRUE, 0, 0, 0, &si, &pi)) return 99;
  WaitForSingleObject(pi.hProcess, INFINITE);
  GetExitCodeProcess(pi.hProcess, &code);
  return code;
}
`

// click double-clicks posta.exe; what is typed into its window comes from the
// writer.
func (m *machine) click(t *testing.T, variables ...string) (*house, io.WriteCloser) {
	t.Helper()
	source, built := filepath.Join(m.dir, "explorer.c"), filepath.Join(m.dir, "explorer.exe")
	if err := os.WriteFile(source, []byte(explorer), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(gcc, "-O2", "-o", built, source).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", gcc, err, out)
	}
	h := &house{said: &output{}, ended: make(chan struct{})}
	h.smtp, h.pop3 = loopback.Pair(t)
	h.cmd = exec.Command(wine64, built, "posta.exe")
	h.cmd.Dir = m.dir
	h.cmd.Env = append(append(m.env(), "POSTA_SMTP="+h.smtp, "POSTA_POP3="+h.pop3, "POSTA_SUBMISSION=off", "POSTA_SUBMISSIONS=off",
		"POSTA_POP3S=off", "POSTA_DATA=clicked", "POSTA_LANG=es"), variables...)
	h.cmd.Stdout, h.cmd.Stderr = h.said, h.said
	keys, err := h.cmd.StdinPipe()
	if err == nil {
		err = h.cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = h.cmd.Wait() // its state says it
		close(h.ended)
	}()
	t.Cleanup(h.kill)
	return h, keys
}

// shows waits until the window shows a text.
func (h *house) shows(t *testing.T, text string) {
	t.Helper()
	for end := time.Now().Add(patience); !strings.Contains(h.said.String(), text); {
		select {
		case <-h.ended:
			t.Fatalf("it ended: %v\n%s", h.cmd.ProcessState, h.said)
		case <-time.After(20 * time.Millisecond):
		}
		if time.Now().After(end) {
			t.Fatalf("%q does not appear\n%s", text, h.said)
		}
	}
}

// ctrlC interrupts both programs in the window, as Windows does; a signal from
// outside wine reaches one alone.
func (h *house) ctrlC(t *testing.T) {
	t.Helper()
	all, err := filepath.Glob("/proc/[0-9]*/environ")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range all {
		octets, err := os.ReadFile(name)
		if err != nil || !strings.Contains(string(octets), "POSTA_SMTP="+h.smtp+"\x00") {
			continue // ended meanwhile, somebody else's, or another program
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(name)))
		if err != nil {
			t.Fatal(err)
		}
		if line, err := os.ReadFile(filepath.Join(filepath.Dir(name), "cmdline")); err == nil && strings.HasPrefix(string(line), "posta.exe") {
			if err := syscall.Kill(pid, syscall.SIGINT); err != nil {
				t.Fatal(err)
			}
		}
	}
	h.finish(t)
}

// finish waits for an end in order.
func (h *house) finish(t *testing.T) {
	t.Helper()
	select {
	case <-h.ended:
	case <-time.After(patience):
		t.Fatalf("it does not end\n%s", h.said)
	}
	if code := h.cmd.ProcessState.ExitCode(); code != 0 {
		t.Errorf("it ends with status %d\n%s", code, h.said)
	}
}

// A double click asks for the domain, the members and who may come; what goes
// wrong stays to be read until Enter.
func clicked(t *testing.T, m *machine) {
	h, keys := m.click(t)
	for _, step := range []struct{ question, answer string }{
		{"Dominio de su grupo [lab.test]:", "grupo1.net"}, {"Miembros", "ana, Peña"}, {"¿Quién puede entrar?", "1"},
	} {
		h.shows(t, step.question)
		fmt.Fprintf(keys, "%s\r\n", step.answer)
	}
	h.shows(t, "Ctrl-C lo termina")
	for _, want := range []string{"Peña pasa a ser pena", "posta quickstart grupo1.net --account ana --account pena", "ana@grupo1.net"} {
		if !strings.Contains(h.said.String(), want) {
			t.Errorf("the window does not show %q\n%s", want, h.said)
		}
	}
	typed(t, h.smtp, "220", exchange{"HELO x", "250"}, exchange{"VRFY pena", "250"}, exchange{"QUIT", "221"})
	h.ctrlC(t)

	h, keys = m.click(t, "POSTA_SMTP=nowhere")
	h.shows(t, "[grupo1.net]")
	fmt.Fprint(keys, "\r\n\r\n1\r\n")
	h.shows(t, "Intro cierra esta ventana.")
	if !strings.Contains(h.said.String(), "nowhere") {
		t.Errorf("it does not say what was wrong\n%s", h.said)
	}
	fmt.Fprint(keys, "\r\n")
	select {
	case <-h.ended:
	case <-time.After(patience):
		t.Errorf("Enter does not close the window\n%s", h.said)
	}
}
