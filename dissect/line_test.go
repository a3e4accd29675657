package dissect

import (
	"bytes"
	"testing"

	"posta/event"
	"posta/field"
)

// Lines of many connections are put together up to 64 MiB; what was told, lost
// or closed makes room again.
func TestLinesAreBounded(t *testing.T) {
	var want field.Set
	want.Add(field.SMTPCommandLine, field.POPRequest)
	told := 0
	d := New(want, func(f *Frame) {
		for _, n := range f.Tree.Nodes {
			told += len(n.Val.Octets())
		}
	})
	say := func(conn uint64, octets []byte) {
		d.Feed(&event.Event{Conn: conn, Kind: event.Data, Layer: event.Text, Data: octets, Len: int64(len(octets))})
	}
	half := bytes.Repeat([]byte("x"), 30_000)
	const conns, whole = 2000, 60_002
	open := func() {
		told = 0
		for conn := range uint64(conns) {
			protocol := [...]string{"smtp", "pop3"}[conn%2]
			d.Feed(&event.Event{Conn: conn, Kind: event.Open, Fact: event.Opened{Protocol: protocol}})
			say(conn, half)
			say(conn, half)
		}
		if d.lines < maxLines || d.lines > maxLines+maxLine {
			t.Errorf("%d octets are kept", d.lines)
		}
	}
	open()
	for conn := range uint64(conns) {
		say(conn, []byte("\r\n"))
	}
	if told < maxLines/2 || told > maxLines+maxLine || d.lines != 0 {
		t.Errorf("%d octets were told, %d are kept", told, d.lines)
	}
	for name, end := range map[string]event.Event{"gap": {Kind: event.Gap, Layer: event.Text, Len: 1}, "close": {Kind: event.Close}, "secure": {Kind: event.Secure}} {
		open()
		for conn := range uint64(conns) {
			end.Conn = conn
			d.Feed(&end)
		}
		if told != 0 || d.lines != 0 {
			t.Errorf("%s: %d octets were told, %d are kept", name, told, d.lines)
		}
	}
	d.Feed(&event.Event{Conn: 1, Kind: event.Open, Fact: event.Opened{Protocol: "smtp"}})
	say(1, half)
	say(1, half)
	say(1, []byte("\r"))
	say(1, []byte("\n"))
	if told != whole {
		t.Errorf("of a line of %d octets %d were told", whole, told)
	}
}
