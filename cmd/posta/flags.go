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

// exclude refuses two flags of a group together.
func exclude(c *cobra.Command, flags ...string) error {
	given := slices.DeleteFunc(flags, func(name string) bool { return !c.Flags().Changed(name) })
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

// toChoose marks a flag that chooses what a command is about.
const toChoose = "to-choose"

// choosing marks flags that choose what a command is about: given empty, they
// are refused, because without them it may be about everything.
func choosing(c *cobra.Command, flags ...string) {
	for _, name := range flags {
		_ = c.Flags().SetAnnotation(name, toChoose, []string{"true"}) // fails only for a flag that is not there
	}
}

// chosenEmpty refuses a flag that is there to choose and says nothing.
func chosenEmpty(c *cobra.Command) (err error) {
	c.Flags().Visit(func(f *pflag.Flag) {
		values := []string{f.Value.String()}
		if many, ok := f.Value.(pflag.SliceValue); ok {
			values = many.GetSlice()
		}
		if f.Annotations[toChoose] != nil && slices.ContainsFunc(values, blank) {
			err = usage(words.Fail("fail.flag_empty", words.Args{"Flag": "--" + f.Name}))
		}
	})
	return err
}

// changedSize is changed for a size, in octets.
func changedSize(c *cobra.Command, flag string, value *config.Size) *int64 {
	if !c.Flags().Changed(flag) {
		return nil
	}
	octets := int64(*value)
	return &octets
}

// sizeFlag adds a flag that takes "100 MB" or a number of octets.
func (a *app) sizeFlag(c *cobra.Command, value *config.Size, name, help string) {
	c.Flags().TextVar(value, name, config.Size(0), a.say(help, nil))
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
