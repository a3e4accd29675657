package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"posta/admin"
	"posta/words"
)

// recipientsCommand is `posta domain recipients`: whom a relay or on-demand
// domain has.
func (a *app) recipientsCommand() *cobra.Command {
	var add, remove []string
	c := a.command("recipients", "help.domain_recipients", func(ctx context.Context, args []string) error {
		if len(add)+len(remove) == 0 {
			var all []admin.Recipient
			if err := a.ask(ctx, "domain.recipients", admin.RecipientsOf{Domain: args[0]}, &all); err != nil {
				return err
			}
			return printAll(a, all, func(w io.Writer) error { return a.recipients(w, all) })
		}
		in := admin.Recipients{Domain: args[0]}
		var err error
		if in.Add, err = a.members(add); err != nil {
			return err
		}
		if in.Remove, err = a.members(remove); err != nil {
			return err
		}
		var out admin.RecipientsChanged
		if err := a.ask(ctx, "domain.recipients.set", in, &out); err != nil {
			return err
		}
		if err := a.print(out, line(a.say("done.recipients", words.Args{"Added": out.Added, "Removed": out.Removed}))); err != nil {
			return err
		}
		return notThere(out.Absent, words.Args{"Domain": args[0]}, "directory.no_recipient", "directory.no_recipients")
	})
	c.Long = a.say("help.domain_recipients_long", nil)
	c.Flags().StringArrayVar(&add, "add", nil, a.say("help.flag_recipient_add", nil))
	c.Flags().StringArrayVar(&remove, "remove", nil, a.say("help.flag_recipient_remove", nil))
	c.Example = "posta domain recipients grupo3.net --add ana --add luis\nposta domain recipients grupo3.net --add - < grupo3.txt\nposta domain recipients grupo3.net"
	return a.naming(a.taking(c, 1, 1, "help.word_domain"), "domain.list")
}

// notThere says who was to be removed and was not there, in one way where all of
// them are named and in another where they are too many; nil for nobody.
func notThere(absent []string, args words.Args, all, first string) error {
	if len(absent) == 0 {
		return nil
	}
	const most = 10
	args["Addresses"], args["Count"] = strings.Join(absent[:min(most, len(absent))], ", "), len(absent)-most
	said := words.Fail(all, args)
	if len(absent) > most {
		said = words.Fail(first, args)
	}
	return &admin.Error{Code: "not_found", Text: said.Error(), Said: said}
}

func (a *app) recipients(w io.Writer, all []admin.Recipient) error {
	if len(all) == 0 {
		_, err := fmt.Fprintln(w, a.say("list.empty", nil))
		return err
	}
	for _, one := range all {
		if _, err := fmt.Fprintln(w, one.Address); err != nil {
			return err
		}
	}
	return nil
}
