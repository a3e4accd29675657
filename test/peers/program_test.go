//go:build whole

package peers

import (
	"bytes"
	"context"
	"errors"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"
)

const patience = 2 * time.Minute // for one run of a program

func quote(s string) string { return strconv.Quote(s) }

// soon waits until something holds that others bring about, and says whether it
// came to that.
func soon(holds func() bool) bool {
	for end := time.Now().Add(patience); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			return false
		}
	}
	return true
}

// packages are the Debian packages of the programs.
func packages() map[string]string {
	return map[string]string{"telnet": "telnet", "plink": "putty-tools", "curl": "curl", "swaks": "swaks",
		"msmtp": "msmtp", "nsenter": "util-linux", "mpop": "mpop", "fetchmail": "fetchmail", "openssl": "openssl",
		"s-nail": "s-nail", "php": "php-cli", "jq": "jq", "python3": "python3"}
}

// need gives a program's path. One that is missing is a failure.
func need(t *testing.T, program string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		t.Fatalf("%s is missing: install Debian's package %s, or run test/setup as root", program, packages()[program])
	}
	return path
}

// command prepares a program in an environment that knows nothing of the
// person who runs the tests.
func (w *world) command(ctx context.Context, program string, args ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, need(w.t, program), args...)
	c.Dir = w.home
	c.Env = []string{"HOME=" + w.home, "FETCHMAILHOME=" + w.home, "PATH=/usr/bin:/bin", "LC_ALL=C", "TERM=dumb", "LOGNAME=luis", "USER=luis"}
	c.WaitDelay = 5 * time.Second
	return c
}

// outcome is what a program did.
type outcome struct {
	what   string // the command line
	code   int
	stdout string
	stderr string
}

func (o outcome) String() string {
	return o.what + "\nended with " + strconv.Itoa(o.code) + ", said:\n" + o.stdout + o.stderr
}

// run runs a program to its end.
func (w *world) run(stdin, program string, args ...string) outcome {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), patience)
	defer cancel()
	c := w.command(ctx, program, args...)
	var out, err bytes.Buffer
	c.Stdin, c.Stdout, c.Stderr = strings.NewReader(stdin), &out, &err
	failed := c.Run()
	var exit *exec.ExitError
	if failed != nil && !errors.As(failed, &exit) {
		w.t.Fatalf("%s: %v\n%s%s\n%s", program, failed, out.String(), err.String(), w.story())
	}
	return outcome{program + " " + strings.Join(args, " "), c.ProcessState.ExitCode(), out.String(), err.String()}
}

// must runs a program that has to succeed, and gives its standard output.
func (w *world) must(stdin, program string, args ...string) string {
	w.t.Helper()
	o := w.run(stdin, program, args...)
	if o.code != 0 {
		w.t.Fatalf("%s\n%s", o, w.story())
	}
	return o.stdout
}

// fails runs a program that has to end with a code, and gives all it said.
func (w *world) fails(code int, stdin, program string, args ...string) string {
	w.t.Helper()
	o := w.run(stdin, program, args...)
	if o.code != code {
		w.t.Fatalf("%s\nwant code %d\n%s", o, code, w.story())
	}
	return o.stdout + o.stderr
}
