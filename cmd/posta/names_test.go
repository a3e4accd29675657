package main

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"posta/words"
)

// tree is the command tree in a language.
func tree(t *testing.T, lang string) *cobra.Command {
	t.Helper()
	w, err := words.New(lang)
	if err != nil {
		t.Fatal(err)
	}
	a := &app{words: w}
	root := a.root()
	root.InitDefaultHelpCmd()
	return root
}

// every calls f for a command and all below it.
func every(c *cobra.Command, f func(*cobra.Command)) {
	f(c)
	for _, sub := range c.Commands() {
		every(sub, f)
	}
}

// otherMeaning are the flags that mean something else in some commands.
func otherMeaning() []string {
	return []string{
		"domain",               // quickstart serves it; account import puts people there
		"config",               // serve can do without
		"from",                 // a message is sent, messages are sought
		"subject",              // the same
		"to",                   // trace also takes @domain and a name
		"name",                 // a person's, a list's
		"limit",                // of sessions, of messages
		"force",                // what goes along
		"output",               // message export also takes a folder, session export standard output
		"all",                  // messages, sessions
		"filter",               // frames are shown, sessions are captured
		"server",               // probe asks it in the place of others
		"ports",                // where a server listens, what is captured
		"session",              // trace has one, capture several
		"tls",                  // a client begins with it, a route says how
		"user",                 // of sessions, and who logs in at a route's host
		"account",              // quickstart makes it; into its mailbox is collected
		"helo",                 // EHLO says it; a site may say it
		"keep",                 // what is forwarded, what is collected
		"host",                 // PuTTY connects to, is collected from
		"pop3",                 // where a server listens; how is collected
		"etrn", "atrn", "turn", // how is collected, what is listed
		"delete", // what is on the disk, what is filed
	}
}

// Nothing is called twice: no command and no flag has a second name, two names
// have not one description, and one name has not two.
func TestNothingIsCalledTwice(t *testing.T) {
	for _, lang := range words.Languages() {
		shorts, flags := map[string]string{}, map[string]map[string]bool{}
		every(tree(t, lang), func(c *cobra.Command) {
			if len(c.Aliases) > 0 || c.Hidden || c.Deprecated != "" {
				t.Errorf("%s: %s has second names %q, or is hidden", lang, c.CommandPath(), c.Aliases)
			}
			if other := shorts[c.Short]; other != "" {
				t.Errorf("%s: %s and %s are both %q", lang, other, c.CommandPath(), c.Short)
			}
			shorts[c.Short] = c.CommandPath()
			texts := map[string]string{}
			c.LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) {
				if f.Deprecated != "" || f.Hidden {
					t.Errorf("%s: %s --%s is hidden", lang, c.CommandPath(), f.Name)
				}
				if other := texts[f.Usage]; other != "" {
					t.Errorf("%s: %s --%s and --%s are both %q", lang, c.CommandPath(), other, f.Name, f.Usage)
				}
				texts[f.Usage] = f.Name
				if flags[f.Name] == nil {
					flags[f.Name] = map[string]bool{}
				}
				flags[f.Name][f.Usage] = true
			})
		})
		for _, name := range otherMeaning() {
			if len(flags[name]) < 2 {
				t.Errorf("%s: --%s has one meaning", lang, name)
			}
		}
		owners := map[string]string{}
		for _, name := range slices.Sorted(maps.Keys(flags)) {
			if len(flags[name]) > 1 && !slices.Contains(otherMeaning(), name) {
				t.Errorf("%s: --%s is described in %d ways: %q", lang, name, len(flags[name]), slices.Collect(maps.Keys(flags[name])))
			}
			for text := range flags[name] {
				if other := owners[text]; other != "" && !synonyms(other, name) {
					t.Errorf("%s: --%s and --%s are both %q", lang, other, name, text)
				}
				owners[text] = name
			}
		}
	}
}

// synonyms says that two flags are described alike and mean the same on purpose:
// an account's members are put on a new list, and added to one that is there.
func synonyms(a, b string) bool { return a == "add-member" && b == "member" }

// What docs/words.md never calls a thing is no command, flag, field of JSON or
// key of the configuration either.
func TestNamesAreOfTheVocabulary(t *testing.T) {
	table, err := os.ReadFile("../../docs/words.md")
	if err != nil {
		t.Fatal(err)
	}
	never, allowed := map[string]bool{}, map[string]bool{}
	for row := range strings.Lines(string(table)) {
		cells := strings.Split(row, "|")
		if len(cells) != 6 {
			continue
		}
		for _, m := range regexp.MustCompile("`([a-z_-]+)`").FindAllStringSubmatch(cells[3], -1) {
			allowed[m[1]] = true
		}
		english, _, _ := strings.Cut(cells[4], ";")
		for word := range strings.SplitSeq(english, ",") {
			never[strings.TrimSpace(word)] = true
		}
	}
	names := map[string]string{}
	every(tree(t, "en"), func(c *cobra.Command) {
		names[c.Name()] = c.CommandPath()
		c.Flags().VisitAll(func(f *pflag.Flag) { names[f.Name] = "--" + f.Name })
	})
	for file, pattern := range map[string]string{"../../docs/json.md": "(?m)^\\| `([a-z_]+)` \\|", "../../config/example.toml": `(?m)^#?([a-z_]+) = `} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(string(text), -1) {
			names[m[1]] = file
		}
	}
	if len(names) < 150 {
		t.Fatalf("only %d names were found; has their form changed?", len(names))
	}
	for name, at := range names {
		for part := range strings.FieldsFuncSeq(name, func(r rune) bool { return r == '-' || r == '_' }) {
			if (never[part] || never[strings.TrimSuffix(part, "s")]) && !allowed[part] {
				t.Errorf("%s: %q is not what posta calls it (docs/words.md)", at, part)
			}
		}
	}
}

// Where people read of a command, it is there, and so are its flags.
func TestCommandsInPagesExist(t *testing.T) {
	root := tree(t, "en")
	texts := map[string]string{}
	for _, pattern := range []string{"../../README*.md", "../../docs/*.md", "../../docs/rfc/*.md", "../../dist/*.txt", "../../config/example*.toml",
		"../../words/active.*.toml", "../../contrib/*/*", "../../Dockerfile"} {
		names, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			texts[name] = string(text)
		}
	}
	found := 0
	for name, text := range texts {
		if strings.HasSuffix(name, "design.md") {
			continue // it tells of commands that are planned
		}
		for _, line := range mentioned(text) {
			found++
			if wrong := noCommand(root, line); wrong != "" {
				t.Errorf("%s: %q: there is no %s", name, line, wrong)
			}
		}
	}
	if found < 150 {
		t.Errorf("only %d commands were found; has their form changed?", found)
	}
	for line, wrong := range map[string]string{"store chek": "chek", "store check --al": "--al", "card ana --lang es": "", "message list|sho": "sho",
		"account add ana@x --generate": "", "serve -x": "-x"} {
		if got := noCommand(root, line); got != wrong {
			t.Errorf("of %q it says there is no %q", line, got)
		}
	}
}

// mentioned are the command lines of posta in a text, without "posta": in
// backquotes, in quotes, or in a line of code.
func mentioned(text string) (lines []string) {
	const rest = "posta ((?:--)?[a-z][^`»\n]*)"
	for _, m := range regexp.MustCompile("(?m)(?:`|\\\\\"|(?:[^=] |\\()\"|«|^(?:    |  )(?:\\./)?|^(?:bin/|\\./))"+rest).FindAllStringSubmatch(text, -1) {
		line, _, _ := strings.Cut(m[1], `\"`)
		lines = append(lines, line)
	}
	for _, fence := range regexp.MustCompile("(?ms)^```.*?^```").FindAllString(text, -1) {
		for _, m := range regexp.MustCompile("(?m)^"+rest).FindAllStringSubmatch(fence, -1) {
			lines = append(lines, m[1])
		}
	}
	return lines
}

// noCommand gives the first word of a command line that posta does not know.
func noCommand(root *cobra.Command, line string) string {
	line = regexp.MustCompile(`\s+[|>&#].*|"[.,;:)]?.*$`).ReplaceAllString(line, "")
	c, passed := root, false
	for _, word := range strings.Fields(line) {
		word = strings.TrimRight(word, ".,;:)]")
		switch {
		case strings.HasPrefix(strings.TrimLeft(word, "["), "-") && word != "-":
			name, _, _ := strings.Cut(strings.TrimLeft(word, "[-"), "=")
			if !hasFlagNamed(c, name) && c.Name() != "sendmail" {
				return word
			}
			passed = true
		case !passed && c.HasSubCommands() && regexp.MustCompile(`^[a-z][a-z0-9|-]*$`).MatchString(word):
			var next *cobra.Command
			for one := range strings.SplitSeq(word, "|") {
				i := slices.IndexFunc(c.Commands(), func(sub *cobra.Command) bool { return sub.Name() == one })
				if i < 0 {
					return one
				}
				next = c.Commands()[i]
			}
			c = next
		default:
			passed = true
		}
	}
	return ""
}

func hasFlagNamed(c *cobra.Command, name string) bool {
	if len(name) == 1 {
		return c.Flags().ShorthandLookup(name) != nil || c.Root().PersistentFlags().ShorthandLookup(name) != nil
	}
	return c.Flags().Lookup(name) != nil || c.Root().PersistentFlags().Lookup(name) != nil
}
