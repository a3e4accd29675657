package wire

import (
	"net"
	"testing"
	"time"
)

// On a real socket, what has not arrived is not waited for, and what has is
// neither missed nor taken.
func TestArrivedOnTheNetwork(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	client, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	server, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	c := NewConn(server, Options{Idle: 10 * time.Second})
	defer c.Close("test over")
	if c.Arrived(0) {
		t.Fatal("something arrived though nothing was sent")
	}
	if _, err := client.Write([]byte("EHLO early.test\r\n")); err != nil {
		t.Fatal(err)
	}
	if !c.Arrived(10*time.Second) || !c.Arrived(0) {
		t.Fatal("what was sent has not arrived")
	}
	if line, err := c.Line(100); err != nil || string(line) != "EHLO early.test" {
		t.Fatalf("Line = %q, %v", line, err)
	}
}
