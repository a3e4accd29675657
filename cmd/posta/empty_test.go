package main

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// No command takes an empty word for what it is about: to the house it would be
// everything. Those whose words are a text, or another program's, do.
func TestNoCommandTakesAnEmptyWord(t *testing.T) {
	a := speaking(t, "en")
	every(a.root(), func(c *cobra.Command) {
		if slices.Contains([]string{"base64", "sendmail"}, c.Name()) {
			return
		}
		for most := range 3 {
			words := slices.Repeat([]string{"1"}, most+1)
			if c.HasSubCommands() || c.Args(c, words) != nil {
				continue
			}
			for i := range words {
				for _, empty := range []string{"", " "} {
					with := slices.Clone(words)
					with[i] = empty
					var misused usageError
					if err := c.Args(c, with); !errors.As(err, &misused) {
						t.Errorf("%s takes %q", c.CommandPath(), with)
					}
				}
			}
		}
	})
}

// A flag that says nothing is refused before anything is asked, whatever it is of;
// but those that take something away when they are empty, and texts.
func TestNoFlagIsGivenNothing(t *testing.T) {
	empty := map[string]string{"account set": "name", "collect set": "user ca", "domain set": "alias-of catch-all relay fallback on-demand",
		"mailing-list set": "owner name", "route set": "ca user source", "site set": "domain network helo", "send": "subject body"}
	said := 0
	for _, language := range []string{"en", "es"} {
		a := speaking(t, language)
		every(a.root(), func(c *cobra.Command) {
			path := strings.TrimPrefix(c.CommandPath(), "posta ")
			may := strings.Fields(empty[path])
			c.Flags().VisitAll(func(f *pflag.Flag) {
				switch f.Value.Type() {
				case "string", "stringArray", "stringSlice":
				default:
					return
				}
				if slices.Contains(may, f.Name) {
					if path != "send" && !strings.HasSuffix(a.flagText(f), a.say("help.flag_clears", nil)) {
						t.Errorf("the help of %s --%s does not say that it may be empty", path, f.Name)
					}
					return
				}
				for _, value := range []string{"", " "} {
					status, _, errs := posta(t, append(wordsFor(t, c), "--"+f.Name+"="+value, "--lang", language)...)
					if said++; status != exitUsage || !strings.Contains(errs, "--"+f.Name) {
						t.Errorf("%s --%s=%q: %d %s", path, f.Name, value, status, errs)
					}
				}
			})
		})
	}
	if said < 4*100 {
		t.Errorf("%d flags were given nothing", said)
	}
}

// wordsFor is a command with as many words as it takes.
func wordsFor(t *testing.T, c *cobra.Command) []string {
	t.Helper()
	all := strings.Fields(c.CommandPath())[1:]
	for words := range 4 {
		if given := slices.Repeat([]string{"1"}, words); c.Args(c, given) == nil {
			return append(append(all, given...), "--data", t.TempDir())
		}
	}
	t.Fatalf("%s takes no words", c.CommandPath())
	return nil
}

// No number and no time is below zero.
func TestNoFlagIsBelowZero(t *testing.T) {
	said := 0
	every(speaking(t, "en").root(), func(c *cobra.Command) {
		c.Flags().VisitAll(func(f *pflag.Flag) {
			below := map[string]string{"int": "-1", "int64": "-1", "duration": "-1s"}[f.Value.Type()]
			if below == "" {
				return
			}
			status, _, errs := posta(t, append(wordsFor(t, c), "--"+f.Name+"="+below)...)
			if said++; status != exitUsage || !strings.Contains(errs, "--"+f.Name+" cannot be ") {
				t.Errorf("%s --%s=%s: %d %s", c.CommandPath(), f.Name, below, status, errs)
			}
		})
	})
	if said < 15 {
		t.Errorf("%d flags were below zero", said)
	}
}
