//go:build whole

package captures

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"posta/capture"
	"posta/event"
)

// teller keeps what a joiner tells of streams, gaps as tshark writes them.
type teller struct {
	streams []followed
	frames  []string // number|stream|sequence number|length
	turned  []bool   // by stream: the listener's packet was the first
}

func (w *teller) Wants(uint64, event.Layer, event.Part) bool { return true }

func (w *teller) Emit(e *event.Event) {
	if e.Conn == 0 {
		return
	}
	i := int(e.Conn - 1)
	switch e.Kind {
	case event.Open:
		f := e.Fact.(event.Captured)
		ends := [2]string{f.Remote.String(), f.Local.String()}
		w.streams = append(w.streams, followed{nodes: [2]string{ends[f.First], ends[1-f.First]}})
		w.turned = append(w.turned, f.First == event.FromListener)
	case event.Packet:
		s := e.Fact.(*event.Segment)
		if s.Marks&event.Quoted != 0 {
			return
		}
		w.frames = append(w.frames, fmt.Sprintf("%d|%d|%d|%d", e.Packet, i, s.Seq, s.Len))
	case event.Data, event.Gap:
		side := int(e.Dir)
		if w.turned[i] {
			side = 1 - side
		}
		if e.Kind == event.Gap {
			w.streams[i].text[side] += fmt.Sprintf("[%d bytes missing in capture file]\x00", e.Len)
		} else {
			w.streams[i].text[side] += string(e.Data)
		}
	}
}

// generated is a capture of random conversations whose packets are lost,
// doubled and out of order.
func generated(t *testing.T, seed uint64, streams int) []byte {
	rnd := rand.New(rand.NewPCG(seed, 0))
	var packets []capture.Packet
	at := time.Unix(1_790_000_000, 0)
	for i := range streams {
		packets = append(packets, disturbed(rnd, conversation(t, rnd, i, at))...)
	}
	var file bytes.Buffer
	w, err := capture.NewWriter(&file, "posta test")
	if err == nil {
		_, err = w.Interface(capture.Adapter{Name: "eth0", Link: capture.LinkEthernet})
	}
	for i := range packets {
		if err == nil {
			packets[i].Time = at.Add(time.Duration(i) * time.Millisecond)
			err = w.Packet(&packets[i])
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

// conversation is one, whole, as packets.
func conversation(t *testing.T, rnd *rand.Rand, i int, at time.Time) []capture.Packet {
	var file bytes.Buffer
	s, err := capture.NewSessions(&file, capture.SessionOptions{})
	if err != nil {
		t.Fatal(err)
	}
	ends := event.Endpoints{Remote: netip.MustParseAddrPort("192.0.2.1:" + strconv.Itoa(30000+i)), Local: netip.MustParseAddrPort("192.0.2.2:7")}
	if rnd.IntN(3) == 0 {
		ends = event.Endpoints{Remote: netip.MustParseAddrPort("[2001:db8::1]:" + strconv.Itoa(30000+i)), Local: netip.MustParseAddrPort("[2001:db8::2]:7")}
	}
	conn := rnd.Uint64() // the sequence numbers come of it
	s.Emit(&event.Event{Conn: conn, Time: at, Kind: event.Open, Fact: event.Captured{Endpoints: ends}})
	for n := range 5 + rnd.IntN(60) {
		data := fmt.Appendf(nil, "%d:%d %s\n", i, n, strings.Repeat("x", rnd.IntN(50)))
		s.Emit(&event.Event{Conn: conn, Time: at, Kind: event.Data, Dir: event.Dir(rnd.IntN(2)), Layer: event.Wire, Data: data, Len: int64(len(data))})
	}
	s.Emit(&event.Event{Conn: conn, Time: at, Kind: event.Close, Fact: event.Closed{Reason: "quit"}})
	r, err := capture.NewReader(&file)
	if err != nil {
		t.Fatal(err)
	}
	var all []capture.Packet
	for {
		var p capture.Packet
		if err := r.Next(&p); err == io.EOF {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		p.Data, p.Comments, p.Interface = bytes.Clone(p.Data), nil, 0
		all = append(all, p)
	}
}

// disturbed loses, doubles and moves packets between the handshake, which may
// be lost as a whole, and the close, which acknowledges everything.
func disturbed(rnd *rand.Rand, all []capture.Packet) []capture.Packet {
	loss, middle := rnd.IntN(4)*10, all[3:len(all)-3]
	var out []capture.Packet
	for _, p := range middle {
		if rnd.IntN(100) >= loss {
			out = append(out, p)
		}
		if rnd.IntN(10) == 0 {
			out = append(out, p)
		}
	}
	for i := range out {
		if j := i + rnd.IntN(6); j < len(out) && rnd.IntN(3) == 0 {
			out[i], out[j] = out[j], out[i]
		}
	}
	if rnd.IntN(4) > 0 {
		out = append(append([]capture.Packet{}, all[:3]...), out...)
	}
	return append(out, all[len(all)-3:]...)
}

// Random conversations are joined as tshark joins them: the same streams,
// numbers, octets and gaps.
func TestJoinedAsTshark(t *testing.T) {
	const streams = 40
	atEnd := regexp.MustCompile(`(\[\d+ bytes missing in capture file\]\x00)+$`)
	for seed := range uint64(5) {
		file := generated(t, seed, streams)
		w := &teller{}
		r, err := capture.NewReader(bytes.NewReader(file))
		if err != nil {
			t.Fatal(err)
		}
		if err := capture.Read(t.Context(), r, w, capture.Limits{}); err != nil {
			t.Fatal(err)
		}
		name := saved(t, file)
		truth := follow(t, name, streams)
		if len(w.streams) != streams || len(truth) != streams {
			t.Fatalf("seed %d: %d streams, tshark shows %d, of %d", seed, len(w.streams), len(truth), streams)
		}
		for i := range truth {
			for side := range 2 { // that the last octets are lost, tshark does not say
				w.streams[i].text[side] = atEnd.ReplaceAllString(w.streams[i].text[side], "")
			}
			if w.streams[i] != truth[i] {
				t.Errorf("seed %d, stream %d:\n%q\ntshark:\n%q", seed, i, w.streams[i], truth[i])
			}
		}
		frames := fields(t, name, "tcp", "frame.number", "tcp.stream", "tcp.seq", "tcp.len")
		for i := range frames {
			if i >= len(w.frames) || frames[i] != w.frames[i] {
				t.Fatalf("seed %d: number, stream, sequence number and length of a packet are %s, not %s", seed, w.frames[min(i, len(w.frames)-1)], frames[i])
			}
		}
	}
}
