package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"posta/admin"
	"posta/words"
)

// askedBy are the domains whose mail a site may ask for, each once.
func askedBy(s admin.Site) []string {
	all := slices.Clone(s.Kept)
	for _, one := range s.Domains {
		if !slices.Contains(all, one) {
			all = append(all, one)
		}
	}
	return all
}

func (a *app) siteCommand() *cobra.Command {
	list := a.command("list", "help.site_list", func(ctx context.Context, _ []string) error {
		var all []admin.Site
		if err := a.ask(ctx, "site.list", admin.None{}, &all); err != nil {
			return err
		}
		return printAll(a, all, lister(a, all, []string{"field.name", "field.domains", "field.networks", "field.seen"}, func(s admin.Site) []string {
			return []string{s.Name, strings.Join(askedBy(s), ", "), strings.Join(s.Networks, ", "), whenListed(s.Seen)}
		}))
	})
	list.Example = "posta site list"
	show := a.command("show", "help.site_show", func(ctx context.Context, args []string) error {
		return a.siteCall(ctx, "site.show", admin.ByName{Name: args[0]})
	})
	show.Example = "posta site show sucursal"
	secret := a.command("secret", "help.site_secret", func(ctx context.Context, args []string) error {
		return a.siteCall(ctx, "site.secret", admin.ByName{Name: args[0]})
	})
	secret.Example = "posta site secret sucursal"
	remove := a.command("remove", "help.site_remove", func(ctx context.Context, args []string) error {
		if err := a.ask(ctx, "site.remove", admin.ByName{Name: args[0]}, nil); err != nil {
			return err
		}
		return a.done("done.site_removed", words.Args{"Name": args[0]})
	})
	remove.Example = "posta site remove sucursal"
	c := a.group("site", "help.site",
		a.siteChangeCommand("add", "help.site_add", "posta site add sucursal --domain grupo3.net\nposta site add sucursal --network 192.0.2.0/24 --helo gw.pepito.es"),
		list,
		a.taking(show, 1, 1, "help.word_site"),
		a.siteChangeCommand("set", "help.site_set", "posta site set sucursal --domain grupo3.net --network 192.0.2.7"),
		a.taking(secret, 1, 1, "help.word_site"),
		a.siteQueueCommand(),
		a.taking(remove, 1, 1, "help.word_site"))
	c.Long = a.say("help.site_long", nil)
	return c
}

// siteChangeCommand is add or set: they take the same flags.
func (a *app) siteChangeCommand(verb, help, example string) *cobra.Command {
	var domains, networks, helo []string
	var c *cobra.Command
	c = a.command(verb, help, func(ctx context.Context, args []string) error {
		return a.siteCall(ctx, "site."+verb, admin.SiteChange{Name: args[0], Domains: changedAll(c, "domain", &domains),
			Networks: changedAll(c, "network", &networks), Helo: changedAll(c, "helo", &helo)})
	})
	flags := c.Flags()
	flags.StringArrayVar(&domains, "domain", nil, a.say("help.flag_site_domain", nil))
	flags.StringArrayVar(&networks, "network", nil, a.say("help.flag_site_network", nil))
	flags.StringArrayVar(&helo, "helo", nil, a.say("help.flag_site_helo", nil))
	c.Example = example
	if verb == "set" {
		clearing(c, "domain", "network", "helo")
	}
	return a.taking(c, 1, 1, "help.word_site")
}

// siteCall runs an operation that answers with a site, and shows it.
func (a *app) siteCall(ctx context.Context, operation string, in any) error {
	var s admin.Site
	if err := a.ask(ctx, operation, in, &s); err != nil {
		return err
	}
	facts := a.facts(fact{"field.name", s.Name}, fact{"field.kept", strings.Join(s.Kept, ", ")},
		fact{"field.domains", strings.Join(s.Domains, ", ")}, fact{"field.networks", strings.Join(s.Networks, ", ")}, fact{"field.helo", strings.Join(s.Helo, ", ")},
		fact{"field.created", when(s.Created)}, fact{"field.seen", when(s.Seen)}, fact{"field.secret", s.Secret})
	return a.print(s, func(w io.Writer) error {
		err := facts(w)
		a.warnLocal(w, s.Local)
		if s.Secret == "" {
			return err
		}
		next := []string{"site.secret_once"}
		if operation == "site.add" {
			next = append(next, "site.next_domain", "site.next_ask")
		}
		for _, id := range next {
			_, _ = fmt.Fprintln(w, "\n"+a.broken(w, a.say(id, words.Args{"Name": s.Name})))
		}
		return err
	})
}

// warnLocal names domains of which no mail waits for a site.
func (a *app) warnLocal(w io.Writer, domains []string) {
	for _, one := range domains {
		a.warn(w, a.say("site.local", words.Args{"Domain": one}))
	}
}

// siteQueueCommand is about what ETRN calls "#name".
func (a *app) siteQueueCommand() *cobra.Command {
	list := a.command("list", "help.site_queue_list", func(ctx context.Context, _ []string) error {
		var all []admin.NamedQueue
		if err := a.ask(ctx, "site.queue.list", admin.None{}, &all); err != nil {
			return err
		}
		return printAll(a, all, lister(a, all, []string{"field.name", "field.domains"}, func(q admin.NamedQueue) []string {
			return []string{q.Name, strings.Join(q.Domains, ", ")}
		}))
	})
	list.Example = "posta site queue list"
	set := a.command("set", "help.site_queue_set", func(ctx context.Context, args []string) error {
		var q admin.NamedQueue
		if err := a.ask(ctx, "site.queue.set", admin.NamedQueue{Name: args[0], Domains: args[1:]}, &q); err != nil {
			return err
		}
		facts := a.facts(fact{"field.name", q.Name}, fact{"field.domains", strings.Join(q.Domains, ", ")})
		return a.print(q, func(w io.Writer) error {
			err := facts(w)
			a.warnLocal(w, q.Local)
			return err
		})
	})
	set.Example = "posta site queue set uucp grupo3.net"
	set.SuggestFor = []string{"add"}
	remove := a.command("remove", "help.site_queue_remove", func(ctx context.Context, args []string) error {
		if err := a.ask(ctx, "site.queue.remove", admin.ByName{Name: args[0]}, nil); err != nil {
			return err
		}
		return a.done("done.site_queue_removed", words.Args{"Name": args[0]})
	})
	remove.Example = "posta site queue remove uucp"
	return a.group("queue", "help.site_queue",
		list, a.taking(set, 2, -1, "help.word_queue", "help.word_domain"), a.taking(remove, 1, 1, "help.word_queue"))
}
