package pop3client

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	"posta/event"
	"posta/pop3"
	"posta/wire"
)

// Options say how long a client waits, and who watches it.
type Options struct {
	ID     uint64
	Sink   event.Sink    // nil: nobody watches
	Opened event.Opened  // what the watchers are told first; Protocol and Endpoints are filled in
	Wait   time.Duration // how long the server may be silent; 0: ten minutes, which is a server's own patience (RFC 1939 §3)
	Whole  time.Duration // how long the connection may last; 0: forever
}

// Client is the asking end of a connection. It belongs to one goroutine. First
// comes Greeting, then StartTLS or Login, then all the rest, at last Quit:
// before it nothing is deleted (RFC 1939 §6). A context that ends ends the
// connection.
//
// An error is a *Refusal where the server said -ERR; after other errors, but
// for those of a Writer that was given, the connection is of no use.
type Client struct {
	conn  *wire.Conn
	stamp string // APOP's; "" where the server has none
	can   pop3.Capabilities
	asked bool // can is known
}

// New takes over a connection that was dialed.
func New(nc net.Conn, o Options) *Client {
	if o.Wait == 0 {
		o.Wait = 10 * time.Minute
	}
	c := &Client{conn: wire.NewConn(nc, wire.Options{ID: o.ID, Sink: o.Sink, Dialer: true, Idle: o.Wait, Session: o.Whole})}
	o.Opened.Protocol = "pop3"
	c.conn.Opened(o.Opened)
	return c
}

// State tells the watchers a fact about the session.
func (c *Client) State(fact any) { c.conn.State(fact) }

// Refusal is an -ERR.
type Refusal struct {
	Verb pop3.Verb // what was asked; NoVerb for the greeting
	Code string    // "IN-USE" (RFC 2449 §8); "" where the server gave none
	Text string    // what the server said
}

func (r *Refusal) Error() string {
	what := r.Verb.String()
	if r.Verb == pop3.NoVerb {
		what = "the connection"
	}
	return fmt.Sprintf("pop3client: the server refused %s: %s", what, r.Text)
}

// Temporary says that the same may succeed later (RFC 2449 §8.1, RFC 3206).
func (r *Refusal) Temporary() bool {
	return pop3.IsCode(r.Code, pop3.InUse) || pop3.IsCode(r.Code, pop3.LoginDelay) || pop3.IsCode(r.Code, pop3.SysTemp)
}

// DialTLS begins TLS before anything is said, for port 995 (RFC 8314 §3.3).
func (c *Client) DialTLS(ctx context.Context, cfg *tls.Config) error { return c.conn.DialTLS(ctx, cfg) }

// TLS gives the state of TLS, and whether there is any.
func (c *Client) TLS() (tls.ConnectionState, bool) { return c.conn.TLS() }

// Greeting waits for the server's greeting (RFC 1939 §4).
func (c *Client) Greeting(ctx context.Context) error {
	defer c.heed(ctx)()
	text, err := c.response(pop3.NoVerb)
	c.stamp = string(pop3.Timestamp([]byte(text)))
	return err
}

// APOP says that the server's greeting had a timestamp (RFC 1939 §7).
func (c *Client) APOP() bool { return c.stamp != "" }

// Capabilities are what the server says it can do (RFC 2449); none where it
// doesn't know the question.
func (c *Client) Capabilities(ctx context.Context) (pop3.Capabilities, error) {
	defer c.heed(ctx)()
	return c.capabilities()
}

func (c *Client) capabilities() (pop3.Capabilities, error) {
	if c.asked {
		return c.can, nil
	}
	c.can = nil
	err := c.list(pop3.CAPA, "", maxCapabilities, func(line []byte) error {
		if one, fault := pop3.ParseCapability(line); fault == nil {
			c.can = append(c.can, one)
		}
		return nil
	})
	var refusal *Refusal
	if errors.As(err, &refusal) {
		err = nil // a server of before RFC 2449
	}
	c.asked = err == nil
	return c.can, err
}

// forget drops what the server said that it can do: whoever needs it asks anew.
func (c *Client) forget() { c.can, c.asked = nil, false }

// ErrSMTP is that the server greets as SMTP has it (RFC 5321 §3.1): it was looked
// for at the wrong port.
var ErrSMTP = errors.New("pop3client: the server speaks SMTP")

// ErrNoTLS is that the server does not offer STLS, or offers nothing and refuses it.
var ErrNoTLS = errors.New("pop3client: the server does not offer STLS")

// StartTLS turns encryption on (RFC 2595 §4). What was offered before does not
// count any longer.
func (c *Client) StartTLS(ctx context.Context, cfg *tls.Config) error {
	defer c.heed(ctx)()
	can, err := c.capabilities()
	if err != nil {
		return err
	}
	if _, ok := can.Find("STLS"); !ok && len(can) > 0 {
		return ErrNoTLS
	}
	var refusal *Refusal
	if _, err := c.ask(pop3.STLS, ""); errors.As(err, &refusal) && len(can) == 0 {
		return ErrNoTLS // a server of before RFC 2449 has never heard of it
	} else if err != nil {
		return err
	}
	c.forget()
	return c.conn.DialTLS(ctx, cfg)
}

// Stat is the number of messages and their octets.
func (c *Client) Stat(ctx context.Context) (pop3.Drop, error) {
	defer c.heed(ctx)()
	text, err := c.ask(pop3.STAT, "")
	if err != nil {
		return pop3.Drop{}, err
	}
	d, fault := pop3.ParseDrop([]byte(text))
	if fault != nil {
		return d, fault
	}
	return d, nil
}

// Dele marks a message as deleted; Quit deletes it.
func (c *Client) Dele(ctx context.Context, n int) error {
	defer c.heed(ctx)()
	_, err := c.ask(pop3.DELE, strconv.Itoa(n))
	return err
}

// Quit takes leave and closes. A server that could not delete all that was
// marked says so: then the error is a *Refusal.
func (c *Client) Quit(ctx context.Context) error {
	defer c.heed(ctx)()
	_, err := c.ask(pop3.QUIT, "")
	return errors.Join(err, c.Close("quit"))
}

// Close ends the connection; reason is what the watchers are told. Without
// Quit before it nothing is deleted.
func (c *Client) Close(reason string) error { return c.conn.Close(reason) }

// heed lets the end of the context end the connection.
func (c *Client) heed(ctx context.Context) (done func()) {
	stop := context.AfterFunc(ctx, c.conn.Interrupt)
	return func() { stop() }
}
