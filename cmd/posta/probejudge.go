package main

import (
	"cmp"
	"time"

	"posta/smtp"
	"posta/words"
)

// judge says what would become of mail, going through the addresses as a server
// that sends it does: one that cannot be reached, or wants it later, is passed
// over; a yes or a no is the last word. The error is a verdict that is no yes.
func (p *prober) judge() error {
	p.remarks()
	var later, ill *probedAddress
	for _, one := range p.addresses() {
		switch {
		case one.State != probeOpen:
		case one.Problem != "" && one.Code == 0:
			ill = cmp.Or(ill, one)
		case one.Code/100 == 5:
			return p.verdict("refused", words.Fail(p.refusal(one), p.of(one)))
		case one.Code/100 == 4:
			later = cmp.Or(later, one)
		default:
			return p.yes(one)
		}
	}
	switch {
	case later != nil:
		return p.verdict("later", words.Fail("probe.later", p.of(later)))
	case ill != nil:
		return p.verdict("failed", words.Fail("probe.failed", p.of(ill)))
	}
	return unanswered(p.unreachable())
}

// yes is the good end.
func (p *prober) yes(one *probedAddress) error {
	id := "probe.accepted"
	p.result.Verdict = "accepted"
	if p.to == nil {
		id, p.result.Verdict = "probe.answers", "answers"
	}
	p.result.Text = p.a.say(id, p.of(one))
	return nil
}

// refusal is the sentence for a no, by what was refused.
func (p *prober) refusal(one *probedAddress) string {
	switch one.Verb {
	case smtp.RCPT.String():
		return "probe.refused"
	case smtp.MAIL.String():
		return "probe.refused_sender"
	}
	return "probe.refused_connection"
}

// unreachable is the verdict where no address takes a connection.
func (p *prober) unreachable() error {
	id := "probe.unreachable"
	silent := true
	for _, one := range p.addresses() {
		silent = silent && one.State == probeSilent
	}
	if p.result.Way == wayServer {
		id = "probe.unreachable_server"
	} else if silent && p.port() == 25 {
		id = "probe.unreachable_silent"
	}
	return p.verdict("unreachable", words.Fail(id, p.about()))
}

// of is what sentences about one address name.
func (p *prober) of(one *probedAddress) words.Args {
	about := p.about()
	about["Host"], about["Address"], about["Reply"], about["Problem"] = printable(one.host), one.Address, one.Reply, one.Problem
	about["From"] = "<" + printable(p.result.From) + ">"
	return about
}

// remarks notes what is not as it should be, though the mail may arrive.
func (p *prober) remarks() {
	open := 0
	for _, one := range p.addresses() {
		if one.State == probeOpen {
			open++
		}
	}
	for _, one := range p.addresses() {
		about := p.of(one)
		switch c := one.Certificate; {
		case one.State != probeOpen:
			if open > 0 {
				p.note("probe.note_down", about)
			}
		case one.Greeting == "" || one.Verb == "" && one.Code != 0: // nothing is known of its TLS
		case p.proves() && one.TLS == "": // it is a problem, not a remark
		case one.TLS == "":
			p.note("probe.note_clear", about)
		case c != nil && !c.Valid && p.proves(): // it is a problem, not a remark
		case c != nil && !c.Valid:
			about["Problem"] = c.Problem
			p.note("probe.note_certificate", about)
		case c != nil && time.Until(c.Ends) < soon:
			about["Ends"] = c.Ends.Local().Format(time.DateOnly)
			p.note("probe.note_ends", about)
		}
	}
}
