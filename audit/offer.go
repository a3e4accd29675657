package audit

import (
	"strings"

	"posta/pop3"
	"posta/smtp"
	"posta/story"
)

// offer is what a server says it can, before TLS.
type offer struct {
	known      bool // a list was seen
	startTLS   bool
	masked     string   // a line of X that stands where a keyword stood
	mechanisms []string // that send the password itself
	at         story.Moment
}

// offered reads EHLO's reply and CAPA's list.
func (d *session) offered(a *story.Act) {
	if a.Secure || a.Refused {
		return
	}
	switch {
	case a.Kind == story.Reply && a.Verb == "EHLO":
		d.offer = offer{known: true, at: a.At}
		var lines []string
		for _, line := range a.More {
			if len(line) > len("250 ") {
				lines = append(lines, line[len("250 "):])
			}
		}
		o := smtp.ParseOffer(lines)
		d.offer.startTLS = o.Extensions.Has(smtp.ExtStartTLS)
		for _, m := range o.Mechanisms {
			d.offer.mechanism(m)
		}
		d.offer.mask(lines)
	case a.Kind == story.List && a.Verb == "CAPA":
		d.offer = offer{known: true, at: a.At}
		var all pop3.Capabilities
		for _, line := range a.More {
			if c, fault := pop3.ParseCapability([]byte(line)); fault == nil {
				all = append(all, c)
			}
		}
		_, d.offer.startTLS = all.Find("STLS")
		if _, user := all.Find("USER"); user {
			d.offer.mechanisms = append(d.offer.mechanisms, "USER")
		}
		if sasl, ok := all.Find("SASL"); ok {
			for _, m := range sasl.Params {
				d.offer.mechanism(m)
			}
		}
		d.offer.mask(a.More)
	}
}

// mechanism notes one that sends the password itself.
func (o *offer) mechanism(name string) {
	if name = strings.ToUpper(name); sendsPassword(name) {
		o.mechanisms = append(o.mechanisms, name)
	}
}

// sendsPassword says that whoever reads a log-in has what it takes to repeat it.
func sendsPassword(mechanism string) bool {
	switch mechanism {
	case "PLAIN", "LOGIN", "USER", "XOAUTH2", "OAUTHBEARER":
		return true
	}
	return false
}

// mask finds a keyword that a machine on the way wrote over with X, the last
// octet apart: so that lengths and sums of the packet stay as they were.
func (o *offer) mask(lines []string) {
	for _, line := range lines {
		word, _, _ := strings.Cut(line, " ")
		if len(word) >= len("XXXX") && strings.Trim(word[:len(word)-1], "X") == "" {
			o.masked = word
		}
	}
}
