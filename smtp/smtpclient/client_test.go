package smtpclient

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/big"
	"strings"
	"testing"
	"time"

	"posta/mail"
	"posta/smtp"
	"posta/wire/wiretest"
)

// against plays a script against a client, and gives what the client's use gave.
func against(t *testing.T, script string, o Options, use func(context.Context, *Client) error) error {
	t.Helper()
	if o.Name == "" {
		o.Name = "me.example"
	}
	near, played := wiretest.Play(script, serverTLS(t))
	c := New(near, o)
	err := c.Greeting(t.Context())
	if err == nil {
		err = use(t.Context(), c)
	}
	_ = c.Close("done")
	if e := <-played; e != nil {
		t.Errorf("the server: %v (the client: %v)", e, err)
	}
	return err
}

// greeted is against, of a client that has said EHLO.
func greeted(t *testing.T, script string, o Options, use func(context.Context, *Client) error) error {
	t.Helper()
	return against(t, script, o, func(ctx context.Context, c *Client) error {
		if err := c.Hello(ctx); err != nil {
			return err
		}
		return use(ctx, c)
	})
}

func serverTLS(t *testing.T) *tls.Config {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Error(err)
	}
	cert := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"mail.example"}}
	der, err := x509.CreateCertificate(rand.Reader, cert, cert, key.Public(), key)
	if err != nil {
		t.Error(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
}

func to(all ...string) (out []mail.Recipient) {
	for _, one := range all {
		a, err := mail.ParseAddress(one)
		if err != nil {
			panic(err)
		}
		out = append(out, mail.Recipient{To: a})
	}
	return out
}

func message(text string, rcpts ...string) *Message {
	return &Message{Envelope: mail.Envelope{From: to("a@me.example")[0].To}, To: to(rcpts...), Content: strings.NewReader(text), Size: int64(len(text))}
}

// A name with a line end in it is no name: nothing of it is sent.
func TestNameOfOneLine(t *testing.T) {
	for _, name := range []string{"x\r\nVRFY injected", "x\nVRFY injected", "x\x00", "x\x7f"} {
		for _, hello := range []func(*Client, context.Context) error{(*Client).Hello, (*Client).HELO} {
			err := against(t, "S: 220 x\nC: QUIT\nS: 221 bye\nclosed", Options{Name: name}, func(ctx context.Context, c *Client) error {
				if err := hello(c, ctx); !errors.Is(err, ErrName) {
					t.Errorf("%q: %v", name, err)
				}
				return c.Quit(ctx)
			})
			if err != nil {
				t.Error(err)
			}
		}
	}
}

// The whole way with everything that a modern server has.
//
// rfc: 1870-4-2, 1870-4-3, 1870-6-1, 1870-6-2, 2920-3.1-1, 2920-3.1-2, 2920-3.1-3, 2920-3.1-6
// rfc: 5321-2.4-4
func TestPipelined(t *testing.T) {
	const script = `
		S: 220 mail.example ESMTP
		C: EHLO me.example
		S: 250-mail.example
		S: 250-PIPELINING
		S: 250-SIZE 1000
		S: 250-8BITMIME
		S: 250-DSN
		S: 250 ENHANCEDSTATUSCODES
		C: MAIL FROM:<a@me.example> SIZE=17
		C| RCPT TO:<b@mail.example>
		C| RCPT TO:<nobody@mail.example> NOTIFY=FAILURE
		C| DATA
		S: 250 2.1.0 Ok
		S: 250 2.1.5 Ok
		S: 550-5.1.1 No
		S: 550 5.1.1 such
		S: 354 Go
		C: Hello
		C: ..
		C: World
		C: .
		S: 250 2.0.0 queued as 1
		C: QUIT
		S: 221 2.0.0 Bye
		closed`
	err := greeted(t, script, Options{}, func(ctx context.Context, c *Client) error {
		m := message("Hello\r\n.\r\nWorld\r\n", "b@mail.example", "nobody@mail.example")
		m.To[1].Notify = mail.NotifyFailure
		out, err := c.Send(ctx, m)
		if err != nil {
			return err
		}
		if out.Taken() != 1 || out.To[1].Code != 550 || out.To[1].Status.String() != "5.1.1" || out.To[1].More[0] != "such" ||
			out.Done.Text != "queued as 1" || out.NoDSN {
			t.Errorf("%+v", out)
		}
		return c.Quit(ctx)
	})
	if err != nil {
		t.Error(err)
	}
}

// A server of 1982 gets HELO, one command at a time and no parameter.
//
// rfc: 5321-2.2.1-3, 5321-3.2-3, 5321-4.1.1.1-5, 5321-4.1.1.1-6, 5321-F.3-1
func TestOldServer(t *testing.T) {
	const script = `
		S: 220 old
		C: EHLO me.example
		S: 500 What?
		C: HELO me.example
		S: 250 old
		C: MAIL FROM:<a@me.example>
		S: 250 ok
		C: RCPT TO:<b@mail.example>
		S: 250 ok
		C: DATA
		S: 354 go
		C: Hi
		C: .
		S: 250 ok
		C: QUIT
		S: 221 bye`
	err := greeted(t, script, Options{}, func(ctx context.Context, c *Client) error {
		m := message("Hi\r\n", "b@mail.example")
		m.Envelope.Ret = mail.RetHdrs
		out, err := c.Send(ctx, m)
		if !out.NoDSN || c.ESMTP() {
			t.Error("an old server promises no reports")
		}
		return errors.Join(err, c.Quit(ctx))
	})
	if err != nil {
		t.Error(err)
	}
}

// Behind a message that nobody takes the server still has its MAIL: the next one
// must not be refused, or go, for its sake.
//
// rfc: 5321-4.1.4-12
func TestRefusedThenNext(t *testing.T) {
	const script = `
		S: 220 x
		C: EHLO me.example
		S: 250-x
		S: 250 PIPELINING
		C: MAIL FROM:<a@me.example>
		C| RCPT TO:<b@mail.example>
		C| DATA
		S: 250 ok
		S: 550 5.1.1 Nobody
		S: 554 5.5.1 No valid recipients
		C: RSET
		S: 250 ok
		C: MAIL FROM:<a@me.example>
		C| RCPT TO:<c@mail.example>
		C| DATA
		S: 250 ok
		S: 250 ok
		S: 354 go
		C: Hi
		C: .
		S: 250 ok
		C: QUIT
		S: 221 bye`
	err := greeted(t, script, Options{}, func(ctx context.Context, c *Client) error {
		var refusal *Refusal
		if _, err := c.Send(ctx, message("Hi\r\n", "b@mail.example")); !errors.As(err, &refusal) || refusal.Verb != smtp.RCPT || refusal.Reply.Code != 550 {
			t.Errorf("%v", err)
		}
		_, err := c.Send(ctx, message("Hi\r\n", "c@mail.example"))
		return errors.Join(err, c.Quit(ctx))
	})
	if err != nil {
		t.Error(err)
	}
}

// Everybody is refused, but the server says 354: it gets an empty message.
func TestNobodyTakesIt(t *testing.T) {
	const script = `
		S: 220 x
		C: EHLO me.example
		S: 250-x
		S: 250 PIPELINING
		C: MAIL FROM:<a@me.example>
		C| RCPT TO:<b@mail.example>
		C| DATA
		S: 250 ok
		S: 450 4.2.0 Later
		S: 354 go
		C: .
		S: 554 none
		C: QUIT
		S: 221 bye`
	err := greeted(t, script, Options{}, func(ctx context.Context, c *Client) error {
		_, err := c.Send(ctx, message("Hi\r\n", "b@mail.example"))
		return errors.Join(err, c.Quit(ctx))
	})
	var refusal *Refusal
	var refused *mail.Error
	if !errors.As(err, &refusal) || refusal.Verb != smtp.RCPT || !refusal.Temporary() || !errors.As(err, &refused) || refused.Code != 450 {
		t.Errorf("%v", err)
	}
}

func TestChunks(t *testing.T) {
	const script = `
		S: 220 x
		C: EHLO me.example
		S: 250-x
		S: 250 CHUNKING
		C: MAIL FROM:<a@me.example>
		S: 250 ok
		C: RCPT TO:<b@mail.example>
		S: 250 ok
		C: BDAT 5 LAST
		C: .Hi
		S: 250 ok`
	err := greeted(t, script, Options{Chunks: true}, func(ctx context.Context, c *Client) error {
		_, err := c.Send(ctx, message(".Hi\r\n", "b@mail.example"))
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// What the server cannot carry is not asked for at all.
//
// rfc: 1870-7-1, 5321-2.4-5, 6531-3.2-7, 6531-3.5-1
func TestNotCarried(t *testing.T) {
	const script = `
		S: 220 x
		C: EHLO me.example
		S: 250-x
		S: 250 SIZE 10
		closed`
	err := greeted(t, script, Options{}, func(ctx context.Context, c *Client) error {
		eight, large, utf := message("Hi\r\n", "b@x.example"), message("Hello again\r\n", "b@x.example"), message("Hi\r\n", "ñ@x.example")
		head, from := message("Hi\r\n", "b@x.example"), message("Hi\r\n", "b@x.example")
		head.Envelope.UTF8, from.Envelope.From.Local = true, "ñ"
		eight.Envelope.Body = mail.Body8BitMIME
		for want, m := range map[string]*Message{"5.6.3": eight, "5.3.4": large, "5.6.7": utf, "5.6.9": head, "5.6.7 ": from} {
			var refused *mail.Error
			if _, err := c.Send(ctx, m); !errors.As(err, &refused) || refused.Status.String() != strings.TrimSpace(want) {
				t.Errorf("%s: %v", want, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// See who is refused, and send nothing.
func TestUpto(t *testing.T) {
	for pipelining, script := range map[string]string{"": `
		C: MAIL FROM:<a@me.example>
		S: 250 ok
		C: RCPT TO:<b@mail.example>
		S: 250 ok
		C: RSET
		S: 250 ok`, "PIPELINING": `
		C: MAIL FROM:<a@me.example>
		C| RCPT TO:<b@mail.example>
		S: 250 ok
		S: 250 ok
		C: RSET
		S: 250 ok`} {
		script = "S: 220 x\nC: EHLO me.example\nS: 250-x\nS: 250 " + pipelining + script
		err := greeted(t, script, Options{}, func(ctx context.Context, c *Client) error {
			m := message("", "b@mail.example")
			m.Upto = smtp.RCPT
			out, err := c.Send(ctx, m)
			if out.Taken() != 1 || out.Done.Code != 0 {
				t.Errorf("%+v", out)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
}

// A server that hangs up over a message has said why.
func TestHangsUp(t *testing.T) {
	near, far := wiretest.Pipe()
	go func() {
		_ = wiretest.Script(far, `
		S: 220 x
		C: EHLO me.example
		S: 250 x
		C: MAIL FROM:<a@me.example>
		S: 250 ok
		C: RCPT TO:<b@mail.example>
		S: 250 ok
		C: DATA
		S: 354 go
		C*
		S: 421 4.3.0 full`, nil)
	}()
	c := New(near, Options{Name: "me.example"})
	err := c.Greeting(t.Context())
	if err == nil {
		err = c.Hello(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	m := message("", "b@mail.example")
	m.Content = io.MultiReader(strings.NewReader("Hi\r\n"), strings.NewReader(strings.Repeat("0123456789\r\n", 100000)))
	_, err = c.Send(t.Context(), m)
	var refusal *Refusal
	if !errors.As(err, &refusal) || refusal.Reply.Code != 421 || !refusal.Body {
		t.Error(err)
	}
	_ = c.Close("done")
}

// A thousand recipients do not fill the network from both sides.
//
// rfc: 2920-3.1-5
func TestManyRecipients(t *testing.T) {
	var script strings.Builder
	var rcpts []string
	script.WriteString("S: 220 x\nC: EHLO me.example\nS: 250-x\nS: 250 PIPELINING\nC: MAIL FROM:<a@me.example>\n")
	for i := range 250 {
		rcpts = append(rcpts, fmt.Sprintf("r%d@mail.example", i))
	}
	for from := 0; from < 250; from += 100 {
		group := rcpts[from:min(from+100, 250)]
		for _, r := range group {
			fmt.Fprintf(&script, "C: RCPT TO:<%s>\n", r)
		}
		if from == 200 {
			script.WriteString("C: DATA\n")
		}
		script.WriteString("alone\n") // it waits for the answers
		if from == 0 {
			script.WriteString("S: 250 ok\n")
		}
		for range group {
			script.WriteString("S: 250 ok\n")
		}
	}
	script.WriteString("S: 354 go\nC: Hi\nC: .\nS: 250 ok")
	err := greeted(t, script.String(), Options{}, func(ctx context.Context, c *Client) error {
		out, err := c.Send(ctx, message("Hi\r\n", rcpts...))
		if out.Taken() != 250 {
			t.Error(out.Taken())
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
