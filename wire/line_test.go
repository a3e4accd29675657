package wire

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"posta/event"
)

// readLines reads lines to the end: their text, or what was wrong.
func readLines(c *Conn, max int) string {
	var out []string
	for {
		line, err := c.Line(max)
		switch {
		case err == nil:
			out = append(out, fmt.Sprintf("%q", line))
		case errors.Is(err, ErrBareEnd):
			out = append(out, "bare")
		case errors.Is(err, ErrLineTooLong):
			out = append(out, "long")
		default:
			return strings.Join(append(out, err.Error()), " ")
		}
	}
}

func TestLine(t *testing.T) {
	long := strings.Repeat("x", 5000)
	for _, c := range []struct {
		name string
		o    Options
		in   string
		want string
	}{
		{"pipelined", Options{}, "EHLO x\r\nQUIT\r\n", `"EHLO x" "QUIT" EOF`},
		{"bare LFs", Options{}, "a\nb\nc\r\nd\r\n", `bare bare bare "d" EOF`},
		{"bare CR", Options{}, "a\rb\r\nd\r\n", `bare "d" EOF`},
		{"NUL", Options{}, "a\x00\r\n", `"a\x00" EOF`},
		{"as long as allowed", Options{}, strings.Repeat("x", 18) + "\r\n", `"` + strings.Repeat("x", 18) + `" EOF`},
		{"one octet more", Options{}, strings.Repeat("x", 19) + "\r\ny\r\n", `long "y" EOF`},
		{"cut short", Options{}, "QUI", `unexpected EOF`},
		{"old device", Options{BareLF: true}, "a\nb\r\nc\n", `"a" "b" "c" EOF`},
		{"telnet is rubbish on strict listeners", Options{}, "\xff\xfb\x1f\b\r\nNOOP\r\n", `"\xff\xfb\x1f\b" "NOOP" EOF`},
	} {
		splits(c.in, func(pieces ...string) {
			client, conn, _ := pair(t, c.o)
			send(t, client, pieces...)
			if got := readLines(conn, 20); got != c.want {
				t.Errorf("%s: %q: %s, want %s", c.name, pieces, got, c.want)
			}
		})
	}
	client, conn, _ := pair(t, Options{})
	send(t, client, long[:3000]+"\r\n"+long+"\r\nQUIT\r\n")
	if got := readLines(conn, 4000); got != `"`+long[:3000]+`" long "QUIT" EOF` {
		t.Errorf("beyond the small buffer: %.60s", got)
	}
	if conn.in.big != nil {
		t.Error("the big buffer was kept")
	}
}

func TestLineWithoutEnd(t *testing.T) {
	for _, first := range []string{"", "HE"} { // a program; a person on a lab listener
		client, conn, _ := pair(t, Options{Human: true})
		go func() {
			client.Write([]byte(first))
			junk := []byte(strings.Repeat("x", 32<<10))
			for {
				if _, err := client.Write(junk); err != nil {
					return
				}
			}
		}()
		if _, err := conn.Line(500); !errors.Is(err, ErrEndless) {
			t.Errorf("%q: %v", first, err)
		}
		client.Reset()
	}
}

func TestMask(t *testing.T) {
	client, conn, w := pair(t, Options{})
	send(t, client, "AUTH PLAIN AHAAcA==\r\nPASS secret\nNOOP "+strings.Repeat("x", 40)+"\r\nQUIT\r\nunread")
	line, _ := conn.Line(40)
	if strings.Contains(w.log(), "AHAA") {
		t.Fatal("published before it could be masked")
	}
	conn.Mask(11, len(line)-11)
	conn.Mask(-5, 0)
	conn.Mask(100, 5)
	conn.Reply("334 ")
	conn.Secret("challenge")
	conn.Reply("\r\n")
	conn.Reply("535 no\r\n")
	conn.Flush()
	if _, err := conn.Line(40); !errors.Is(err, ErrBareEnd) {
		t.Fatal(err)
	}
	if _, err := conn.Line(40); !errors.Is(err, ErrLineTooLong) {
		t.Fatal(err)
	}
	conn.Line(40)
	conn.State("done")
	conn.Close("quit")
	want := `C 0 "AUTH PLAIN ********\r\n"
S 0 "334 "
S 4 "*********"
S 13 "\r\n535 no\r\n"
C 21 "***********\n"
C 33 "***********************************************"
C 80 "QUIT\r\n"
done
C 86 "******"
close {quit}
`
	if got := w.log(); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	b, _ := io.ReadAll(client)
	if string(b) != "334 challenge\r\n535 no\r\n" {
		t.Errorf("the peer got %q", b)
	}
}

func TestNobodyWatches(t *testing.T) {
	client, conn, w := pair(t, Options{Sink: event.Discard{}})
	send(t, client, "NOOP\r\n")
	conn.Line(20)
	conn.Mask(0, 4)
	conn.Reply("250 OK\r\n")
	conn.Flush()
	if len(w.events) != 0 {
		t.Error("the wrong watcher")
	}
}

func TestPendingAndArrived(t *testing.T) {
	client, conn, _ := pair(t, Options{})
	if conn.Pending() || conn.Arrived(0) {
		t.Error("something came from nowhere")
	}
	client.Write([]byte("a\r\nb\r\n"))
	if conn.Pending() {
		t.Error("Pending read from the network")
	}
	if !conn.Arrived(0) || !conn.Pending() {
		t.Error("nothing arrived")
	}
	conn.Line(20)
	if !conn.Pending() {
		t.Error("the second line is not pending")
	}
	if line, err := conn.Line(20); string(line) != "b" || err != nil || conn.Pending() {
		t.Errorf("%q, %v", line, err)
	}
	client.CloseWrite()
	if conn.Arrived(0) {
		t.Error("a FIN is no input")
	}
	if _, err := conn.Line(20); err != io.EOF {
		t.Error(err)
	}
}

// A telnet client's negotiation is not talk on a strict connection either, but
// what stands behind it is. Nothing of it is lost.
func TestNegotiationIsNotTalk(t *testing.T) {
	client, conn, _ := pair(t, Options{})
	client.Write([]byte(putty))
	if conn.Arrived(0) {
		t.Error("negotiation is not talk")
	}
	client.Write([]byte("HELO x\r\n"))
	if line, err := conn.Line(100); string(line) != putty+"HELO x" || err != nil {
		t.Errorf("%q, %v", line, err)
	}
	client.Write([]byte(putty + "EHLO x\r\n"))
	if !conn.Arrived(0) {
		t.Error("a command behind negotiation is talk")
	}
}

// A reply must not wait for input that waits for the reply.
func TestReadFlushes(t *testing.T) {
	client, conn, _ := pair(t, Options{})
	go func() {
		client.Write([]byte("RSET\r\nNO")) // the rest comes after the reply
		io.ReadFull(client, make([]byte, len("250 OK\r\n")))
		client.Write([]byte("OP\r\n"))
	}()
	conn.Line(20)
	conn.Reply("250 OK\r\n")
	if line, err := conn.Line(20); string(line) != "NOOP" || err != nil {
		t.Errorf("%q, %v", line, err)
	}
}
