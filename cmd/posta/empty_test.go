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

// A flag that chooses, and says nothing, is refused before anything is asked.
func TestNoFlagChoosesNothing(t *testing.T) {
	choosing := 0
	every(speaking(t, "en").root(), func(c *cobra.Command) {
		c.Flags().VisitAll(func(f *pflag.Flag) {
			if f.Annotations[toChoose] == nil {
				return
			}
			choosing++
			line := append(strings.Fields(c.CommandPath())[1:], "--data", t.TempDir(), "--"+f.Name+"=")
			if c.Args(c, nil) != nil {
				line = append(line, "1")
			}
			status, _, errs := posta(t, line...)
			if status != exitUsage || !strings.Contains(errs, "--"+f.Name) {
				t.Errorf("%q: %d %s", line, status, errs)
			}
		})
	})
	if choosing < 7*3 {
		t.Errorf("%d flags choose", choosing)
	}
}
