package main

import (
	"bytes"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"posta/event"
)

// passed is a Sink that writes down what it is given.
type passed struct{ lines []string }

func (p *passed) Wants(uint64, event.Layer, event.Part) bool { return true }

func (p *passed) Emit(e *event.Event) {
	what := map[event.Kind]string{event.Open: "open", event.Close: "close", event.Gap: fmt.Sprintf("gap %d+%d", e.Off, e.Len), event.Data: fmt.Sprintf("%.8q", e.Data)}[e.Kind]
	p.lines = append(p.lines, fmt.Sprintf("%d %s", e.Conn, what))
}

// A session is given from its beginning once the filter holds of something in it;
// what had no room until then is a gap, and nothing is left of those that ended.
func TestPicker(t *testing.T) {
	a := &app{terminal: terminal{Err: &bytes.Buffer{}}}
	p, err := a.newPicker(`smtp.req.command == "NOOP"`)
	if err != nil {
		t.Fatal(err)
	}
	var to passed
	p.to = &to
	offs := map[uint64]int64{}
	open := func(conn uint64) {
		ends := event.Endpoints{Remote: netip.MustParseAddrPort("192.0.2.7:40000"), Local: netip.MustParseAddrPort("192.0.2.1:25")}
		p.Emit(&event.Event{Conn: conn, Seq: 1, Time: time.Now(), Kind: event.Open, Fact: event.Opened{Endpoints: ends, Protocol: "smtp", Mode: "lab"}})
	}
	say := func(conn uint64, text string) {
		p.Emit(&event.Event{Conn: conn, Time: time.Now(), Kind: event.Data, Layer: event.Text, Off: offs[conn], Len: int64(len(text)), Data: []byte(text)})
		offs[conn] += int64(len(text))
	}
	end := func(conn uint64) {
		p.Emit(&event.Event{Conn: conn, Time: time.Now(), Kind: event.Close, Fact: event.Closed{Reason: "quit"}})
	}
	open(1)
	open(2)
	say(1, "EHLO a\r\n")
	say(2, "EHLO b\r\n")
	end(2)
	say(1, "NOOP\r\n")
	say(1, "QUIT\r\n")
	end(1)
	want := `1 open, 1 "EHLO a\r\n", 1 "NOOP\r\n", 1 "QUIT\r\n", 1 close`
	if got := strings.Join(to.lines, ", "); got != want {
		t.Errorf("%s\nnot\n%s", got, want)
	}
	to.lines = nil
	open(3)
	say(3, "EHLO c\r\n")
	for range 5 {
		say(3, "HELP "+strings.Repeat("x", maxPicked/4)+"\r\n")
	}
	if p.octets > maxPicked+100 {
		t.Errorf("%d octets wait", p.octets)
	}
	say(3, "NOOP\r\n")
	end(3)
	n := int64(maxPicked/4 + 7)
	want = fmt.Sprintf(`3 open, 3 "EHLO c\r\n", 3 "HELP xxx", 3 "HELP xxx", 3 "HELP xxx", 3 gap %d+%d, 3 close`, 8+3*n, 2*n+6)
	if got := strings.Join(to.lines, ", "); got != want {
		t.Errorf("%s\nnot\n%s", got, want)
	}
	if len(p.waiting) != 0 || p.octets != 0 {
		t.Errorf("%d sessions with %d octets are left", len(p.waiting), p.octets)
	}
}
