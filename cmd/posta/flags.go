package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"posta/config"
	"posta/words"
)

// changed gives a flag's value if the flag was given, else nil: a field that
// keeps its value.
func changed[T any](c *cobra.Command, flag string, value *T) *T {
	if !c.Flags().Changed(flag) {
		return nil
	}
	return value
}

// changedAll is changed for a flag that may be repeated; given once and empty, it
// takes all away.
func changedAll(c *cobra.Command, flag string, values *[]string) *[]string {
	if len(*values) == 1 && (*values)[0] == "" {
		*values = []string{}
	}
	return changed(c, flag, values)
}

// exclude refuses two flags of a group together. An empty one takes away what the
// other may put there.
func exclude(c *cobra.Command, flags ...string) error {
	given := slices.DeleteFunc(flags, func(name string) bool {
		return !c.Flags().Changed(name) || c.Flags().Lookup(name).Value.String() == ""
	})
	if len(given) < 2 {
		return nil
	}
	return usage(words.Fail("fail.flags_exclude", words.Args{"One": "--" + given[0], "Other": "--" + given[1]}))
}

// oneOf refuses a flag's value that is none of those there are.
func oneOf(flag, value string, allowed ...string) error {
	if slices.Contains(allowed, value) {
		return nil
	}
	return words.Fail("fail.one_of", words.Args{"Flag": flag, "Value": value, "Allowed": strings.Join(allowed, ", ")})
}

// choices lets Tab complete a flag's value. It fails only for a flag that is
// not there, or done twice: a completion the less.
func choices(c *cobra.Command, flag string, values ...string) {
	_ = c.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
}

// mayBeEmpty marks a flag whose value may be the empty text.
const mayBeEmpty = "may-be-empty"

// Why it may.
const (
	takesAway = "takes-away" // what the flag set before; its help says so
	isText    = "text"       // of the user's
)

// clearing marks flags that take away what they set when they are given empty.
func clearing(c *cobra.Command, flags ...string) { mark(c, takesAway, flags) }

// texts marks flags whose value is a text of the user's.
func texts(c *cobra.Command, flags ...string) { mark(c, isText, flags) }

func mark(c *cobra.Command, why string, flags []string) {
	for _, name := range flags {
		_ = c.Flags().SetAnnotation(name, mayBeEmpty, []string{why}) // fails only for a flag that is not there
	}
}

// senseless refuses what no flag can mean, whichever command it is of: a value that
// says nothing, because "$NAME" in a script is soon empty and without it the command
// may be about everything, and a number or time below zero.
func senseless(c *cobra.Command) (err error) {
	c.Flags().Visit(func(f *pflag.Flag) {
		switch value := f.Value.String(); {
		case saysNothing(f) && f.Annotations[mayBeEmpty] == nil:
			err = usage(words.Fail("fail.flag_empty", words.Args{"Flag": "--" + f.Name}))
		case belowZero(f):
			err = usage(words.Fail("fail.flag_negative", words.Args{"Flag": "--" + f.Name, "Value": value}))
		}
	})
	return err
}

// swallowed refuses a flag that has another one for its value: what was to stand
// between them is missing. A text may be anything.
func swallowed(c *cobra.Command) (err error) {
	c.Flags().Visit(func(f *pflag.Flag) {
		name, dashed := strings.CutPrefix(f.Value.String(), "--")
		if dashed && f.Value.Type() == "string" && f.Annotations[mayBeEmpty] == nil && c.Flags().Lookup(name) != nil {
			err = usage(words.Fail("fail.flag_swallowed", words.Args{"Flag": "--" + f.Name, "Value": "--" + name}))
		}
	})
	return err
}

func saysNothing(f *pflag.Flag) bool {
	if many, ok := f.Value.(pflag.SliceValue); ok {
		values := many.GetSlice()
		return len(values) == 0 || slices.ContainsFunc(values, blank)
	}
	return blank(f.Value.String())
}

func belowZero(f *pflag.Flag) bool {
	switch f.Value.Type() {
	case "int", "int64", "duration":
		return strings.HasPrefix(f.Value.String(), "-")
	}
	return false
}

// changedSize is changed for a size, in octets.
func changedSize(c *cobra.Command, flag string, value *sizeLimit) *int64 {
	if !c.Flags().Changed(flag) {
		return nil
	}
	octets := int64(value.Size)
	return &octets
}

// sizeLimit is a size that limits something: as 0, "none" lifts the limit.
type sizeLimit struct{ config.Size }

func (l *sizeLimit) UnmarshalText(text []byte) error {
	if strings.TrimSpace(string(text)) == "none" {
		l.Size = 0
		return nil
	}
	if l.Size.UnmarshalText(text) != nil {
		return words.Fail("fail.size_limit", words.Args{"Value": strings.TrimSpace(string(text))})
	}
	return nil
}

// sizeFlag adds a flag that takes "100 MB", a number of octets, or "none".
func (a *app) sizeFlag(c *cobra.Command, value *sizeLimit, name, help string) {
	c.Flags().TextVar(value, name, sizeLimit{}, a.say(help, nil))
}

// taking names a command's arguments, by ids of words/, and says how many it
// wants: those beyond least may be left out; with most < 0 the last may be
// repeated.
func (a *app) taking(c *cobra.Command, least, most int, arguments ...string) *cobra.Command {
	for i, id := range arguments {
		word := a.say(id, nil)
		if most < 0 && i == len(arguments)-1 {
			word += "..."
		}
		if i >= least {
			word = "[" + word + "]"
		}
		c.Use += " " + word
	}
	c.Args = a.arguments(least, most)
	return c
}
