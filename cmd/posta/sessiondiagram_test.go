package main

import (
	"net/netip"
	"testing"
	"time"

	"posta/admin"
	"posta/event"
	"posta/story"
)

// A session of another host is another one, however alike the rest is.
func TestIsRecorded(t *testing.T) {
	at := time.Date(2026, 11, 26, 9, 0, 0, 0, time.UTC)
	port := func(text string) (p netip.AddrPort) {
		if text != "" {
			p = netip.MustParseAddrPort(text)
		}
		return p
	}
	for _, c := range []struct {
		read, recorded string
		after          time.Duration
		want           bool
	}{
		{"192.0.2.1:4000", "192.0.2.1:4000", 0, true},
		{"192.0.2.1:4000", "192.0.2.2:4000", 0, false},
		{"192.0.2.1:4000", "192.0.2.1:4001", 0, false},
		{"192.0.2.1:4000", "192.0.2.1:4000", 2 * time.Second, false},
		{"192.0.2.1:4000", "[::ffff:192.0.2.1]:4000", 0, true},
		{"[fe80::1]:4000", "[fe80::1%eth0]:4000", 0, true},
		{"0.0.0.0:0", "", 0, true},
		{"192.0.2.1:0", "", 0, false},
	} {
		for _, turned := range []bool{false, true} {
			ends := event.Endpoints{Local: port("198.51.100.1:25"), Remote: port(c.read)}
			r := admin.Recorded{Local: port("198.51.100.1:25"), Remote: port(c.recorded), Opened: at.Add(c.after)}
			if turned {
				ends.Local, ends.Remote, r.Local, r.Remote = ends.Remote, ends.Local, r.Remote, r.Local
			}
			s := &story.Session{Ends: ends}
			s.Began.Time = at
			if got := isRecorded(s, r); got != c.want {
				t.Errorf("%s, of %s %s later: %v", c.read, c.recorded, c.after, got)
			}
		}
	}
}
