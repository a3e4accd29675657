package capture

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"posta/event"
)

// Whatever the octets, reading ends, with an error or at the end; what was read
// is joined by the rules, and written it is read again as it was.
func FuzzRead(f *testing.F) {
	all := session()
	f.Add(pcapFile(binary.LittleEndian, pcapMicro, LinkEthernet, all))
	f.Add(pcapFile(binary.BigEndian, pcapNano, LinkRaw, all))
	plain := pcapngFile(f, LinkEthernet, all)
	f.Add(plain)
	f.Add(bigEndian())
	for _, pack := range packers() {
		f.Add(pack(plain))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		r, err := NewReader(bytes.NewReader(file))
		if err != nil {
			var damage *Damage
			if !errors.As(err, &damage) {
				t.Fatal(err)
			}
			return
		}
		defer r.Close()
		w := newWatcher(t, false)
		j := NewJoiner(w, Limits{Held: 1 << 12, AllHeld: 1 << 14, Open: 8, Closed: 8})
		var packets []Packet
		for range 1000 {
			var p Packet
			if err = r.Next(&p); err != nil {
				break
			}
			j.Feed(&p)
			p.Data = append([]byte{}, p.Data...)
			packets = append(packets, p)
		}
		j.End()
		if w.packets != len(packets) || j.held != 0 {
			t.Errorf("%d packets of %d were told of, %d octets held", w.packets, len(packets), j.held)
		}
		rewrite(t, packets)
	})
}

// rewrite writes packets, each at an interface of its own, and reads them again.
func rewrite(t *testing.T, packets []Packet) {
	var b bytes.Buffer
	w, err := NewWriter(&b, "posta test")
	for i := range packets {
		p := &packets[i]
		p.Number, p.Interface, p.At = uint32(i+1), i, 0
		p.Time = p.Time.Add(0)
		if p.Time.Unix() < 0 || p.Time.Unix() >= 1<<34 {
			p.Time = began
		}
		var short []string
		for _, c := range p.Comments {
			if c != "" {
				short = append(short, c)
			}
		}
		p.Comments = short
		if err == nil {
			_, err = w.Interface(Adapter{Link: p.Link})
		}
		if err == nil {
			err = w.Packet(p)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	got, _, err := readAll(t, b.Bytes())
	if err != io.EOF || !reflect.DeepEqual(places(got), packets) {
		t.Errorf("read again: %v\n%+v\n%+v", err, got, packets)
	}
}

// However a conversation is cut into segments, put out of order, doubled and
// lost, each octet comes out as it was, or as part of a gap, at its place.
func FuzzJoin(f *testing.F) {
	f.Add(uint64(1), "EHLO x\r\nMAIL FROM:<a@b>\r\n", "220 hi\r\n250 ok\r\n", byte(0))
	f.Add(uint64(2), strings.Repeat("a line of a message\r\n", 50), "354 go\r\n250 ok\r\n", byte(60))
	f.Add(uint64(3), "", "220 hi\r\n", byte(200))
	f.Fuzz(func(t *testing.T, seed uint64, up, down string, loss byte) {
		if len(up) > 1<<14 || len(down) > 1<<14 {
			return // longer conversations show nothing more
		}
		rnd := rand.New(rand.NewPCG(seed, 0))
		var l line
		isn := [2]uint32{rnd.Uint32(), rnd.Uint32()}
		l.c(isn[0]-1, 0, flagSYN, "")
		l.s(isn[1]-1, isn[0], flagSYN|flagACK, "")
		segments := shuffled(rnd, isn, [2]string{up, down}, int(loss))
		for _, one := range segments {
			if one.side == 0 {
				l.c(one.seq, isn[1], flagACK, string(one.payload))
			} else {
				l.s(one.seq, isn[0], flagACK, string(one.payload))
			}
		}
		w := l.watch(t, Limits{})
		gotUp, gotDown := w.said(t, 0)
		captured := [2][]bool{make([]bool, len(up)), make([]bool, len(down))}
		for _, one := range segments {
			for i := range one.payload {
				captured[one.side][int(one.seq-isn[one.side])+i] = true
			}
		}
		for side, pair := range [][2]string{{up, gotUp}, {down, gotDown}} {
			if want := seenOf(pair[0], captured[side]); pair[1] != want {
				t.Errorf("side %d said %q, not %q", side, pair[1], want)
			}
		}
	})
}

// seenOf is what can be known of a text: '?' for what was never captured, and
// nothing of what was lost at its end.
func seenOf(text string, captured []bool) string {
	b, end := []byte(text), 0
	for i, is := range captured {
		if is {
			end = i + 1
		} else {
			b[i] = '?'
		}
	}
	return string(b[:end])
}

// shuffled cuts two texts into overlapping segments, loses some, doubles some
// and mixes them. The first of each side stays in front, so that sides begin
// where they do.
func shuffled(rnd *rand.Rand, isn [2]uint32, texts [2]string, loss int) []segment {
	var all []segment
	for side, text := range texts {
		for at := 0; at < len(text); {
			n := min(len(text)-at, 1+rnd.IntN(40))
			from := max(0, at-rnd.IntN(10)) // over what came before
			one := segment{side: uint8(side), seq: isn[side] + uint32(from), payload: []byte(text[from : at+n])}
			if rnd.IntN(256) >= loss {
				all = append(all, one)
			}
			if rnd.IntN(8) == 0 {
				all = append(all, one)
			}
			at += n
		}
	}
	rnd.Shuffle(len(all), func(i, j int) {
		if abs := i - j; abs < 30 && abs > -30 {
			all[i], all[j] = all[j], all[i]
		}
	})
	return all
}

// bigEndian is a capture with two sections of both byte orders, old and simple
// packet blocks, and blocks that nobody knows.
func bigEndian() []byte {
	var b []byte
	for _, order := range []binary.AppendByteOrder{binary.BigEndian, binary.LittleEndian} {
		block := func(kind uint32, body ...byte) {
			b = order.AppendUint32(b, kind)
			b = order.AppendUint32(b, uint32(len(body)+12))
			b = append(b, body...)
			b = order.AppendUint32(b, uint32(len(body)+12))
		}
		u32 := func(all ...uint32) (out []byte) {
			for _, v := range all {
				out = order.AppendUint32(out, v)
			}
			return out
		}
		u16 := func(a, b uint16) []byte { return order.AppendUint16(order.AppendUint16(nil, a), b) }
		block(blockSection, bytes.Join([][]byte{u32(byteOrderMagic), u16(1, 0), u32(0xffffffff, 0xffffffff)}, nil)...)
		block(blockInterface, append(u16(uint16(LinkRaw), 0), u32(4)...)...) // of each packet four octets
		block(0x7777, u32(1, 2, 3)...)
		block(blockSimple, append(u32(1000), "simple.."...)...)
		block(blockOldPacket, append(append(u16(0, 0), u32(1, 2, 3, 9)...), "old\x00"...)...)
		block(blockCustom, u32(32473, 5)...)
		block(blockPacket, append(u32(0, 1, 2, 4, 4), "new!"...)...)
	}
	return b
}

func TestSectionsOfBothByteOrders(t *testing.T) {
	got, r, err := readAll(t, bigEndian())
	var said []string
	for _, p := range got {
		said = append(said, string(p.Data))
	}
	want := []string{"simp", "old", "new!", "simp", "old", "new!"}
	if err != io.EOF || !reflect.DeepEqual(said, want) || len(r.Info().Interfaces) != 2 || len(r.format.(*pcapng).adapters) != 1 {
		t.Fatalf("%q, %v", said, err)
	}
	last := got[5]
	if last.Number != 8 || last.Time.UnixMicro() != 1<<32+2 || got[3].Wire != 1000 || !got[3].Time.IsZero() || got[4].Wire != 9 {
		t.Errorf("%+v", got) // custom blocks have numbers too
	}
}

// Whatever passes on a session, its capture read again has the same octets on
// each side, cut where packets are full.
func FuzzSessions(f *testing.F) {
	f.Add(uint64(1), []byte("EHLO x\r\n"), uint16(3), false)
	f.Add(uint64(2), bytes.Repeat([]byte("a line\r\n"), 1000), uint16(7), true)
	f.Fuzz(func(t *testing.T, conn uint64, text []byte, size uint16, six bool) {
		if len(text) > 1<<16 || size == 0 || len(text)/int(size) > 1000 {
			return // longer sessions show nothing more
		}
		ends := event.Endpoints{Remote: dialer, Local: listener}
		if six {
			ends = event.Endpoints{Remote: netipPort6("2001:db8::1", 40000), Local: netipPort6("2001:db8::2", 25)}
		}
		events := []event.Event{{Conn: conn, Time: began, Kind: event.Open, Fact: event.Opened{Endpoints: ends, Protocol: "smtp"}}}
		var want [2]string
		for i := 0; len(text) > 0; i++ {
			n := min(len(text), int(size))
			d := event.Dir(uint64(i) + conn&1)
			if d %= 2; conn%5 == 0 {
				d = event.FromDialer
			}
			events = append(events, event.Event{Conn: conn, Time: began, Kind: event.Data, Dir: d, Layer: event.Text, Data: text[:n], Len: int64(n)})
			want[d] += string(text[:n])
			text = text[n:]
		}
		events = append(events, event.Event{Conn: conn, Time: began, Kind: event.Close, Fact: event.Closed{Reason: "quit"}})
		file := written(t, SessionOptions{}, events)
		w, _ := joined(t, file)
		if dialer, listener := w.said(t, 0); dialer != want[0] || listener != want[1] {
			t.Errorf("said %d and %d octets, not %d and %d", len(dialer), len(listener), len(want[0]), len(want[1]))
		}
		for _, one := range w.frames {
			if one.Segment.Marks != 0 {
				t.Errorf("packet %d has the marks %b", one.Packet, one.Segment.Marks)
			}
		}
		checkSums(t, file)
	})
}
