package smtp

import (
	"strings"

	"posta/mail"
)

// Side is an end of a dialogue: who asks, or who answers. TURN and ATRN change
// who is which.
type Side uint8

const (
	Client Side = iota
	Server
)

// Expect is what the octets are that a side sends next.
type Expect uint8

const (
	CommandLine Expect = iota
	ReplyLine
	AuthLine // the client's answer to a 334 (RFC 4954 §4)
	MailData // lines up to the final dot
	Chunk    // BDAT's octets (RFC 3030 §2)
	Opaque   // TLS, or what no line of SMTP is
)

// maxWaiting is how many commands wait for their reply. Who sends more unheard
// is not followed any further, only read.
const maxWaiting = 1000

// Dialog follows what both sides say, and decides nothing: what octets come
// next, and which command a reply answers. It is told of lines and bodies in
// the order in which they passed. The zero Dialog is before the greeting.
//
// Where octets were lost, or only one side was seen, it goes on by what is
// likely, and says that it is unsure.
type Dialog struct {
	waiting  []asked // commands without their reply, the oldest first
	reading  ReplyReader
	heard    bool // the server has replied
	exchange bool // the client owes an answer to a 334
	body     bool // the client is in its mail data
	chunk    int64
	opaque   bool
	turned   bool
	unsure   bool
}

// asked is a command that waits for its reply.
type asked struct {
	verb Verb
	body bool // DATA was accepted; it is the message's reply that is waited for
	sent bool // mail data has come behind DATA
}

// Answer is a reply and what it answers.
type Answer struct {
	Reply
	Verb     Verb // of the command, Unknown where none is known
	Greeting bool // it answers no command
	Body     bool // it answers the mail data
	Sure     bool
}

// Next says what a side sends next. n is how many octets of a Chunk are left.
func (d *Dialog) Next(s Side) (e Expect, n int64, sure bool) {
	switch {
	case d.opaque:
		return Opaque, 0, true
	case s == Server:
		return ReplyLine, 0, !d.unsure
	case d.chunk > 0:
		return Chunk, d.chunk, !d.unsure
	case d.body:
		return MailData, 0, !d.unsure
	case d.exchange:
		return AuthLine, 0, !d.unsure
	}
	last := d.last()
	switch {
	case last != nil && last.verb == DATA && !last.sent:
		return MailData, 0, false // it was not waited for the 354, or that was not seen
	case last != nil && last.verb == AUTH && d.unsure:
		return AuthLine, 0, false // the 334 was lost
	}
	return CommandLine, 0, !d.unsure
}

// Turned says that the sides have changed since the connection began.
func (d *Dialog) Turned() bool { return d.turned }

// Secured says that TLS is up: all begins anew inside of it (RFC 3207 §4.2), but
// for who is which side.
func (d *Dialog) Secured() { *d = Dialog{turned: d.turned} }

func (d *Dialog) last() *asked {
	if len(d.waiting) == 0 {
		return nil
	}
	return &d.waiting[len(d.waiting)-1]
}

// Command takes a CommandLine without its end, and reads it as leniently as
// the lab does.
func (d *Dialog) Command(line []byte) (Command, *Fault) {
	c, fault := ParseCommand(line, mail.Lab)
	if len(d.waiting) == maxWaiting {
		d.waiting, d.unsure = d.waiting[:0], true
	}
	if last := d.last(); d.unsure && last != nil && last.verb.EndsGroup() {
		d.waiting = d.waiting[:0] // it was waited for, so its reply was lost (RFC 2920 §3.1)
	}
	d.waiting = append(d.waiting, asked{verb: c.Verb})
	if c.Verb == BDAT && c.Size > 0 {
		d.chunk = c.Size
	}
	return c, fault
}

// Auth takes an AuthLine without its end: the client has answered. ok is false
// where that was unsure, and the line is a Command after all.
func (d *Dialog) Auth(line []byte) (ok bool) {
	if !d.exchange {
		name, _, _ := strings.Cut(string(line), " ")
		return VerbNamed(name) == Unknown
	}
	d.exchange = false
	return true
}

// Data takes octets of MailData or a Chunk; done says that the final dot was
// among them. MailData breaks off without one where DATA is refused.
func (d *Dialog) Data(n int64, done bool) {
	if d.chunk > 0 {
		d.chunk -= min(n, d.chunk)
		return
	}
	d.body = !done
	last := d.last()
	if last == nil || last.verb != DATA {
		return
	}
	last.sent = true
	if d.unsure && !last.body { // the 354 was lost, and all before it
		last.body = true
		d.waiting = append(d.waiting[:0], *last)
	}
}

// Reply takes a ReplyLine without its end. done says that it was the last of
// its reply. A line that no reply has is an error, and changes nothing.
func (d *Dialog) Reply(line string) (a Answer, done bool, err error) {
	r, done, err := d.reading.heard(line)
	if err != nil || !done {
		return Answer{}, false, err
	}
	a = Answer{Reply: r}
	first := !d.heard
	d.heard = true
	if first && (r.Code == 220 || len(d.waiting) == 0 && greets(r.Code)) {
		a.Greeting, a.Sure = true, !d.unsure
		return a, true, nil
	}
	d.catchUp(r.Code)
	a.Sure = !d.unsure
	if len(d.waiting) == 0 {
		a.Sure = a.Sure && r.Code == 421 // who leaves need not be asked (RFC 5321 §3.8)
		return a, true, nil
	}
	to := &d.waiting[0]
	a.Verb, a.Body = to.verb, to.body
	if d.settle(to, r.Code) && len(d.waiting) > 0 {
		d.waiting = append(d.waiting[:0], d.waiting[1:]...)
	}
	if len(d.waiting) == 0 {
		d.unsure = false
	}
	return a, true, nil
}

// greets says whether a server may begin with a code (RFC 5321 §4.3.2, RFC 7504
// §3). With another it answers what was not seen.
func greets(code int) bool {
	switch code {
	case 220, 421, 521, 554:
		return true
	}
	return false
}

// catchUp leaves out commands whose replies were lost: 354 answers DATA alone,
// 334 AUTH, and 221 QUIT.
func (d *Dialog) catchUp(code int) {
	want := Unknown
	switch {
	case code == 354:
		want = DATA
	case code == 334:
		want = AUTH
	case code == 221 && d.unsure:
		want = QUIT
	default:
		return
	}
	for i, w := range d.waiting {
		if w.verb == want && !w.body {
			if i > 0 {
				d.unsure = true
			}
			d.waiting = append(d.waiting[:0], d.waiting[i:]...)
			return
		}
	}
	if code != 221 { // the command was lost
		d.waiting, d.unsure = append(d.waiting[:0], asked{verb: want}), true
	}
}

// settle does what a reply brings about, and says whether the command has had
// its last one.
func (d *Dialog) settle(to *asked, code int) bool {
	switch to.verb {
	case DATA:
		if code == 354 && !to.body {
			to.body = true
			d.body = d.body || !to.sent
			return false
		}
		if d.body { // what was taken for mail were lines, and the rest is
			d.body, d.unsure = false, true
		}
	case AUTH:
		d.exchange = code == 334
		return code != 334
	case STARTTLS:
		d.opaque = code == 220
	case TURN, ATRN:
		if code == 250 {
			*d = Dialog{turned: !d.turned}
		}
	}
	return true
}

// Lost says that octets of a side were lost, n of them or an unknown number
// where n is 0. What comes next of that side begins anywhere in a line.
func (d *Dialog) Lost(s Side, n int64) {
	d.unsure = true
	switch {
	case s == Server:
		d.reading = ReplyReader{}
	case n > 0 && n < d.chunk:
		d.chunk -= n
	case d.chunk > 0:
		d.chunk = 0
	}
}
