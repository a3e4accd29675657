package main

import (
	"cmp"
	"context"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"posta/admin"
	"posta/collect"
	"posta/words"
)

// collectSetCommand changes what was added.
func (a *app) collectSetCommand() *cobra.Command {
	f := &collectFlags{FlagSet: pflag.NewFlagSet("set", pflag.ContinueOnError)}
	var host string
	var every time.Duration
	var ask bool
	var c *cobra.Command
	c = a.command("set", "help.collect_set", func(ctx context.Context, args []string) error {
		id, err := entryNumber(args[0])
		if err != nil {
			return err
		}
		if !anyTyped(c) {
			return usage(words.Fail("collect.nothing_asked", nil))
		}
		var at admin.Collected
		if err := a.ask(ctx, "collect.show", admin.ByID{ID: id}, &at); err != nil {
			return err
		}
		in, err := a.collectChange(c, f, collect.Way(at.Way))
		if err != nil {
			return err
		}
		in.ID, in.Host = id, changed(c, "host", &host)
		if c.Flags().Changed("every") {
			in.Every = new(string)
			if every != 0 {
				*in.Every = every.String()
			}
		}
		if ask || f.password != "" || in.User != nil && *in.User != "" {
			who := admin.CollectWish{User: cmp.Or(f.wish.User, at.User), Host: cmp.Or(host, at.Host)}
			secret, err := a.collectSecret(ctx, f.password, who)
			if err != nil {
				return err
			}
			in.Password = &secret
		}
		_, err = a.collectCall(ctx, "collect.set", in)
		return err
	})
	a.collectedFlags(c, f)
	c.Flags().StringVar(&host, "host", "", a.say("help.flag_collect_host", nil))
	c.Flags().DurationVar(&every, "every", 0, a.say("help.flag_every", nil))
	c.Flags().Lookup("every").DefValue = ""
	c.Flags().BoolVar(&ask, "password", false, a.say("help.flag_password", nil))
	clearing(c, "user", "ca")
	c.Long = a.say("help.collect_set_long", nil)
	c.Example = "posta collect set 1 --every 1h\nposta collect set 1 --password\nposta collect set 1 --host isp.example"
	return a.namingCollected(a.taking(c, 1, 1, "help.word_number"))
}

// collectChange is what the flags say anew, but for what stands in no wish.
func (a *app) collectChange(c *cobra.Command, f *collectFlags, way collect.Way) (admin.CollectChange, error) {
	var in admin.CollectChange
	if err := f.belong(way); err != nil {
		return in, err
	}
	if f.wish.Keep && f.erase {
		return in, exclude(c, "keep", "delete")
	}
	in = admin.CollectChange{TLS: changed(c, "tls", &f.wish.TLS), User: changed(c, "user", &f.wish.User), Account: changed(c, "account", &f.wish.Account),
		Domains: changedAll(c, "domain", &f.wish.Domains), Keep: changed(c, "keep", &f.wish.Keep)}
	if c.Flags().Changed("delete") {
		keep := !f.erase
		in.Keep = &keep
	}
	if c.Flags().Changed("ca") {
		text, err := believedFile(f.ca)
		if err != nil {
			return in, err
		}
		in.CA = &text
	}
	return in, nil
}
