package main

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"posta/words"
)

// page is what people see: the addresses in a table, what each said, and what it
// comes to, unless that is an error.
func (p *prober) page(verdict bool) string {
	var b strings.Builder
	id := map[string]string{wayMX: "probe.way_mx", wayAddress: "probe.way_address", wayLiteral: "probe.way_literal", wayRoute: "probe.way_route", wayServer: "probe.way_server"}[p.result.Way]
	switch {
	case id != "probe.way_route" || !p.laid.Relay:
	case p.laid.Local:
		id = "probe.way_fallback"
	default:
		id = "probe.way_relay"
	}
	if id != "" {
		wrap(&b, "", p.a.say(id, p.about()))
		b.WriteByte('\n')
		p.table(&b)
	}
	for _, one := range p.addresses() {
		if one.State == probeOpen {
			b.WriteByte('\n')
			p.block(&b, one)
		}
	}
	if len(p.result.Notes) > 0 && b.Len() > 0 {
		b.WriteByte('\n')
	}
	for _, text := range p.result.Notes {
		wrap(&b, "- ", text)
	}
	if verdict {
		if b.Len() > 0 {
			b.WriteByte('\n')
		}
		wrap(&b, "", p.result.Text)
	}
	return b.String()
}

// table has a line for each host and one for each of its addresses. It is laid
// out here, because a host's line stands across its columns.
func (p *prober) table(b *strings.Builder) {
	port := p.a.say("probe.head_port", p.about())
	if p.port() == 0 {
		port = p.a.say("probe.head_ports", nil)
	}
	heads := []string{p.a.say("probe.head_address", nil), port, "TLS", p.a.say("probe.head_certificate", nil)}
	if p.to != nil {
		heads = append(heads, p.a.say("probe.head_answer", nil))
	}
	rows := [][]string{heads}
	for _, one := range p.addresses() {
		rows = append(rows, p.cells(one))
	}
	widths := make([]int, len(heads))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	write := func(row []string) {
		line := " "
		for i, cell := range row {
			line += " " + cell + strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell)+1)
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	for i, head := range heads {
		heads[i] = strings.ToUpper(head)
	}
	if len(rows) > 1 {
		write(heads)
	}
	next := 1
	for _, h := range p.result.Hosts {
		p.host(b, &h)
		for range h.Addresses {
			write(rows[next])
			next++
		}
	}
}

// host writes a host's line.
func (p *prober) host(b *strings.Builder, h *probedHost) {
	switch {
	case h.Problem != "" && p.result.Way == wayServer:
		wrap(b, "", h.Problem)
	case h.Problem != "":
		wrap(b, strconv.Itoa(h.Pref)+" ", h.Problem)
	case p.result.Way == wayMX, p.result.Way == wayRoute && !isAddress(h.Name):
		b.WriteString(strconv.Itoa(h.Pref) + " " + printable(h.Name) + "\n")
	}
}

func isAddress(name string) bool {
	_, err := netip.ParseAddr(name)
	return err == nil
}

func (p *prober) cells(one *probedAddress) []string {
	states := map[string]string{probeOpen: "probe.open", probeRefused: "probe.port_refused", probeSilent: "probe.port_silent", probeUnreachable: "probe.port_unreachable"}
	address := one.at.Addr().String()
	if p.port() == 0 {
		address = one.Address
	}
	row := []string{address, p.a.say(states[one.State], nil)}
	if one.State != probeOpen {
		return row
	}
	version, _, _ := strings.Cut(one.TLS, " ")
	certificate := ""
	switch c := one.Certificate; {
	case version == "" && (one.Greeting == "" || one.loops): // nobody knows
	case version == "":
		version = p.a.say("probe.none", nil)
	case c != nil && c.Valid:
		certificate = p.a.say("probe.valid", nil)
	case c != nil:
		certificate = p.a.say("probe.not_valid", nil)
	}
	row = append(row, version, certificate)
	if one.Code != 0 && p.to != nil {
		row = append(row, strconv.Itoa(one.Code))
	}
	return row
}

// block says all that is known of an address that answered.
func (p *prober) block(b *strings.Builder, one *probedAddress) {
	title := one.at.Addr().String()
	if p.port() == 0 {
		title = one.Address
	}
	if !isAddress(one.host) {
		title = printable(one.host) + " (" + title + ")"
	}
	b.WriteString(title + "\n")
	lines := []explained{{p.a.say("probe.greeting", nil), one.Greeting}, {"TLS", one.TLS}, {p.a.say("probe.certificate", nil), p.certified(one.Certificate)}}
	if one.Code != 0 {
		lines = append(lines, explained{one.Verb, one.Reply})
	}
	lines = append(lines, explained{p.a.say("probe.problem", nil), one.Problem})
	widest := 0
	for _, l := range lines {
		if l.meaning != "" {
			widest = max(widest, utf8.RuneCountInString(l.word))
		}
	}
	for _, l := range lines {
		if l.meaning != "" && l.word != "" {
			wrap(b, fmt.Sprintf("  %s:%s", l.word, strings.Repeat(" ", widest-utf8.RuneCountInString(l.word)+2)), l.meaning)
		}
	}
}

// certified is a certificate in one line.
func (p *prober) certified(c *probedCertificate) string {
	if c == nil {
		return ""
	}
	const most = 4
	names := strings.Join(c.Names[:min(len(c.Names), most)], ", ")
	if len(c.Names) > most {
		names += " …"
	}
	issuer := p.a.say("probe.by", words.Args{"Issuer": c.Issuer})
	if c.own {
		issuer = p.a.say("probe.by_itself", nil)
	}
	text := p.a.say("probe.certified", words.Args{"Names": names, "By": issuer, "Ends": c.Ends.Local().Format(time.DateOnly)})
	if c.Problem != "" {
		text += "; " + p.a.say("probe.cert_wrong", words.Args{"Problem": c.Problem})
	}
	return text
}
