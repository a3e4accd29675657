package wire

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"posta/event"
)

func TestDotSmuggling(t *testing.T) {
	for _, o := range []Options{{}, {BareLF: true}} {
		for _, trick := range []string{"\n.\n", "\n.\r\n", "\r\n.\n", "\r.\r", "\r\n.\r", "\r.\r\n", "\n\x00.\n", "\r\n\x00.\r\n", "\r\n.\x00\r\n", "\r\x00.\r\x00"} {
			splits("DATA\r\na"+trick+"b\r\n.\r\nQUIT\r\n", func(pieces ...string) {
				client, conn, _ := pair(t, o)
				send(t, client, pieces...)
				got := talk(conn)
				if !strings.HasPrefix(got, `"DATA" <`) || !strings.HasSuffix(got, `> "QUIT" EOF`) || strings.Count(got, ">") != 1 {
					t.Fatalf("%q: %s", pieces, got)
				}
			})
		}
	}
}

func TestDotLarge(t *testing.T) {
	var content bytes.Buffer
	for i := range 9000 {
		fmt.Fprintf(&content, "line %d of a message that is large enough\r\n", i)
	}
	content.WriteString(strings.Repeat("y", 100_000) + "\r\n")
	client, conn, w := pair(t, Options{})
	go func() {
		client.WriteSplit(content.Bytes(), 7001)
		client.Write([]byte("..\r\n.\r\nQUIT\r\n"))
		client.CloseWrite()
	}()
	var got bytes.Buffer
	n, err := conn.Dot(&got, 1<<20)
	if err != nil || n != int64(got.Len()) || got.String() != content.String()+".\r\n" {
		t.Fatalf("%d octets of %d, %v", n, content.Len(), err)
	}
	if line, err := conn.Line(20); string(line) != "QUIT" || err != nil || conn.in.big != nil {
		t.Fatalf("behind the data: %q, %v", line, err)
	}
	conn.Close("quit")
	seen := 0
	for i, e := range w.events {
		if e.Kind == event.Data && e.Part == event.Body {
			seen += len(w.data[i])
		}
	}
	if seen != content.Len()+len("..\r\n.\r\n") {
		t.Errorf("watched %d octets of the body", seen)
	}
}

// The watchers learn which octets complete the final dot, however they come,
// and of nothing else that looks like it.
func TestDotTold(t *testing.T) {
	const letter, chunk = "a\r\n..\r\nb\r\n.\r\n", "c\r\n.\r\n"
	splits(letter+chunk+".\r\n", func(pieces ...string) {
		client, conn, w := pair(t, Options{})
		send(t, client, pieces...)
		_, err := conn.Dot(io.Discard, 0)
		if err = errors.Join(err, conn.Chunk(nil, int64(len(chunk)))); err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Dot(io.Discard, 0); err != nil {
			t.Fatal(err)
		}
		conn.Close("quit")
		var got []int64
		for _, e := range w.events {
			if e.Dot {
				got = append(got, e.Off+e.Len)
			}
		}
		if want := []int64{int64(len(letter)), int64(len(letter + chunk + ".\r\n"))}; !slices.Equal(got, want) {
			t.Fatalf("%q: dots before %d, not %d", pieces, got, want)
		}
	})
}

type broken struct{ after int }

func (b *broken) Write(p []byte) (int, error) {
	if b.after -= len(p); b.after < 0 {
		return 0, errBroken
	}
	return len(p), nil
}

var errBroken = errors.New("no space left")

func TestDotRefused(t *testing.T) {
	message := strings.Repeat("0123456789\r\n", 1000) + ".\r\nQUIT\r\n"
	for _, c := range []struct {
		name string
		w    io.Writer
		max  int64
		in   string
		want error
	}{
		{"fits exactly", io.Discard, 12000, message, nil},
		{"too big", io.Discard, 11999, message, ErrTooBig},
		{"no limit", io.Discard, 0, message, nil},
		{"a full disk", &broken{5000}, 0, message, errBroken},
		{"bare", io.Discard, 0, "a\n" + message, ErrBareEnd},
		{"bare and too big", io.Discard, 10, "a\n" + message, ErrBareEnd},
		{"nobody wants it", nil, 0, message, nil},
	} {
		client, conn, _ := pair(t, Options{})
		send(t, client, c.in)
		if _, err := conn.Dot(c.w, c.max); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
		if line, err := conn.Line(20); string(line) != "QUIT" {
			t.Errorf("%s: out of step: %q, %v", c.name, line, err)
		}
	}
	client, conn, _ := pair(t, Options{})
	send(t, client, "a\r\n.")
	if _, err := conn.Dot(io.Discard, 0); err != io.ErrUnexpectedEOF {
		t.Errorf("cut short: %v", err)
	}
}

func TestDotEndless(t *testing.T) {
	client, conn, _ := pair(t, Options{})
	go func() {
		junk := bytes.Repeat([]byte("0123456789\n"), 20000)
		for {
			if _, err := client.Write(junk); err != nil {
				return
			}
		}
	}()
	if _, err := conn.Dot(io.Discard, 1000); !errors.Is(err, ErrEndless) {
		t.Errorf("%v", err)
	}
	client.Reset()
}

func TestChunk(t *testing.T) {
	splits("\b\n.\r\n\xff\xfbEND\r\nQUIT\r\n", func(pieces ...string) {
		client, conn, _ := pair(t, Options{})
		send(t, client, pieces...)
		var b strings.Builder
		if err := conn.Chunk(&b, 4); err != nil || b.String() != "\b\n.\r" {
			t.Fatalf("%q: %q, %v", pieces, b.String(), err)
		}
		if err := conn.Chunk(&broken{}, 2); !errors.Is(err, errBroken) {
			t.Fatal(err)
		}
		if err := conn.Chunk(nil, 1); err != nil {
			t.Fatal(err)
		}
		if err := conn.Chunk(&b, 0); err != nil {
			t.Fatal(err)
		}
		if got := readLines(conn, 20); got != `"END" "QUIT" EOF` {
			t.Fatalf("%q: %s", pieces, got)
		}
		if err := conn.Chunk(&b, 1); err != io.ErrUnexpectedEOF {
			t.Fatal(err)
		}
	})
}

// endless is a net.Conn whose peer says the same again and again.
type endless struct {
	fake
	say []byte
	at  int
}

func (e *endless) Read(p []byte) (int, error) {
	n := copy(p, e.say[e.at:])
	e.at = (e.at + n) % len(e.say)
	return n, nil
}

func sessionOctets() []byte {
	return []byte("DATA\r\n" + strings.Repeat("0123456789\r\n", 341) + "\r\n.\r\n" + strings.Repeat("c", 4096))
}

func BenchmarkLine(b *testing.B) {
	conn := NewConn(&endless{say: []byte("MAIL FROM:<luis@jaramillo.edu.ec>\r\n")}, Options{})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := conn.Line(512); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDot(b *testing.B) {
	say := append(bytes.Repeat([]byte("some line of a message, seventy-six octets long as is the custom of MIME\r\n"), 800), ".\r\n"...)
	conn := NewConn(&endless{say: say}, Options{})
	b.SetBytes(int64(len(say)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := conn.Dot(io.Discard, 0); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkChunk(b *testing.B) {
	conn := NewConn(&endless{say: sessionOctets()}, Options{})
	b.SetBytes(64 << 10)
	b.ReportAllocs()
	for b.Loop() {
		if err := conn.Chunk(io.Discard, 64<<10); err != nil {
			b.Fatal(err)
		}
	}
}

// What a configured network's bare LFs became is noted, once.
func TestDotBareLFNoted(t *testing.T) {
	client, conn, w := pair(t, Options{BareLF: true})
	send(t, client, "a\nb\r\n.\r\n", "c\nd\n\r\n.\r\n", "e\r\n.\r\n")
	for range 3 {
		if _, err := conn.Dot(io.Discard, 0); err != nil {
			t.Fatal(err)
		}
	}
	conn.Close("quit")
	if got := w.notes(); len(got) != 1 || got[0] != "bare LFs in the message were read as CRLF" {
		t.Errorf("notes %q", got)
	}
	client, conn, w = pair(t, Options{BareLF: true})
	send(t, client, "a\r\n.\r\n")
	if _, err := conn.Dot(io.Discard, 0); err != nil {
		t.Fatal(err)
	}
	conn.Close("quit")
	if got := w.notes(); len(got) != 0 {
		t.Errorf("CRLF alone is noted: %q", got)
	}
}
