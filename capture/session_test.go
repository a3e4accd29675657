package capture

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net/netip"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"posta/event"
)

// lab is a session on ports of a lab, as wire tells of it.
func lab() []event.Event {
	ends := event.Endpoints{Remote: netip.MustParseAddrPort("192.0.2.1:40000"), Local: netip.MustParseAddrPort("192.0.2.2:2525")}
	at := func(ms int) time.Time { return began.Add(time.Duration(ms) * time.Millisecond) }
	text := func(ms int, d event.Dir, p event.Part, data string, mask ...event.Span) event.Event {
		return event.Event{Conn: 7, Time: at(ms), Kind: event.Data, Dir: d, Layer: event.Text, Part: p, Len: int64(len(data)), Data: []byte(data), Mask: mask}
	}
	letter := text(60, event.FromDialer, event.Body, "Subject: x\r\n\r\n"+strings.Repeat("a line of a letter\r\n", 2000)+".\r\n")
	letter.Dot = true
	return []event.Event{
		{Conn: 7, Time: at(0), Kind: event.Open, Fact: event.Opened{Endpoints: ends, Protocol: "smtp", Listener: "smtp", Mode: "lab"}},
		text(10, event.FromListener, event.Reply, "220 mail.pepito.es\r\n"),
		text(20, event.FromDialer, event.Command, "AUTH PLAIN AGx1aXMAY2xhdmU=\r\n", event.Span{Off: 11, Len: 16}),
		text(30, event.FromListener, event.Reply, "235 2.7.0 ok\r\n"),
		text(40, event.FromDialer, event.Command, "DATA\r\n"),
		text(50, event.FromListener, event.Reply, "354 go\r\n"),
		letter,
		{Conn: 7, Time: at(65), Kind: event.Gap, Dir: event.FromListener, Layer: event.Text, Len: 9},
		text(70, event.FromListener, event.Reply, "221 2.0.0 Bye\r\n"),
		{Conn: 7, Time: at(80), Kind: event.Close, Fact: event.Closed{Reason: "quit"}},
		text(90, event.FromDialer, event.Command, "nobody hears this"),
	}
}

// written is a capture of events.
func written(t *testing.T, o SessionOptions, events []event.Event) []byte {
	var b bytes.Buffer
	s, err := NewSessions(&b, o)
	if err != nil {
		t.Fatal(err)
	}
	for i := range events {
		if e := &events[i]; e.Kind != event.Data || s.Wants(e.Conn, e.Layer, e.Part) || o.Masked {
			s.Emit(e)
		}
	}
	if s.Err() != nil {
		t.Fatal(s.Err())
	}
	return b.Bytes()
}

// joined reads a capture's one stream.
func joined(t *testing.T, file []byte) (*watcher, *Reader) {
	r, err := NewReader(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	w := newWatcher(t, true)
	if err := Read(t.Context(), r, w, Limits{}); err != nil {
		t.Fatal(err)
	}
	return w, r
}

// What is written is read again: the same ends, octets and times, no segment
// that is strange, and right sums.
func TestSessions(t *testing.T) {
	events := lab()
	file := written(t, SessionOptions{Application: "posta test", Comments: []string{"about it"}}, events)
	w, r := joined(t, file)
	var said [2]string
	for _, e := range events[:len(events)-2] {
		said[e.Dir] += string(e.Data)
		if e.Kind == event.Gap {
			said[e.Dir] += "?????????"
		}
	}
	dialer, listener := w.said(t, 0)
	if dialer != said[0] || listener != said[1] {
		t.Errorf("read again: %d and %q", len(dialer), listener)
	}
	st := w.streams[1]
	if st.opened.Endpoints != events[0].Fact.(event.Opened).Endpoints || !st.opened.Sure || st.closed != "both sides finished" {
		t.Errorf("%+v, %q", st.opened, st.closed)
	}
	for number, f := range w.frames {
		if f.Segment.Marks&^(event.Lost|event.OutOfOrder) != 0 {
			t.Errorf("packet %d has the marks %b", number, f.Segment.Marks)
		}
		if f.Time.Before(began) || f.Time.After(began.Add(80*time.Millisecond)) {
			t.Errorf("packet %d is of %v", number, f.Time)
		}
	}
	if got := r.Info().Comments; !reflect.DeepEqual(got, []string{Synthesized, "about it"}) {
		t.Errorf("the comments are %q", got)
	}
	checkSums(t, file)
}

// checkSums adds up what must give nothing.
func checkSums(t *testing.T, file []byte) {
	all, _, err := readAll(t, file)
	if err != io.EOF {
		t.Fatal(err)
	}
	for _, p := range all {
		ip := p.Data[14:]
		segment, pseudo := ip[20:], sum(0, ip[12:20])
		if ip[0]>>4 == 6 {
			segment, pseudo = ip[40:], sum(0, ip[8:40])
		} else if folded(sum(0, ip[:20])) != 0 {
			t.Errorf("packet %d: the sum of IP is wrong", p.Number)
		}
		if folded(sum(pseudo+protoTCP+uint32(len(segment)), segment)) != 0 {
			t.Errorf("packet %d: the sum of TCP is wrong", p.Number)
		}
	}
}

// A masked capture has no secret, no body and no key; what stands for them
// does not even tell their length.
func TestSessionsMasked(t *testing.T) {
	events := lab()
	inTLS := events[2]
	inTLS.Layer, inTLS.Data = event.Wire, []byte("ciphertext")
	file := written(t, SessionOptions{Masked: true}, slices.Insert(events, 3, inTLS))
	for _, secret := range []string{"AGx1aXMAY2xhdmU=", "a line of a letter", "Subject", "ciphertext"} {
		if bytes.Contains(file, []byte(secret)) {
			t.Errorf("it has %q", secret)
		}
	}
	w, r := joined(t, file)
	dialer, listener := w.said(t, 0)
	if commands := strings.ReplaceAll(dialer, "?", ""); commands != "AUTH PLAIN ********\r\nDATA\r\n\r\n.\r\n" || !strings.HasSuffix(listener, "221 2.0.0 Bye\r\n") {
		t.Errorf("said %q and %q", commands, listener)
	}
	if !reflect.DeepEqual(r.Info().Comments, []string{Synthesized, Masked}) {
		t.Errorf("the comments are %q", r.Info().Comments)
	}
	s, err := NewSessions(io.Discard, SessionOptions{Masked: true})
	if err != nil || s.Secret(Secret{SecretTLS, []byte("x")}) == nil {
		t.Error("it takes a key")
	}
}

// A masked capture of a masked recording still has the end of a message, and
// what only looks like one is no end.
func TestSessionsMaskedEnd(t *testing.T) {
	events := lab()
	events[6].Data, events[6].Len = []byte("\r\n.\r\n"), 5
	chunk := events[6]
	chunk.Dot = false
	w, _ := joined(t, written(t, SessionOptions{Masked: true}, slices.Insert(events, 6, chunk)))
	if dialer, _ := w.said(t, 0); dialer != "AUTH PLAIN ********\r\nDATA\r\n?????\r\n.\r\n" {
		t.Errorf("said %q", dialer)
	}
}

// Once octets came as they were on the network, only those are written.
func TestSessionsWire(t *testing.T) {
	events := lab()[:3]
	tls := events[2]
	tls.Layer, tls.Data, tls.Mask = event.Wire, []byte("\x16\x03\x01 hello"), nil
	clear := events[2]
	file := written(t, SessionOptions{}, []event.Event{events[0], events[1], tls, clear})
	w, _ := joined(t, file)
	if dialer, listener := w.said(t, 0); dialer != "\x16\x03\x01 hello" || listener != "220 mail.pepito.es\r\n" {
		t.Errorf("said %q and %q", dialer, listener)
	}
}

// From where TLS is up, text is inside of it, though its first ciphertext is lost.
func TestSessionsLostTLS(t *testing.T) {
	events := lab()
	gap := func(l event.Layer, n int64) event.Event {
		return event.Event{Conn: 7, Time: events[2].Time, Kind: event.Gap, Dir: event.FromDialer, Layer: l, Len: n}
	}
	tls := events[2]
	tls.Layer, tls.Data, tls.Mask = event.Wire, []byte("\x17\x03\x03 hello"), nil
	secured := event.Event{Conn: 7, Time: events[2].Time, Kind: event.Secure, Fact: event.Secured{Version: "TLSv1.3"}}
	file := written(t, SessionOptions{}, []event.Event{events[0], gap(event.Text, 3), secured, events[2], gap(event.Wire, 4), tls})
	w, _ := joined(t, file)
	if dialer, _ := w.said(t, 0); dialer != "???????\x17\x03\x03 hello" {
		t.Errorf("said %q", dialer)
	}
}

// The packets of a session, one a line.
func TestSessionsGolden(t *testing.T) {
	var out strings.Builder
	for _, o := range []SessionOptions{{}, {Masked: true, StandardPorts: true}} {
		fmt.Fprintf(&out, "masked %v, standard ports %v\n", o.Masked, o.StandardPorts)
		all, _, err := readAll(t, written(t, o, lab()))
		if err != io.EOF {
			t.Fatal(err)
		}
		for _, p := range all {
			tcp := p.Data[34:]
			fmt.Fprintf(&out, "%2d %3d ms  %5d > %5d  flags %02x  seq %10d  ack %10d  %4d octets  %s\n", p.Number, p.Time.Sub(began).Milliseconds(),
				binary.BigEndian.Uint16(tcp), binary.BigEndian.Uint16(tcp[2:]), tcp[13], binary.BigEndian.Uint32(tcp[4:]),
				binary.BigEndian.Uint32(tcp[8:]), len(tcp)-int(tcp[12]>>4)*4, strings.Join(p.Comments, " "))
		}
	}
	want, err := os.ReadFile("testdata/session.txt")
	if err != nil {
		t.Fatal(err)
	}
	if got := out.String(); got != string(want) {
		t.Errorf("testdata/session.txt has something else than\n%s", got)
	}
}

// The side that closed sends the first FIN.
func TestSessionsClose(t *testing.T) {
	for reason, want := range map[string]event.Dir{"quit": event.FromListener, "peer closed": event.FromDialer} {
		events := lab()
		events[9].Fact = event.Closed{Reason: reason}
		w, _ := joined(t, written(t, SessionOptions{}, events[:10]))
		for number := uint32(1); ; number++ {
			if f := w.frames[number]; f.Segment.Flags&flagFIN != 0 {
				if f.Dir != want {
					t.Errorf("%s: the first FIN is of side %d", reason, f.Dir)
				}
				break
			}
		}
	}
}

// Sessions that cannot have been on a network are written all the same.
func TestSessionsOfOddEnds(t *testing.T) {
	for _, ends := range []event.Endpoints{
		{},
		{Remote: netip.MustParseAddrPort("[fe80::1%eth0]:40000"), Local: netip.MustParseAddrPort("[fe80::2%eth0]:25")},
		{Remote: netip.MustParseAddrPort("[2001:db8::1]:40000"), Local: netip.MustParseAddrPort("192.0.2.1:25")},
		{Remote: netip.MustParseAddrPort("[::ffff:192.0.2.1]:40000"), Local: netip.MustParseAddrPort("[::ffff:192.0.2.2]:25")},
	} {
		events := lab()
		events[0].Fact = event.Captured{Endpoints: ends}
		events[9].Fact = event.Closed{Reason: "reset by the peer"}
		file := written(t, SessionOptions{}, events)
		checkSums(t, file)
		if w, _ := joined(t, file); w.streams[1].closed != "reset" || w.streams[1].octets[0] < 40_000 {
			t.Errorf("%v: %+v", ends, w.streams[1])
		}
	}
}

// Live, the keys of a session stand before its handshake, however late they
// came; a masked session beside it is clear text that says so.
func TestSessionsLive(t *testing.T) {
	events := lab()
	sealed := func(d event.Dir, text string) event.Event {
		return event.Event{Conn: 7, Time: events[1].Time, Kind: event.Data, Dir: d, Layer: event.Wire, Len: int64(len(text)), Data: []byte(text)}
	}
	strict := lab()[:4]
	for i := range strict {
		strict[i].Conn = 8
		if f, ok := strict[i].Fact.(event.Opened); ok {
			f.Mode = "strict"
			strict[i].Fact = f
		}
	}
	events = slices.Concat(events[:2], []event.Event{
		sealed(event.FromDialer, "\x16\x03\x01 hello"), sealed(event.FromListener, "\x16\x03\x03 and hello"),
		{Conn: 7, Time: events[1].Time, Kind: event.Keys, Data: []byte("CLIENT_RANDOM …\n")},
		{Conn: 7, Time: events[1].Time, Kind: event.Secure, Fact: event.Secured{Version: "TLSv1.3"}},
		sealed(event.FromDialer, "\x17\x03\x03 sealed"), events[2],
	}, strict)
	o := SessionOptions{Live: true, Hides: func(mode string) bool { return mode == "strict" }}
	file := written(t, o, events)
	w, r := joined(t, file)
	if dialer, listener := w.said(t, 0); dialer != "\x16\x03\x01 hello\x17\x03\x03 sealed" || listener != "220 mail.pepito.es\r\n\x16\x03\x03 and hello" {
		t.Errorf("said %q and %q", dialer, listener)
	}
	if dialer, _ := w.said(t, 1); dialer != "AUTH PLAIN ********\r\n" {
		t.Errorf("the masked one said %q", dialer)
	}
	if len(r.Info().Secrets) != 1 || bytes.Index(file, []byte("CLIENT_RANDOM")) > bytes.Index(file, []byte(" hello")) {
		t.Error("the keys do not stand before the handshake")
	}
	if bytes.Count(file, []byte(Masked)) != 1 {
		t.Error("the masked session does not say so")
	}
	// Whatever does not end in TLS comes out all the same.
	for _, last := range []event.Event{sealed(event.FromDialer, strings.Repeat("x", maxEarly)), {Conn: 7, Time: events[1].Time, Kind: event.Close, Fact: event.Closed{}}} {
		file := written(t, o, append(events[:3:3], last))
		if w, _ := joined(t, file); !strings.HasPrefix(func() string { d, _ := w.said(t, 0); return d }(), "\x16\x03\x01 hello") {
			t.Errorf("behind %v the handshake is not there", last.Kind)
		}
	}
}
