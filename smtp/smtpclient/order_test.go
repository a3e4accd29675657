package smtpclient

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"posta/wire/wiretest"
)

// turn is what a server hears until nothing more comes, and what it says then.
type turn struct{ hears, says string }

// heard reads for a second; ended: the client has closed.
func heard(nc net.Conn) (text string, ended bool) {
	_ = nc.SetReadDeadline(time.Now().Add(time.Second))
	buf := make([]byte, 1000)
	for {
		n, err := nc.Read(buf)
		if text += string(buf[:n]); err != nil {
			return text, !errors.Is(err, os.ErrDeadlineExceeded)
		}
	}
}

// A client says nothing before it is greeted, and waits for each answer, up to
// that to QUIT. Only what belongs into a group goes in one, and AUTH ends it.
//
// rfc: 4954-4-31, 5321-3.3-16, 5321-4.1.1.1-3, 5321-4.1.1.1-6, 5321-4.1.1.10-3, 5321-4.1.1.10-4, 5321-4.1.4-1, 5321-4.1.4-15
// rfc: 5321-4.3.1-1, 5321-4.3.1-2
func TestWaitsForAnswers(t *testing.T) {
	const from, to = "MAIL FROM:<a@me.example>\r\n", "RCPT TO:<b@x.example>\r\n"
	for name, turns := range map[string][]turn{
		"one by one": {{"", "220 x"}, {"EHLO me.example\r\n", "250-x\r\n250 AUTH PLAIN"}, {"AUTH PLAIN AHUAcA==\r\n", "235 in"}, {from, "250 ok"}, {to, "250 ok"},
			{"DATA\r\n", "354 go"}, {"Hi\r\n.\r\n", "250 ok"}, {"QUIT\r\n", "221 bye"}},
		"in groups": {{"", "220 x"}, {"EHLO me.example\r\n", "250-x\r\n250-PIPELINING\r\n250 AUTH PLAIN"}, {"AUTH PLAIN AHUAcA==\r\n", "235 in"},
			{from + to + "DATA\r\n", "250 ok\r\n250 ok\r\n354 go"}, {"Hi\r\n.\r\n", "250 ok"}, {"QUIT\r\n", "221 bye"}},
	} {
		synctest.Test(t, func(t *testing.T) {
			near, far := wiretest.Pipe()
			done := make(chan struct{})
			go func() {
				defer close(done)
				defer far.Close()
				for _, one := range turns {
					if text, ended := heard(far); text != one.hears || ended {
						t.Errorf("%s: %q, ended %v; not %q", name, text, ended, one.hears)
					}
					_, _ = far.Write([]byte(one.says + "\r\n"))
				}
				if text, ended := heard(far); text != "" || !ended {
					t.Errorf("%s: behind QUIT %q, ended %v", name, text, ended)
				}
			}()
			c, ctx := New(near, Options{Name: "me.example"}), t.Context()
			err := c.Greeting(ctx)
			for _, step := range []func() error{
				func() error { return c.Hello(ctx) },
				func() error { return c.Auth(ctx, Login{User: "u", Password: "p"}) },
				func() error { _, err := c.Send(ctx, message("Hi\r\n", "b@x.example")); return err },
				func() error { return c.Quit(ctx) },
			} {
				if err == nil {
					err = step()
				}
			}
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			<-done
		})
	}
}

// Each answer has a time of its own, that of the standard.
//
// rfc: 5321-4.5.3.2-1, 5321-4.5.3.2-2, 5321-4.5.4-1
func TestTimeOfEach(t *testing.T) {
	for name, test := range map[string]struct {
		script string
		wait   time.Duration
	}{
		"EHLO":        {"S: 220 x\nC*", 5 * time.Minute},
		"MAIL":        {mailed, 5 * time.Minute},
		"RCPT":        {mailed + "wait 4m\nS: 250 ok\nC*", 9 * time.Minute},
		"second RCPT": {mailed + "S: 250 ok\nC*\nwait 4m\nS: 250 ok\nC*", 9 * time.Minute},
		"DATA":        {begins, 2 * time.Minute},
		"the message": {whole, 10 * time.Minute},
	} {
		synctest.Test(t, func(t *testing.T) {
			near, far := wiretest.Pipe()
			go func() { _ = wiretest.Script(keepOpen{far}, test.script, nil) }()
			c, ctx, start := New(near, Options{Name: "me.example"}), t.Context(), time.Now()
			err := c.Greeting(ctx)
			if err == nil {
				err = c.Hello(ctx)
			}
			if err == nil {
				_, err = c.Send(ctx, message("Hi\r\n", "b@x.example", "c@x.example"))
			}
			var lost *Lost
			if took := time.Since(start).Truncate(time.Second); !errors.As(err, &lost) || took != test.wait {
				t.Errorf("%s: %v after %v", name, err, took)
			}
			_ = c.Close("done")
			_ = far.Close()
		})
	}
}

// A host that has no name in DNS says its address, and no name is said beyond
// ASCII.
//
// rfc: 5321-2.3.5-3, 5321-4.1.1.1-1, 5321-4.1.1.1-2, 5321-4.1.4-7, 5321-4.1.4-8, 5321-F.4-1, 6531-3.7.1-1
func TestNameOfHost(t *testing.T) {
	for own, want := range map[string]string{
		"mail.example": "mail.example", "[192.0.2.9]": "[192.0.2.9]", "localhost": "[192.0.2.1]", "pc-ana": "[192.0.2.1]", "ñ.example": "",
	} {
		near, far := wiretest.Pipe()
		played := make(chan error, 1)
		script := "S: 220 x\nC: EHLO " + want + "\nS: 250 x\nclosed"
		if want == "" {
			script = "S: 220 x\nclosed"
		}
		go func() { played <- wiretest.Script(far, script, nil) }()
		c := New(near, Options{Name: Called(own, near)})
		err := errors.Join(c.Greeting(t.Context()), c.Hello(t.Context()))
		if errors.Is(err, ErrName) != (want == "") || want != "" && err != nil {
			t.Errorf("%s: %v", own, err)
		}
		_ = c.Close("done")
		if err := <-played; err != nil {
			t.Errorf("%s: %v", own, err)
		}
	}
}

// A greeting with a code that no standard has is read by its first digit; TLS is
// not begun twice, whatever the server offers.
//
// rfc: 3207-4-4, 3207-4.2-6, 5321-4.1.4-3, 5321-4.2-9
func TestGreetingOfAnotherCode(t *testing.T) {
	const script = `
		S: 229 x
		C: EHLO me.example
		S: 250-x
		S: 250 STARTTLS
		C: STARTTLS
		S: 220 go
		tls
		C: EHLO me.example
		S: 250-x
		S: 250 STARTTLS
		C: QUIT
		S: 221 bye
		closed`
	err := against(t, script, Options{}, func(ctx context.Context, c *Client) error {
		cfg := &tls.Config{InsecureSkipVerify: true}
		if err := errors.Join(c.Hello(ctx), c.StartTLS(ctx, cfg)); err != nil {
			return err
		}
		if err := c.StartTLS(ctx, cfg); !errors.Is(err, ErrTwice) || !c.Alive() {
			t.Error(err)
		}
		return c.Quit(ctx)
	})
	if err != nil {
		t.Error(err)
	}
}

// A server without room, or that takes nothing so large, is told to forget the
// MAIL before it hears the next one.
//
// rfc: 1870-6.2-1, 1870-6.2-3, 5321-4.1.4-12
func TestRefusedForSize(t *testing.T) {
	for _, refusal := range []string{"452 4.3.1 full", "552 5.3.4 large"} {
		for name, offer := range map[string]string{"one by one": "250 SIZE", "in groups": "250 PIPELINING"} {
			first, next := "C: MAIL FROM:<a@me.example> SIZE=4\nS: "+refusal+"\n", "C: MAIL FROM:<a@me.example> SIZE=4\nS: 250 ok\nC: RCPT TO:<b@x.example>\nS: 250 ok\nC: DATA\nS: 354 go\n"
			if strings.Contains(offer, "PIPE") {
				group := "C: MAIL FROM:<a@me.example>\nC| RCPT TO:<b@x.example>\nC| DATA\n"
				first, next = group+"S: "+refusal+"\nS: 503 no\nS: 503 no\n", group+"S: 250 ok\nS: 250 ok\nS: 354 go\n"
			}
			script := "S: 220 x\nC: EHLO me.example\nS: 250-x\nS: " + offer + "\n" + first + "C: RSET\nS: 250 ok\n" + next + "C: Hi\nC: .\nS: 250 ok\n" + first + "C: QUIT\nS: 221 bye"
			err := against(t, script, Options{}, func(ctx context.Context, c *Client) error {
				err := c.Hello(ctx)
				for i := range 3 {
					var refused *Refusal
					if _, e := c.Send(ctx, message("Hi\r\n", "b@x.example")); errors.As(e, &refused) == (i == 1) || !c.Alive() {
						err = errors.Join(err, e)
					}
				}
				return errors.Join(err, c.Quit(ctx))
			})
			if err != nil {
				t.Errorf("%s, %s: %v", refusal, name, err)
			}
		}
	}
}
