package main

import (
	"context"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"posta/admin"
	"posta/words"
)

func (a *app) aliasCommand() *cobra.Command {
	change := func(verb, help, example string) *cobra.Command {
		c := a.command(verb, help, func(ctx context.Context, args []string) error {
			return a.aliasCall(ctx, "alias."+verb, admin.Alias{Address: args[0], Targets: args[1:]})
		})
		c.Example = example
		return a.naming(a.taking(c, 2, -1, "help.word_address", "help.word_target"), "alias.list", "account.list")
	}
	list := a.command("list", "help.alias_list", func(ctx context.Context, args []string) error {
		var all []admin.Alias
		if err := a.ask(ctx, "alias.list", admin.ByDomain{Domain: first(args)}, &all); err != nil {
			return err
		}
		return printAll(a, all, lister(a, all, []string{"field.address", "field.targets"}, func(one admin.Alias) []string {
			return []string{one.Address, strings.Join(one.Targets, ", ")}
		}))
	})
	list.Example = "posta alias list\nposta alias list pepito.es"
	show := a.command("show", "help.alias_show", func(ctx context.Context, args []string) error {
		return a.aliasCall(ctx, "alias.show", admin.ByAddress{Address: args[0]})
	})
	show.Example = "posta alias show ventas@pepito.es"
	remove := a.command("remove", "help.alias_remove", func(ctx context.Context, args []string) error {
		if err := a.ask(ctx, "alias.remove", admin.ByAddress{Address: args[0]}, nil); err != nil {
			return err
		}
		return a.done("done.alias_removed", words.Args{"Address": args[0]})
	})
	remove.Example = "posta alias remove ventas@pepito.es"
	return a.group("alias", "help.alias",
		change("add", "help.alias_add", "posta alias add ventas@pepito.es pepe@pepito.es ana@pepito.es"),
		a.naming(a.taking(list, 0, 1, "help.word_domain"), "domain.list"),
		a.naming(a.taking(show, 1, 1, "help.word_address"), "alias.list"),
		change("set", "help.alias_set", "posta alias set ventas@pepito.es ana@pepito.es"),
		a.naming(a.taking(remove, 1, 1, "help.word_address"), "alias.list"))
}

func (a *app) aliasCall(ctx context.Context, operation string, in any) error {
	var one admin.Alias
	if err := a.ask(ctx, operation, in, &one); err != nil {
		return err
	}
	facts := a.facts(fact{"field.address", one.Address}, fact{"field.targets", strings.Join(one.Targets, ", ")})
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
