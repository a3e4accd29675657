package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"posta/admin"
	"posta/sign"
	"posta/words"
)

// domainDNSCommand shows the records that a domain publishes.
func (a *app) domainDNSCommand() *cobra.Command {
	var zone bool
	c := a.command("dns", "help.domain_dns", func(ctx context.Context, args []string) error {
		var all []admin.DNSRecord
		if err := a.ask(ctx, "domain.dns", admin.DomainName{Name: args[0]}, &all); err != nil {
			return err
		}
		if zone && !a.json {
			return zoneFile(a.Out, all)
		}
		shown := make([]published, len(all))
		for i, r := range all {
			shown[i] = published{r.Name, r.Type, r.Value, r.Zone, r.Why, r.Needed}
			if r.Said != nil {
				shown[i].Why = a.words.Error(r.Said)
			}
		}
		return printAll(a, shown, func(w io.Writer) error { return a.dnsRecords(w, shown) })
	})
	c.Flags().BoolVar(&zone, "zone", false, a.say("help.flag_zone", nil))
	c.Example = "posta domain dns pepito.es\nposta domain dns pepito.es --zone"
	return a.naming(a.taking(c, 1, 1, "help.word_domain"), "domain.list")
}

// published is a record that a domain should publish.
type published struct {
	Name   string `json:"name"`
	Type   string `json:"type"`
	Value  string `json:"value"`
	Zone   string `json:"zone"`
	Why    string `json:"why"`
	Needed bool   `json:"needed"`
}

// zoneFile writes the records as the lines of a zone file.
func zoneFile(w io.Writer, all []admin.DNSRecord) error {
	for _, r := range all {
		if _, err := fmt.Fprintln(w, r.Zone); err != nil {
			return err
		}
	}
	return nil
}

// dnsRecords writes each record with what it is for. Values stand alone on
// their lines, however long, so that they can be copied.
func (a *app) dnsRecords(w io.Writer, all []published) error {
	var b strings.Builder
	addressed := false
	for i, r := range all {
		if i > 0 {
			b.WriteString("\n")
		}
		addressed = addressed || r.Type == "A" || r.Type == "AAAA"
		why := r.Why
		if !r.Needed {
			why = a.say("dns.may", words.Args{"Why": why})
		}
		fmt.Fprintf(&b, "%s%-5s %s\n      %s\n", a.comment(w, why), r.Type, r.Name, r.Value)
	}
	if !addressed {
		b.WriteString("\n" + a.comment(w, a.say("dns.no_address", nil)))
	}
	if len(all) > 0 && !strings.Contains(strings.TrimRight(all[0].Value, "."), ".") {
		b.WriteString("\n" + a.comment(w, a.say("dns.no_host", nil)))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// comment is a text as lines that zone files pass over.
func (a *app) comment(w io.Writer, text string) string {
	if width := a.width(w); width > 4 {
		text = fillOne(text, width-2)
	}
	return "# " + strings.ReplaceAll(text, "\n", "\n# ") + "\n"
}

// domainKeyCommand is about the keys that a domain signs with.
func (a *app) domainKeyCommand() *cobra.Command {
	one := func(verb, help, operation string) *cobra.Command {
		c := a.command(verb, help, func(ctx context.Context, args []string) error {
			var all []admin.SigningKey
			if err := a.ask(ctx, operation, admin.DomainName{Name: args[0]}, &all); err != nil {
				return err
			}
			return printAll(a, all, lister(a, all, []string{"field.selector", "field.algorithm", "field.state", "field.since"},
				func(k admin.SigningKey) []string {
					return []string{k.Selector, k.Algorithm, a.keyState(k.State), when(k.Changed)}
				}))
		})
		c.Example = "posta domain key " + verb + " pepito.es"
		return a.naming(a.taking(c, 1, 1, "help.word_domain"), "domain.list")
	}
	return a.group("key", "help.domain_key",
		one("list", "help.domain_key_list", "domain.keys"),
		one("rotate", "help.domain_key_rotate", "domain.key.rotate"),
		one("activate", "help.domain_key_activate", "domain.key.activate"))
}

// keyState says what a key is doing.
func (a *app) keyState(state string) string {
	switch sign.State(state) {
	case sign.Next:
		return a.say("dns.key_next", nil)
	case sign.Active:
		return a.say("dns.key_active", nil)
	case sign.Old:
		return a.say("dns.key_old", nil)
	}
	return state
}
