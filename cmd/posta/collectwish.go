package main

import (
	"context"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/term"

	"posta/admin"
	"posta/collect"
	"posta/words"
)

// collectFlags say what is to be collected, and how.
type collectFlags struct {
	*pflag.FlagSet
	ways         map[collect.Way]*bool
	wish         admin.CollectWish
	ca, password string // files
	erase        bool   // the other of wish.Keep
}

func (a *app) collectFlags(c *cobra.Command) *collectFlags {
	f := &collectFlags{FlagSet: pflag.NewFlagSet(c.Name(), pflag.ContinueOnError),
		ways: map[collect.Way]*bool{collect.ETRN: new(bool), collect.ATRN: new(bool), collect.TURN: new(bool), collect.POP3: new(bool)}}
	f.BoolVar(f.ways[collect.ETRN], "etrn", false, a.say("help.flag_etrn", nil))
	f.BoolVar(f.ways[collect.ATRN], "atrn", false, a.say("help.flag_atrn", nil))
	f.BoolVar(f.ways[collect.TURN], "turn", false, a.say("help.flag_turn", nil))
	f.BoolVar(f.ways[collect.POP3], "pop3", false, a.say("help.flag_pop3", nil))
	f.Lookup("pop3").Annotations = map[string][]string{typedOnly: {}} // POSTA_POP3 is quickstart's
	a.collectedFlags(c, f)
	return f
}

// collectedFlags are those of what can be said anew of what was added.
func (a *app) collectedFlags(c *cobra.Command, f *collectFlags) {
	f.StringArrayVar(&f.wish.Domains, "domain", nil, a.say("help.flag_collect_domain", nil))
	f.StringVar(&f.wish.User, "user", "", a.say("help.flag_collect_user", nil))
	f.StringVar(&f.wish.Account, "account", "", a.say("help.flag_collect_account", nil))
	f.StringVar(&f.wish.TLS, "tls", "", a.say("help.flag_collect_tls", nil))
	f.StringVar(&f.ca, "ca", "", a.say("help.flag_ca", nil))
	f.BoolVar(&f.wish.Keep, "keep", false, a.say("help.flag_collect_keep", nil))
	f.BoolVar(&f.erase, "delete", false, a.say("help.flag_collect_delete", nil))
	c.Flags().AddFlagSet(f.FlagSet)
	choices(c, "tls", routeTLS()...)
	a.passwordFileFlag(c, &f.password)
}

// typed is the first of the flags that stood on the command line; "" for none.
func (f *collectFlags) typed() string {
	first := ""
	f.VisitAll(func(one *pflag.Flag) {
		if first == "" && isTyped(one) {
			first = one.Name
		}
	})
	return first
}

// belong refuses flags that mean nothing with the way.
func (f *collectFlags) belong(way collect.Way) error {
	if way == collect.POP3 {
		if isTyped(f.Lookup("domain")) {
			return usage(words.Fail("collect.pop_domain", nil))
		}
		return nil
	}
	for _, name := range []string{"account", "keep", "delete"} {
		if isTyped(f.Lookup(name)) {
			return usage(words.Fail("collect.only_pop", words.Args{"Flag": "--" + name}))
		}
	}
	return nil
}

// wished is what the flags say of a host.
func (a *app) wished(ctx context.Context, c *cobra.Command, f *collectFlags, host string) (admin.CollectWish, error) {
	in := f.wish
	in.Host = host
	for way, wanted := range f.ways {
		if *wanted && in.Way != "" {
			return in, usage(words.Fail("collect.one_way", nil))
		}
		if *wanted {
			in.Way = string(way)
		}
	}
	if in.Way == "" {
		return in, usage(words.Fail("collect.one_way", nil))
	}
	if err := f.belong(collect.Way(in.Way)); err != nil {
		return in, err
	}
	if in.Way == string(collect.POP3) && in.Keep && f.erase {
		return in, exclude(c, "keep", "delete")
	}
	if in.Way == string(collect.POP3) && !in.Keep && !f.erase {
		return in, usage(words.Fail("collect.keep_or_delete", nil))
	}
	var err error
	if in.CA, err = believedFile(f.ca); err != nil {
		return in, err
	}
	if in.User != "" {
		in.Password, err = a.collectSecret(ctx, f.password, in)
	}
	return in, err
}

// collectSecret asks for the password of a log-in elsewhere.
func (a *app) collectSecret(ctx context.Context, file string, in admin.CollectWish) (string, error) {
	var secret string
	var err error
	if file != "" {
		secret, err = a.passwordIn(file)
	} else {
		f, ok := a.In.(*os.File)
		if !ok || !term.IsTerminal(int(f.Fd())) {
			return "", usage(words.Fail("fail.no_terminal", nil))
		}
		secret, err = a.secret(ctx, f, a.say("password.elsewhere", words.Args{"User": in.User, "Host": in.Host}))
	}
	if err == nil && secret == "" {
		err = words.Fail("password.empty", nil)
	}
	return secret, err
}

func (a *app) collectAddCommand() *cobra.Command {
	var f *collectFlags
	var every time.Duration
	var c *cobra.Command
	c = a.command("add", "help.collect_add", func(ctx context.Context, args []string) error {
		in, err := a.wished(ctx, c, f, args[0])
		if err != nil {
			return err
		}
		if every != 0 {
			in.Every = every.String()
		}
		_, err = a.collectCall(ctx, "collect.add", in)
		return err
	})
	f = a.collectFlags(c)
	c.Flags().DurationVar(&every, "every", 0, a.say("help.flag_every", nil))
	c.Flags().Lookup("every").DefValue = ""
	c.Example = "posta collect add isp.example --atrn --user site --domain pepito.es --every 1h\n" +
		"posta collect add pop.example --pop3 --user ana --account ana@pepito.es --keep"
	return a.taking(c, 1, 1, "help.word_host")
}

// collectRunCommand collects what was added, or a single time what was not.
func (a *app) collectRunCommand() *cobra.Command {
	var f *collectFlags
	var c *cobra.Command
	c = a.command("run", "help.collect_run", func(ctx context.Context, args []string) error {
		if id, err := entryNumber(args[0]); err == nil {
			if flag := f.typed(); flag != "" {
				return usage(words.Fail("collect.alone", words.Args{"Number": id, "Flag": "--" + flag}))
			}
			return a.collectNow(ctx, "collect.run", admin.ByID{ID: id})
		}
		in, err := a.wished(ctx, c, f, args[0])
		if err != nil {
			return err
		}
		return a.collectNow(ctx, "collect.once", in)
	})
	f = a.collectFlags(c)
	c.Long = a.say("help.collect_run_long", nil)
	c.Example = "posta collect run 1\n" +
		"posta collect run --atrn isp.example --user north --domain pepito.es\n" +
		"posta collect run --etrn isp.example --domain pepito.es\n" +
		"posta collect run --pop3 pop.example --user ana --account ana@pepito.es --keep"
	return a.namingCollected(a.taking(c, 1, 1, "help.word_number_or_host"))
}

// collectNow runs an operation that collects. It fails where not all came.
func (a *app) collectNow(ctx context.Context, operation string, in any) error {
	c, err := a.collectCall(ctx, operation, in)
	if err != nil {
		return err
	}
	why := collectFailure(a.words, c.Failure)
	what, away := refusedHere(c)
	switch {
	case away && c.Way == string(collect.ETRN):
		return words.Fail("collect.not_released", words.Args{"Count": c.Refused, "Host": c.Host, "What": printable(what)})
	case away:
		return words.Fail("collect.not_taken", words.Args{"Count": c.Refused, "Host": c.Host, "What": printable(what)})
	case c.Failure != "" && c.ID > 0:
		return words.Fail("collect.failed", words.Args{"Number": c.ID, "Why": why})
	case c.Failure != "" && c.Way == string(collect.POP3) && c.Messages > 0:
		return words.Fail("collect.failed_midway", words.Args{"Host": c.Host, "Why": words.Within(why)})
	case c.Failure != "":
		return words.Fail("collect.failed_once", words.Args{"Way": strings.ToUpper(c.Way), "Host": c.Host, "Why": why})
	case c.Left > 0:
		return words.Fail("collect.not_all", words.Args{"Count": c.Left, "Host": c.Host})
	}
	return nil
}
