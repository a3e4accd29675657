package smtpclient

import (
	"bytes"
	"errors"
	"testing"
	"testing/synctest"

	"posta/wire/wiretest"
)

// FuzzServer lets a server say anything, a part each time that it hears
// something. The client comes to an end, and a yes was one.
func FuzzServer(f *testing.F) {
	f.Add([]byte("220 x\r\n|250-x\r\n250 PIPELINING\r\n|250 ok\r\n250 ok\r\n550 no\r\n354 go\r\n|250 ok\r\n|221 bye\r\n"))
	f.Add([]byte("220 x\r\n|500 x\r\n|250 x\r\n|250 ok\r\n|251 ok\r\n|450 no\r\n|354 go\r\n|554 no\r\n|221 bye\r\n"))
	f.Add([]byte("220 x\r\n|250-x\r\n250 CHUNKING\r\n|250 ok\r\n|250 ok\r\n|250 ok\r\n|452 no\r\n|250 ok\r\n"))
	f.Add([]byte("220 x\r\n|250 x\r\n|421 bye\r\n"))
	f.Fuzz(func(t *testing.T, in []byte) {
		synctest.Test(t, func(t *testing.T) { anyServer(t, in) }) // silence takes no time
	})
}

func anyServer(t *testing.T, in []byte) {
	near, far := wiretest.Pipe()
	go say(far, bytes.Split(in, []byte("|")))
	c := New(near, Options{Name: "me.example", Chunks: len(in)%2 == 0})
	defer func() { _ = c.Close("done") }()
	err := c.Greeting(t.Context())
	if err == nil {
		err = c.Hello(t.Context())
	}
	if err != nil {
		sane(t, c, err)
		return
	}
	out, err := c.Send(t.Context(), message("Hi\r\n", "b@x.example", "c@x.example"))
	var lost *Lost
	switch {
	case err != nil:
		sane(t, c, err)
	case out.Mail.Class() != 2 || out.Taken() == 0 || out.Done.Class() != 2 || !out.Sent:
		t.Errorf("taken: %+v", out)
	}
	if errors.As(err, &lost) && out.Done.Class() == 2 {
		t.Errorf("taken and lost: %+v, %v", out, err)
	}
	_ = c.Quit(t.Context())
}

// say says a part each time that something is heard.
func say(far *wiretest.Conn, parts [][]byte) {
	defer far.Close()
	var scrap [4 << 10]byte
	for i, part := range parts {
		if i > 0 {
			if _, err := far.Read(scrap[:]); err != nil {
				return
			}
		}
		if len(part) > 0 {
			if _, err := far.Write(part); err != nil {
				return
			}
		}
	}
}

// sane holds that an error is a no, or the end of the connection.
func sane(t *testing.T, c *Client, err error) {
	var refused *Refusal
	var lost *Lost
	switch {
	case errors.As(err, &refused):
		if class := refused.Reply.Class(); class != 4 && class != 5 {
			t.Errorf("a refusal that is none: %v", err)
		}
		if refused.Reply.Code == closing && c.Alive() {
			t.Error("alive after 421")
		}
	case errors.As(err, &lost):
		if c.Alive() {
			t.Errorf("alive after %v", err)
		}
	default:
		t.Errorf("neither: %v", err)
	}
}
