package story

import (
	"strings"

	"posta/smtp"
)

// SMTPCommand tells of a command line, which is lent, and what the grammar made of it.
func (b *Book) SMTPCommand(p Place, line []byte, c *smtp.Command, fault *smtp.Fault) {
	d := b.open[p.Conn]
	if d == nil {
		return
	}
	a := p.act(Command, nil)
	a.Text, a.Verb, a.Lenient = clip(string(line)), c.Verb.String(), lenient(c.Lax)
	if fault != nil {
		a.Fault = fault.Text
	}
	switch c.Verb {
	case smtp.MAIL, smtp.RCPT:
		a.Arg = c.Path.Address.String()
	case smtp.BDAT:
		a.Arg = c.Arg
	default:
		a.Arg = clip(c.Word)
	}
	switch c.Verb {
	case smtp.HELO, smtp.EHLO, smtp.STARTTLS:
		d.phase = Opening
	case smtp.AUTH:
		d.phase = Authentication
		d.login = newLogin(c.Word)
		a.begins(d.login)
		if c.Initial != "" {
			d.login.answer([]byte(c.Initial), p.At)
		}
	case smtp.MAIL, smtp.RCPT, smtp.DATA, smtp.BDAT, smtp.RSET, smtp.SEND, smtp.SOML, smtp.SAML:
		d.phase = Transaction
	case smtp.QUIT:
		d.phase = Closing
	case smtp.ETRN, smtp.ATRN, smtp.TURN:
		d.phase = OnDemand
	}
	b.ask(d, a)
}

// lenient names the liberties that were taken.
func lenient(l smtp.Lax) (names []string) {
	for _, one := range []struct {
		lax  smtp.Lax
		name string
	}{{smtp.LaxBlank, "blank"}, {smtp.LaxBrackets, "brackets"}, {smtp.LaxName, "name"}, {smtp.LaxDomain, "domain"}} {
		if l&one.lax != 0 {
			names = append(names, one.name)
		}
	}
	return names
}

// Answer tells of the client's answer to a challenge, of SMTP or POP3.
func (b *Book) Answer(p Place, line []byte) {
	d := b.open[p.Conn]
	if d == nil {
		return
	}
	a := p.act(Answer, nil)
	a.Text = clip(string(line))
	if len(d.waiting) > 0 {
		a.Re = d.waiting[0]
	}
	if l := d.loginOf(a.Re); l != nil {
		l.answer(line, p.At)
		a.Login = &l.Login
	}
	b.add(d, a)
}

// SMTPMail tells of a message that has ended. Its octets are kept. all says
// that they are all of it; size is how many passed, without the final dot; sent
// is how they did.
func (b *Book) SMTPMail(p Place, octets []byte, size int64, all bool, sent Sent) {
	d := b.open[p.Conn]
	if d == nil {
		return
	}
	a := p.act(Mail, nil)
	a.Message = read(octets, size, all)
	a.Message.Sent = sent
	for i := len(d.waiting) - 1; i >= 0; i-- {
		if w := d.waiting[i]; w.Verb == "DATA" || w.Verb == "BDAT" {
			a.Re, a.Verb, w.mail = w, w.Verb, a
			break
		}
	}
	d.phase = Data
	d.mail = a
	b.add(d, a)
	if !d.keep {
		a.Message.Octets = nil // they were lent
	}
}

// SMTPReply tells of a whole reply.
func (b *Book) SMTPReply(p Place, r *smtp.Answer) {
	d := b.open[p.Conn]
	if d == nil {
		return
	}
	a := p.act(Reply, nil)
	a.Code, a.Status, a.Refused, a.Sure, a.Verb = r.Code, r.Status, r.Code >= 400, r.Sure, r.Verb.String()
	a.lines(r.Reply.String())
	before := d.now
	switch {
	case r.Greeting:
		a.Kind, a.Verb = Greeting, ""
		d.greeted(a, r.Code == 220, r.Code == 220, r.Text)
	case r.Code == 334:
		a.Kind, a.Re = Challenge, b.asked(d, "AUTH", false)
	default:
		a.Re = b.asked(d, a.Verb, r.Code != 354)
		b.reply(d, a, r.Body)
	}
	if a.Re != nil {
		a.Re.Answered = a
	}
	b.addFrom(d, a, before)
	if d.turn {
		d.turn, d.turned = false, !d.turned
		b.add(d, p.act(Turned, func(a *Act) { a.Octets = 0 }))
	}
	if before.Data && !d.now.Data && d.phase == Data {
		d.phase = Transaction
	}
}

// lines takes the lines of a reply.
func (a *Act) lines(text string) {
	for i, line := range strings.Split(strings.TrimSuffix(text, "\r\n"), "\r\n") {
		switch {
		case i == 0:
			a.Text = clip(line)
		case i <= maxLines:
			a.More = append(a.More, clip(line))
		}
	}
}

// reply does to the state what a reply brings about.
func (b *Book) reply(d *dialogue, a *Act, body bool) {
	if a.Verb == "AUTH" {
		d.loggedIn(a, !a.Refused)
		return
	}
	if m := d.carried(a.Re); body || a.Verb == "BDAT" && m != nil && m.Answered == nil && m.Re == a.Re {
		d.now.Data = false
		d.mailDone(a, m)
		return
	}
	if a.Refused {
		return
	}
	arg := ""
	if a.Re != nil {
		arg = a.Re.Arg
	}
	switch a.Verb {
	case "HELO", "EHLO":
		d.now.Helo, d.s.Named[1-a.Dir&1].Helo = arg, arg
		if !d.turned {
			d.s.Helo = arg
		}
		d.now.clear()
	case "MAIL":
		d.now.Sender, d.now.From, d.now.Recipients = true, arg, 0
	case "RCPT":
		d.now.Recipients++
	case "DATA":
		d.now.Data = true
		if d.mail != nil && d.mail.Answered != nil { // otherwise it came before the 354
			d.mail = nil
		}
	case "RSET":
		d.now.clear()
	case "QUIT":
		d.now.Quit = true
	case "TURN", "ATRN":
		d.now = State{Secure: d.now.Secure}
		b.forget(d)
		d.login = nil
		d.turn = true
	}
}

// carried is the message behind a command, because messages may be pipelined
// (RFC 3030 §4.2); where it is not known, the last.
func (d *dialogue) carried(command *Act) *Act {
	switch {
	case command == nil, d.mail != nil && d.mail.Re == nil:
		return d.mail
	}
	return command.mail
}

// accepted is the message that the server has taken now.
func (d *dialogue) accepted() *Act {
	for _, w := range d.waiting {
		if w.mail != nil && w.mail.Message.Queue == "" {
			return w.mail
		}
	}
	return d.mail
}

// mailDone ends a mail transaction, however it went (RFC 5321 §4.1.1.4).
func (d *dialogue) mailDone(a, m *Act) {
	d.now.clear()
	if m != nil && m.Answered == nil {
		m.Answered = a
		if a.Re == nil {
			a.Re = m.Re
		}
	}
}

// clear forgets the mail transaction.
func (s *State) clear() { s.Sender, s.From, s.Recipients, s.Data = false, "", 0, false }

// begins notes the log-in that a command begins.
func (a *Act) begins(l *login) { a.login, a.Login = l, &l.Login }

// loginOf is the log-in that a command began, because log-ins may be pipelined;
// where it did not, or is unknown, the last.
func (d *dialogue) loginOf(command *Act) *login {
	if command != nil && command.login != nil {
		return command.login
	}
	return d.login
}

// Unnamed is a user whose name nobody knows.
const Unnamed = "?"

// loggedIn ends a log-in.
func (d *dialogue) loggedIn(a *Act, ok bool) {
	l := d.loginOf(a.Re)
	if l == nil {
		if ok && d.now.User == "" {
			d.now.User = Unnamed
		}
		return
	}
	l.Done, l.OK = true, ok
	a.Login = &l.Login
	if ok {
		d.now.User = l.User
		if d.now.User == "" {
			d.now.User = Unnamed
		}
		d.s.User = d.now.User
	}
	d.past = l
	if d.login == l {
		d.login = nil
	}
}
