package main

import (
	"context"
	"strconv"

	"github.com/spf13/cobra"

	"posta/admin"
	"posta/check"
	"posta/words"
)

func (a *app) banCommand() *cobra.Command {
	list := a.command("list", "help.ban_list", func(ctx context.Context, _ []string) error {
		var all []check.Watched
		if err := a.askServer(ctx, "ban.list", admin.None{}, &all); err != nil {
			return err
		}
		return printAll(a, all, lister(a, all, []string{"field.address", "field.connections", "field.failed", "field.user",
			"field.last_failure", "field.banned_until"}, func(w check.Watched) []string {
			return []string{w.Address, strconv.Itoa(w.Connections), strconv.Itoa(w.Failed), w.LastUser,
				whenListed(w.LastFailure), whenListed(w.BannedUntil)}
		}))
	})
	list.Example = "posta ban list"
	remove := a.command("remove", "help.ban_remove", func(ctx context.Context, args []string) error {
		if err := a.askServer(ctx, "ban.remove", admin.Unban{Address: args[0]}, nil); err != nil {
			return err
		}
		return a.done("done.ban_removed", words.Args{"Address": args[0]})
	})
	remove.Example = "posta ban remove 192.0.2.7"
	return a.group("ban", "help.ban", list, a.naming(a.taking(remove, 1, 1, "help.word_ip"), "ban.list"))
}
