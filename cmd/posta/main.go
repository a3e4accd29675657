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
	"syscall"
)

// version is what this program calls itself, in `posta version` and to POP3
// clients.
const version = "0.1.0"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], terminal{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Getenv: os.Getenv})
	stop()
	os.Exit(code)
}

// terminal is what a command has around it; tests make their own.
type terminal struct {
	In       io.Reader
	Out, Err io.Writer
	Getenv   func(string) string
}
