package pop3

import (
	"bytes"
	"slices"

	"posta/mail"
)

// Side is an end of a dialogue.
type Side uint8

const (
	Client Side = iota
	Server
)

// Expect is what the octets are that a side sends next.
type Expect uint8

const (
	CommandLine Expect = iota
	AuthLine           // the client's answer to a challenge (RFC 5034 §4)
	ResponseLine
	List   // the further lines of a response, up to the dot (RFC 1939 §3)
	Opaque // TLS
)

// maxWaiting is how many commands wait for their response.
const maxWaiting = 1000

// Dialog follows what both sides say, and decides nothing: what octets come
// next, and which command a response answers. It is told of lines and lists in
// the order in which they passed. The zero Dialog is before the greeting.
//
// Where octets were lost, or only one side was seen, it goes on by what is
// likely, and says that it is unsure.
type Dialog struct {
	waiting  []asked // commands without their response, the oldest first
	heard    bool    // the server has said something
	exchange bool    // the client owes an answer to a challenge
	list     bool    // the server is in the further lines of a response
	opaque   bool
	unsure   bool
	groups   bool // the client has sent commands without waiting (RFC 2449 §6.6)
}

// asked is a command that waits for its response.
type asked struct {
	verb  Verb
	lines bool // a positive response has more lines
}

// Answer is a response's first line and what it answers.
type Answer struct {
	Response
	Verb     Verb // of the command, NoVerb where none is known
	Greeting bool
	List     bool // further lines follow
	Sure     bool
}

// Next says what a side sends next.
func (d *Dialog) Next(s Side) (e Expect, sure bool) {
	switch {
	case d.opaque:
		return Opaque, true
	case s == Server && d.list:
		return List, !d.unsure
	case s == Server:
		return ResponseLine, !d.unsure
	case d.exchange:
		return AuthLine, !d.unsure
	case d.unsure && len(d.waiting) > 0 && d.waiting[len(d.waiting)-1].verb == AUTH:
		return AuthLine, false // the challenge was lost
	}
	return CommandLine, !d.unsure
}

// Command takes a CommandLine without its end, and reads it as leniently as
// the lab does. The Command is lent as the line is.
func (d *Dialog) Command(line []byte) (Command, *Fault) {
	c, fault := ParseCommand(line, mail.Lab)
	if len(d.waiting) == maxWaiting {
		d.waiting, d.unsure = d.waiting[:0], true
	}
	if d.unsure && !d.groups {
		d.waiting, d.list = d.waiting[:0], false // it was waited for, so it was lost
	}
	d.groups = d.groups || len(d.waiting) > 0
	d.waiting = append(d.waiting, asked{c.Verb, c.Multiline()})
	return c, fault
}

// Auth takes an AuthLine without its end: the client has answered. ok is false
// where that was unsure, and the line is a Command after all.
func (d *Dialog) Auth(line []byte) (ok bool) {
	if !d.exchange {
		c, _ := ParseCommand(line, mail.Lab)
		return c.Verb == NoVerb
	}
	d.exchange = false
	return true
}

// Response takes a ResponseLine without its end. With a Fault, it is none.
func (d *Dialog) Response(line []byte) (Answer, *Fault) {
	r, fault := heard(line)
	a := Answer{Response: r, Sure: !d.unsure && fault == nil}
	if fault != nil { // perhaps a response it was, and then the next one answers the next command
		d.unsure = d.unsure || len(d.waiting) > 0
		return a, fault
	}
	first := !d.heard
	d.heard = true
	switch {
	case first && len(d.waiting) == 0 && r.Status != Continue:
		a.Greeting = true
		return a, nil
	case r.Status == Continue && (len(d.waiting) == 0 || d.asked(AUTH) || d.unsure && d.groups):
		d.challenge()
		a.Verb, a.Sure = AUTH, !d.unsure
		return a, nil
	case len(d.waiting) == 0:
		a.Sure = false
		return a, nil
	}
	to := d.waiting[0]
	d.waiting = append(d.waiting[:0], d.waiting[1:]...)
	a.Verb = to.verb
	d.exchange = false
	if r.Status == OK {
		d.opaque = to.verb == STLS
		d.list = to.lines
		a.List = to.lines
	}
	if len(d.waiting) == 0 {
		d.unsure = false
	}
	return a, nil
}

// heard reads a response's first line as who only listens must: a server may
// put something else than a space behind the status.
func heard(line []byte) (Response, *Fault) {
	r, fault := ParseResponse(line)
	if fault == nil {
		return r, nil
	}
	switch {
	case bytes.HasPrefix(line, []byte("+OK")):
		r.Status = OK
	case bytes.HasPrefix(line, []byte("-ERR")):
		r.Status = Err
	default:
		return r, fault
	}
	_, rest, _ := bytes.Cut(line, []byte(" "))
	r.Text = Span{len(line) - len(rest), len(rest)}
	return r, nil
}

// asked says that a command's response is waited for.
func (d *Dialog) asked(v Verb) bool {
	return slices.ContainsFunc(d.waiting, func(w asked) bool { return w.verb == v })
}

// challenge is the server's "+": it answers AUTH alone, so what was asked
// before has had its response.
func (d *Dialog) challenge() {
	d.exchange = true
	for i, w := range d.waiting {
		if w.verb == AUTH {
			d.unsure = d.unsure || i > 0
			d.waiting = append(d.waiting[:0], d.waiting[i:]...)
			return
		}
	}
	d.waiting, d.unsure = append(d.waiting[:0], asked{verb: AUTH}), true // the command was lost
}

// Ended says that the dot that ends a List has passed.
func (d *Dialog) Ended() { d.list = false }

// Lost says that octets of a side were lost. What comes next of that side
// begins anywhere in a line; a List goes on to its dot.
func (d *Dialog) Lost(Side) { d.unsure = true }
