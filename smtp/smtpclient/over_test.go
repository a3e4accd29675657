package smtpclient

import (
	"testing"
	"time"

	"posta/wire"
	"posta/wire/wiretest"
)

// A connection that was accepted carries a message the other way.
func TestOver(t *testing.T) {
	near, played := wiretest.Play(`
		C: 250 turning
		S: 220 customer.example
		C: EHLO me.example
		S: 250-customer.example
		S: 250 8BITMIME
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
		S: 221 bye`, nil)
	conn := wire.NewConn(near, wire.Options{})
	conn.Reply("250 turning\r\n")
	if err := conn.Turn(time.Hour); err != nil {
		t.Fatal(err)
	}
	c := Over(conn, Options{Name: "me.example", Times: All(time.Minute)})
	ctx := t.Context()
	if err := c.Greeting(ctx); err != nil {
		t.Fatal(err)
	}
	if err := c.Hello(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Send(ctx, message("Hi\r\n", "b@mail.example")); err != nil {
		t.Error(err)
	}
	if err := c.Quit(ctx); err != nil {
		t.Error(err)
	}
	if err := <-played; err != nil {
		t.Error(err)
	}
}
