package main

import (
	"cmp"
	"context"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"posta/admin"
	"posta/config"
	"posta/words"
)

func (a *app) domainCommand() *cobra.Command {
	list := a.command("list", "help.domain_list", func(ctx context.Context, _ []string) error {
		var all []admin.Domain
		if err := a.ask(ctx, "domain.list", admin.None{}, &all); err != nil {
			return err
		}
		return printAll(a, all, lister(a, all,
			[]string{"field.domain", "field.kind", "field.catch_all"}, a.domainRow))
	})
	list.Example = "posta domain list\nposta domain list --json"
	show := a.command("show", "help.domain_show", func(ctx context.Context, args []string) error {
		return a.domainCall(ctx, "domain.show", admin.DomainName{Name: args[0]})
	})
	show.Example = "posta domain show pepito.es"
	var force bool
	remove := a.command("remove", "help.domain_remove", func(ctx context.Context, args []string) error {
		var removed admin.DomainRemoved
		if err := a.ask(ctx, "domain.remove", admin.DomainName{Name: args[0], Force: force}, &removed); err != nil {
			return err
		}
		return a.print(removed, func(w io.Writer) error {
			err := line(a.broken(w, a.say("done.domain_removed", words.Args{"Name": args[0]})))(w)
			if removed.Left > 0 {
				a.warn(w, a.say("domain.left_waiting", words.Args{"Domain": args[0], "Count": removed.Left}))
			}
			return err
		})
	})
	remove.Flags().BoolVar(&force, "force", false, a.say("help.flag_force_domain", nil))
	remove.Example = "posta domain remove pepito.es\nposta domain remove pepito.es --force"
	return a.group("domain", "help.domain",
		a.domainChangeCommand("add", "help.domain_add", "posta domain add pepito.es\nposta domain add pepito.net --alias-of pepito.es\nposta domain add grupo3.net --relay mail.grupo3.net --callout\nposta domain add sucursal.example --on-demand sucursal --any-recipient"),
		list,
		a.naming(a.taking(show, 1, 1, "help.word_domain"), "domain.list"),
		a.domainChangeCommand("set", "help.domain_set",
			"posta domain set pepito.es --catch-all pepe@pepito.es\nposta domain set pepito.es --max-message 10MB --plus=false\nposta domain set pepito.es --sender-check log\nposta domain set pepito.es --fallback old.pepito.es"),
		a.recipientsCommand(),
		a.domainDNSCommand(), a.domainKeyCommand(),
		a.naming(a.taking(remove, 1, 1, "help.word_domain"), "domain.list"))
}

// domainChangeCommand is add or set: they take the same flags.
func (a *app) domainChangeCommand(verb, help, example string) *cobra.Command {
	var in admin.DomainChange
	var aliasOf, catchAll, check, relay, fallback, site string
	var callout, anyName bool
	var age config.Duration
	var plus bool
	var accounts int64
	var message, bytes sizeLimit
	var c *cobra.Command
	c = a.command(verb, help, func(ctx context.Context, args []string) error {
		if err := exclude(c, "relay", "on-demand", "fallback"); err != nil {
			return err
		}
		in = admin.DomainChange{Name: args[0], AliasOf: changed(c, "alias-of", &aliasOf), CatchAll: changed(c, "catch-all", &catchAll),
			Plus: changed(c, "plus", &plus), MaxAccounts: changed(c, "max-accounts", &accounts),
			MaxMessage: changedSize(c, "max-message", &message), MaxBytes: changedSize(c, "max-bytes", &bytes),
			SenderCheck: changed(c, "sender-check", &check), Relay: changed(c, "relay", &relay), Fallback: changed(c, "fallback", &fallback),
			Callout: changed(c, "callout", &callout), Site: changed(c, "on-demand", &site), AnyName: changed(c, "any-recipient", &anyName)}
		if c.Flags().Changed("max-age") {
			seconds := int64(age.Duration / time.Second)
			in.MaxAge = &seconds
		}
		return a.domainCall(ctx, "domain."+verb, in)
	})
	flags := c.Flags()
	flags.StringVar(&aliasOf, "alias-of", "", a.say("help.flag_alias_of", nil))
	flags.StringVar(&catchAll, "catch-all", "", a.say("help.flag_catch_all", nil))
	flags.BoolVar(&plus, "plus", true, a.say("help.flag_plus", nil))
	flags.Int64Var(&accounts, "max-accounts", 0, a.say("help.flag_max_accounts", nil))
	a.sizeFlag(c, &message, "max-message", "help.flag_max_message")
	a.sizeFlag(c, &bytes, "max-bytes", "help.flag_max_bytes")
	flags.StringVar(&check, "sender-check", "", a.say("help.flag_sender_check", nil))
	choices(c, "sender-check", "enforce", "log", "off")
	flags.StringVar(&relay, "relay", "", a.say("help.flag_relay", nil))
	flags.BoolVar(&callout, "callout", false, a.say("help.flag_callout", nil))
	flags.StringVar(&fallback, "fallback", "", a.say("help.flag_fallback", nil))
	flags.StringVar(&site, "on-demand", "", a.say("help.flag_on_demand", nil))
	flags.BoolVar(&anyName, "any-recipient", false, a.say("help.flag_any_recipient", nil))
	flags.TextVar(&age, "max-age", config.Duration{}, a.say("help.flag_max_age", nil))
	c.Example = example
	a.taking(c, 1, 1, "help.word_domain")
	if verb == "set" {
		for _, name := range []string{"plus", "max-age"} {
			c.Flags().Lookup(name).DefValue = "" // what is not given stays
		}
		clearing(c, "alias-of", "catch-all", "relay", "fallback", "on-demand")
		a.naming(c, "domain.list")
	}
	return c
}

// domainCall runs an operation that answers with a domain, and shows it.
func (a *app) domainCall(ctx context.Context, operation string, in any) error {
	var d admin.Domain
	if err := a.ask(ctx, operation, in, &d); err != nil {
		return err
	}
	known, err := a.knownRecipients(ctx, &d)
	if err != nil {
		return err
	}
	facts := a.facts(fact{"field.domain", d.Name}, fact{"field.alias_of", d.AliasOf}, fact{"field.catch_all", d.CatchAll},
		fact{"field.plus", a.yes(d.Plus)}, fact{"field.max_accounts", a.count(d.MaxAccounts)},
		fact{"field.max_message", a.limit(d.MaxMessage)}, fact{"field.max_bytes", a.limit(d.MaxBytes)},
		fact{"field.sender_check", d.SenderCheck}, fact{"field.kind", a.domainKind(d)}, fact{"field.recipients", known}, fact{"field.fallback", d.Fallback},
		fact{"field.max_age", a.span(d.MaxAge)}, fact{"field.created", when(d.Created)})
	return a.print(d, func(w io.Writer) error {
		err := facts(w)
		about := words.Args{"Domain": d.Name, "Host": cmp.Or(d.Relay, d.Fallback), "Site": d.Site}
		if d.Here > 0 {
			about["Count"] = d.Here
			id := "domain.here_relay"
			if d.Site != "" {
				id = "domain.here_on_demand"
			}
			a.warn(w, a.say(id, about))
		}
		if len(d.Routed) > 0 {
			about["Hosts"] = strings.Join(d.Routed, ", ")
			a.warn(w, a.say("domain.routed", about))
			about["Host"] = about["Hosts"] // where what waits goes, too
		}
		if d.LeftKept > 0 {
			about["Count"] = d.LeftKept
			id := "domain.left_kept"
			if d.Site != "" {
				id = "domain.left_other"
			}
			a.warn(w, a.say(id, about))
		}
		if d.Waiting > 0 {
			about["Count"] = d.Waiting
			a.warn(w, a.say("domain.waiting", about))
		}
		return err
	})
}

// knownRecipients says for whom mail of a relay or on-demand domain is taken.
func (a *app) knownRecipients(ctx context.Context, d *admin.Domain) (string, error) {
	const most = 5
	if d.Kind != "relay" && d.Kind != "on-demand" {
		return "", nil
	}
	if d.AnyName {
		return a.say("domain.anybody", nil), nil
	}
	var all []admin.Recipient
	if err := a.ask(ctx, "domain.recipients", admin.RecipientsOf{Domain: d.Name, Limit: most + 1}, &all); err != nil {
		return "", err
	}
	names := make([]string, 0, most)
	for _, one := range all[:min(len(all), most)] {
		names = append(names, strings.TrimSuffix(one.Address, "@"+d.Name))
	}
	text := strings.Join(names, ", ")
	switch about := (words.Args{"Domain": d.Name, "Host": d.Relay, "Names": text}); {
	case len(all) > most:
		return a.say("domain.several", about), nil
	case d.Callout && len(all) > 0:
		return a.say("domain.some_asked", about), nil
	case d.Callout:
		return a.say("domain.all_asked", about), nil
	case len(all) > 0:
		return text, nil
	case d.Kind == "on-demand":
		return a.say("domain.nobody_on_demand", about), nil
	default:
		return a.say("domain.nobody", about), nil
	}
}

// domainKind says what a domain is that is not a local one.
func (a *app) domainKind(d admin.Domain) string {
	switch {
	case d.Site != "":
		return a.say("domain.on_demand", words.Args{"Site": d.Site})
	case d.Relay != "" && d.Callout:
		return a.say("domain.relay_asked", words.Args{"Host": d.Relay})
	case d.Relay != "":
		return a.say("domain.relay", words.Args{"Host": d.Relay})
	}
	return ""
}

// span writes seconds; 0 is what is usual.
func (a *app) span(seconds int64) string {
	if seconds == 0 {
		return ""
	}
	return config.Duration{Duration: time.Duration(seconds) * time.Second}.String()
}

func (a *app) domainRow(d admin.Domain) []string {
	about := words.Args{"Domain": d.AliasOf, "Host": cmp.Or(d.Relay, d.Fallback), "Site": d.Site}
	kind := ""
	switch {
	case d.AliasOf != "":
		kind = a.say("domain.is_alias", about)
	case d.Site != "":
		kind = a.say("domain.on_demand", about)
	case d.Relay != "":
		kind = a.say("domain.is_relay", about)
	case d.Fallback != "":
		kind = a.say("domain.is_shared", about)
	}
	return []string{d.Name, kind, d.CatchAll}
}

// count writes a number where 0 is no limit.
func (a *app) count(n int64) string {
	if n == 0 {
		return a.say("list.no_limit", nil)
	}
	return strconv.FormatInt(n, 10)
}
