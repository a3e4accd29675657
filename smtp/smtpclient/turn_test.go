package smtpclient

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"posta/wire"
	"posta/wire/wiretest"
)

func TestAtrn(t *testing.T) {
	err := against(t, `
		S: 220 x
		C: EHLO me.example
		S: 250-x
		S: 250 ATRN
		C: ATRN
		S: 530 5.7.0 log in
		C: ATRN a.example,b.example
		S: 250 turning
		C: 220 me.example
		S: EHLO x`, Options{}, func(ctx context.Context, c *Client) error {
		if err := c.Hello(ctx); err != nil {
			return err
		}
		var no *Refusal
		if _, err := c.Atrn(ctx, nil, 0); !errors.As(err, &no) || no.Reply.Code != 530 {
			t.Error(err)
		}
		conn, err := c.Atrn(ctx, []string{"a.example", "b.example"}, time.Hour)
		if err != nil {
			return err
		}
		conn.Reply("220 me.example\r\n")
		if line, err := conn.Line(100); string(line) != "EHLO x" {
			t.Errorf("%q %v", line, err)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// A provider that looks for ten minutes is waited for.
//
// rfc: 2645-5.2.1-2
func TestAtrnPatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		far, near := wiretest.Pipe()
		c := New(near, Options{Name: "me.example", Times: All(time.Second)})
		go func() {
			buf := make([]byte, 100)
			_, _ = far.Read(buf)
			time.Sleep(10*time.Minute - time.Second)
			_, _ = far.Write([]byte("250 at last\r\n"))
		}()
		if _, err := c.Turn(t.Context(), 0); err != nil {
			t.Error(err)
		}
		_ = c.Close("done")
		_ = far.Close()
	})
}

// rfc: 1985-4-1, 1985-5-1
func TestEtrn(t *testing.T) {
	err := against(t, `
		S: 220 x
		C: EHLO me.example
		S: 250 x
		C: ETRN a.example
		S: 253 OK, 14 pending messages for node a.example started
		C: ETRN #b
		S: 459 no`, Options{}, func(ctx context.Context, c *Client) error {
		if err := c.Hello(ctx); err != nil {
			return err
		}
		if r, err := c.Etrn(ctx, "a.example"); r.Code != 253 || err != nil {
			t.Error(r, err)
		}
		var no *Refusal
		if _, err := c.Etrn(ctx, "#b"); !errors.As(err, &no) || !no.Temporary() {
			t.Error(err)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// What came behind the 250 was meant for another role.
func TestTurnEarly(t *testing.T) {
	far, near := wiretest.Pipe()
	c := New(near, Options{Name: "me.example"})
	if _, err := far.Write([]byte("250 turning\r\nEHLO x\r\n")); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Turn(t.Context(), 0); !errors.Is(err, wire.ErrEarly) {
		t.Error(err)
	}
}
