package main

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"posta/sign"
	"posta/words"
)

// dnsVerdict says what is wrong with what DNS has of the records that are
// needed; nil: nothing.
func (a *app) dnsVerdict(domain string, all []published) error {
	bad, unknown := 0, 0
	for i := range all {
		switch state := sign.Found(all[i].State); {
		case !all[i].Needed || state == sign.Right:
		case state == sign.Unknown:
			unknown++
		default:
			bad++
		}
	}
	switch {
	case bad > 0:
		return words.Fail("dns.wrong", words.Args{"Domain": domain, "Count": bad})
	case unknown > 0:
		return unanswered(words.Fail("dns.unanswered", words.Args{"Domain": domain, "Count": unknown}))
	}
	return nil
}

// dnsFound writes a table of the records, and of each that is not right what
// should stand there and what does. Values stand alone on their lines, however
// long, so that they can be copied.
func (a *app) dnsFound(w io.Writer, all []published, well bool) error {
	t := a.table(w, "field.state", "field.type", "field.name")
	for i := range all {
		r := &all[i]
		t.row(a.foundState(r.State), r.Type, cmp.Or(r.Address, r.Name))
	}
	if err := t.end(); err != nil {
		return err
	}
	var b strings.Builder
	silences := map[string]bool{}
	for i := range all {
		switch r := &all[i]; sign.Found(r.State) {
		case sign.Right:
		case sign.Unknown: // mostly all for one reason
			if !silences[r.Wrong] {
				b.WriteString("\n" + a.broken(w, printable(r.Wrong)) + "\n")
			}
			silences[r.Wrong] = true
		default:
			a.explain(w, &b, r)
		}
	}
	if len(all) > 0 && !dotted(hostIn(all[0].Value)) {
		b.WriteString("\n" + a.broken(w, a.say("dns.no_host", nil)) + "\n")
	}
	if well {
		b.WriteString("\n" + a.broken(w, a.say("dns.well", nil)) + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// explain writes what is wrong with a record.
func (a *app) explain(w io.Writer, b *strings.Builder, r *published) {
	why := r.Why
	if !r.Needed {
		why = a.say("dns.may", words.Args{"Why": why})
	}
	b.WriteString("\n" + a.comment(w, why))
	if r.Wrong != "" {
		b.WriteString(a.comment(w, printable(r.Wrong)))
	}
	fmt.Fprintf(b, "%-5s %s\n", r.Type, r.Name)
	if r.Value != "" {
		fmt.Fprintf(b, "  %s\n      %s\n", a.say("dns.should", nil), r.Value)
	}
	for i, value := range r.Found {
		if i == 0 {
			fmt.Fprintf(b, "  %s\n", a.say("dns.has", nil))
		}
		fmt.Fprintf(b, "      %s\n", printable(value))
	}
}

// foundState says what DNS has in a record's place.
func (a *app) foundState(state string) string {
	switch sign.Found(state) {
	case sign.Right:
		return a.say("dns.right", nil)
	case sign.Missing:
		return a.say("dns.missing", nil)
	case sign.Different:
		return a.say("dns.different", nil)
	case sign.Unknown:
		return a.say("dns.unknown", nil)
	}
	return state
}
