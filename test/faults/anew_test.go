//go:build whole && linux

package faults

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"posta/test/loopback"
	"posta/test/notes"
)

// The program itself, with its command line: a failed sync costs a letter its
// 250, then posta begins anew on the same store and takes it.
func TestStartsAnew(t *testing.T) {
	strace := need(t, "strace", "strace")
	dir := t.TempDir()
	program := buildPosta(t, dir)
	h := quickstart(t, program, filepath.Join(dir, "data"))
	l := newLedger()
	fill(t, h, l, 5, 0)
	detached := attach(t, h, append(traced(strace, filepath.Join(dir, "trace")),
		"-b", "execve", "-e", "inject=fsync,fdatasync:error=EIO:when=1"))
	s, err := newSender(h.SMTP)
	if err != nil {
		t.Fatal(err)
	}
	failed := l.write(2000, 0)
	err = s.send(failed, byData)
	s.close()
	if err == nil {
		t.Error("a letter whose sync failed was acknowledged")
	}
	detached()
	awaitListener(t, h)
	fill(t, h, l, 5, 0)
	l.check(t, h, people)
	h.interrupt(t)
	notes.Add(t, "after a failed sync (%v) posta began anew in process %d; %d acknowledged, 0 lost", err, h.PID, l.acked)
}

// quickstart starts the program as a user does, on ports of its own.
func quickstart(t *testing.T, program, data string) *house {
	t.Helper()
	h := &house{errors: &tail{}, ended: make(chan struct{})}
	h.SMTP, h.POP3 = loopback.Pair(t)
	args := []string{"quickstart", domain, "--data", data, "--smtp", h.SMTP, "--pop3", h.POP3,
		"--submission", "off", "--submissions", "off", "--pop3s", "off"}
	for _, name := range accounts(people) {
		args = append(args, "--account", name+":"+password)
	}
	h.cmd = exec.Command(program, args...)
	h.cmd.Stdout, h.cmd.Stderr = h.errors, h.errors
	var err error
	if h.in, err = h.cmd.StdinPipe(); err == nil {
		err = h.cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	h.PID = h.cmd.Process.Pid
	go func() {
		_ = h.cmd.Wait() // the state says it
		h.state = h.cmd.ProcessState
		close(h.ended)
	}()
	t.Cleanup(h.kill)
	awaitListener(t, h)
	return h
}

// interrupt ends the program as Ctrl-C does.
func (h *house) interrupt(t *testing.T) {
	t.Helper()
	if err := h.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if code := h.wait(t); code != 0 {
		t.Errorf("Ctrl-C ends posta with status %d\n%s", code, h.errors)
	}
}

// awaitListener returns when POP3, which listens last, is served.
func awaitListener(t *testing.T, h *house) {
	t.Helper()
	for end := time.Now().Add(patience); ; {
		f, err := newFetcher(h.POP3, 0)
		if err == nil {
			_, _ = f.ask("QUIT") // the maildrop is free at once
			f.close()
			return
		}
		var no refused
		if errors.As(err, &no) || !h.running() || time.Now().After(end) {
			t.Fatalf("posta does not serve: %v\n%s", err, h.errors)
		}
		<-time.After(20 * time.Millisecond)
	}
}
