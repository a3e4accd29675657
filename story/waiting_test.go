package story

import (
	"strings"
	"testing"
	"time"

	"posta/event"
	"posta/smtp"
)

// What waits for a reply does not grow with the connections, and all that waits
// is counted, whatever ends the waiting.
func TestWaitingIsBounded(t *testing.T) {
	const conns, each = 200, 500
	b := New(Options{})
	held := func() (acts, octets int) {
		for _, d := range b.open {
			for _, a := range d.waiting {
				acts, octets = acts+1, octets+len(a.Text)+len(a.Arg)
			}
		}
		return acts, octets
	}
	say := func(conn uint64, line string) {
		c, fault := smtp.ParseCommand([]byte(line), 0)
		b.SMTPCommand(Place{Conn: conn}, []byte(line), &c, fault)
	}
	for _, line := range []string{"NOOP", "NOOP " + strings.Repeat("x", 2000)} {
		for conn := range uint64(conns) {
			b.Open(conn, time.Time{}, event.Opened{Protocol: "smtp"})
			for range each {
				say(conn, line)
			}
		}
		acts, octets := held()
		if acts > maxWaitingAll || octets > maxWaitingOctets || acts != b.waiting.queue.Len() || octets != b.waiting.octets || acts < 10_000 {
			t.Errorf("%d commands of %d octets wait; counted are %d of %d", acts, octets, b.waiting.queue.Len(), b.waiting.octets)
		}
		say(conns-1, "VRFY x")
		if a := b.asked(b.open[conns-1], "VRFY", true); a == nil {
			t.Error("the last command does not wait for its reply")
		}
		b.Secured(Place{Conn: conns - 2}, event.Secured{})
		for conn := range uint64(conns) {
			b.Close(conn, Moment{}, "quit")
		}
		if b.waiting.queue.Len() != 0 || b.waiting.octets != 0 {
			t.Errorf("%d commands of %d octets wait where all is over", b.waiting.queue.Len(), b.waiting.octets)
		}
	}
}

// Nor do the exchanges that have no reply yet.
func TestPairsAreBounded(t *testing.T) {
	told := 0
	p := NewPairs(func(Exchange) { told++ })
	const conns, each = 200, 500
	for conn := range uint64(conns) {
		for range each {
			p.Take(&Session{Conn: conn}, &Act{Kind: Command})
		}
	}
	held := 0
	for _, waiting := range p.waiting {
		held += len(waiting)
	}
	if held > maxWaitingAll+conns || held != p.count || told+held != conns*each {
		t.Errorf("%d wait, counted %d, and %d were told", held, p.count, told)
	}
	for conn := range uint64(conns) {
		p.Take(&Session{Conn: conn}, &Act{Kind: Over})
	}
	if p.count != 0 || told != conns*each+conns {
		t.Errorf("%d wait where all is over, %d were told", p.count, told)
	}
}
