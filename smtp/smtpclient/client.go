package smtpclient

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"strings"
	"time"
	"unicode"

	"posta/event"
	"posta/mail"
	"posta/smtp"
	"posta/wire"
)

// Times are how long a server may let a client wait (RFC 5321 §4.5.3.2).
type Times struct {
	Greeting time.Duration // §4.5.3.2.1
	Command  time.Duration // EHLO, STARTTLS, AUTH, RSET and what has no time of its own
	Mail     time.Duration // §4.5.3.2.2
	Rcpt     time.Duration // §4.5.3.2.3
	Data     time.Duration // until the 354, §4.5.3.2.4
	Block    time.Duration // for a piece of the message to be taken, §4.5.3.2.5
	Done     time.Duration // behind the final dot, §4.5.3.2.6
	Quit     time.Duration // nothing depends on the answer

	// Each of these may be kept a thousand times for one message. So bounds for
	// the whole of it stand beside them; 0: none.
	Recipient time.Duration // what each adds to Mail, Rcpt and Data, within which all answers up to the 354 must come
	Rate      int64         // octets a second with which the message must be taken, on the average behind the first Block
}

// Patient are the times of RFC 5321 §4.5.3.2, and as a whole what a modem of 9,600
// bits a second can keep.
func Patient() Times {
	return Times{Greeting: 5 * time.Minute, Command: 5 * time.Minute, Mail: 5 * time.Minute, Rcpt: 5 * time.Minute,
		Data: 2 * time.Minute, Block: 3 * time.Minute, Done: 10 * time.Minute, Quit: 30 * time.Second,
		Recipient: 10 * time.Second, Rate: 1000}
}

// All are the same time for everything.
func All(d time.Duration) Times {
	return Times{Greeting: d, Command: d, Mail: d, Rcpt: d, Data: d, Block: d, Done: d, Quit: d}
}

// Options say who asks, and how long it waits.
type Options struct {
	Name   string        // what EHLO says: a domain or an address literal
	ID     uint64        // the connection's number for the watchers
	Sink   event.Sink    // nil: nobody watches
	Opened event.Opened  // what the watchers are told first; Protocol and Endpoints are filled in
	Times  Times         // zero: Patient
	Whole  time.Duration // how long the connection may last; 0: forever
	Chunks bool          // send with BDAT where the server has CHUNKING (RFC 3030)
}

// Client is the asking end of a connection. It belongs to one goroutine. The
// methods go in the order in which SMTP has them: Greeting, Hello, StartTLS,
// Auth, Send as often as there are messages, Quit. A context that ends ends the
// connection.
//
// An error is a *Refusal where the server said no, and a *Lost where it did not
// say anything, or nothing that makes sense. Alive tells whether the connection
// is of use after it; where not, Quit only closes.
type Client struct {
	conn    *wire.Conn
	o       Options
	offer   smtp.Offer
	greeted smtp.Reply
	esmtp   bool
	over    bool      // nothing more can be asked
	stale   bool      // what was refused is to be reset before the next message
	limit   time.Time // by when what is being asked must be answered in any case; zero: none
	buffer  []byte
}

// New takes over a connection that was dialed.
func New(nc net.Conn, o Options) *Client {
	c := Over(wire.NewConn(nc, wire.Options{ID: o.ID, Sink: o.Sink, Dialer: true, Session: o.Whole}), o)
	o.Opened.Protocol = "smtp"
	c.conn.Opened(o.Opened)
	return c
}

// Over asks over a connection on which others answered until now, after its
// Turn: the peer's Greeting comes next (RFC 821 §3.8, RFC 2645 §5). Of the
// options only Name, Times and Chunks count; the rest is the connection's.
func Over(conn *wire.Conn, o Options) *Client {
	if o.Times == (Times{}) {
		o.Times = Patient()
	}
	return &Client{o: o, conn: conn}
}

// Offer is what the server said it can do, after Hello.
func (c *Client) Offer() smtp.Offer { return c.offer }

// ESMTP says that the server knows EHLO.
func (c *Client) ESMTP() bool { return c.esmtp }

// Greeted is the server's greeting.
func (c *Client) Greeted() smtp.Reply { return c.greeted }

// TLS gives the state of TLS, and whether there is any.
func (c *Client) TLS() (tls.ConnectionState, bool) { return c.conn.TLS() }

// Alive says that the connection is still of use: the server did not take leave,
// and every reply was one.
func (c *Client) Alive() bool { return !c.over }

// DialTLS begins TLS before anything is said, for port 465 (RFC 8314 §3.3).
func (c *Client) DialTLS(ctx context.Context, cfg *tls.Config) error {
	c.conn.SetIdle(c.o.Times.Command)
	if err := c.conn.DialTLS(ctx, cfg); err != nil {
		c.over = true
		return marked{ErrTLS, err}
	}
	return nil
}

// Greeting waits for the server's greeting (RFC 5321 §3.1).
func (c *Client) Greeting(ctx context.Context) error {
	defer c.heed(ctx)()
	r, err := c.reply(smtp.Unknown, c.o.Times.Greeting)
	if err != nil {
		return err
	}
	c.greeted = r
	if r.Class() == 2 && answersOther(r.Code) {
		return c.strange(smtp.Unknown, r)
	}
	return c.judge(smtp.Unknown, r)
}

// answersOther says that a code stands for something else than a greeting: who
// begins with it is out of step. One that no standard has is read by its first
// digit (RFC 5321 §4.2).
func answersOther(code int) bool {
	switch code {
	case 211, 214, 221, 235, 250, 251, 252, 253:
		return true
	}
	return false
}

// sendable says that a name is one line's, and in ASCII: nobody knows yet whether
// the server has SMTPUTF8 (RFC 6531 §3.7.1).
func sendable(name string) bool {
	return mail.IsASCII(name) && !strings.ContainsFunc(name, unicode.IsControl)
}

// Called is what a host that is named own calls itself on a connection: a name
// without a dot is none in DNS, and then its address says more (RFC 5321 §4.1.4).
func Called(own string, nc net.Conn) string {
	if strings.Contains(own, ".") || strings.HasPrefix(own, "[") {
		return own
	}
	at, err := netip.ParseAddrPort(nc.LocalAddr().String())
	if err != nil {
		return own
	}
	return mail.Literal(at.Addr())
}

// Hello says EHLO, and HELO to a server that doesn't know it (RFC 5321 §3.2).
func (c *Client) Hello(ctx context.Context) error {
	defer c.heed(ctx)()
	c.offer, c.esmtp = smtp.Offer{}, false
	if !sendable(c.o.Name) {
		return ErrName
	}
	r, err := c.ask(smtp.EHLO, c.o.Name)
	if err != nil {
		return err
	}
	if r.Class() == 5 {
		return c.helo()
	}
	if err := c.judge(smtp.EHLO, r); err != nil {
		return err
	}
	c.offer, c.esmtp = smtp.ParseOffer(r.More), true
	return nil
}

// HELO says HELO alone, for who wants no extensions.
func (c *Client) HELO(ctx context.Context) error {
	defer c.heed(ctx)()
	c.offer, c.esmtp = smtp.Offer{}, false
	return c.helo()
}

func (c *Client) helo() error {
	if !sendable(c.o.Name) {
		return ErrName
	}
	r, err := c.ask(smtp.HELO, c.o.Name)
	if err != nil {
		return err
	}
	return c.judge(smtp.HELO, r)
}

// StartTLS turns encryption on and says EHLO again: what was offered before
// does not count any longer (RFC 3207 §4.2).
func (c *Client) StartTLS(ctx context.Context, cfg *tls.Config) error {
	defer c.heed(ctx)()
	if _, on := c.conn.TLS(); on {
		return ErrTwice
	}
	if !c.offer.Extensions.Has(smtp.ExtStartTLS) {
		return ErrNoTLS
	}
	r, err := c.ask(smtp.STARTTLS, "")
	if err != nil {
		return err
	}
	if r.Code != 220 && r.Class() == 2 {
		return c.strange(smtp.STARTTLS, r)
	}
	if err := c.judge(smtp.STARTTLS, r); err != nil {
		return err
	}
	if err := c.DialTLS(ctx, cfg); err != nil {
		return err
	}
	err = c.Hello(ctx)
	var lost *Lost
	if errors.As(err, &lost) { // in TLS 1.3 the server's no comes behind the handshake
		err = marked{ErrTLS, err}
	}
	return err
}

// Reset forgets the transaction (RFC 5321 §4.1.1.5).
func (c *Client) Reset(ctx context.Context) error {
	defer c.heed(ctx)()
	return c.reset()
}

func (c *Client) reset() error {
	r, err := c.ask(smtp.RSET, "")
	if err != nil {
		return err
	}
	c.stale = false
	return c.judge(smtp.RSET, r)
}

// Quit takes leave and closes. That the server does not answer harms nobody.
func (c *Client) Quit(ctx context.Context) error {
	if c.over {
		return c.Close("lost")
	}
	return c.Leave(ctx, "quit")
}

// Leave is Quit, or Close where nothing more can be asked; reason is what the
// watchers are told.
func (c *Client) Leave(ctx context.Context, reason string) error {
	defer c.heed(ctx)()
	var err error
	if !c.over {
		c.say(smtp.QUIT, "")
		_, err = c.reply(smtp.QUIT, c.o.Times.Quit)
	}
	return errors.Join(err, c.Close(reason))
}

// Close ends the connection; reason is what the watchers are told.
func (c *Client) Close(reason string) error { return c.conn.Close(reason) }

// heed lets the end of the context end the connection.
func (c *Client) heed(ctx context.Context) (done func()) {
	stop := context.AfterFunc(ctx, c.conn.Interrupt)
	return func() { stop() }
}
