package observe

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// knocking gives a Door, and its log's lines from their client= on when it was
// closed.
func knocking(t *testing.T, do func(*Door)) []string {
	var out strings.Builder
	synctest.Test(t, func(*testing.T) {
		log := NewLog(LogOptions{Out: &out})
		d := NewDoor(func(r Refusal) { r.Log(log) })
		do(d)
		d.Close()
		log.Close()
	})
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	for i, line := range lines {
		head, tail, ok := strings.Cut(line, " client=")
		if !ok || !strings.HasSuffix(head, "level=WARN msg=door.refused") {
			t.Errorf("line %q", line)
		}
		lines[i] = tail
	}
	return lines
}

func (d *Door) knock(remote string) {
	d.Refused("smtp", netip.MustParseAddrPort(remote), "421 4.7.0 no")
}

// The first is told of at once, the others by their number a minute later,
// whether somebody comes again or not.
func TestDoor(t *testing.T) {
	got := knocking(t, func(d *Door) {
		d.knock("192.0.2.1:1")
		d.knock("192.0.2.1:2")
		d.knock("[::ffff:192.0.2.1]:3")
		d.knock("[2001:db8::1]:1")
		d.Refused("pop3", netip.MustParseAddrPort("192.0.2.1:1"), "-ERR no")
		time.Sleep(doorPause / 2)
		d.knock("[2001:db8::2]:1") // the same host, as far as anybody knows
		time.Sleep(doorPause / 2)
		synctest.Wait()
		time.Sleep(2 * doorPause)
		if len(d.known) != 2 {
			t.Errorf("%d are remembered, want the two that were told of last", len(d.known))
		}
		d.knock("192.0.2.1:4")
		d.knock("192.0.2.1:5")
	})
	want := []string{
		`192.0.2.1 listener=smtp reply="421 4.7.0 no"`,
		`2001:db8::1 listener=smtp reply="421 4.7.0 no"`,
		`192.0.2.1 listener=pop3 reply="-ERR no"`,
		`2001:db8::2 listener=smtp reply="421 4.7.0 no"`,
		`192.0.2.1 listener=smtp reply="421 4.7.0 no" more=1`,
		`192.0.2.1 listener=smtp reply="421 4.7.0 no"`,
		`192.0.2.1 listener=smtp reply="421 4.7.0 no"`,
	}
	if strings.Contains(got[3], "192.0.2.1") { // both were due at the same moment
		got[3], got[4] = got[4], got[3]
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("lines\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// A flood from everywhere: remembered up to a bound, one line a minute for all
// the rest, and soon forgotten.
func TestDoorFlood(t *testing.T) {
	got := knocking(t, func(d *Door) {
		for i := range 3 * doorPeers {
			d.knock(fmt.Sprintf("10.0.%d.%d:1", i/256, i%256))
		}
		if n := remembered(d); n != doorPeers {
			t.Errorf("%d peers are remembered", n)
		}
		time.Sleep(doorPause + time.Second)
		synctest.Wait()
		d.knock("10.9.9.9:1")
		if n := remembered(d); n != 1 {
			t.Errorf("%d peers are remembered after a minute", n)
		}
	})
	if len(got) != doorPeers+3 {
		t.Errorf("%d lines for the flood", len(got))
	}
	if rest := fmt.Sprintf("more=%d", 2*doorPeers-2); !strings.HasSuffix(got[doorPeers+1], rest) {
		t.Errorf("of the rest was told %q, want %s", got[doorPeers+1], rest)
	}
}

func remembered(d *Door) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.known)
}
