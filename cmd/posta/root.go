package main

import (
	"bufio"
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"posta/words"
)

// app is one run of the program: its surroundings, its language and the flags
// that every command has.
type app struct {
	terminal
	words *words.Words
	data  string // --data or POSTA_DATA; "": the configuration's, or the default
	json  bool   // --json
	lang  string // --lang, or ""
	input *bufio.Reader
	began time.Time
	home  home           // whose data it is about
	ran   *cobra.Command // the one that the arguments name
}

// say is a text of words/.
func (a *app) say(id string, args words.Args) string { return a.words.Say(id, args) }

// run does what the arguments say, and gives the exit status, one of fail.go's.
func run(ctx context.Context, args []string, t terminal) int {
	a := &app{terminal: t, json: hasFlag(args, "--json") || isSet(t.Getenv, "json"), lang: flagValue(args, "--lang"), began: time.Now()}
	w, err := words.New(words.Detect(a.lang, t.Getenv, words.System))
	if err != nil {
		if a.words, err = words.New(words.Detect("", t.Getenv, words.System)); err != nil {
			panic(err) // the catalogs are part of the program
		}
		return a.fail(usage(words.Fail("words.no_language", words.Args{
			"Lang": a.lang, "Known": strings.Join(words.Languages(), ", ")})))
	}
	a.words = w
	if calledByWireshark(t.Program) {
		return a.fail(a.extcap(ctx, args))
	}
	if len(args) == 0 && t.DoubleClicked != nil && t.DoubleClicked() {
		return a.welcome(ctx)
	}
	return a.fail(a.execute(ctx, args))
}

// execute runs a command line.
func (a *app) execute(ctx context.Context, args []string) error {
	root := a.root()
	root.SetArgs(spelledNow(args))
	root.SetIn(a.In)
	root.SetOut(a.Out)
	root.SetErr(a.Err)
	var err error
	a.ran, err = root.ExecuteContextC(ctx)
	return err
}

// root is the command tree.
func (a *app) root() *cobra.Command {
	root := a.group("posta", "help.posta",
		a.quickstartCommand(),
		a.cardCommand(),
		a.puttyCommand(),
		a.talkCommand(),
		a.sendCommand(),
		a.probeCommand(),
		a.popCommand(),
		a.base64Command(),
		a.firewallCommand(),
		a.serveCommand(),
		a.statusCommand(),
		a.watchCommand(),
		a.reportCommand(),
		a.healthCommand(),
		a.waitReadyCommand(),
		a.domainCommand(),
		a.accountCommand(),
		a.aliasCommand(),
		a.mailingListCommand(),
		a.siteCommand(),
		a.collectCommand(),
		a.messageCommand(),
		a.sendmailCommand(),
		a.queueCommand(),
		a.routeCommand(),
		a.sessionCommand(),
		a.traceCommand(),
		a.readCommand(),
		a.captureCommand(),
		a.extcapCommand(),
		a.faultCommand(),
		a.banCommand(),
		a.storeCommand(),
		a.configCommand(),
		a.completionCommand(),
		a.versionCommand(),
	)
	root.Long = a.say("help.posta_long", nil)
	root.SilenceErrors, root.SilenceUsage = true, true
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetHelpCommand(a.helpCommand())
	root.SetHelpFunc(a.help)
	root.SetUsageFunc(func(c *cobra.Command) error { a.help(c, nil); return nil })
	root.SetFlagErrorFunc(a.flagError)
	root.PersistentPreRunE = func(c *cobra.Command, _ []string) error {
		if err := a.fromEnvironment(c); err != nil {
			return err
		}
		return senseless(c)
	}
	flags := root.PersistentFlags()
	flags.StringVar(&a.data, "data", "", a.say("help.flag_data", nil))
	flags.String("lang", "", a.say("help.flag_lang", nil)) // read before the tree is made
	choices(root, "lang", words.Languages()...)
	flags.BoolVar(&a.json, "json", a.json, a.say("help.flag_json", nil))
	flags.BoolP("help", "h", false, a.say("help.flag_help", nil))
	flags.Lookup("json").DefValue = "false"
	whole := root.Flags().Bool("version", false, a.say("help.flag_version", nil))
	root.RunE = func(c *cobra.Command, _ []string) error {
		if *whole {
			return a.version()
		}
		return c.Help()
	}
	return root
}

// group is a command that only holds others; short is the id of its help.
func (a *app) group(use, short string, commands ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{
		Use:               use,
		Short:             a.say(short, nil),
		Args:              a.noSuchCommand,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(commands...)
	return c
}

// command is a command that does something; use may name its arguments.
func (a *app) command(use, short string, run func(ctx context.Context, args []string) error) *cobra.Command {
	return &cobra.Command{
		Use:               use,
		Short:             a.say(short, nil),
		Args:              a.arguments(0, 0),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              func(c *cobra.Command, args []string) error { return run(c.Context(), args) },

		DisableFlagsInUseLine: true, // cobra's "[flags]" is English
	}
}

// flagValue finds a flag's value before the flags can be parsed: their own
// descriptions are in the language that one of them chooses.
func flagValue(args []string, name string) string {
	for i, arg := range args {
		if arg == "--" {
			break
		}
		if value, ok := strings.CutPrefix(arg, name+"="); ok {
			return value
		}
		if arg == name && i+1 < len(args) {
			return args[i+1]
		}
	}
	return ""
}

// hasFlag finds a switch, so that an error in the flags is printed as asked.
func hasFlag(args []string, name string) bool {
	for _, arg := range args {
		switch arg {
		case "--":
			return false
		case name, name + "=true":
			return true
		}
	}
	return false
}
