package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"posta/admin"
	"posta/config"
	"posta/words"
)

func (a *app) accountCommand() *cobra.Command {
	list := a.command("list", "help.account_list", func(ctx context.Context, args []string) error {
		var all []admin.Account
		if err := a.ask(ctx, "account.list", admin.ByDomain{Domain: first(args)}, &all); err != nil {
			return err
		}
		return printAll(a, all, lister(a, all,
			[]string{"field.address", "field.name", "field.messages", "field.size", "field.quota", "field.state"}, a.accountRow))
	})
	list.Example = "posta account list\nposta account list pepito.es --json"
	show := a.command("show", "help.account_show", func(ctx context.Context, args []string) error {
		return a.accountCall(ctx, "account.show", admin.ByAddress{Address: args[0]}, "")
	})
	show.Example = "posta account show pepe@pepito.es"
	var force bool
	remove := a.command("remove", "help.account_remove", func(ctx context.Context, args []string) error {
		var gone admin.AccountGone
		if err := a.ask(ctx, "account.remove", admin.AccountName{Address: args[0], Force: force}, &gone); err != nil {
			return err
		}
		return a.accountRemoved(args[0], gone)
	})
	remove.Flags().BoolVar(&force, "force", false, a.say("help.flag_force_account", nil))
	remove.Example = "posta account remove pepe@pepito.es\nposta account remove pepe@pepito.es --force"
	return a.group("account", "help.account",
		a.accountAddCommand(),
		a.accountImportCommand(),
		a.naming(a.taking(list, 0, 1, "help.word_domain"), "domain.list"),
		a.naming(a.taking(show, 1, 1, "help.word_address"), "account.list"),
		a.accountSetCommand(),
		a.grantCommand("grant", "help.account_grant"),
		a.grantCommand("revoke", "help.account_revoke"),
		a.naming(a.taking(remove, 1, 1, "help.word_address"), "account.list"))
}

// accountRemoved says what went with an account, and what it leaves behind.
func (a *app) accountRemoved(address string, gone admin.AccountGone) error {
	text := a.say("done.account_removed", words.Args{"Address": address})
	if gone.Collected != "" {
		text = a.say("done.account_removed_collected", words.Args{"Address": address, "Which": gone.Collected})
	}
	return a.print(nothing{true}, func(w io.Writer) error {
		_, err := fmt.Fprintln(w, a.broken(w, text))
		if len(gone.Lists) > 0 {
			a.warn(w, a.say("done.account_removed_lists", words.Args{"Address": address, "Lists": strings.Join(gone.Lists, ", ")}))
		}
		return err
	})
}

// accountFlags are what add and set share.
type accountFlags struct {
	name     string
	quota    sizeLimit
	disabled bool
	apop     string
	secret   bool
	forward  []string
	keep     bool
	maxSent  string
}

func (a *app) accountFlags(c *cobra.Command) *accountFlags {
	f := &accountFlags{}
	flags := c.Flags()
	flags.StringVar(&f.name, "name", "", a.say("help.flag_name", nil))
	a.sizeFlag(c, &f.quota, "quota", "help.flag_quota")
	flags.BoolVar(&f.disabled, "disabled", false, a.say("help.flag_disabled", nil))
	flags.StringVar(&f.apop, "apop", "", a.say("help.flag_apop", nil))
	flags.StringArrayVar(&f.forward, "forward", nil, a.say("help.flag_forward", nil))
	flags.BoolVar(&f.keep, "keep", false, a.say("help.flag_keep", nil))
	flags.StringVar(&f.maxSent, "max-sent", "", a.say("help.flag_max_sent", nil))
	flags.BoolVar(&f.secret, "secret-stdin", false, a.say("help.flag_secret_stdin", nil))
	return f
}

// change fills what the flags change. The secret is read after the password.
func (a *app) change(ctx context.Context, c *cobra.Command, f *accountFlags, in *admin.AccountChange) error {
	in.Name, in.Disabled = changed(c, "name", &f.name), changed(c, "disabled", &f.disabled)
	in.MaxSent = changed(c, "max-sent", &f.maxSent)
	in.Quota, in.Keep = changedSize(c, "quota", &f.quota), changed(c, "keep", &f.keep)
	if c.Flags().Changed("forward") {
		to := slices.DeleteFunc(slices.Clone(f.forward), func(one string) bool { return one == "off" })
		if len(to) > 0 && len(to) < len(f.forward) {
			return usage(words.Fail("fail.forward_off", nil))
		}
		in.Forward = &to
	}
	var secret string
	var err error
	switch {
	case f.apop == "" && !f.secret:
		return nil
	case f.apop == "off" && !f.secret:
	case f.apop != "on" && f.apop != "":
		return usage(words.Fail("fail.apop", words.Args{"Value": f.apop}))
	case f.secret:
		secret, err = a.inputLine()
	default:
		secret, err = a.prompt(ctx, a.say("password.secret", words.Args{"Address": in.Address}), words.Fail("fail.no_terminal_secret", nil))
	}
	if err == nil && secret == "" && f.apop != "off" {
		err = words.Fail("password.empty", nil)
	}
	in.APOP = &secret
	return err
}

// accountWriteCommand is what add and set have in common; with ask the command
// only asks for a password when told to.
func (a *app) accountWriteCommand(name, short, operation string, ask bool) *cobra.Command {
	var p *passwordFlags
	var f *accountFlags
	var c *cobra.Command
	c = a.command(name, short, func(ctx context.Context, args []string) error {
		in := admin.AccountChange{Address: args[0]}
		password, made, err := a.password(ctx, p, args[0])
		if err != nil {
			return err
		}
		in.Password = password
		if err := a.change(ctx, c, f, &in); err != nil {
			return err
		}
		return a.accountCall(ctx, operation, in, shownOnce(password, made))
	})
	p, f = a.passwordFlags(c, ask), a.accountFlags(c)
	return c
}

func (a *app) accountAddCommand() *cobra.Command {
	c := a.accountWriteCommand("add", "help.account_add", "account.add", false)
	c.Long = a.say("help.account_add_long", nil)
	c.Example = "posta account add pepe@pepito.es\nposta account add pepe@pepito.es --generate --quota 100MB --name \"Pepe Pérez\""
	return a.taking(c, 1, 1, "help.word_address")
}

func (a *app) accountSetCommand() *cobra.Command {
	c := a.accountWriteCommand("set", "help.account_set", "account.set", true)
	clearing(c, "name")
	c.Example = "posta account set pepe@pepito.es --password\nposta account set pepe@pepito.es --quota none --disabled=false\n" +
		"posta account set pepe@pepito.es --apop off\nposta account set pepe@pepito.es --forward pepe@example.net --keep\n" +
		"posta account set pepe@pepito.es --max-sent 100"
	return a.naming(a.taking(c, 1, 1, "help.word_address"), "account.list")
}

// grantCommand is grant or revoke: an account may, or may no longer, send as
// an address that is not its own.
func (a *app) grantCommand(verb, help string) *cobra.Command {
	c := a.command(verb, help, func(ctx context.Context, args []string) error {
		return a.accountCall(ctx, "account."+verb, admin.Grant{Address: args[0], Account: args[1]}, "")
	})
	c.Long = a.say("help.account_grant_long", nil)
	c.Example = "posta account " + verb + " info@pepito.es luis@pepito.es"
	return a.naming(a.taking(c, 2, 2, "help.word_address", "help.word_account"), "account.list")
}

// shownOnce is a password to be told to who asked posta to make it.
func shownOnce(password *string, made bool) string {
	if !made {
		return ""
	}
	return *password
}

// accountCall runs an operation that answers with an account, and shows it.
func (a *app) accountCall(ctx context.Context, operation string, in any, password string) error {
	var one admin.Account
	if err := a.ask(ctx, operation, in, &one); err != nil {
		return err
	}
	one.Password = password
	if password != "" {
		var s admin.Status
		if err := a.ask(ctx, "status", admin.None{}, &s); err != nil {
			return err
		}
		if err := noteDown(s, map[string]string{one.Address: password}); err != nil {
			return err
		}
	}
	facts := a.facts(fact{"field.address", one.Address}, fact{"field.name", one.Name},
		fact{"field.password", one.Password}, fact{"field.messages", strconv.FormatInt(one.Messages, 10)},
		fact{"field.size", config.Size(one.Bytes).String()}, fact{"field.quota", a.limit(one.Quota)},
		fact{"field.state", a.state(one)}, fact{"field.send_as", strings.Join(one.SendAs, ", ")},
		fact{"field.forward", a.forwarded(one)}, fact{"field.sent_today", a.sentToday(one)}, fact{"field.created", when(one.Created)})
	return a.print(one, func(w io.Writer) error {
		err := facts(w)
		for _, target := range one.Unreachable {
			a.warn(w, a.say("alias.unreachable", words.Args{"Target": target, "Address": one.Address}))
		}
		for _, target := range one.Barred {
			a.warn(w, a.say("alias.barred", words.Args{"Target": target, "Address": one.Address}))
		}
		return err
	})
}

func (a *app) accountRow(one admin.Account) []string {
	return []string{one.Address, one.Name, strconv.FormatInt(one.Messages, 10), config.Size(one.Bytes).String(),
		a.limit(one.Quota), a.state(one)}
}

// forwarded is where an account's mail is sent on to.
func (a *app) forwarded(one admin.Account) string {
	text := strings.Join(one.Forward, ", ")
	if one.Keep {
		text += " (" + a.say("list.keep", nil) + ")"
	}
	return text
}

// sentToday is how many recipients elsewhere an account wrote to, and may.
func (a *app) sentToday(one admin.Account) string {
	switch {
	case one.MaxSent < 0:
		return a.say("list.sent_nobody", nil)
	case one.MaxSent == 0:
		return strconv.Itoa(one.Sent)
	}
	return a.say("list.sent_of", words.Args{"Sent": one.Sent, "Most": one.MaxSent})
}

// state is what is unusual about an account's log-in.
func (a *app) state(one admin.Account) string {
	switch {
	case one.Disabled:
		return a.say("list.disabled", nil)
	case one.APOP:
		return "APOP"
	}
	return ""
}

// first is an argument that may be missing.
func first(args []string) string {
	if len(args) == 0 {
		return ""
	}
	return args[0]
}
