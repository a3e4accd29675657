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

// fromEnvironment sets the flags that the command line did not, from their
// variables. One that may be repeated takes several values with spaces between.
func (a *app) fromEnvironment(c *cobra.Command) error {
	var failures []error
	c.Flags().VisitAll(func(f *pflag.Flag) {
		text := a.Getenv(variable(f.Name))
		if f.Annotations[typedOnly] != nil || f.Changed || text == "" || f.Name == "help" || f.Name == "version" || f.Name == "lang" || f.Name == "json" {
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
	})
	if err := errors.Join(failures...); err != nil {
		return usage(err)
	}
	return nil
}
