package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"posta/admin"
	"posta/config"
	"posta/dns"
	"posta/sign"
	"posta/words"
)

// domainDNSCommand shows the records that a domain publishes, and whether DNS
// has them.
func (a *app) domainDNSCommand() *cobra.Command {
	var zone, check bool
	var host string
	var resolver []string
	var c *cobra.Command
	c = a.command("dns", "help.domain_dns", func(ctx context.Context, args []string) error {
		if err := exclude(c, "zone", "check"); err != nil {
			return err
		}
		if _, err := dns.New(dns.Options{Servers: resolver}); err != nil {
			return usage(words.Fail("probe.resolver", words.Args{"Value": strings.Join(resolver, ", ")}))
		}
		if changed(c, "hostname", &host) != nil && (!config.IsHostname(host) || !dotted(host)) {
			return usage(words.Fail("dns.bad_host", words.Args{"Name": host}))
		}
		all, err := a.askRecords(ctx, admin.DNSWish{Name: args[0], Host: strings.TrimSuffix(host, "."), Check: check, Servers: resolver})
		if err != nil {
			return err
		}
		if zone && !a.json {
			return a.zoneFile(a.Out, all)
		}
		shown := make([]published, len(all))
		for i := range all {
			shown[i] = a.published(&all[i])
		}
		if !check {
			return printAll(a, shown, func(w io.Writer) error { return a.dnsRecords(w, shown) })
		}
		verdict := a.dnsVerdict(args[0], shown)
		return errors.Join(verdict, printAll(a, shown, func(w io.Writer) error { return a.dnsFound(w, shown, verdict == nil) }))
	})
	c.Flags().BoolVar(&zone, "zone", false, a.say("help.flag_zone", nil))
	c.Flags().BoolVar(&check, "check", false, a.say("help.flag_dns_check", nil))
	c.Flags().StringVar(&host, "hostname", "", a.say("help.flag_hostname", nil))
	c.Flags().StringSliceVar(&resolver, "resolver", nil, a.say("help.flag_resolver", nil))
	c.Long = a.say("help.domain_dns_long", nil)
	c.Example = "posta domain dns pepito.es\nposta domain dns pepito.es --zone\nposta domain dns pepito.es --check\n" +
		"posta domain dns pepito.es --check --resolver 127.0.0.1:5353\nposta domain dns pepito.es --hostname mail.pepito.es"
	return a.naming(a.taking(c, 1, 1, "help.word_domain"), "domain.list")
}

// askRecords asks the server or the store. Only a server knows what its
// configuration calls it; without one this computer's name stands there, and
// that is said.
func (a *app) askRecords(ctx context.Context, wish admin.DNSWish) (all []admin.DNSRecord, err error) {
	r, err := a.reach(ctx, false)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(r.Call(ctx, "domain.dns", wish, &all), r.leave()); err != nil {
		return nil, err
	}
	if _, running := r.Caller.(*admin.Client); running || wish.Host != "" || len(all) == 0 {
		return all, nil
	}
	text := a.say("dns.no_server", words.Args{"Name": hostIn(all[0].Value), "Domain": wish.Name})
	_, err = io.WriteString(a.Err, a.broken(a.Err, "posta: "+text)+"\n")
	return all, err
}

// hostIn is the host that an MX names.
func hostIn(mx string) string {
	_, host, _ := strings.Cut(strings.TrimSuffix(mx, "."), " ")
	return host
}

// dotted says that a name can be another's in DNS.
func dotted(name string) bool { return strings.Contains(strings.Trim(name, "."), ".") }

// published is a record that a domain should publish, and with --check what DNS
// has in its place.
type published struct {
	Name    string    `json:"name"`
	Type    string    `json:"type"`
	Value   string    `json:"value"`
	Zone    string    `json:"zone"`
	Why     string    `json:"why"`
	Needed  bool      `json:"needed"`
	Until   time.Time `json:"until,omitzero"`
	Address string    `json:"address,omitempty"`
	State   string    `json:"state,omitempty"`
	Found   []string  `json:"found,omitempty"`
	Wrong   string    `json:"wrong,omitempty"`
}

func (a *app) published(r *admin.DNSRecord) published {
	out := published{Name: r.Name, Type: r.Type, Value: r.Value, Zone: r.Zone, Why: r.Why, Needed: r.Needed, Until: r.Until,
		Address: r.Address, State: r.State, Found: r.Found}
	if r.Said != nil {
		out.Why = a.words.Error(r.Said)
	}
	if r.Wrong != nil {
		out.Wrong = a.words.Error(r.Wrong)
	}
	return out
}

// zoneFile writes the records as the lines of a zone file; before those of old
// keys a comment says until when they are needed.
func (a *app) zoneFile(w io.Writer, all []admin.DNSRecord) error {
	for _, r := range all {
		if !r.Until.IsZero() && r.Said != nil {
			text := fillOne(a.words.Error(r.Said), terminalWidth-2)
			if _, err := fmt.Fprintln(w, "; "+strings.ReplaceAll(text, "\n", "\n; ")); err != nil {
				return err
			}
		}
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
	if len(all) > 0 && !dotted(hostIn(all[0].Value)) {
		b.WriteString("\n" + a.comment(w, a.say("dns.no_host", nil)))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// comment is a text as lines that zone files pass over.
func (a *app) comment(w io.Writer, text string) string {
	text = fillOne(text, max(cmp.Or(a.width(w), terminalWidth)-2, 4))
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
