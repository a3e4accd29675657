package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"posta/admin"
	"posta/words"
)

// The exit statuses.
const (
	exitDone     = iota
	exitFailed   // refused, or not found
	exitUsage    // the command line was not understood
	exitAbsent   // there is no server or no store to ask
	exitInternal // a fault in posta or the machine
)

// usageError is a command line that was not understood.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

func usage(err error) error { return usageError{err} }

// absentError is that nobody is there to ask.
type absentError struct{ error }

func (e absentError) Unwrap() error { return e.error }

func absent(err error) error { return absentError{err} }

// unansweredError is that others were asked, and nobody answered.
type unansweredError struct{ error }

func (e unansweredError) Unwrap() error { return e.error }

func unanswered(err error) error { return unansweredError{err} }

// failedAsShown is a failure of which the result has said everything.
type failedAsShown struct{}

func (failedAsShown) Error() string { return "failed, as shown" }

// inUseError is that a server has what this run wants.
type inUseError struct{ error }

func (e inUseError) Unwrap() error { return e.error }

// runsAlready refuses a second server on the same data.
func runsAlready(data string, pid int) error {
	return inUseError{words.Fail("fail.runs_already", words.Args{"Data": data, "PID": pid})}
}

// fail tells the user what went wrong, in his language or as JSON, and gives
// the exit status.
func (a *app) fail(err error) int {
	if err == nil {
		return exitDone
	}
	if errors.Is(err, failedAsShown{}) {
		return exitFailed
	}
	code, status := verdict(err)
	var misused usageError
	if errors.As(err, &misused) {
		err = misused.error
	}
	switch {
	case errors.Is(err, context.Canceled):
		err = words.Fail("fail.interrupted", nil)
	case errors.Is(err, admin.ErrBroken):
		err = words.Fail("fail.server_gone", nil)
	}
	text := a.words.Error(err)
	if a.json {
		_ = writeJSON(a.Err, failure{failureFacts{Code: code, Text: text, Hint: a.hint(code, status)}})
		return status
	}
	_, _ = fmt.Fprintln(a.Err, a.broken(a.Err, "posta: "+text))
	if status == exitUsage {
		_, _ = fmt.Fprintln(a.Err, a.broken(a.Err, a.seeHelp()))
	}
	return status
}

// failure is an error as --json writes it.
type failure struct {
	Error failureFacts `json:"error"`
}

type failureFacts struct {
	Code string `json:"code"` // usage, absent, unanswered, not_found, exists, in_use, invalid, refused, failed, internal …
	Text string `json:"text"`
	Hint string `json:"hint,omitempty"` // what to do next
}

// hint is what helps after an error of a kind.
func (a *app) hint(code string, status int) string {
	if code == "unanswered" { // by others, and not by a server of this machine
		return ""
	}
	switch status {
	case exitUsage:
		return a.seeHelp()
	case exitAbsent:
		return a.say("fail.hint_absent", nil)
	case exitInternal:
		return a.say("fail.hint_internal", nil)
	}
	return ""
}

// seeHelp names the help of the command that was misused.
func (a *app) seeHelp() string {
	switch {
	case a.ran == nil || a.ran.Name() == "help":
		return a.say("fail.see_help", words.Args{"Command": "posta"})
	case a.ran.HasSubCommands():
		return a.say("fail.see_help", words.Args{"Command": a.ran.CommandPath()})
	}
	return a.say("fail.see_help_of", words.Args{"Command": a.ran.CommandPath()})
}

// verdict sorts an error.
func verdict(err error) (code string, status int) {
	var misused usageError
	var missing absentError
	var silent unansweredError
	var taken inUseError
	var refused *admin.Error
	var said *words.Error
	var own exit
	switch {
	case errors.As(err, &own):
		return own.code(), own.status
	case errors.As(err, &misused):
		return "usage", exitUsage
	case errors.As(err, &missing), errors.Is(err, admin.ErrBroken) && !errors.Is(err, context.Canceled):
		return "absent", exitAbsent
	case errors.As(err, &silent):
		return "unanswered", exitAbsent
	case errors.As(err, &taken):
		return "in_use", exitFailed
	case errors.As(err, &refused) && refused.Code == "invalid": // as it was written, whatever there is
		return refused.Code, exitUsage
	case errors.As(err, &refused) && refused.Code == "internal":
		return refused.Code, exitInternal
	case errors.As(err, &refused):
		return refused.Code, exitFailed
	case errors.As(err, &said), errors.Is(err, context.Canceled):
		return "failed", exitFailed
	}
	return "internal", exitInternal
}

// flagError says what is wrong with a flag.
func (a *app) flagError(c *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	var bare *pflag.ValueRequiredError
	var wrong *pflag.InvalidValueError
	var malformed *pflag.InvalidSyntaxError
	if c.HasSubCommands() { // a flag behind a command that is not there is no slip in the flag
		if other := a.noSuchCommand(c, c.Flags().Args()); other != nil {
			return other
		}
	}
	switch {
	case errors.As(err, &unknown):
		return usage(noSuchFlag(c, unknown.GetSpecifiedName(), unknown.GetSpecifiedShortnames()))
	case errors.As(err, &malformed):
		return usage(words.Fail("fail.flag_unknown", words.Args{"Flag": malformed.GetSpecifiedFlag()}))
	case errors.As(err, &bare):
		return usage(words.Fail("fail.flag_bare", words.Args{"Flag": dashes(bare.GetSpecifiedName())}))
	case errors.As(err, &wrong):
		return usage(a.wrongValue("--"+wrong.GetFlag().Name, wrong.GetValue(), wrong.GetFlag(), wrong.Unwrap()))
	}
	return usage(err)
}

// noSuchFlag refuses a flag, and names the one that was probably meant: a slip away
// from it, begun like it, or with one dash too few. letters are those that stood
// behind a single dash.
func noSuchFlag(c *cobra.Command, name, letters string) error {
	if len(letters) > 1 && c.Flags().Lookup(letters) != nil {
		return words.Fail("fail.flag_near", words.Args{"Flag": "-" + letters, "Near": "--" + letters})
	}
	var all []string
	c.Flags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden && len(name) > 1 {
			all = append(all, f.Name)
		}
	})
	near := words.Nearest(name, all)
	for _, one := range all {
		if near == "" && len(name) > 2 && strings.HasPrefix(one, name) {
			near = one
		}
	}
	if near == "" {
		return words.Fail("fail.flag_unknown", words.Args{"Flag": dashes(name)})
	}
	return words.Fail("fail.flag_near", words.Args{"Flag": dashes(name), "Near": "--" + near})
}

// wrongValue says what a flag, or its variable, would take instead.
func (a *app) wrongValue(name, value string, f *pflag.Flag, err error) error {
	var said *words.Error
	if errors.As(err, &said) {
		return words.FailOf(said, "fail.flag_value", words.Args{"Flag": name})
	}
	ids := map[string]string{"bool": "fail.kind_bool", "int": "fail.kind_number", "int64": "fail.kind_number", "uint32": "fail.kind_number", "uint64": "fail.kind_number", "duration": "fail.kind_time",
		"count": "fail.kind_count", "count or all": "fail.kind_count_all"}
	kind := f.Value.Type()
	if id := ids[kind]; id != "" {
		kind = a.say(id, nil)
	}
	return words.Fail("fail.flag_wrong", words.Args{"Flag": name, "Value": value, "Kind": kind})
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
	for _, other := range c.Commands() {
		if slices.Contains(other.SuggestFor, args[0]) {
			return usage(words.Fail("fail.command_near", words.Args{"Command": args[0], "Near": other.CommandPath()}))
		}
	}
	if near := meantCommand(c, args[0]); near != "" {
		return usage(words.Fail("fail.command_near", words.Args{"Command": args[0], "Near": c.CommandPath() + " " + near}))
	}
	return usage(words.Fail("fail.command_unknown", words.Args{"Command": args[0]}))
}

// meantCommand is the command that a word of another program is here, or that was
// probably meant: a slip away, or begun like it; "" for none. What is suggested is
// soon typed, and so nothing is that is only somewhat alike.
func meantCommand(c *cobra.Command, typed string) string {
	var all []string
	for _, one := range c.Commands() {
		if one.IsAvailableCommand() {
			all = append(all, one.Name())
		}
	}
	for _, ours := range elsewhere()[typed] {
		if slices.Contains(all, ours) {
			return ours
		}
	}
	if near := words.Nearest(typed, all); near != "" && near[:1] == typed[:1] {
		return near
	}
	for _, one := range all {
		if len(typed) > 2 && strings.HasPrefix(one, typed) {
			return one
		}
	}
	return ""
}

// elsewhere is what other programs call what posta does, and posta's words for it.
func elsewhere() map[string][]string {
	remove, list, show := []string{"remove", "delete"}, []string{"list"}, []string{"show", "list"}
	add, set := []string{"add"}, []string{"set"}
	return map[string][]string{"rm": remove, "del": remove, "delete": remove, "remove": remove, "erase": remove, "drop": remove,
		"ls": list, "dir": list, "all": list, "info": show, "get": show, "cat": show, "view": show, "print": show,
		"new": add, "create": add, "make": add, "edit": set, "change": set, "modify": set, "update": set}
}

// arguments wants from least to most of them, none of them empty: what is asked
// of the house would take "" for everything, and "$ID" in a script is soon
// empty. most < 0 is no bound.
func (a *app) arguments(least, most int) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if err := swallowed(c); err != nil {
			return err
		}
		switch {
		case len(args) < least:
			return usage(words.Fail("fail.too_few", words.Args{"Usage": c.UseLine()}))
		case most >= 0 && len(args) > most:
			return usage(words.Fail("fail.too_many", words.Args{"Argument": args[most], "Usage": c.UseLine()}))
		}
		if slices.ContainsFunc(args, blank) {
			return usage(words.Fail("fail.argument_empty", words.Args{"Usage": c.UseLine()}))
		}
		return nil
	}
}

// blank says that a word names nothing.
func blank(word string) bool { return strings.TrimSpace(word) == "" }
