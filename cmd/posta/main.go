// Command posta is the mail server, and what its owner tells it to do.
//
// It knows the terminal, the language and the arguments; what is done, admin
// and server do. One file a subcommand. Start reading at app in root.go.
package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	_ "time/tzdata" // a container may have no zones of its own, and the log is in local time

	"github.com/spf13/cobra"
)

// version is what this program calls itself, in `posta version` and to POP3
// clients.
const version = "0.1.0"

func main() {
	os.Exit(program())
}

// exitAtOnce is what shells call the end by Ctrl-C.
const exitAtOnce = 130

// collectAt is by how many percent of what is in use the heap may grow before
// the collector runs. At half of Go's 100 an idle session costs 3 KiB less,
// because the collector also makes stacks small, and mail no more than can be
// measured.
const collectAt = 50

// While a capture is read the heap may grow by more before the collector runs,
// as long as it stays small.
const (
	collectReadAt = 400
	smallHeap     = 128 << 20
)

// collectSeldom lets the collector run seldom, until what it gives is called.
func collectSeldom() (done func()) {
	if os.Getenv("GOGC") != "" {
		return func() {}
	}
	percent, limit := debug.SetGCPercent(collectReadAt), debug.SetMemoryLimit(smallHeap)
	return func() {
		debug.SetGCPercent(percent)
		debug.SetMemoryLimit(limit)
	}
}

// program is main with an exit status. The first Ctrl-C or SIGTERM ends what
// runs in good order, a second one at once: what was acknowledged is on the
// disk by then.
func program() int {
	cobra.MousetrapHelpText = "" // welcome answers a double click
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(collectAt)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		cancel()
		<-signals
		os.Exit(exitAtOnce)
	}()
	// A window that is closed hangs up on Unix, where Windows sends what Go
	// makes a SIGTERM. The shell and the system both do it; nohup forbids it, and
	// so does serve where there is no window.
	if hangup := make(chan os.Signal, 1); !signal.Ignored(syscall.SIGHUP) {
		signal.Notify(hangup, syscall.SIGHUP)
		go func() {
			<-hangup
			cancel()
		}()
	}
	return run(ctx, calledAs(os.Args[0], os.Args[1:]), terminal{
		In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Getenv: os.Getenv, Program: os.Args[0], Replace: replace,
		DoubleClicked: startedByDoubleClick, HasTerminal: hasTerminal, IgnoreHangup: func() { signal.Ignore(syscall.SIGHUP) },
	})
}

// hasTerminal says whether there is a terminal that could hang up, though
// nothing may be read or written there. Windows has none of that kind.
func hasTerminal() bool {
	f, err := os.Open("/dev/tty")
	if err != nil {
		return false
	}
	_ = f.Close()
	return true
}

// terminal is what a command has around it; tests make their own.
type terminal struct {
	In       io.Reader
	Out, Err io.Writer
	Getenv   func(string) string
	Program  string // as it was called: "posta", "bin/posta"

	// DoubleClicked says that the program's window was opened for it; nil: never.
	DoubleClicked func() bool

	// HasTerminal says that the program belongs to a terminal; nil: it does.
	HasTerminal func() bool

	// IgnoreHangup makes SIGHUP do nothing from now on; nil: it cannot.
	IgnoreHangup func()

	// Replace starts the program anew with one more variable in its
	// environment, in the same process where the system can; nil: never.
	Replace func(variable string) error
}
