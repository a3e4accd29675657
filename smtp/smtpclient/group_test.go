package smtpclient

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// A group of commands fits into what the network holds also where they are long.
//
// rfc: 2920-3.1-5
func TestLongGroups(t *testing.T) {
	var script strings.Builder
	script.WriteString("S: 220 x\nC: EHLO me.example\nS: 250-x\nS: 250-DSN\nS: 250 PIPELINING\nC: MAIL FROM:<a@me.example>\n")
	const n = 100 // of more than 500 octets
	var rcpts []string
	octets, asked := 0, 0
	for i := range n {
		rcpts = append(rcpts, fmt.Sprintf("%064d@%s.example", i, strings.Repeat(strings.Repeat("x", 63)+".", 2)+strings.Repeat("x", 60)))
	}
	answer := func() {
		script.WriteString("alone\n" + strings.Repeat("S: 250 ok\n", asked))
		octets, asked = 0, 0
	}
	for i, one := range rcpts {
		line := "RCPT TO:<" + one + "> ORCPT=rfc822;" + one
		if octets += len(line) + 2; i == 0 {
			asked++ // MAIL
		}
		asked++
		script.WriteString("C: " + line + "\n")
		if octets >= 32<<10 {
			answer()
		}
	}
	script.WriteString("C: DATA\n")
	answer()
	script.WriteString("S: 354 go\nC: Hi\nC: .\nS: 250 ok")
	if got := strings.Count(script.String(), "alone"); got != 2 {
		t.Fatalf("%d groups", got)
	}
	err := against(t, script.String(), Options{}, func(ctx context.Context, c *Client) error {
		if err := c.Hello(ctx); err != nil {
			return err
		}
		m := message("Hi\r\n", rcpts...)
		for i := range m.To {
			m.To[i].Orcpt = "rfc822;" + rcpts[i]
		}
		out, err := c.Send(ctx, m)
		if out.Taken() != n {
			t.Error(out.Taken())
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// Behind a chunk that was refused no other comes, but RSET, and then the next
// message; what divides evenly ends with an empty chunk.
//
// rfc: 3030-2-2, 3030-2-4, 3030-2-7, 3030-2-9, 3030-2-11
func TestRefusedChunk(t *testing.T) {
	const line = "0123456789abcd" // and CRLF
	const rcpt = "C: MAIL FROM:<a@me.example>\nS: 250 ok\nC: RCPT TO:<b@x.example>\nS: 250 ok\n"
	piece := strings.Repeat("C: "+line+"\n", piece/16)
	script := "S: 220 x\nC: EHLO me.example\nS: 250-x\nS: 250 CHUNKING\n" +
		rcpt + "C: BDAT 262144\n" + piece + "S: 552 5.3.4 large\nC: RSET\nS: 250 ok\n" +
		rcpt + "C: BDAT 262144\n" + piece + "S: 250 ok\nC: BDAT 0 LAST\nS: 554 5.6.0 no\nC: RSET\nS: 250 ok\n" +
		rcpt + "C: BDAT 262144\n" + piece + "S: 250 ok\nC: BDAT 0 LAST\nS: 250 ok\nC: QUIT\nS: 221 bye"
	err := against(t, script, Options{Chunks: true}, func(ctx context.Context, c *Client) error {
		err := c.Hello(ctx)
		for _, want := range []int{552, 554, 0} {
			size := 256 << 10
			if want == 552 {
				size *= 2
			}
			var refused *Refusal
			_, e := c.Send(ctx, message(strings.Repeat(line+"\r\n", size/16), "b@x.example"))
			if got := errors.As(e, &refused); got != (want != 0) || got && refused.Reply.Code != want {
				err = errors.Join(err, fmt.Errorf("%d: %w", want, e))
			}
		}
		return errors.Join(err, c.Quit(ctx))
	})
	if err != nil {
		t.Error(err)
	}
}

// Whom nobody wants named any more RCPT does not name, in a group and one by one;
// where that leaves nobody the transaction is reset.
func TestNames(t *testing.T) {
	const begin = "S: 220 x\nC: EHLO me.example\nS: 250-x\n"
	const mail = "C: MAIL FROM:<a@me.example>\n"
	for name, tt := range map[string]struct {
		script string
		wanted string
		taken  int
		err    error
	}{
		"one by one": {begin + "S: 250 8BITMIME\n" + mail + "S: 250 ok\nC: RCPT TO:<c@x.example>\nS: 250 ok\nC: DATA\nS: 354 go\nC: Hi\nC: .\nS: 250 ok", "c", 1, nil},
		"a group": {begin + "S: 250 PIPELINING\n" + mail + "C: RCPT TO:<b@x.example>\nC: RCPT TO:<d@x.example>\nC: DATA\nS: 250 ok\nS: 250 ok\nS: 250 ok\nS: 354 go\nC: Hi\nC: .\nS: 250 ok",
			"bd", 2, nil},
		"nobody":          {begin + "S: 250 8BITMIME\n" + mail + "S: 250 ok\nC: RSET\nS: 250 ok", "", 0, ErrNobody},
		"nobody, a group": {begin + "S: 250 PIPELINING\n" + mail + "S: 250 ok\nC: RSET\nS: 250 ok", "", 0, ErrNobody},
	} {
		t.Run(name, func(t *testing.T) {
			err := against(t, tt.script, Options{}, func(ctx context.Context, c *Client) error {
				if err := c.Hello(ctx); err != nil {
					return err
				}
				m := message("Hi\r\n", "b@x.example", "c@x.example", "d@x.example")
				m.Names = func(i int) bool { return strings.Contains(tt.wanted, m.To[i].To.Local) }
				out, err := c.Send(ctx, m)
				if out.Taken() != tt.taken || !errors.Is(err, tt.err) || !c.Alive() {
					t.Error(out, err)
				}
				for i, left := range out.Left {
					if left == m.Names(i) {
						t.Error(i, out.Left)
					}
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
}
