package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"posta/admin"
	"posta/words"
)

// The exit statuses.
const (
	exitDone = iota
	exitFailed
	exitUsage
)

// usageError is a command line that was not understood.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

func usage(err error) error { return usageError{err} }

// fail tells the user what went wrong, in his language or as JSON, and gives
// the exit status.
func (a *app) fail(err error) int {
	if err == nil {
		return exitDone
	}
	var misused usageError
	code, status := "failed", exitFailed
	var refused *admin.Error
	switch {
	case errors.As(err, &misused):
		code, status, err = "usage", exitUsage, misused.error
	case errors.As(err, &refused):
		code = refused.Code
	}
	text := a.words.Error(err)
	if a.json {
		_ = writeJSON(a.Err, map[string]any{"error": map[string]string{"code": code, "text": text}})
		return status
	}
	_, _ = fmt.Fprintln(a.Err, "posta: "+text)
	if status == exitUsage {
		_, _ = fmt.Fprintln(a.Err, a.say("fail.see_help", nil))
	}
	return status
}

// flagError says what is wrong with a flag.
func (a *app) flagError(_ *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	var bare *pflag.ValueRequiredError
	var wrong *pflag.InvalidValueError
	switch {
	case errors.As(err, &unknown):
		return usage(words.Fail("fail.flag_unknown", words.Args{"Flag": dashes(unknown.GetSpecifiedName())}))
	case errors.As(err, &bare):
		return usage(words.Fail("fail.flag_bare", words.Args{"Flag": dashes(bare.GetSpecifiedName())}))
	case errors.As(err, &wrong):
		return usage(words.Fail("fail.flag_wrong", words.Args{"Flag": "--" + wrong.GetFlag().Name,
			"Value": wrong.GetValue(), "Type": wrong.GetFlag().Value.Type()}))
	}
	return usage(err)
}

func dashes(name string) string {
	if len(name) == 1 {
		return "-" + name
	}
	return "--" + name
}

// noSuchCommand refuses what follows a group and is none of its commands.
func (a *app) noSuchCommand(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	c.SuggestionsMinimumDistance = 2
	if near := c.SuggestionsFor(args[0]); len(near) > 0 {
		return usage(words.Fail("fail.command_near", words.Args{"Command": args[0], "Near": c.CommandPath() + " " + near[0]}))
	}
	return usage(words.Fail("fail.command_unknown", words.Args{"Command": args[0], "Help": c.CommandPath() + " --help"}))
}

// arguments wants from least to most of them; most < 0 is no bound.
func (a *app) arguments(least, most int) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		switch {
		case len(args) < least:
			return usage(words.Fail("fail.too_few", words.Args{"Usage": c.UseLine()}))
		case most >= 0 && len(args) > most:
			return usage(words.Fail("fail.too_many", words.Args{"Argument": args[most], "Usage": c.UseLine()}))
		}
		return nil
	}
}
