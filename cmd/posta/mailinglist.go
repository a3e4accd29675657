package main

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"posta/admin"
	"posta/words"
)

func (a *app) mailingListCommand() *cobra.Command {
	list := a.command("list", "help.mailing_list_list", func(ctx context.Context, args []string) error {
		var all []admin.List
		if err := a.ask(ctx, "mailing-list.list", admin.ByDomain{Domain: first(args)}, &all); err != nil {
			return err
		}
		return printAll(a, all, lister(a, all,
			[]string{"field.address", "field.kind", "field.owner", "field.members", "field.name"}, func(l admin.List) []string {
				return []string{l.Address, l.Kind, l.Owner, strconv.FormatInt(l.Count, 10), l.Name}
			}))
	})
	list.Example = "posta mailing-list list"
	show := a.command("show", "help.mailing_list_show", func(ctx context.Context, args []string) error {
		return a.mailingListCall(ctx, "mailing-list.show", admin.ByAddress{Address: args[0]})
	})
	show.Example = "posta mailing-list show clase@pepito.es"
	remove := a.command("remove", "help.mailing_list_remove", func(ctx context.Context, args []string) error {
		if err := a.ask(ctx, "mailing-list.remove", admin.ByAddress{Address: args[0]}, nil); err != nil {
			return err
		}
		return a.done("done.list_removed", words.Args{"Address": args[0]})
	})
	remove.Example = "posta mailing-list remove clase@pepito.es"
	group := a.group("mailing-list", "help.mailing_list",
		a.mailingListAddCommand(),
		a.naming(a.taking(list, 0, 1, "help.word_domain"), "domain.list"),
		a.naming(a.taking(show, 1, 1, "help.word_address"), "mailing-list.list"),
		a.mailingListSetCommand(),
		a.naming(a.taking(remove, 1, 1, "help.word_address"), "mailing-list.list"))
	group.Long = a.say("help.mailing_list_long", nil)
	return group
}

// listFlags are what add and set share.
type listFlags struct{ kind, owner, name string }

func (a *app) listFlags(c *cobra.Command) *listFlags {
	f := &listFlags{}
	c.Flags().StringVar(&f.kind, "kind", "", a.say("help.flag_kind", nil))
	choices(c, "kind", listKinds()...)
	c.Flags().StringVar(&f.owner, "owner", "", a.say("help.flag_owner", nil))
	c.Flags().StringVar(&f.name, "name", "", a.say("help.flag_list_name", nil))
	return f
}

func (f *listFlags) change(c *cobra.Command, in *admin.ListChange) error {
	in.Kind, in.Owner, in.Name = changed(c, "kind", &f.kind), changed(c, "owner", &f.owner), changed(c, "name", &f.name)
	if in.Kind == nil {
		return nil
	}
	if err := oneOf("--kind", f.kind, listKinds()...); err != nil {
		return usage(err)
	}
	return nil
}

func listKinds() []string { return []string{"public", "members", "announcement"} }

func (a *app) mailingListAddCommand() *cobra.Command {
	var f *listFlags
	var members []string
	var c *cobra.Command
	c = a.command("add", "help.mailing_list_add", func(ctx context.Context, args []string) error {
		in := admin.ListChange{Address: args[0]}
		err := f.change(c, &in)
		if err != nil {
			return err
		}
		if in.Add, err = a.members(members); err != nil {
			return err
		}
		return a.mailingListCall(ctx, "mailing-list.add", in)
	})
	f = a.listFlags(c)
	c.Flags().StringArrayVar(&members, "member", nil, a.say("help.flag_member", nil))
	c.Example = "posta mailing-list add clase@pepito.es --member pepe@pepito.es\n" +
		"posta mailing-list add todos@pepito.es --member - < names.txt\n" +
		"posta mailing-list add red@pepito.es --kind announcement --owner ana@pepito.es"
	a.taking(c, 1, 1, "help.word_address")
	c.Use += " [--member " + a.say("help.word_address", nil) + "]..."
	return c
}

func (a *app) mailingListSetCommand() *cobra.Command {
	var f *listFlags
	var add, remove []string
	var c *cobra.Command
	c = a.command("set", "help.mailing_list_set", func(ctx context.Context, args []string) error {
		in := admin.ListChange{Address: args[0]}
		err := f.change(c, &in)
		if err != nil {
			return err
		}
		if in.Add, err = a.members(add); err != nil {
			return err
		}
		if in.Remove, err = a.members(remove); err != nil {
			return err
		}
		return a.mailingListCall(ctx, "mailing-list.set", in)
	})
	f = a.listFlags(c)
	clearing(c, "owner", "name")
	c.Flags().StringArrayVar(&add, "add-member", nil, a.say("help.flag_add_member", nil))
	c.Flags().StringArrayVar(&remove, "remove-member", nil, a.say("help.flag_remove_member", nil))
	c.Example = "posta mailing-list set clase@pepito.es --add-member luis@pepito.es\n" +
		"posta mailing-list set clase@pepito.es --kind members"
	return a.naming(a.taking(c, 1, 1, "help.word_address"), "mailing-list.list")
}

// maxMembers bounds a list of members on standard input, in octets.
const maxMembers = 12 << 20

// members gives the addresses; "-" stands for those on standard input, one a
// line, where empty lines and those that begin with # are passed over.
func (a *app) members(given []string) ([]string, error) {
	var all []string
	for _, one := range given {
		if one != "-" {
			all = append(all, one)
			continue
		}
		text, err := io.ReadAll(io.LimitReader(a.In, maxMembers+1))
		if err != nil {
			return nil, err
		}
		if len(text) > maxMembers {
			return nil, words.Fail("fail.too_many_members", nil)
		}
		for row := range strings.Lines(string(text)) {
			if row = strings.TrimSpace(row); row != "" && row[0] != '#' {
				all = append(all, row)
			}
		}
	}
	return all, nil
}

func (a *app) mailingListCall(ctx context.Context, operation string, in any) error {
	var l admin.List
	if err := a.ask(ctx, operation, in, &l); err != nil {
		return err
	}
	head := a.facts(fact{"field.address", l.Address}, fact{"field.kind", l.Kind}, fact{"field.owner", l.Owner},
		fact{"field.name", l.Name}, fact{"field.members", strconv.FormatInt(l.Count, 10)})
	err := a.print(l, func(w io.Writer) error {
		if err := head(w); err != nil {
			return err
		}
		if id := listTrouble(&l); id != "" {
			a.warn(w, a.say(id, words.Args{"Owner": l.Owner}))
		}
		a.warnUnreached(w, l)
		for _, m := range l.Members {
			if _, err := fmt.Fprintln(w, "  "+m); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return notThere(l.Absent, words.Args{"List": l.Address}, "directory.no_member", "directory.no_members")
}

// listTrouble is the id of what a list lacks, "" of nothing.
func listTrouble(l *admin.List) string {
	switch {
	case l.Count == 0 && l.Owner == "":
		return "alias.list_nobody"
	case l.Count == 0 && l.Unreachable != "":
		return "alias.list_lost"
	case l.Count == 0:
		return "alias.list_empty"
	case l.Unreachable != "":
		return "alias.no_owner"
	}
	return ""
}

// warnUnreached names the members whom no mail reaches, of many the first.
func (a *app) warnUnreached(w io.Writer, l admin.List) {
	const most = 10
	for _, m := range l.Unreached[:min(most, len(l.Unreached))] {
		a.warn(w, a.say("alias.unreachable", words.Args{"Target": m, "Address": l.Address}))
	}
	if more := len(l.Unreached) - most; more > 0 {
		a.warn(w, a.say("alias.unreachable_more", words.Args{"Count": more, "Address": l.Address}))
	}
}
