package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"posta/admin"
	"posta/collect"
	"posta/words"
)

// collectPick chooses among what is collected; what is empty leaves all.
type collectPick struct {
	ways    []string
	host    string
	domains []string
}

func (a *app) collectListCommand() *cobra.Command {
	var pick collectPick
	ways := pflag.NewFlagSet("", pflag.ContinueOnError)
	c := a.command("list", "help.collect_list", func(ctx context.Context, args []string) error {
		ways.VisitAll(func(one *pflag.Flag) {
			if one.Value.String() == "true" {
				pick.ways = append(pick.ways, one.Name)
			}
		})
		if len(args) > 0 {
			pick.host = args[0]
		}
		for i, written := range pick.domains {
			if name, err := lookupName(written); err == nil {
				pick.domains[i] = name
			}
		}
		var all []admin.Collected
		if err := a.ask(ctx, "collect.list", admin.None{}, &all); err != nil {
			return err
		}
		some := len(all) > 0
		all = slices.DeleteFunc(all, func(one admin.Collected) bool { return !pick.takes(one) })
		return printAll(a, all, func(w io.Writer) error {
			if some && len(all) == 0 {
				_, err := fmt.Fprintln(w, a.say("collect.none_fits", nil))
				return err
			}
			return a.collectTable(w, all)
		})
	})
	for _, way := range []collect.Way{collect.ETRN, collect.ATRN, collect.TURN, collect.POP3} {
		ways.Bool(string(way), false, a.say("help.flag_collect_by", words.Args{"Way": strings.ToUpper(string(way))}))
	}
	ways.Lookup("pop3").Annotations = map[string][]string{typedOnly: {}} // POSTA_POP3 is quickstart's
	c.Flags().AddFlagSet(ways)
	c.Flags().StringArrayVar(&pick.domains, "domain", nil, a.say("help.flag_collect_into", nil))
	c.Example = "posta collect list\nposta collect list --atrn isp.example --domain pepito.es"
	return a.taking(c, 0, 1, "help.word_host")
}

// takes says whether an entry is one of those that are meant.
func (p *collectPick) takes(c admin.Collected) bool {
	bare := c.Host
	if host, _, err := net.SplitHostPort(c.Host); err == nil {
		bare = host
	}
	return (len(p.ways) == 0 || slices.Contains(p.ways, c.Way)) &&
		(p.host == "" || strings.EqualFold(p.host, c.Host) || strings.EqualFold(p.host, bare)) &&
		(len(p.domains) == 0 || slices.ContainsFunc(p.domains, func(one string) bool { return isFor(c, one) }))
}

// isFor says whether an entry brings mail for a domain.
func isFor(c admin.Collected, domain string) bool {
	if c.Account != "" {
		return strings.EqualFold(c.Account[strings.LastIndexByte(c.Account, '@')+1:], domain)
	}
	return slices.ContainsFunc(c.Domains, func(one string) bool {
		return strings.EqualFold(one, domain) || strings.EqualFold(strings.TrimPrefix(one, "@"), domain)
	})
}

func (a *app) collectedRow(c admin.Collected) []string {
	return []string{strconv.FormatInt(c.ID, 10), strings.ToUpper(c.Way), c.Host, collectedFor(c), span(c.Every), whenListed(c.Last)}
}

// collectTable lists what is collected, and beneath each what became of it.
func (a *app) collectTable(w io.Writer, all []admin.Collected) error {
	var text strings.Builder
	headings := []string{"field.number", "field.way", "field.host", "field.collected_for", "field.every", "field.last"}
	if err := lister(a, all, headings, a.collectedRow)(&text); err != nil {
		return err
	}
	for i, line := range slices.Collect(strings.Lines(text.String())) {
		if i > 0 && i <= len(all) && all[i-1].Running != nil {
			line += a.fitting(w, "    "+a.collectRunning(all[i-1], whenListed)) + "\n"
		}
		if i > 0 && i <= len(all) && !all[i-1].Last.IsZero() {
			line += a.fitting(w, "    "+a.collectOutcome(all[i-1])) + "\n"
			if one := all[i-1]; one.Slowed {
				line += a.fitting(w, "    "+a.say("collect.slowed", words.Args{"Next": whenListed(one.Next)})) + "\n"
			}
		}
		if _, err := io.WriteString(w, line); err != nil {
			return err
		}
	}
	return nil
}
