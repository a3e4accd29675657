package pop3client

import (
	"context"
	"encoding/base64"
	"errors"
	"strings"

	"posta/event"
	"posta/mail"
	"posta/pop3"
	"posta/sasl"
)

// Ways to log in beside SASL's mechanisms.
const (
	User = "USER" // USER and PASS: the password as it is (RFC 1939 §7)
	APOP = "APOP" // a digest of the password (RFC 1939 §7)
)

// Account is what a client logs in with.
type Account struct {
	User, Password string
	Way            string // User, APOP or a SASL mechanism; "": the best that both sides have
}

// ErrNoMechanism is that the server offers no way to log in that the client
// has too.
var ErrNoMechanism = errors.New("pop3client: the server offers no way to log in that posta has")

// Login logs in. Whether a password may pass a clear connection is the
// caller's to decide; Weak says that it would.
func (c *Client) Login(ctx context.Context, a Account) error {
	defer c.heed(ctx)()
	way, err := c.way(a)
	if err != nil {
		return err
	}
	if strings.ContainsAny(a.User+a.Password, "\r\n") {
		return errors.New("pop3client: a name or password with a line end cannot be sent")
	}
	switch way {
	case User:
		err = c.user(a)
	case APOP:
		err = c.apop(a)
	default:
		err = c.exchange(way, a)
	}
	var refusal *Refusal
	fact := event.Authenticated{Mechanism: way, User: mail.Shown(a.User), OK: err == nil}
	if errors.As(err, &refusal) {
		fact.Reason = mail.Shown(refusal.Text)
	}
	if err == nil || refusal != nil {
		c.conn.State(fact)
	}
	c.forget() // capabilities may change (RFC 2449 §5)
	return err
}

// Weak says that logging in would show the password to whoever listens.
func (c *Client) Weak(ctx context.Context, a Account) (bool, error) {
	if _, secure := c.conn.TLS(); secure {
		return false, nil
	}
	return c.Bare(ctx, a)
}

// Bare says that logging in would give the server the password itself.
func (c *Client) Bare(ctx context.Context, a Account) (bool, error) {
	defer c.heed(ctx)()
	way, err := c.way(a)
	return way != APOP && !strings.HasPrefix(way, "SCRAM-"), err
}

// way chooses how to log in: SCRAM, then in clear APOP, then PLAIN and LOGIN,
// and USER for servers that offer nothing.
func (c *Client) way(a Account) (string, error) {
	if a.Way != "" {
		way := strings.ToUpper(a.Way)
		if way == APOP && c.stamp == "" {
			return "", ErrNoMechanism
		}
		return way, nil
	}
	can, err := c.capabilities()
	if err != nil {
		return "", err
	}
	var name string
	if offered, ok := can.Find("SASL"); ok {
		if state, secure := c.conn.TLS(); secure {
			name = sasl.Choose(offered.Params, &state)
		} else {
			name = sasl.Choose(offered.Params, nil)
		}
	}
	_, secure := c.conn.TLS()
	_, user := can.Find(User)
	switch {
	case strings.HasPrefix(name, "SCRAM-"):
		return name, nil
	case c.stamp != "" && !secure && can == nil:
		return APOP, nil // nothing says that it is not served
	case name != "":
		return name, nil
	case user || can == nil:
		return User, nil
	case c.stamp != "":
		return APOP, nil
	}
	return "", ErrNoMechanism
}

func (c *Client) user(a Account) error {
	if _, err := c.ask(pop3.USER, a.User); err != nil {
		return err
	}
	c.conn.Reply("PASS ")
	c.conn.Secret(a.Password)
	c.conn.Reply("\r\n")
	_, err := c.response(pop3.PASS)
	return err
}

func (c *Client) apop(a Account) error {
	c.conn.Reply("APOP " + a.User + " ")
	c.conn.Secret(pop3.Digest(c.stamp, []byte(a.Password)))
	c.conn.Reply("\r\n")
	_, err := c.response(pop3.APOP)
	return err
}

// maxInitial is the longest initial response that AUTH carries; a longer one
// is sent when the server asks (RFC 5034 §4 leaves the line its 255 octets).
const maxInitial = 200

// exchange logs in with AUTH (RFC 5034).
func (c *Client) exchange(way string, a Account) error {
	can, err := c.capabilities()
	if err != nil {
		return err
	}
	offered, listed := can.Find("SASL")
	wish := sasl.Wish{User: a.User, Password: a.Password, Offered: offered.Params}
	if state, ok := c.conn.TLS(); ok {
		wish.TLS = &state
	}
	mech, err := sasl.NewClient(way, wish)
	if err != nil {
		return err
	}
	return c.auth(mech, listed)
}

// auth says AUTH. A server that does not list SASL may know it from RFC 1734
// only, without an initial response (RFC 5034 §3).
func (c *Client) auth(mech sasl.Client, listed bool) error {
	response, err := mech.Start()
	if err != nil {
		return err
	}
	c.conn.Reply("AUTH " + mech.Mechanism())
	if initial := base64.StdEncoding.EncodeToString(response); listed && response != nil && len(initial) < maxInitial {
		c.conn.Reply(" ")
		if len(response) == 0 {
			initial = "="
		}
		c.conn.Secret(initial)
		response = nil
	}
	c.conn.Reply("\r\n")
	return c.answer(mech, response)
}

// answer goes on until the server has decided; first is a response that still
// waits to be asked for.
func (c *Client) answer(mech sasl.Client, first []byte) error {
	for {
		sent := c.conn.Flush()
		line, err := c.conn.Line(maxLine)
		if err != nil {
			return errors.Join(sent, err)
		}
		r, fault := pop3.ParseResponse(line)
		switch {
		case fault != nil:
			return fault
		case r.Status == pop3.Err:
			return &Refusal{Verb: pop3.AUTH, Code: string(r.Code.Of(line)), Text: string(r.Text.Of(line))}
		case r.Status == pop3.OK:
			return mech.Finish()
		}
		if strings.HasPrefix(mech.Mechanism(), "SCRAM-") { // it holds what a password can be guessed with
			c.conn.Mask(r.Text.Off, r.Text.Len)
		}
		answer, err := next(mech, r.Text.Of(line), first)
		first = nil
		if err != nil {
			c.conn.Reply("*\r\n")
			_, e := c.response(pop3.AUTH)
			var refusal *Refusal
			if errors.As(e, &refusal) {
				e = nil
			}
			return errors.Join(err, e)
		}
		c.conn.Secret(base64.StdEncoding.EncodeToString(answer))
		c.conn.Reply("\r\n")
	}
}

// next answers a challenge, with first where that waits.
func next(mech sasl.Client, challenge, first []byte) ([]byte, error) {
	octets, ok := pop3.DecodeSASL(challenge)
	switch {
	case !ok:
		return nil, errors.New("pop3client: the challenge is no base64")
	case first != nil:
		return first, nil
	}
	return mech.Next(octets)
}
