package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"posta/words"
)

// help prints what a command is and takes. cobra's own help is English.
func (a *app) help(c *cobra.Command, _ []string) {
	w := c.OutOrStdout()
	about := c.Long
	if about == "" {
		about = c.Short
	}
	_, _ = fmt.Fprintln(w, fill(about, helpWidth))
	_, _ = fmt.Fprintf(w, "\n%s\n", a.say("help.usage", nil))
	if c.Runnable() && !c.HasAvailableSubCommands() {
		_, _ = fmt.Fprintf(w, "  %s\n", c.UseLine())
	}
	if c.HasAvailableSubCommands() {
		_, _ = fmt.Fprintf(w, "  %s\n", c.CommandPath()+" "+a.say("help.command", nil))
	}
	if c.Example != "" {
		_, _ = fmt.Fprintf(w, "\n%s\n%s\n", a.say("help.examples", nil), indent(c.Example))
	}
	a.helpCommands(w, c)
	a.helpFlags(w, a.say("help.flags", nil), c.LocalNonPersistentFlags())
	a.helpFlags(w, a.say("help.global", nil), c.Root().PersistentFlags())
	if c.HasAvailableSubCommands() {
		_, _ = fmt.Fprintf(w, "\n%s\n", a.say("help.more", words.Args{"Command": c.CommandPath()}))
	}
}

func (a *app) helpCommands(w io.Writer, c *cobra.Command) {
	if !c.HasAvailableSubCommands() {
		return
	}
	_, _ = fmt.Fprintf(w, "\n%s\n", a.say("help.commands", nil))
	var all []explained
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() {
			all = append(all, explained{sub.Name(), sub.Short})
		}
	}
	_, _ = io.WriteString(w, twoColumns(all))
}

func (a *app) helpFlags(w io.Writer, title string, flags *pflag.FlagSet) {
	if !flags.HasAvailableFlags() {
		return
	}
	_, _ = fmt.Fprintf(w, "\n%s\n", title)
	var all []explained
	flags.VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			all = append(all, explained{flagHead(f), a.flagText(f)})
		}
	})
	_, _ = io.WriteString(w, twoColumns(all))
}

// flagHead is "-h, --help" or "    --data DIR".
func flagHead(f *pflag.Flag) string {
	head := "    --" + f.Name
	if f.Shorthand != "" {
		head = "-" + f.Shorthand + ", --" + f.Name
	}
	if name, _ := pflag.UnquoteUsage(f); name != "" {
		if !strings.Contains(name, "|") { // else it is what to write
			name = strings.ToUpper(name)
		}
		head += " " + name
	}
	return head
}

func (a *app) flagText(f *pflag.Flag) string {
	_, text := pflag.UnquoteUsage(f)
	if slices.Contains(f.Annotations[mayBeEmpty], takesAway) {
		text += "; " + a.say("help.flag_clears", nil)
	}
	switch f.DefValue {
	case "", "false", "[]", "0":
		return text
	}
	return text + " " + a.say("help.default", words.Args{"Value": f.DefValue})
}

func indent(text string) string {
	return "  " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n  ")
}

// helpCommand is `posta help COMMAND…`, for those who try it first.
func (a *app) helpCommand() *cobra.Command {
	c := a.command("help", "help.help", nil)
	c.Example = "posta help account add"
	c.Use = "help [" + a.say("help.word_command", nil) + "]..."
	c.Args = a.arguments(0, -1)
	c.RunE = func(c *cobra.Command, args []string) error {
		found, rest, err := c.Root().Find(args)
		if err != nil || len(rest) > 0 {
			return a.noSuchCommand(found, rest)
		}
		a.help(found, nil)
		return nil
	}
	return c
}

// completionCommand writes the script that teaches a shell posta's commands.
func (a *app) completionCommand() *cobra.Command {
	shells := []string{"bash", "zsh", "fish", "powershell"}
	c := a.command("completion", "help.completion", nil)
	c.Example = "posta completion bash"
	c.Use = "completion " + strings.Join(shells, "|")
	c.Long = a.say("help.completion_long", nil)
	c.Args = a.arguments(1, 1)
	c.ValidArgs, c.ValidArgsFunction = shells, nil
	c.RunE = func(c *cobra.Command, args []string) error { return a.completion(c.Context(), c.Root(), args[0]) }
	return c
}

func (a *app) completion(_ context.Context, root *cobra.Command, shell string) error {
	switch shell {
	case "bash":
		return root.GenBashCompletionV2(a.Out, true)
	case "zsh":
		return root.GenZshCompletion(a.Out)
	case "fish":
		return root.GenFishCompletion(a.Out, true)
	case "powershell":
		return root.GenPowerShellCompletionWithDesc(a.Out)
	}
	return usage(words.Fail("fail.shell_unknown", words.Args{"Shell": shell}))
}
