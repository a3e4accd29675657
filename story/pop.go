package story

import (
	"bytes"

	"posta/event"
	"posta/pop3"
)

// POPCommand tells of a command line, which is lent, and what the grammar made of it.
func (b *Book) POPCommand(p Place, line []byte, c *pop3.Command, fault *pop3.Fault) {
	d := b.open[p.Conn]
	if d == nil {
		return
	}
	a := p.act(Command, nil)
	a.Text, a.Verb = clip(string(line)), c.Verb.String()
	if fault != nil {
		a.Fault = fault.Text
	}
	if c.N > 0 && c.Verb != pop3.PASS {
		a.Arg = clip(c.Arg(0))
	}
	switch c.Verb {
	case pop3.USER:
		d.phase = Authentication
		d.user = c.Arg(0)
	case pop3.PASS:
		d.phase = Authentication
		d.login = &login{Login: Login{Mechanism: "USER", User: d.user, At: p.At}}
		d.login.secret(c.Arg(0))
		a.begins(d.login)
	case pop3.APOP:
		d.phase = Authentication
		d.login = &login{Login: Login{Mechanism: "APOP", User: c.Arg(0), At: p.At, Masked: c.Arg(1) == event.Masked}}
		a.begins(d.login)
	case pop3.AUTH:
		if c.N > 0 {
			d.phase = Authentication
			d.login = newLogin(c.Arg(0))
			a.begins(d.login)
			if c.N > 1 {
				d.login.answer([]byte(c.Arg(1)), p.At)
			}
		}
	case pop3.QUIT:
		d.phase = Closing
		if d.now.User != "" {
			d.phase = Update
		}
	}
	b.ask(d, a)
}

// POPResponse tells of the first line of a response, which is lent.
func (b *Book) POPResponse(p Place, r *pop3.Answer) {
	d := b.open[p.Conn]
	if d == nil {
		return
	}
	a := p.act(Reply, nil)
	a.Text, a.Refused, a.Sure, a.Verb = clip(string(r.Line)), r.Status == pop3.Err, r.Sure, r.Verb.String()
	before := d.now
	switch {
	case r.Greeting:
		a.Kind, a.Verb = Greeting, ""
		d.greeted(a, !a.Refused, false, string(r.Text.Of(r.Line)))
	case r.Status == pop3.Continue:
		a.Kind, a.Re = Challenge, b.asked(d, "AUTH", false)
	default:
		a.Re = b.asked(d, a.Verb, true)
		d.response(a)
	}
	if a.Re != nil {
		a.Re.Answered = a
	}
	b.addFrom(d, a, before)
	if before.User == "" && d.now.User != "" {
		d.phase = Transaction
	}
}

// response does to the state what a response brings about.
func (d *dialogue) response(a *Act) {
	switch a.Verb {
	case "PASS", "APOP", "AUTH":
		if a.Verb == "AUTH" && (a.Re != nil && a.Re.login == nil || d.loginOf(a.Re) == nil) {
			return // a list of mechanisms
		}
		d.loggedIn(a, !a.Refused)
		return
	}
	if a.Refused {
		return
	}
	switch a.Verb {
	case "DELE":
		d.now.Deleted++
	case "RSET":
		d.now.Deleted = 0
	case "QUIT":
		d.now.Quit = true
	}
}

// POPList tells of the further lines of a response, dot-stuffing undone, when
// they have ended. mail says that they are a message; then its octets are kept.
func (b *Book) POPList(p Place, octets []byte, size int64, all, mail bool) {
	d := b.open[p.Conn]
	if d == nil {
		return
	}
	a := p.act(List, nil)
	if r := d.last; r != nil && r.Kind == Reply {
		a.Re, a.Verb = r.Re, r.Verb
	}
	if mail {
		a.Kind = Mail
		a.Message = read(octets, size, all)
		if a.Re != nil {
			a.Message.Number = number(a.Re.Arg)
		}
		d.retrieved(a)
		b.add(d, a)
		if !d.keep {
			a.Message.Octets = nil // they were lent
		}
		return
	}
	for line := range bytes.Lines(octets) {
		if len(a.More) == maxLines {
			break
		}
		a.More = append(a.More, clip(string(bytes.TrimRight(line, "\r\n"))))
	}
	b.add(d, a)
}

func number(text string) (n int) {
	for _, c := range []byte(text) {
		if c < '0' || c > '9' || n > 1<<40 {
			return 0
		}
		n = 10*n + int(c-'0')
	}
	return n
}
