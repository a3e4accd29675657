package main

import (
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"posta/admin"
	"posta/config"
	"posta/words"
)

// ports is the part of the card that says where everything listens, and what
// others and Wireshark need to know of it.
func (p *page) ports() {
	switch {
	case len(p.LAN) > 0:
		p.title("card.ports_lan", words.Args{"Host": p.host})
	case p.isOpen():
		p.title("card.ports_alone", words.Args{"Host": p.host})
	default:
		p.title("card.ports", words.Args{"Host": p.host})
	}
	p.portRows()
	p.others()
	p.wireshark()
}

// portRows lists the ports. The reasons why some moved stand below where the
// rows would be too wide with them.
func (p *page) portRows() {
	wide, narrow := &strings.Builder{}, &strings.Builder{}
	with, without := p.table(wide), p.table(narrow)
	var reasons []string
	for _, l := range p.Listeners {
		port, tls, why := fmt.Sprintf("    %-12s%5d", l.Name, l.Port), p.tls(l.TLS), p.why(l)
		if host := p.at(&l); host != p.host {
			port += "  " + p.say("card.port_at", words.Args{"Host": host})
		}
		with.row(port, tls, why)
		without.row(port, tls)
		if why != "" {
			reasons = append(reasons, "  "+l.Name+": "+why)
		}
	}
	_, _ = with.end(), without.end() // a strings.Builder takes everything
	for row := range strings.Lines(wide.String()) {
		if utf8.RuneCountInString(strings.TrimRight(row, "\n")) > helpWidth {
			p.text.WriteString(narrow.String())
			for _, one := range reasons {
				p.line(one)
			}
			return
		}
	}
	p.text.WriteString(wide.String())
}

// portAt is a listener's port, with its address where that is not the card's.
func (p *page) portAt(l *admin.Listener) string {
	port := strconv.Itoa(l.Port)
	if host := p.at(l); host != p.host {
		port += " " + p.say("card.port_at", words.Args{"Host": host})
	}
	return port
}

// at is where a listener is reached: at the address that the card names, unless it
// has one of its own.
func (p *page) at(l *admin.Listener) string {
	if host, _, err := net.SplitHostPort(l.Address); err == nil && !isOpen(l.Address) {
		return host
	}
	return p.host
}

// others says where this computer is found from elsewhere, and what stands
// in the way.
func (p *page) others() {
	if len(p.Interfaces) > 1 {
		p.line("  " + p.say("card.addresses", nil))
		t := p.table(&p.text)
		for _, one := range p.Interfaces {
			t.row("    "+one.Address, one.Interface)
		}
		_ = t.end()
	}
	if p.isOpen() && p.system == "windows" {
		p.firewall()
	}
}

// firewall says what Windows' own is going to do with others.
func (p *page) firewall() {
	id := "card.firewall"
	if !p.rights {
		id = "card.firewall_no_rights"
	}
	p.line("  " + strings.ReplaceAll(p.say(id, nil), "\n", "\n  "))
	p.typed(p.command("firewall add"))
}

// wireshark says how it learns of ports that are not the usual ones. One line
// holds the first of SMTP and of POP3, which is what a screen is wide.
func (p *page) wireshark() {
	var first, rest []string
	seen := map[string]bool{}
	for _, l := range p.Listeners {
		dissector := "smtp"
		if l.Service == config.POP3 {
			dissector = "pop"
		}
		if l.TLS == config.TLSImplicit || slices.Contains([]int{25, 587, 110}, l.Port) {
			continue
		}
		into := &first
		if seen[dissector] {
			into = &rest
		}
		seen[dissector] = true
		*into = append(*into, fmt.Sprintf("-d tcp.port==%d,%s", l.Port, dissector))
	}
	if len(first) == 0 || !p.isLab() {
		return
	}
	p.title("card.wireshark", nil)
	p.typed("tshark -i " + p.capture() + " " + strings.Join(first, " "))
	if len(rest) > 0 {
		p.line("  " + p.say("card.wireshark_more", words.Args{"More": strings.Join(rest, " ")}))
	}
	p.line("  " + p.say("card.decode_as", nil))
}

// capture is the interface that the lab's packets pass, as tshark names it.
func (p *page) capture() string {
	alone := isLoopbackHost(p.host)
	switch {
	case p.system == "windows" && alone:
		return `\Device\NPF_Loopback`
	case p.system == "darwin" && alone:
		return "lo0"
	case p.system == "linux" && alone:
		return "lo"
	case p.system != "linux" && len(p.Interfaces) > 0:
		return spaced(p.Interfaces[0].Interface)
	}
	return "any"
}

func isLoopbackHost(host string) bool {
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
