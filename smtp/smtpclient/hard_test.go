package smtpclient

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"posta/mail"
	"posta/text"
	"posta/wire"
	"posta/wire/wiretest"
)

// TLS that was agreed on and does not come about can be told from a server that
// refuses it, and nothing of the message was said by then.
//
// rfc: 3207-4-5
func TestNoTLS(t *testing.T) {
	const offered = "S: 220 x\nC: EHLO me.example\nS: 250-x\nS: 250 STARTTLS\nC: STARTTLS\n"
	for name, test := range map[string]struct {
		script string
		config *tls.Config
		want   error
	}{
		"POP3":                {"S: +OK hello", nil, ErrPOP3},
		"POP3 that refuses":   {"S: -ERR go away", nil, ErrPOP3},
		"not offered":         {"S: 220 x\nC: EHLO me.example\nS: 250 x", nil, ErrNoTLS},
		"refused":             {offered + "S: 454 4.7.0 no", nil, &Refusal{}},
		"another yes":         {offered + "S: 250 ok", nil, ErrStrange},
		"closed":              {offered, nil, io.EOF},
		"closed after 220":    {offered + "S: 220 go", nil, ErrTLS},
		"no TLS after 220":    {offered + "S: 220 go\nC*\n", nil, ErrTLS},
		"a name it hasn't":    {offered + "S: 220 go\ntls", &tls.Config{ServerName: "other.example"}, ErrTLS},
		"octets sent ahead":   {offered + "S: 220 go\\", nil, wire.ErrEarly},
		"closed in TLS":       {offered + "S: 220 go\ntls", nil, ErrTLS},
		"nonsense in TLS":     {offered + "S: 220 go\ntls\nC: EHLO me.example\nS: hello", nil, ErrStrange},
		"EHLO refused in TLS": {offered + "S: 220 go\ntls\nC: EHLO me.example\nS: 421 no", nil, &Refusal{}},
	} {
		near, far := wiretest.Pipe()
		far2 := lineFeeds{far}
		script := strings.Replace(test.script, "220 go\\", "220 go\r␊250-x\r␊250 x", 1)
		go func() { _ = wiretest.Script(far2, script, serverTLS(t)) }()
		c := New(near, Options{Name: "me.example"})
		if test.config == nil {
			test.config = &tls.Config{InsecureSkipVerify: true}
		}
		err := c.Greeting(t.Context())
		if err == nil {
			err = c.Hello(t.Context())
		}
		if err == nil {
			err = c.StartTLS(t.Context(), test.config)
		}
		var refused *Refusal
		if _, refusal := test.want.(*Refusal); refusal && !errors.As(err, &refused) || !refusal && !errors.Is(err, test.want) {
			t.Errorf("%s: %v", name, err)
		}
		if alive := name == "not offered" || name == "refused"; c.Alive() != alive {
			t.Errorf("%s: alive %v", name, c.Alive())
		}
		_ = c.Close("done")
	}
}

// A server that lets octets drip has no longer than one that is silent.
func TestDrips(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := wiretest.Pipe()
		defer far.Close()
		go func() {
			for range 3 {
				_, _ = far.Write([]byte("220-x\r\n"))
				time.Sleep(4 * time.Minute)
			}
		}()
		start := time.Now()
		c := New(near, Options{Name: "x"})
		if err := c.Greeting(t.Context()); !errors.Is(err, wire.ErrIdle) || time.Since(start) != 5*time.Minute {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		_ = c.Close("done")
		time.Sleep(time.Hour) // until nothing drips any longer
	})
}

// A server that has seen enough of a large message is not sent the rest, and
// gets no end that would make a message of the beginning.
//
// rfc: 5321-4.5.3.1-3, 5321-4.5.3.1-4
func TestRefusedOnTheWay(t *testing.T) {
	near, far := wiretest.Pipe()
	got := make(chan string, 1)
	go func() {
		_ = wiretest.Script(keepOpen{far}, begins+"S: 354 go\nC*\nS: 552 5.3.4 enough", nil)
		all, _ := io.ReadAll(far)
		far.Close()
		got <- string(all)
	}()
	c := New(near, Options{Name: "me.example"})
	_ = c.Greeting(t.Context())
	_ = c.Hello(t.Context())
	m := message("", "b@x.example", "c@x.example")
	const size = 8 << 20
	m.Content = io.LimitReader(lines{}, size)
	out, err := c.Send(t.Context(), m)
	var refused *Refusal
	if !errors.As(err, &refused) || refused.Reply.Code != 552 || !refused.Body || out.Sent || c.Alive() {
		t.Errorf("%v, %+v", err, out)
	}
	if all := <-got; len(all) > size/2 || strings.Contains(all, "\n.\r\n") {
		t.Errorf("%d octets were sent", len(all))
	}
}

// keepOpen outlives its script.
type keepOpen struct{ *wiretest.Conn }

func (keepOpen) Close() error { return nil }

// lines is a message without an end.
type lines struct{}

func (lines) Read(p []byte) (int, error) {
	return copy(p, bytes.Repeat([]byte("0123456789abcd\r\n"), len(p)/16+1)), nil
}

// The line ends of a message are made good, with DATA and with BDAT, and its
// dots are doubled after that.
//
// rfc: 3030-2-12, 3030-3-6, 5321-2.3.8-3, 5321-2.3.8-4
func TestLineEnds(t *testing.T) {
	const odd, good = "a\n.\nb\r.\rc\r\n.\r\n", "a\r\n.\r\nb\r\n.\r\nc\r\n.\r\n"
	data := begins + "S: 354 go\nC: a\nC: ..\nC: b\nC: ..\nC: c\nC: ..\nC: .\nS: 250 ok"
	bdat := strings.Replace(rcpts, "S: 250 x", "S: 250-x\nS: 250 CHUNKING", 1) +
		fmt.Sprintf("C: BDAT %d LAST\nC: a\nC: .\nC: b\nC: .\nC: c\nC: .\nS: 250 ok", len(good))
	for _, script := range []string{data, bdat} {
		err := greeted(t, script, Options{Chunks: true}, func(ctx context.Context, c *Client) error {
			_, err := c.Send(ctx, message(odd, "b@x.example", "c@x.example"))
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
}

// FuzzSmuggle sends any content, and a server reads the message that it is with
// good line ends, and nothing but QUIT behind it.
//
// rfc: 5321-2.3.8-3, 5321-2.3.8-4, 5321-4.1.1.4-2, 5321-4.1.1.4-3
func FuzzSmuggle(f *testing.F) {
	f.Add([]byte("a\n.\nMAIL FROM:<>\r\n"))
	f.Add([]byte("a\r\n.\r\nb\r.\r\n"))
	f.Add([]byte("\r"))
	f.Fuzz(func(t *testing.T, in []byte) {
		near, far := wiretest.Pipe()
		got := make(chan string, 1)
		go func() {
			_ = wiretest.Script(keepOpen{far}, strings.TrimSuffix(begins, "\n")+"\nS: 354 go", nil)
			server := wire.NewConn(far, wire.Options{})
			var b bytes.Buffer
			_, err := server.Dot(&b, 0)
			server.Reply("250 ok\r\n")
			line, e := server.Line(100)
			server.Reply("221 bye\r\n")
			_ = server.Close("quit")
			got <- fmt.Sprintf("%q %v %q %v", b.String(), err, line, e)
		}()
		c := New(near, Options{Name: "me.example"})
		_ = c.Greeting(t.Context())
		_ = c.Hello(t.Context())
		if _, err := c.Send(t.Context(), message(string(in), "b@x.example", "c@x.example")); err != nil {
			t.Error(err)
		}
		_ = c.Quit(t.Context())
		var want bytes.Buffer
		z := text.Normalizer{W: &want}
		_, _ = z.Write(in)
		_ = z.End()
		if s := want.String(); s != "" && !strings.HasSuffix(s, "\r\n") {
			want.WriteString("\r\n")
		}
		if said := <-got; said != fmt.Sprintf("%q <nil> \"QUIT\" <nil>", want.String()) {
			t.Errorf("%q was read as %s", in, said)
		}
	})
}

// A message that is plain needs no 8BITMIME, and reports are asked for only
// where they are promised.
//
// rfc: 5321-2.4-10, 5321-4.1.1-3, 5321-4.1.1.3-8
func TestOnlyWhatIsOffered(t *testing.T) {
	for offer, want := range map[string]string{
		"250 x":                    "MAIL FROM:<a@me.example>\nRCPT TO:<b@x.example>",
		"250-x\nS: 250 8BITMIME":   "MAIL FROM:<a@me.example> BODY=8BITMIME\nRCPT TO:<b@x.example>",
		"250-x\nS: 250 DSN":        "MAIL FROM:<a@me.example> RET=HDRS ENVID=q1\nRCPT TO:<b@x.example> NOTIFY=SUCCESS ORCPT=rfc822;o@x.example",
		"250-x\nS: 250 SIZE":       "MAIL FROM:<a@me.example> SIZE=4\nRCPT TO:<b@x.example>",
		"250-x\nS: 250 REQUIRETLS": "MAIL FROM:<a@me.example>\nRCPT TO:<b@x.example>",
	} {
		script := "S: 220 x\nC: EHLO me.example\nS: " + offer
		for line := range strings.SplitSeq(want, "\n") {
			script += "\nC: " + line + "\nS: 250 ok"
		}
		err := greeted(t, script+"\nC: DATA\nS: 354 go\nC: Hi\nC: .\nS: 250 ok", Options{}, func(ctx context.Context, c *Client) error {
			m := message("Hi\r\n", "b@x.example")
			m.Envelope.Body, m.ASCII = mail.Body8BitMIME, true
			m.Envelope.Ret, m.Envelope.EnvID = mail.RetHdrs, "q1"
			m.To[0].Notify, m.To[0].Orcpt = mail.NotifySuccess, "rfc822;o@x.example"
			out, err := c.Send(ctx, m)
			if out.NoDSN == strings.Contains(offer, "DSN") {
				t.Errorf("%s: %+v", offer, out)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
}

// What cannot be read is not sent as if it had ended there.
func TestUnreadable(t *testing.T) {
	broken := errors.New("the disk is gone")
	err := greeted(t, begins+"S: 354 go\nC: Hi\nclosed", Options{}, func(ctx context.Context, c *Client) error {
		m := message("", "b@x.example", "c@x.example")
		m.Content = io.MultiReader(strings.NewReader("Hi\r\n"), unreadable{broken})
		out, err := c.Send(ctx, m)
		var lost *Lost
		if !errors.Is(err, broken) || errors.As(err, &lost) || out.Sent || c.Alive() {
			t.Errorf("%v %+v", err, out)
		}
		if _, err := c.Send(ctx, m); !errors.Is(err, ErrOver) {
			t.Error(err)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

type unreadable struct{ err error }

func (e unreadable) Read([]byte) (int, error) { return 0, e.err }
