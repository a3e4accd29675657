//go:build whole && linux

package faults

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

const (
	domain   = "faults.test"
	password = "clave-2026"
)

// patience is how long anything at all may take on a busy machine.
const patience = 2 * time.Minute

// soak says that there is time.
func soak() bool { return os.Getenv("SOAK") != "" }

// house is a running child.
type house struct {
	ready
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    *bufio.Reader
	errors *tail
	ended  chan struct{}
	state  *os.ProcessState
}

// start starts a child and waits until it listens. Words before it, as of
// strace, run it.
func start(t *testing.T, s setting, before ...string) *house {
	t.Helper()
	h, err := tryStart(s, before...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.kill() })
	return h
}

func tryStart(s setting, before ...string) (*house, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	told, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	argv := append(slices.Clone(before), self)
	h := &house{cmd: exec.Command(argv[0], argv[1:]...), errors: &tail{}, ended: make(chan struct{})}
	h.cmd.Env = append(os.Environ(), childEnv+"="+string(told))
	h.cmd.Stderr = h.errors
	if len(s.Mount) > 0 {
		h.cmd.SysProcAttr = apart()
	}
	if h.in, err = h.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, w, err := os.Pipe() // Wait would close a StdoutPipe under a reader
	if err != nil {
		return nil, err
	}
	h.cmd.Stdout = w
	h.out = bufio.NewReader(out)
	err = h.cmd.Start()
	w.Close()
	if err != nil {
		out.Close()
		return nil, err
	}
	go func() {
		_ = h.cmd.Wait() // the state says it
		h.state = h.cmd.ProcessState
		close(h.ended)
	}()
	line, err := h.out.ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &h.ready)
	}
	if err != nil {
		h.kill()
		return nil, fmt.Errorf("posta did not start: %w\n%s", err, h.errors)
	}
	return h, nil
}

// apart gives a child its own mounts, which end with it. Who is not root gets
// a user namespace for that.
func apart() *syscall.SysProcAttr {
	a := &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS}
	if os.Geteuid() != 0 {
		a.Cloneflags = syscall.CLONE_NEWUSER
		a.UidMappings = []syscall.SysProcIDMap{{HostID: os.Geteuid(), Size: 1}}
		a.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getegid(), Size: 1}}
	}
	return a
}

// kill is kill -9. It returns when the process is gone.
func (h *house) kill() {
	if h.PID != 0 && h.PID != h.cmd.Process.Pid && h.running() {
		_ = syscall.Kill(h.PID, syscall.SIGKILL) // behind a strace
	} else {
		_ = h.cmd.Process.Kill()
	}
	<-h.ended
	_ = h.in.Close()
}

func (h *house) running() bool {
	select {
	case <-h.ended:
		return false
	default:
		return true
	}
}

// stop ends the child in order.
func (h *house) stop(t *testing.T) {
	t.Helper()
	_ = h.in.Close()
	if code := h.wait(t); code != 0 {
		t.Errorf("the end in order has status %d\n%s", code, h.errors)
	}
}

// wait gives the status of a child that ends by itself.
func (h *house) wait(t *testing.T) int {
	t.Helper()
	select {
	case <-h.ended:
		return h.state.ExitCode()
	case <-time.After(patience):
		t.Fatalf("posta does not end\n%s", h.errors)
		return -1
	}
}

// tell gives the child a command and, where answer is not nil, reads it.
func (h *house) tell(command string, answer any) error {
	if _, err := io.WriteString(h.in, command+"\n"); err != nil {
		return err
	}
	if answer == nil {
		return nil
	}
	line, err := h.out.ReadBytes('\n')
	if err != nil {
		return err
	}
	if s, ok := answer.(*string); ok {
		*s = strings.TrimSpace(string(line))
		return nil
	}
	return json.Unmarshal(line, answer)
}

// inside names a file as the child sees it, in its own mounts.
func (h *house) inside(path string) string {
	return filepath.Join("/proc", fmt.Sprint(h.PID), "root", path)
}

// tail keeps what a child said on standard error, the last of it.
type tail struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *tail) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.buf.Len() > 64<<10 {
		l.buf.Next(32 << 10)
	}
	return l.buf.Write(p)
}

func (l *tail) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// run runs a program and gives what it printed.
func run(name string, args ...string) (string, error) {
	out, err := exec.Command(name, args...).CombinedOutput()
	return string(out), err
}

// need finds a program, or says what to install.
func need(t *testing.T, program, pkg string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		t.Fatalf("%s is missing: install the Debian package %s", program, pkg)
	}
	return path
}
