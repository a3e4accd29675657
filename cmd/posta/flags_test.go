package main

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Every flag of every command has its variable, which sets it; the own ones of set
// commands change something and have none.
func TestFlagsHaveVariables(t *testing.T) {
	values := map[string]string{"bool": "true", "int": "7", "int64": "7", "uint32": "7", "uint64": "7", "duration": "90s", "count": "7", "count or all": "7"}
	special := map[string]string{"quota": "5MB", "max-message": "5MB", "max-bytes": "5MB", "since": "2026-01-02", "max-age": "30d"}
	flags := 0
	a := speaking(t, "en")
	root := a.root()
	every(root, func(c *cobra.Command) {
		if err := c.ParseFlags(nil); err != nil { // brings the flags of every command along
			t.Fatal(err)
		}
		c.Flags().VisitAll(func(f *pflag.Flag) {
			if f.Annotations[typedOnly] != nil {
				return
			}
			switch f.Name {
			case "help", "version": // commands of their own
				return
			case "lang", "json": // read before the tree is made
				return
			}
			flags++
			value, ok := values[f.Value.Type()]
			if own, has := special[f.Name]; has {
				value = own
			} else if !ok {
				value = "one two"
			}
			before, changed := f.Value.String(), f.Changed
			if before == "true" {
				value = "false"
			}
			a.Getenv = func(name string) string {
				if name == variable(f.Name) {
					return value
				}
				return ""
			}
			if err := a.fromEnvironment(c); err != nil {
				t.Errorf("%s --%s: %s=%s: %v", c.CommandPath(), f.Name, variable(f.Name), value, err)
			}
			if !ownVariables(c, f) {
				if f.Value.String() != before || f.Changed != changed {
					t.Errorf("%s --%s: %s=%s changed it", c.CommandPath(), f.Name, variable(f.Name), value)
				}
				return
			}
			if f.Value.String() == before && !changed {
				t.Errorf("%s --%s: %s=%s changed nothing", c.CommandPath(), f.Name, variable(f.Name), value)
			}
			if many, ok := f.Value.(pflag.SliceValue); ok && !changed && !slices.Equal(many.GetSlice(), []string{"one", "two"}) {
				t.Errorf("%s --%s holds %q", c.CommandPath(), f.Name, many.GetSlice())
			}
		})
	})
	if flags < 100 {
		t.Errorf("only %d flags were found", flags)
	}
}

// docs/json.md says of every command what it writes with --json.
func TestCommandsInJSONReference(t *testing.T) {
	text, err := os.ReadFile("../../docs/json.md")
	if err != nil {
		t.Fatal(err)
	}
	_, reference, _ := strings.Cut(string(text), "\n## JSON\n")
	named := map[string]bool{}
	for _, m := range regexp.MustCompile("`([a-z0-9-]+(?: [a-z|-]+){0,2})[^`]*`").FindAllStringSubmatch(reference, -1) {
		words := strings.Fields(m[1])
		for i, last := range words {
			for sub := range strings.SplitSeq(last, "|") {
				named[strings.Join(append(slices.Clone(words[:i]), sub), " ")] = true
			}
		}
	}
	every(speaking(t, "en").root(), func(c *cobra.Command) {
		path := strings.TrimPrefix(c.CommandPath(), "posta ")
		switch {
		case c.HasSubCommands() && c.Run == nil && c.HasParent(), !c.HasParent(), path == "help":
			return
		case path == "completion": // a script for a shell
			return
		}
		if !named[path] && !c.HasSubCommands() {
			t.Errorf("docs/json.md does not say what %q writes", path)
		}
	})
}

// Scripts that know a flag by an earlier name go on.
func TestEarlierNames(t *testing.T) {
	got := spelledNow([]string{"account", "add", "a@b.example", "--password-stdin", "--", "--password-stdin"})
	if want := []string{"account", "add", "a@b.example", "--password-file=-", "--", "--password-stdin"}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}
