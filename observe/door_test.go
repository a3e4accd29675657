package observe

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"
)

func TestDoor(t *testing.T) {
	var out strings.Builder
	log := NewLog(LogOptions{Out: &out})
	now := time.Unix(1000, 0)
	d := NewDoor(func(r Refusal) { r.Log(log) }, func() time.Time { return now })
	knock := func(remote string) { d.Refused("smtp", netip.MustParseAddrPort(remote), "421 4.7.0 no") }
	knock("192.0.2.1:1")
	knock("192.0.2.1:2")
	knock("192.0.2.1:3")
	knock("[2001:db8::1]:1")
	knock("[2001:db8::2]:1") // the same host, as far as anybody knows
	d.Refused("pop3", netip.MustParseAddrPort("192.0.2.1:1"), "-ERR no")
	now = now.Add(doorPause)
	knock("[::ffff:192.0.2.1]:4")
	// A flood from everywhere: remembered up to a bound, one line for all the rest.
	now = now.Add(doorPause)
	for i := range 3 * doorPeers {
		knock(fmt.Sprintf("10.0.%d.%d:1", i/256, i%256))
	}
	if len(d.known) != doorPeers {
		t.Errorf("%d peers are remembered", len(d.known))
	}
	now = now.Add(doorPause)
	knock("10.9.9.9:1")
	if len(d.known) != 1 {
		t.Errorf("%d peers are remembered after a minute", len(d.known))
	}
	log.Close()
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	for i, want := range []string{"remote=192.0.2.1 listener=smtp reply=\"421 4.7.0 no\"", "remote=2001:db8::1", "listener=pop3",
		"remote=192.0.2.1 listener=smtp reply=\"421 4.7.0 no\" more=2"} {
		if !strings.Contains(lines[i], want) || !strings.Contains(lines[i], "level=WARN msg=door.refused") {
			t.Errorf("%s, want %s", lines[i], want)
		}
	}
	if got := len(lines) - 4; got != doorPeers+1+1 {
		t.Errorf("%d lines for the flood", got)
	}
}
