package main

import (
	"cmp"
	"time"

	"posta/smtp"
	"posta/words"
)

// judge says what would become of mail, going through the addresses as the queue
// does: one that cannot be reached, or lets nobody begin, is passed over; the
// first answer to MAIL or RCPT is the last word. Where none comes mail is given
// up if all say no for good, else it waits. The error is a verdict that is no yes.
func (p *prober) judge() error {
	p.remarks()
	var h hunt
	for _, one := range p.addresses() {
		if h.own != nil && one.pref >= h.own.pref {
			continue // it would send the mail here
		}
		if one.lastWord() {
			return p.answered(one)
		}
		h.pass(one)
	}
	switch {
	case h.never != nil:
		return p.verdict("failed", words.Fail("probe.failed", p.of(h.never)))
	case h.later != nil:
		return p.verdict("later", words.Fail("probe.later", p.of(h.later)))
	case h.ill != nil && h.ill.mute:
		return unanswered(p.verdict("unanswered", words.Fail("probe.ill", p.of(h.ill))))
	case h.ill != nil:
		return p.verdict("later", words.Fail("probe.ill", p.of(h.ill)))
	case h.no != nil && h.down:
		return p.verdict("later", words.Fail("probe.later", p.of(h.no)))
	case h.no != nil:
		return p.verdict("refused", words.Fail("probe.refused_connection", p.of(h.no)))
	case h.own != nil && h.down:
		about := p.about()
		about["Why"], about["Status"] = words.Fail("attempt.unreachable", nil), "4.4.1"
		return p.verdict("later", words.Fail("probe.put_off", about))
	case h.own != nil:
		about := p.about()
		about["Why"], about["Status"] = h.own.Problem, "5.4.6"
		return p.verdict("loop", words.Fail("probe.given_up", about))
	}
	return unanswered(p.unreachable())
}

// lastWord says that an address answered so that mail goes to no other.
func (one *probedAddress) lastWord() bool {
	switch {
	case one.State != probeOpen, one.Problem != "" && one.Code == 0, one.Code == 421:
		return false
	case one.Code == 0: // nobody was asked for, and all went well
		return true
	}
	return one.Verb == smtp.MAIL.String() || one.Verb == smtp.RCPT.String()
}

// answered is the verdict of a last word.
func (p *prober) answered(one *probedAddress) error {
	switch {
	case p.wantsLogin(one):
		return p.verdict("login", words.Fail("probe.wants_login", p.of(one)))
	case (one.Code == 500 || one.Code == 502) && one.Verb == smtp.MAIL.String(): // whoever the sender were (RFC 5321 §4.2.4)
		return p.verdict("refused", words.Fail("probe.no_port", p.of(one)))
	case one.Code/100 == 5 && one.Verb == smtp.MAIL.String():
		return p.verdict("refused", words.Fail("probe.refused_sender", p.of(one)))
	case one.Code/100 == 5:
		return p.verdict("refused", words.Fail("probe.refused", p.of(one)))
	case one.Code/100 == 4:
		return p.verdict("later", words.Fail("probe.later", p.of(one)))
	}
	return p.yes(one)
}

// wantsLogin says that a refusal may be for want of the log-in that the probe leaves
// out: 530 is (RFC 4954 §6), and where the route logs in whatever does not speak of
// the recipient's address or mailbox (RFC 3463 §3.2, §3.3).
func (p *prober) wantsLogin(one *probedAddress) bool {
	aboutThem := one.status.Subject == 1 || one.status.Subject == 2
	return one.Code == 530 || p.laid.User != "" && one.Code/100 == 5 && !aboutThem
}

// hunt is what addresses were passed over for.
type hunt struct {
	down  bool           // some take no connection
	later *probedAddress // wants mail later
	no    *probedAddress // wants none
	ill   *probedAddress // something came between
	never *probedAddress // cannot carry it
	own   *probedAddress // is this posta
}

func (h *hunt) pass(one *probedAddress) {
	switch {
	case one.State != probeOpen:
		h.down = true
	case one.loops:
		h.own = one
	case one.never:
		h.never = one
	case one.Code/100 == 5:
		h.no = one
	case one.Code/100 == 4:
		h.later = cmp.Or(h.later, one)
	default:
		h.ill = cmp.Or(h.ill, one)
	}
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

// unreachable is the verdict where no address takes a connection.
func (p *prober) unreachable() error {
	id := "probe.unreachable"
	silent := true
	for _, one := range p.addresses() {
		if one.ours {
			about := p.about()
			about["Problem"] = one.Problem
			return p.verdict("unreachable", words.Fail("probe.unreachable_here", about))
		}
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
			if open > 0 && one.ours {
				p.note("probe.note_here", about)
			} else if open > 0 {
				p.note("probe.note_down", about)
			}
		case one.loops || one.Greeting == "" || one.Verb == "" && one.Code != 0: // nothing is known of its TLS
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
