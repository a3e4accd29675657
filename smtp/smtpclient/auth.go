package smtpclient

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"posta/event"
	"posta/mail"
	"posta/sasl"
	"posta/smtp"
)

// Login is what a client logs in with.
type Login struct {
	User, Password string
	Mechanism      string // "": the strongest that both sides have
}

// ErrNoMechanism is that the server offers no way to log in that the client
// has too.
var ErrNoMechanism = errors.New("smtpclient: the server offers no mechanism to log in with that posta has")

// maxCommand is the longest command line (RFC 4954 §4 leaves RFC 5321's 512 for
// AUTH itself); a longer initial response is sent when it is asked for.
const maxCommand = 512

// Auth logs in (RFC 4954). Whether a password may pass a clear connection is
// the caller's to decide; Weak says that it would.
func (c *Client) Auth(ctx context.Context, l Login) error {
	defer c.heed(ctx)()
	name := c.mechanism(l)
	if name == "" {
		return ErrNoMechanism
	}
	wish := sasl.Wish{User: l.User, Password: l.Password, Offered: c.offer.Mechanisms}
	if state, ok := c.conn.TLS(); ok {
		wish.TLS = &state
	}
	mech, err := sasl.NewClient(name, wish)
	if err != nil {
		return err
	}
	r, err := c.exchange(mech)
	if err != nil {
		return err
	}
	fact := event.Authenticated{Mechanism: mech.Mechanism(), User: mail.Shown(l.User), OK: r.Class() == 2}
	if !fact.OK {
		fact.Reason = mail.Shown(r.FirstLine())
		c.conn.State(fact)
		return c.judge(smtp.AUTH, r)
	}
	if err := mech.Finish(); err != nil {
		return err
	}
	c.conn.State(fact)
	return nil
}

// Weak says that logging in would show the password to whoever listens.
func (c *Client) Weak(l Login) bool {
	_, secure := c.conn.TLS()
	name := c.mechanism(l)
	return !secure && !strings.HasPrefix(name, "SCRAM-") && name != sasl.CramMD5
}

func (c *Client) mechanism(l Login) string {
	if l.Mechanism != "" {
		return strings.ToUpper(l.Mechanism)
	}
	if state, ok := c.conn.TLS(); ok {
		return sasl.Choose(c.offer.Mechanisms, &state)
	}
	return sasl.Choose(c.offer.Mechanisms, nil)
}

// exchange sends AUTH and answers what the server asks, up to its last word.
func (c *Client) exchange(mech sasl.Client) (smtp.Reply, error) {
	response, err := mech.Start()
	if err != nil {
		return smtp.Reply{}, err
	}
	c.conn.Reply("AUTH " + mech.Mechanism())
	if initial := initialResponse(response); initial != "" && len(initial)+len(mech.Mechanism()) < maxCommand-10 {
		c.conn.Reply(" ")
		c.conn.Secret(initial)
		response = nil
	}
	c.conn.Reply("\r\n")
	secret := func(line []byte) bool { // SCRAM's challenges hold what a password can be guessed with
		return strings.HasPrefix(mech.Mechanism(), "SCRAM-") && bytes.HasPrefix(line, []byte("334"))
	}
	for {
		r, err := c.replyHiding(smtp.AUTH, c.o.Times.Command, secret)
		if err != nil || r.Code != 334 {
			return r, err
		}
		challenge, err := base64.StdEncoding.DecodeString(r.Text)
		if err != nil {
			return c.cancel(fmt.Errorf("smtpclient: the challenge is no base64: %w", err))
		}
		answer := response
		if response = nil; answer == nil {
			answer, err = mech.Next(challenge)
		}
		if err != nil {
			return c.cancel(err)
		}
		c.conn.Secret(base64.StdEncoding.EncodeToString(answer))
		c.conn.Reply("\r\n")
	}
}

// initialResponse is the response as AUTH carries it; "" where there is none.
func initialResponse(response []byte) string {
	switch {
	case response == nil:
		return ""
	case len(response) == 0:
		return "="
	}
	return base64.StdEncoding.EncodeToString(response)
}

// cancel ends an exchange that the client does not want to go on with
// (RFC 4954 §4).
func (c *Client) cancel(cause error) (smtp.Reply, error) {
	c.conn.Reply("*\r\n")
	if _, err := c.reply(smtp.AUTH, c.o.Times.Command); err != nil {
		return smtp.Reply{}, errors.Join(cause, err)
	}
	return smtp.Reply{}, cause
}
