package smtpclient

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"

	"posta/wire/wiretest"
)

// What a server says up to the message, for scripts that go wrong behind it.
const (
	hello = "S: 220 x\nC: EHLO me.example\nS: 250 x\n"
	piped = "S: 220 x\nC: EHLO me.example\nS: 250-x\nS: 250 PIPELINING\n" +
		"C: MAIL FROM:<a@me.example>\nC| RCPT TO:<b@x.example>\nC| RCPT TO:<c@x.example>\nC| DATA\n"
	mailed = hello + "C: MAIL FROM:<a@me.example>\n"
	rcpts  = mailed + "S: 250 ok\nC: RCPT TO:<b@x.example>\nS: 250 ok\nC: RCPT TO:<c@x.example>\nS: 250 ok\n"
	begins = rcpts + "C: DATA\n"
	whole  = begins + "S: 354 go\nC: Hi\nC: .\n"
)

// broken is a server that does not do what it should, and what has to be known
// of it: told is the error, and the replies of the Outcome with the dot that was
// sent.
type broken struct {
	name, script, told string
}

func brokenPeers() []broken {
	return []broken{
		// It closes, wherever it can.
		{"closes at once", "S: \\", "lost the connection EOF | 0 - 0"},
		{"closes in the greeting", "S: 22\\", "lost the connection unexpected EOF | 0 - 0"},
		{"closes behind the greeting", "S: 220 x\nC*", "lost EHLO EOF | 0 - 0"},
		{"closes behind EHLO's first line", "S: 220 x\nC*\nS: 250-x", "lost EHLO EOF | 0 - 0"},
		{"closes behind EHLO", "S: 220 x\nC: EHLO me.example\nS: 250 x\nC*", "lost MAIL EOF | 0 0,0 0"},
		{"closes behind MAIL", mailed + "S: 250 ok\nC*", "lost RCPT EOF | 250 0,0 0"},
		{"closes behind RCPT", mailed + "S: 250 ok\nC*\nS: 550 no\nC*", "lost RCPT EOF | 250 550,0 0"},
		{"closes behind DATA", begins, "lost DATA EOF | 250 250,250 0"},
		{"closes in the group", piped + "S: 250 ok\nS: 250 ok", "lost RCPT EOF | 250 250,0 0"},
		{"closes in the group's line", piped + "S: 250 ok\nS: 550 no\nS: 25\\", "lost RCPT unexpected EOF | 250 550,0 0"},
		{"closes behind 354", begins + "S: 354 go", "lost the message EOF | 250 250,250 0 sent"},
		{"closes behind the dot", whole, "lost the message EOF | 250 250,250 0 sent"},
		{"closes in the last reply", whole + "S: 250-ok\nS: 2\\", "lost the message unexpected EOF | 250 250,250 0 sent"},

		// It takes leave.
		{"421 for a greeting", "S: 421 4.3.2 busy", "refused the connection 421 | 0 - 0 over"},
		{"554 for a greeting", "S: 554 no\nC: QUIT\nS: 221 bye", "refused the connection 554 | 0 - 0"},
		{"421 to EHLO", "S: 220 x\nC*\nS: 421 bye", "refused EHLO 421 | 0 - 0 over"},
		{"421 to MAIL", mailed + "S: 421 bye", "refused MAIL 421 | 421 0,0 0 over"},
		{"421 to RCPT", mailed + "S: 250 ok\nC*\nS: 550 no\nC*\nS: 421 bye", "refused RCPT 421 | 250 550,421 0 over"},
		{"421 in the group", piped + "S: 250 ok\nS: 421 bye", "refused RCPT 421 | 250 421,0 0 over"},
		{"421 to DATA", begins + "S: 421 bye", "refused DATA 421 | 250 250,250 0 over"},
		{"421 behind the dot", whole + "S: 421 bye", "refused the message 421 | 250 250,250 421 sent over"},

		// It says no.
		{"no to MAIL, and to what follows", piped + "S: 550 no\nS: 503 MAIL first\nS: 503 MAIL first\nS: 503 MAIL first\nC: QUIT\nS: 221 bye", "refused MAIL 550 | 550 0,0 0"},
		{"no to one", rcptsWith("250 ok", "450 later") + "C: DATA\nS: 354 go\nC: Hi\nC: .\nS: 250 ok\nC: QUIT\nS: 221 bye", "taken | 250 250,450 250 sent"},
		{"no to both", rcptsWith("550 no", "450 later") + "C: RSET\nS: 250 ok\nC: QUIT\nS: 221 bye", "refused RCPT 550 | 250 550,450 0"},
		{"no to DATA", begins + "S: 451 later\nC: QUIT\nS: 221 bye", "refused DATA 451 | 250 250,250 0"},
		{"no to the message", whole + "S: 554 spam\nC: QUIT\nS: 221 bye", "refused the message 554 | 250 250,250 554 sent"},

		// Its replies look odd, and are good.
		{"no texts", "S: 220\nC*\nS: 250 \nC*\nS: 250-\nS: 250\nC*\nS: 250\nC*\nS: 251 \nC*\nS: 354\nC*\nC*\nS: 250\nC: QUIT\nS: 221", "taken | 250 250,251 250 sent"},
		{"bare LFs", "S: 220-x␊220 x␊\\\nC*\nS: 250-x␊250 x\nC*\nS: 250 ok␊\\\nC*\nS: 250 ok␊\\\nC*\nS: 250 ok\nC*\nS: 354 go␊\\\nC*\nC*\nS: 250 ok␊\\\nC: QUIT\nS: 221 bye", "taken | 250 250,250 250 sent"},
		{"8-bit texts and NULs", "S: 220 \xe1\x00\xff\nC*\nS: 250 x\nC*\nS: 250 \x1b[2J\nC*\nS: 250 ok\nC*\nS: 250 ok\nC*\nS: 354 \xc3\nC*\nC*\nS: 250 ok\nC: QUIT\nS: 221 bye", "taken | 250 250,250 250 sent"},
		{"many lines", strings.Replace(whole, "S: 354 go", strings.Repeat("S: 354-go\n", 900)+"S: 354 go", 1) + "S: 250 ok\nC: QUIT\nS: 221 bye", "taken | 250 250,250 250 sent"},
		{"no answer to QUIT", whole + "S: 250 ok\nC: QUIT", "taken | 250 250,250 250 sent over"},
		{"a yes in UTF-8", rcptsWith("251 <ñ@x.example> forwards", "551 try <ñ@y.example>") + "C: DATA\nS: 354 go\nC: Hi\nC: .\nS: 250 ok\nC: QUIT\nS: 221 bye", "taken | 250 251,551 250 sent"},
		{"another yes to RCPT", rcptsWith("251 forwards", "252 maybe") + "C: DATA\nS: 354 go\nC: Hi\nC: .\nS: 250 ok\nC: QUIT\nS: 221 bye", "taken | 250 251,252 250 sent"},

		// Its replies make no sense.
		{"no code", "S: Welcome", "strange the connection | 0 - 0"},
		{"an empty line", "S: 220 x\nC*\nS: \nS: 250 x", "strange EHLO | 0 - 0"},
		{"a code of 1982", "S: 120 wait", "strange the connection | 0 - 0"},
		{"another greeting", "S: 250 x", "strange the connection | 0 - 0"},
		{"mixed codes", mailed + "S: 250-ok\nS: 550 no", "strange MAIL | 0 0,0 0"},
		{"a tab behind the code", mailed + "S: 250\tok", "strange MAIL | 0 0,0 0"},
		{"a bare CR", mailed + "S: 250 a\r550 b", "strange MAIL | 0 0,0 0"},
		{"an endless line", mailed + "S: 250 " + strings.Repeat("x", 9000), "strange MAIL | 0 0,0 0"},
		{"an endless reply", mailed + strings.Repeat("S: 250-x\n", 2000), "strange MAIL | 0 0,0 0"},
		{"a large reply", mailed + strings.Repeat("S: 250-"+strings.Repeat("x", 4000)+"\n", 40), "strange MAIL | 0 0,0 0"},
		{"354 to MAIL", mailed + "S: 354 go", "strange MAIL | 354 0,0 0"},
		{"354 to RCPT", mailed + "S: 250 ok\nC*\nS: 354 go", "strange RCPT | 250 354,0 0"},
		{"250 to DATA", begins + "S: 250 ok", "strange DATA | 250 250,250 0"},
		{"354 to the message", whole + "S: 354 more", "strange the message | 250 250,250 0 sent"},
		{"telnet", "S: \xff\xfd\x18220 x", "strange the connection | 0 - 0"},
		{"a browser's friend", "S: HTTP/1.1 400 Bad Request", "strange the connection | 0 - 0"},
	}
}

// earlyPeers say something that nobody asked for. What they say comes in one
// packet: else it depends on who is faster.
func earlyPeers() []broken {
	return []broken{
		{"421 unasked", "S: 220 x\nC: EHLO me.example\nS: 250 x\nS: 421 4.4.2 too slow", "refused the connection 421 | 0 - 0 over"},
		{"no before the message", begins + "S: 354 go\nS: 552 too much", "refused the message 552 | 250 250,250 552 over"},
		{"421 before the message", begins + "S: 354 go\nS: 421 bye", "refused the message 421 | 250 250,250 421 over"},
		{"250 before the message", begins + "S: 354 go\nS: 250 taken", "strange the message | 250 250,250 0"},
		{"a reply too many", "S: 220 x\nC: EHLO me.example\nS: 250 x\nS: 250 x", "strange the connection | 0 - 0"},
		{"a greeting too many", "S: 220 x\nS: 220 x", "strange the connection | 0 - 0"},
	}
}

func rcptsWith(one, other string) string {
	return mailed + "S: 250 ok\nC: RCPT TO:<b@x.example>\nS: " + one + "\nC: RCPT TO:<c@x.example>\nS: " + other + "\n"
}

// Whatever a server does, what is known afterwards is right; however its octets
// arrive.
//
// rfc: 2920-3.1-1, 2920-3.1-2, 2920-3.1-3, 2920-3.1-6, 5321-3.3-12, 5321-4.1.4-16, 5321-4.2-2, 5321-4.2-5
// rfc: 5321-4.2-11, 5321-4.2.1-3, 6531-3.7.4.1-1
func TestBrokenPeers(t *testing.T) {
	ways := map[string]func(net.Conn) net.Conn{
		"as it speaks": func(nc net.Conn) net.Conn { return nc },
		"octet-wise":   func(nc net.Conn) net.Conn { return dripping{nc} },
		"at once":      func(nc net.Conn) net.Conn { return &gathering{Conn: nc} },
	}
	for how, way := range ways {
		peers := brokenPeers()
		if how == "at once" {
			peers = append(peers, earlyPeers()...)
		}
		for _, b := range peers {
			t.Run(b.name+", "+how, func(t *testing.T) {
				t.Parallel()
				b.play(t, way)
			})
		}
	}
}

func (b broken) play(t *testing.T, way func(net.Conn) net.Conn) {
	near, far := wiretest.Pipe()
	played := make(chan error, 1)
	go func() { played <- wiretest.Script(lineFeeds{way(far)}, b.script, nil) }()
	if told := tells(t.Context(), New(near, Options{Name: "me.example"})); told != b.told {
		t.Errorf("%s\nnot %s", told, b.told)
	}
	if err := <-played; err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, net.ErrClosed) && !errors.Is(err, io.ErrClosedPipe) {
		t.Error(err)
	}
}

// tells hands a message over and gives what is known of it.
func tells(ctx context.Context, c *Client) string {
	var out Outcome
	err := c.Greeting(ctx)
	if err == nil {
		err = c.Hello(ctx)
	}
	if err == nil {
		out, err = c.Send(ctx, message("Hi\r\n", "b@x.example", "c@x.example"))
	}
	alive := c.Alive()
	over := ""
	if e := c.Quit(ctx); !alive || e != nil {
		over = " over"
	}
	var refused *Refusal
	var lost *Lost
	kind := "taken"
	switch {
	case errors.As(err, &refused):
		kind = fmt.Sprintf("refused %s %d", about(refused.Verb, refused.Body), refused.Reply.Code)
	case errors.As(err, &lost):
		over = "" // is meant
		kind = fmt.Sprintf("lost %s %v", about(lost.Verb, lost.Body), lost.Err)
		if errors.Is(err, syscall.EPIPE) { // it was noticed when writing
			kind = fmt.Sprintf("lost %s EOF", about(lost.Verb, lost.Body))
		}
		if errors.Is(err, ErrStrange) {
			kind = "strange " + about(lost.Verb, lost.Body)
		}
		if alive {
			kind += ", but alive"
		}
	case err != nil:
		kind = err.Error()
	}
	to := "-"
	if out.To != nil {
		var codes []string
		for _, r := range out.To {
			codes = append(codes, fmt.Sprint(r.Code))
		}
		to = strings.Join(codes, ",")
	}
	sent := ""
	if out.Sent {
		sent = " sent"
	}
	return fmt.Sprintf("%s | %d %s %d%s%s", kind, out.Mail.Code, to, out.Done.Code, sent, over)
}

// lineFeeds lets a script's line hold a bare LF.
type lineFeeds struct{ net.Conn }

func (l lineFeeds) Write(p []byte) (int, error) {
	_, err := l.Conn.Write(bytes.ReplaceAll(p, []byte("␊"), []byte("\n")))
	return len(p), err
}

// dripping sends octets one by one.
type dripping struct{ net.Conn }

func (d dripping) Write(p []byte) (int, error) {
	for i := range p {
		if _, err := d.Conn.Write(p[i : i+1]); err != nil {
			return i, err
		}
	}
	return len(p), nil
}

// gathering sends what it says together when it listens again.
type gathering struct {
	net.Conn
	held []byte
}

func (g *gathering) Write(p []byte) (int, error) {
	g.held = append(g.held, p...)
	return len(p), nil
}

func (g *gathering) send() error {
	_, err := g.Conn.Write(g.held)
	g.held = nil
	return err
}

func (g *gathering) Read(p []byte) (int, error) {
	if err := g.send(); err != nil {
		return 0, err
	}
	return g.Conn.Read(p)
}

func (g *gathering) Close() error { return errors.Join(g.send(), g.Conn.Close()) }
