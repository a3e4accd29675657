package main

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// variable is the environment variable of a flag: --max-size is POSTA_MAX_SIZE.
func variable(flag string) string {
	return "POSTA_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// isSet says that a switch's variable is on.
func isSet(getenv func(string) string, flag string) bool {
	switch strings.ToLower(getenv(variable(flag))) {
	case "1", "t", "true":
		return true
	}
	return false
}

// typedOnly marks a flag that has no variable: its name is another's.
const typedOnly = "typed-only"

// setByVariable marks a flag that its variable has set.
const setByVariable = "set-by-variable"

// isTyped says that a flag stood on the command line.
func isTyped(f *pflag.Flag) bool { return f.Changed && f.Annotations[setByVariable] == nil }

// anyTyped says that one of the command's own flags did.
func anyTyped(c *cobra.Command) (any bool) {
	c.LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) { any = any || isTyped(f) })
	return any
}

// ownVariables says that a flag of a command is set by its variable. Commands that
// change what is there change what they are told, and a variable was said to others.
func ownVariables(c *cobra.Command, f *pflag.Flag) bool {
	return c.Name() != "set" || c.InheritedFlags().Lookup(f.Name) != nil
}

// fromEnvironment sets the flags that the command line did not, from their
// variables. One that may be repeated takes several values with spaces between.
func (a *app) fromEnvironment(c *cobra.Command) error {
	var failures []error
	c.Flags().VisitAll(func(f *pflag.Flag) {
		text := a.Getenv(variable(f.Name))
		if f.Annotations[typedOnly] != nil || !ownVariables(c, f) || f.Changed || text == "" || f.Name == "help" || f.Name == "version" || f.Name == "lang" || f.Name == "json" {
			return
		}
		values := []string{text}
		if _, many := f.Value.(pflag.SliceValue); many {
			values = strings.Fields(text)
		}
		for _, value := range values {
			if err := c.Flags().Set(f.Name, value); err != nil {
				failures = append(failures, a.wrongValue(variable(f.Name), value, f, err))
				return
			}
		}
		_ = c.Flags().SetAnnotation(f.Name, setByVariable, []string{}) // fails only for a flag that is not there
	})
	if err := errors.Join(failures...); err != nil {
		return usage(err)
	}
	return nil
}
