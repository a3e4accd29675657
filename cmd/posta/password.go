package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"posta/directory"
	"posta/words"
)

// passwordFlags say where a password comes from. It is never an argument,
// which every user of the machine could read.
type passwordFlags struct {
	prompt, generate bool
	file             string // "-" is standard input
	makes            bool   // the command has --generate
}

// passwordFlags adds them to a command; with ask, that one only asks for a
// password when told to.
func (a *app) passwordFlags(c *cobra.Command, ask bool) *passwordFlags {
	p := &passwordFlags{prompt: !ask, makes: true}
	flags := c.Flags()
	if ask {
		flags.BoolVar(&p.prompt, "password", false, a.say("help.flag_password", nil))
	}
	a.passwordFileFlag(c, &p.file)
	flags.BoolVar(&p.generate, "generate", false, a.say("help.flag_generate", nil))
	return p
}

// passwordFileFlag is that of all commands that take a password.
func (a *app) passwordFileFlag(c *cobra.Command, file *string) {
	c.Flags().StringVar(file, "password-file", "", a.say("help.flag_password_file", nil))
}

// spelledNow spells flags as they are called now: those that scripts know by another
// name go on to be understood.
func spelledNow(args []string) []string {
	out := slices.Clone(args)
	for i, arg := range out {
		switch arg {
		case "--":
			return out
		case "--password-stdin":
			out[i] = "--password-file=-"
		}
	}
	return out
}

// passwordIn reads the first line of a file, or of standard input.
func (a *app) passwordIn(file string) (string, error) {
	if file == "-" {
		return a.inputLine()
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return "", words.FailOf(err, "fail.unreadable", words.Args{"File": file})
	}
	line, _, _ := strings.Cut(string(text), "\n")
	if line = strings.TrimSuffix(line, "\r"); line == "" {
		return "", words.Fail("password.blank_file", words.Args{"File": file})
	}
	return line, nil
}

// password gives the password that the flags ask for, and whether posta made
// it; nil where they ask for none.
func (a *app) password(ctx context.Context, p *passwordFlags, address string) (password *string, made bool, err error) {
	var text string
	switch {
	case p.generate && p.file != "":
		err = usage(words.Fail("fail.flags_exclude", words.Args{"One": "--generate", "Other": "--password-file"}))
	case p.generate:
		made = true
		text, err = directory.NewPassword(nil)
	case p.file != "":
		text, err = a.passwordIn(p.file)
	case p.prompt:
		text, err = a.prompt(ctx, a.say("password.for", words.Args{"Address": address}), p.otherwise())
	default:
		return nil, false, nil
	}
	return &text, made, err
}

// otherwise says what the command has where nobody can be asked.
func (p *passwordFlags) otherwise() error {
	if p.makes {
		return words.Fail("fail.no_terminal_made", nil)
	}
	return words.Fail("fail.no_terminal", nil)
}

// maxInput bounds a line of standard input.
const maxInput = 1 << 20

// stdin is standard input, read ahead once for all who read lines of it.
func (a *app) stdin() *bufio.Reader {
	if a.input == nil {
		a.input = bufio.NewReader(io.LimitReader(a.In, maxInput))
	}
	return a.input
}

// inputLine reads one line without its end.
func (a *app) inputLine() (string, error) {
	text, err := a.stdin().ReadString('\n')
	if errors.Is(err, io.EOF) && text == "" {
		return "", usage(words.Fail("fail.stdin_empty", nil))
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	return strings.TrimSuffix(strings.TrimSuffix(text, "\n"), "\r"), nil
}

// prompt asks for a secret twice, without showing it. Where there is no terminal
// the error is what the command has instead.
func (a *app) prompt(ctx context.Context, question string, otherwise error) (string, error) {
	f, ok := a.In.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return "", usage(otherwise)
	}
	first, err := a.secret(ctx, f, question)
	if err != nil {
		return "", err
	}
	second, err := a.secret(ctx, f, a.say("password.again", nil))
	if err == nil && first != second {
		err = words.Fail("password.differ", nil)
	}
	return first, err
}

// secret reads one line with the echo off. Ctrl-C gives the terminal back as
// it was.
func (a *app) secret(ctx context.Context, f *os.File, question string) (string, error) {
	fd := int(f.Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return "", err
	}
	_, _ = fmt.Fprint(a.Err, question)
	type answer struct {
		text []byte
		err  error
	}
	answered := make(chan answer, 1)
	go func() {
		text, err := term.ReadPassword(fd)
		answered <- answer{text, err}
	}()
	select {
	case <-ctx.Done():
		_, _ = fmt.Fprintln(a.Err)
		return "", errors.Join(ctx.Err(), term.Restore(fd, before))
	case got := <-answered:
		_, _ = fmt.Fprintln(a.Err)
		return string(got.text), got.err
	}
}
