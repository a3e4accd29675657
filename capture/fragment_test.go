package capture

import (
	"encoding/binary"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"posta/event"
)

// cutUp makes IPv4 fragments of a packet, of so many octets.
func cutUp(ip []byte, id uint16, size int) [][]byte {
	var all [][]byte
	for at := 20; at < len(ip); at += size {
		end := min(len(ip), at+size)
		one := append(append([]byte{}, ip[:20]...), ip[at:end]...)
		place := uint16((at - 20) / 8)
		if end < len(ip) {
			place |= 0x2000
		}
		binary.BigEndian.PutUint16(one[2:], uint16(len(one)))
		binary.BigEndian.PutUint16(one[4:], id)
		binary.BigEndian.PutUint16(one[6:], place)
		all = append(all, one)
	}
	return all
}

// In whatever order fragments come, and how often, they are one segment, in
// the packet that completed it.
func TestFragments(t *testing.T) {
	text := strings.Repeat("0123456789abcdef", 100)
	for seed := range uint64(50) {
		rnd := rand.New(rand.NewPCG(seed, 0))
		all := cutUp(bare(dialer, listener, text), 7, 8*(1+rnd.IntN(30)))
		all = append(all, all[rnd.IntN(len(all))])
		rnd.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		var l line
		for _, one := range all {
			l.put(LinkRaw, one)
		}
		w := l.watch(t, Limits{})
		if said, _ := w.said(t, 0); said != text {
			t.Fatalf("seed %d: said %d octets", seed, len(said))
		}
		whole := 0
		for _, one := range w.frames {
			if one.Segment.Whole != nil {
				whole++
			} else if one.Segment.Marks&event.Fragment == 0 {
				t.Errorf("seed %d: packet %d is no fragment", seed, one.Packet)
			}
		}
		if whole != 1 {
			t.Errorf("seed %d: %d packets completed it", seed, whole)
		}
	}
}

func TestFragmentsOfIPv6(t *testing.T) {
	v6 := bare(netipPort6("2001:db8::1", 40000), netipPort6("2001:db8::2", 25), "NOOP\r\nQUIT\r\n")
	var l line
	for _, cut := range []span{{24, len(v6) - 40}, {0, 24}} {
		one := append([]byte{}, v6[:40]...)
		one[6] = protoFragment
		place := uint16(cut.from)
		if cut.to < len(v6)-40 {
			place |= 1
		}
		one = append(one, protoTCP, 0)
		one = binary.BigEndian.AppendUint16(one, place)
		one = append(append(one, 0, 0, 0, 9), v6[40+cut.from:40+cut.to]...)
		binary.BigEndian.PutUint16(one[4:], uint16(len(one)-40))
		l.put(LinkRaw, one)
	}
	if said, _ := l.watch(t, Limits{}).said(t, 0); said != "NOOP\r\nQUIT\r\n" {
		t.Errorf("said %q", said)
	}
}

// Where fragments overlap, the octets that came first stay.
func TestFragmentsOverlap(t *testing.T) {
	f := newFragments()
	var got []byte
	for _, one := range []struct {
		at   int
		more bool
		text string
	}{{8, true, "BBBBBBBB"}, {24, true, "DDDDDDDD"}, {0, true, strings.Repeat("x", 32)}, {32, false, "END"}} {
		d := datagram{more: one.more, fragment: one.at, fragmented: true}
		got, _ = f.add(&d, []byte(one.text), began)
	}
	if want := "xxxxxxxxBBBBBBBBxxxxxxxxDDDDDDDDEND"; string(got) != want {
		t.Errorf("the datagram is %q, not %q", got, want)
	}
}

// Fragments whose rest never comes are given up: by age, number and size.
func TestFragmentsAreBounded(t *testing.T) {
	f := newFragments()
	payload := make([]byte, 8000)
	at := began
	for id := range uint32(10_000) {
		d := datagram{id: id, more: true, fragment: 40_000, fragmented: true}
		f.add(&d, payload, at)
		if f.bytes > maxWaitingBytes || len(f.order) > maxWaiting || len(f.order) != len(f.waiting) {
			t.Fatalf("%d datagrams wait, %d octets", len(f.order), f.bytes)
		}
	}
	d := datagram{id: 1 << 20, more: true, fragmented: true}
	f.add(&d, payload, at.Add(2*time.Minute))
	if len(f.waiting) != 1 {
		t.Errorf("%d datagrams wait after two minutes", len(f.waiting))
	}
	holes := datagram{id: 5, more: true, fragmented: true}
	for i := range 8000 / 16 {
		holes.fragment = 16 * i
		f.add(&holes, payload[:8], at)
	}
	for _, w := range f.order {
		if len(w.have) > maxHoles+1 {
			t.Errorf("a datagram has %d pieces", len(w.have))
		}
	}
}
