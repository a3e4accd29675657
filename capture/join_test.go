package capture

import (
	"strings"
	"testing"

	"posta/event"
)

// Each case is a session on the line, and what both sides said in the end.
func TestJoin(t *testing.T) {
	const ack = flagACK
	tests := []struct {
		name             string
		play             func(l *line)
		dialer, listener string
		marks            map[uint32]event.Marks // by packet; Truncated and others not named must be absent
		closed           string
	}{
		{"in order, to the end", func(l *line) {
			l.hands()
			l.s(501, 101, ack, "220 hi\r\n")
			l.c(101, 509, ack, "QUIT\r\n")
			l.s(509, 107, ack|flagFIN, "221\r\n")
			l.c(107, 515, ack|flagFIN, "")
			l.s(515, 108, ack, "")
		}, "QUIT\r\n", "220 hi\r\n221\r\n", nil, "both sides finished"},
		{"out of order", func(l *line) {
			l.hands()
			l.c(107, 501, ack, "RSET\r\n")
			l.c(113, 501, ack, "QUIT\r\n")
			l.c(101, 501, ack, "NOOP\r\n")
		}, "NOOP\r\nRSET\r\nQUIT\r\n", "", map[uint32]event.Marks{4: event.OutOfOrder, 5: event.OutOfOrder}, ""},
		{"retransmitted, with other octets", func(l *line) {
			l.hands()
			l.c(101, 501, ack, "NOOP\r\n")
			l.c(101, 501, ack, "EVIL\r\n")
			l.c(103, 501, ack, "xxxxQUIT\r\n")
		}, "NOOP\r\nQUIT\r\n", "", map[uint32]event.Marks{5: event.Retransmission, 6: event.Overlap}, ""},
		{"overlap of what waits: the first stays", func(l *line) {
			l.hands()
			l.c(105, 501, ack, "EFGH")
			l.c(103, 501, ack, "cdefghij")
			l.c(107, 501, ack, "gh")
			l.c(101, 501, ack, "AB")
		}, "ABcdEFGHij", "", nil, ""},
		{"lost, and acknowledged", func(l *line) {
			l.hands()
			l.c(107, 501, ack, "QUIT\r\n")
			l.s(501, 113, ack, "221\r\n")
			l.c(101, 501, ack, "NOOP\r\n")
		}, "??????QUIT\r\n", "221\r\n", map[uint32]event.Marks{4: event.OutOfOrder, 5: event.Lost, 6: event.Retransmission}, ""},
		{"lost, and nobody says so", func(l *line) {
			l.hands()
			l.c(107, 501, ack, "QUIT\r\n")
		}, "??????QUIT\r\n", "", nil, "the capture ended"},
		{"lost before the end, which the FIN shows", func(l *line) {
			l.hands()
			l.c(107, 501, ack|flagFIN, "")
		}, "??????", "", nil, "the capture ended"},
		{"one side only, from the middle", func(l *line) {
			l.s(501, 101, ack, "250 ok\r\n")
			l.s(519, 107, ack, "250 ok\r\n")
		}, "", "250 ok\r\n??????????250 ok\r\n", nil, "the capture ended"},
		{"reset, with a reason that is no octet of the stream", func(l *line) {
			l.hands()
			l.c(101, 501, ack, "QUIT\r\n")
			l.s(501, 107, ack|flagRST, "go away")
		}, "QUIT\r\n", "", nil, "reset"},
		{"keep-alive", func(l *line) {
			l.hands()
			l.c(101, 501, ack, "NOOP\r\n")
			l.c(106, 501, ack, "\x00")
			l.c(106, 501, ack, "")
			l.c(107, 501, ack, "QUIT\r\n")
		}, "NOOP\r\nQUIT\r\n", "", map[uint32]event.Marks{5: event.KeepAlive, 6: event.KeepAlive}, ""},
		{"numbers turn around", func(l *line) {
			l.c(1<<32-4, 0, flagSYN, "")
			l.s(1<<32-1, 1<<32-3, ack|flagSYN, "")
			l.c(3, 0, ack, "QUIT\r\n")
			l.c(1<<32-3, 0, ack, "NOOP\r\n")
			l.s(0, 9, ack, "250\r\n")
		}, "NOOP\r\nQUIT\r\n", "250\r\n", nil, ""},
		{"data with the SYN", func(l *line) {
			l.c(100, 0, flagSYN, "EHLO x\r\n")
			l.s(500, 109, ack|flagSYN, "")
			l.c(109, 501, ack, "QUIT\r\n")
		}, "EHLO x\r\nQUIT\r\n", "", nil, ""},
		{"a SYN that is refused and tried once more", func(l *line) {
			l.c(100, 0, flagSYN, "")
			l.s(0, 101, ack|flagRST, "")
			l.c(100, 0, flagSYN, "")
			l.s(500, 101, ack|flagSYN, "")
			l.c(101, 501, ack, "QUIT\r\n")
			l.s(501, 107, ack, "221\r\n")
		}, "QUIT\r\n", "221\r\n", map[uint32]event.Marks{3: event.Retransmission}, "the capture ended"},
		{"one side, whose ports are used again", func(l *line) {
			l.s(500, 101, ack|flagSYN, "")
			l.s(501, 101, ack, "220 a\r\n")
			l.s(9500, 201, ack|flagSYN, "")
			l.s(9501, 201, ack, "220 b\r\n")
		}, "", "220 a\r\n220 b\r\n", nil, ""},
		{"nothing was captured before one side's acknowledgement", func(l *line) {
			l.s(501, 101, ack, "250 ok\r\n")
			l.c(120, 509, ack, "NOOP\r\n")
		}, "NOOP\r\n", "250 ok\r\n", nil, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var l line
			test.play(&l)
			w := l.watch(t, Limits{})
			if dialer, listener := w.said(t, 0); dialer != test.dialer || listener != test.listener {
				t.Errorf("said %q and %q,\nnot %q and %q", dialer, listener, test.dialer, test.listener)
			}
			for number, want := range test.marks {
				if got := w.frames[number].Segment.Marks; got != want {
					t.Errorf("packet %d has the marks %b, not %b", number, got, want)
				}
			}
			if got := w.streams[1].closed; test.closed != "" && got != test.closed {
				t.Errorf("closed: %q, not %q", got, test.closed)
			}
			if len(w.streams) != 1 || w.packets != len(l.packets) {
				t.Errorf("%d streams, %d packets of %d", len(w.streams), w.packets, len(l.packets))
			}
		})
	}
}

func TestPortsReused(t *testing.T) {
	var l line
	l.hands()
	l.c(101, 501, flagACK, "EHLO a\r\n")
	l.c(9100, 0, flagSYN, "")
	l.s(7500, 9101, flagSYN|flagACK, "")
	l.c(9101, 7501, flagACK, "EHLO b\r\n")
	w := l.watch(t, Limits{})
	for i, want := range []string{"EHLO a\r\n", "EHLO b\r\n"} {
		if got, _ := w.said(t, uint64(i)); got != want {
			t.Errorf("stream %d said %q, not %q", i, got, want)
		}
	}
	if w.frames[5].Segment.Marks&event.PortsReused == 0 || w.streams[1].closed != "its ports were used again" {
		t.Errorf("the second SYN is %+v; closed: %q", w.frames[5], w.streams[1].closed)
	}
}

// Who dialed is known from the handshake, and guessed otherwise.
func TestDialed(t *testing.T) {
	tests := []struct {
		name    string
		play    func(l *line)
		dialer  string
		first   event.Dir
		certain bool
	}{
		{"SYN", func(l *line) { l.send(listener, dialer, 1, 0, flagSYN, "") }, "192.0.2.2:25", event.FromDialer, true},
		{"SYN, ACK", func(l *line) { l.s(1, 2, flagSYN|flagACK, "") }, "192.0.2.1:40000", event.FromListener, true},
		{"the port", func(l *line) { l.s(1, 2, flagACK, "") }, "192.0.2.1:40000", event.FromListener, false},
		{"a reply from a strange port", func(l *line) { l.send(dialer, listener, 1, 2, flagACK, "250-x\r\n") }, "192.0.2.2:25", event.FromListener, false},
		{"a command to a strange port", func(l *line) { l.send(listener, dialer, 1, 2, flagACK, "mail FROM:<a@b>\r\n") }, "192.0.2.2:25", event.FromDialer, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var l line
			test.play(&l)
			got := l.watch(t, Limits{}).streams[1].opened
			if got.Remote.String() != test.dialer || got.First != test.first || got.Sure != test.certain {
				t.Errorf("opened: %+v", got)
			}
		})
	}
}

// What waits for lost octets is bounded, of one stream and of all, and so are
// the streams.
func TestLimits(t *testing.T) {
	var l line
	l.hands()
	for i := range uint32(100) {
		l.c(201+1000*i, 501, flagACK, strings.Repeat("x", 1000))
	}
	for _, limits := range []Limits{{Held: 20_000}, {AllHeld: 20_000}} {
		w := newWatcher(t, true)
		j := NewJoiner(w, limits)
		most := 0
		for i := range l.packets {
			j.Feed(&l.packets[i])
			most = max(most, j.held)
		}
		if most > 20_000 || w.streams[1].octets[0] != 100_000 || w.streams[1].lost[0] != 100 {
			t.Errorf("%+v: %d octets were held; %d given, %d lost", limits, most, w.streams[1].octets[0], w.streams[1].lost[0])
		}
	}

	var many line
	for port := range uint16(100) {
		from := dialer
		many.send(netipPort(from, 1000+port), listener, 1, 0, flagSYN, "")
	}
	w := newWatcher(t, false)
	j := NewJoiner(w, Limits{Open: 10, Closed: 20})
	for i := range many.packets {
		j.Feed(&many.packets[i])
	}
	if len(j.streams) > 30 || j.open.n > 10 || j.closed.n > 20 || j.count != 100 {
		t.Errorf("%d streams are known, %d open, %d closed, of %d", len(j.streams), j.open.n, j.closed.n, j.count)
	}
	if got := w.streams[1].closed; got != "too many connections were open" {
		t.Errorf("the first was closed: %q", got)
	}
}

// Ended streams stay open for late packets, but not too many of them.
func TestLingering(t *testing.T) {
	var l line
	for port := range uint16(maxLingering + 10) {
		l.send(netipPort(dialer, 1000+port), listener, 1, 0, flagRST, "")
	}
	j := NewJoiner(newWatcher(t, false), Limits{})
	for i := range l.packets {
		l.packets[i].Time = began
		j.Feed(&l.packets[i])
	}
	if j.open.n > maxLingering+1 || j.open.n < maxLingering {
		t.Errorf("%d streams are open", j.open.n)
	}
}

// An ICMP error is of the stream that it quotes.
func TestICMPQuotes(t *testing.T) {
	var l line
	l.hands()
	l.c(101, 501, flagACK, "EHLO x\r\n")
	quoted := l.packets[3].Data[14 : 14+28]
	icmp := append([]byte{3, 4, 0, 0, 0, 0, 0, 0}, quoted...)
	ip := append([]byte{0x45, 0, 0, byte(20 + len(icmp)), 0, 0, 0, 0, 64, protoICMP, 0, 0, 192, 0, 2, 9, 192, 0, 2, 1}, icmp...)
	l.put(LinkRaw, ip)
	w := l.watch(t, Limits{})
	if got := w.frames[5]; got.conn != 1 || got.Segment.Marks != event.Quoted || got.Segment.Seq != 101 || got.Segment.Transport != 48 {
		t.Errorf("the error is %+v", got)
	}
	if said, _ := w.said(t, 0); said != "EHLO x\r\n" {
		t.Errorf("said %q", said)
	}
}
