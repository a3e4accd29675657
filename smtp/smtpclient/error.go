package smtpclient

import (
	"errors"
	"fmt"

	"posta/smtp"
)

// closing is the code of a server that ends the connection (RFC 5321 §3.8).
const closing = 421

// Refusal is a reply that is no success: 4yz or 5yz.
type Refusal struct {
	Verb  smtp.Verb // what was asked; Unknown for the greeting, and for a 421 that came unasked
	Body  bool      // the message itself was refused, behind DATA or BDAT
	Reply smtp.Reply
}

func (r *Refusal) Error() string {
	return fmt.Sprintf("smtpclient: the server refused %s: %s", about(r.Verb, r.Body), r.Reply.FirstLine())
}

// Unwrap gives the reply as a mail.Error, which knows whether to try again.
func (r *Refusal) Unwrap() error { return r.Reply.Err() }

// Temporary says that the same may succeed later (RFC 5321 §4.2.1).
func (r *Refusal) Temporary() bool { return r.Reply.Class() != 5 }

// Lost is that what was asked got no answer, or one that makes no sense
// (ErrStrange). What was answered before stands in Send's Outcome; the rest is
// open, and may be tried again.
type Lost struct {
	Verb smtp.Verb // what had been asked; Unknown: nothing, or the greeting was waited for
	Body bool      // it was the message that got no answer
	Err  error     // io.EOF, wire.ErrIdle …
}

func (l *Lost) Error() string {
	return fmt.Sprintf("smtpclient: the connection was lost over %s: %v", about(l.Verb, l.Body), l.Err)
}

func (l *Lost) Unwrap() error { return l.Err }

func about(v smtp.Verb, body bool) string {
	switch {
	case body:
		return "the message"
	case v == smtp.Unknown:
		return "the connection"
	}
	return v.String()
}

var (
	// ErrStrange is that a server's reply is none, or is none to what was asked:
	// nobody can say any longer which reply belongs to what.
	ErrStrange = errors.New("smtpclient: the server's answer makes no sense")

	// ErrPOP3 is that kind of ErrStrange where the server greets as POP3 has it
	// (RFC 1939 §3): it was looked for at the wrong port.
	ErrPOP3 = errors.New("smtpclient: the server speaks POP3")

	// ErrTLS is that TLS was agreed on but did not come about, or broke before
	// the first answer in it. Another connection may try without.
	ErrTLS = errors.New("smtpclient: no TLS")

	// ErrOver is that the connection has ended by what went before.
	ErrOver = errors.New("smtpclient: the connection is over")

	// ErrNobody is that Message.Names left nobody for whom the message would be. What
	// was begun is reset.
	ErrNobody = errors.New("smtpclient: all recipients were left out")

	// ErrName is that Options.Name has a control character, for a line end in it would
	// begin another command, or one beyond ASCII. Nothing was sent.
	ErrName = errors.New("smtpclient: the name for EHLO has a character that no name has")

	// ErrTwice is that TLS is on already (RFC 3207 §4.2). Nothing was sent.
	ErrTwice = errors.New("smtpclient: TLS is on already")

	// ErrNoTLS is that the server does not offer STARTTLS.
	ErrNoTLS = errors.New("smtpclient: the server does not offer STARTTLS")

	errEndless = errors.New("a reply without an end")
)

// marked is an error of a kind that the package names.
type marked struct{ kind, err error }

func (m marked) Error() string        { return m.kind.Error() + ": " + m.err.Error() }
func (m marked) Unwrap() error        { return m.err }
func (m marked) Is(target error) bool { return target == m.kind }

func nonsense(err error) error { return marked{ErrStrange, err} }

// lost ends the use of the connection.
func (c *Client) lost(v smtp.Verb, err error) error {
	c.over = true
	return &Lost{Verb: v, Err: err}
}

// strange is lost for a reply that cannot be one to v.
func (c *Client) strange(v smtp.Verb, r smtp.Reply) error {
	return c.lost(v, nonsense(fmt.Errorf("%q", r.FirstLine())))
}

// judge is what a reply means that should be of class 2: a Refusal, or that it
// makes no sense.
func (c *Client) judge(v smtp.Verb, r smtp.Reply) error {
	switch r.Class() {
	case 2:
		return nil
	case 4, 5:
		c.over = c.over || r.Code == closing
		return &Refusal{Verb: v, Reply: r}
	}
	return c.strange(v, r)
}

// leaves is the refusal of a server that says with its reply that it closes;
// then no further reply will come.
func (c *Client) leaves(v smtp.Verb, r smtp.Reply) error {
	if r.Code == closing || r.Class() == 3 {
		return c.judge(v, r)
	}
	return nil
}
