//go:build whole && linux

package peers

import (
	"context"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// terminal is a program at a pseudo-terminal, as a person sits before it: in
// the kernel's usual mode, with echo and line editing until the program
// changes that.
type terminal struct {
	w      *world
	screen *os.File // the person's side
	cmd    *exec.Cmd
	cancel context.CancelFunc

	mu      sync.Mutex
	shown   string        // all that the screen has shown
	seen    int           // how much of it was looked at
	changed chan struct{} // closed when shown grows or the program ends
	over    bool
}

// terminal starts a program at a terminal of its own.
func (w *world) terminal(program string, args ...string) *terminal {
	w.t.Helper()
	screen, keyboard, err := openPTY()
	if err != nil {
		w.t.Fatal(err)
	}
	defer keyboard.Close() // the program has its own
	ctx, cancel := context.WithTimeout(w.t.Context(), patience)
	c := w.command(ctx, program, args...)
	c.Stdin, c.Stdout, c.Stderr = keyboard, keyboard, keyboard
	c.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	t := &terminal{w: w, screen: screen, cmd: c, cancel: cancel, changed: make(chan struct{})}
	if err := c.Start(); err != nil {
		w.t.Fatal(err)
	}
	go t.watch()
	return t
}

// openPTY makes a pseudo-terminal: the side of the person and the program's.
func openPTY() (screen, keyboard *os.File, err error) {
	if screen, err = os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0); err != nil {
		return nil, nil, err
	}
	raw, err := screen.SyscallConn()
	if err != nil {
		return nil, nil, err
	}
	var number int
	var failed error
	err = raw.Control(func(fd uintptr) {
		if failed = unix.IoctlSetPointerInt(int(fd), unix.TIOCSPTLCK, 0); failed == nil {
			number, failed = unix.IoctlGetInt(int(fd), unix.TIOCGPTN)
		}
	})
	if err == nil {
		err = failed
	}
	if err != nil {
		return nil, nil, err
	}
	keyboard, err = os.OpenFile("/dev/pts/"+strconv.Itoa(number), os.O_RDWR|syscall.O_NOCTTY, 0)
	return screen, keyboard, err
}

// watch reads the screen until the program has ended: EIO says that nobody has
// the other side open any more. The kernel may say so while the last octets are
// still on their way to this side, so it is asked twice.
func (t *terminal) watch() {
	buf := make([]byte, 4096)
	for {
		n, err := t.screen.Read(buf)
		if err != nil {
			n, err = t.screen.Read(buf)
		}
		t.mu.Lock()
		t.shown += string(buf[:n])
		t.over = err != nil
		close(t.changed)
		t.changed = make(chan struct{})
		t.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// keys types a line, key by key, and Enter.
func (t *terminal) keys(line string) {
	for _, key := range []byte(line + "\r") {
		t.paste(string(key))
	}
}

// paste puts text in in one go.
func (t *terminal) paste(text string) {
	if _, err := t.screen.WriteString(text); err != nil {
		t.w.t.Fatalf("%v\n%s", err, t.story())
	}
}

// expect waits until the screen shows a pattern behind what was expected last.
func (t *terminal) expect(pattern string) string {
	t.w.t.Helper()
	re := regexp.MustCompile(pattern)
	timeout := time.After(patience / 3)
	for {
		t.mu.Lock()
		found, over, changed := re.FindStringIndex(t.shown[t.seen:]), t.over, t.changed
		if found != nil {
			text := t.shown[t.seen:][found[0]:found[1]]
			t.seen += found[1]
			t.mu.Unlock()
			return text
		}
		t.mu.Unlock()
		if over {
			t.w.t.Fatalf("the program ended before it showed %s\n%s", pattern, t.story())
		}
		select {
		case <-changed:
		case <-timeout:
			t.w.t.Fatalf("the screen does not show %s\n%s", pattern, t.story())
		}
	}
}

// end waits until the program has ended, and gives all it showed. One that
// does not end by itself when the server hangs up is told so by Ctrl-D.
func (t *terminal) end(eof bool) string {
	t.w.t.Helper()
	defer t.cancel()
	if eof {
		t.paste("\x04")
	}
	err := t.cmd.Wait()
	for {
		t.mu.Lock()
		shown, over, changed := t.shown, t.over, t.changed
		t.mu.Unlock()
		if over {
			t.screen.Close()
			if err != nil && !t.gone(err) {
				t.w.t.Fatalf("%v\n%s", err, t.story())
			}
			return shown
		}
		<-changed
	}
}

// leave ends a program that would go on.
func (t *terminal) leave() {
	t.cancel()
	_ = t.cmd.Wait() // killed, as it should be
	t.screen.Close()
}

// gone says that the program only complains that the server hung up after
// QUIT, which telnet calls a failure.
func (t *terminal) gone(err error) bool {
	exit, ok := err.(*exec.ExitError)
	return ok && exit.ExitCode() == 1 && strings.HasSuffix(t.cmd.Path, "telnet")
}

func (t *terminal) story() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.Join(t.cmd.Args, " ") + " showed\n" + t.shown + "\n" + t.w.story()
}
