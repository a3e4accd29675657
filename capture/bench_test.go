package capture

import (
	"bytes"
	"encoding/binary"
	"io"
	"runtime"
	"testing"

	"posta/event"
)

// counter is a Sink that keeps nothing.
type counter struct {
	packets int
	octets  int64
	lost    int64
}

func (c *counter) Wants(uint64, event.Layer, event.Part) bool { return true }

func (c *counter) Emit(e *event.Event) {
	switch e.Kind {
	case event.Packet:
		c.packets++
	case event.Data:
		c.octets += e.Len
	case event.Gap:
		c.lost += e.Len
	}
}

// endless is a capture without an end in memory: a head, and packets that are
// the same but for their numbers.
type endless struct {
	head, packet []byte
	seq          int // where the sequence number lies in packet
	step         uint32
	left         int // of packets
	lose         int // each so many-th is left out
	rest         []byte
}

func (e *endless) Read(p []byte) (int, error) {
	if len(e.rest) == 0 {
		if e.head != nil {
			e.rest, e.head = e.head, nil
		} else if e.left == 0 {
			return 0, io.EOF
		} else {
			e.left--
			e.next()
			if e.lose > 0 && e.left%e.lose == 0 {
				e.next()
			}
			e.rest = e.packet
		}
	}
	n := copy(p, e.rest)
	e.rest = e.rest[n:]
	return n, nil
}

func (e *endless) next() {
	b := e.packet[e.seq : e.seq+4]
	binary.BigEndian.PutUint32(b, binary.BigEndian.Uint32(b)+e.step)
}

// longStream is one stream of segments of 1,460 octets.
func longStream(tb testing.TB, packets, lose int) *endless {
	var l line
	l.hands()
	size := uint32(1460)
	l.c(101-size, 501, flagACK, string(make([]byte, size)))
	head := pcapngFile(tb, LinkEthernet, l.packets[:3])
	whole := pcapngFile(tb, LinkEthernet, l.packets)
	packet := bytes.Clone(whole[len(head):])
	return &endless{head: head, packet: packet, seq: 28 + 14 + 20 + 4, step: size, left: packets, lose: lose}
}

// Memory stays what it is however long a file and a stream are, and however
// much of it is lost.
func TestMemoryIsBounded(t *testing.T) {
	const packets = 400_000 // nearly 600 MB
	for _, lose := range []int{0, 50} {
		r, err := NewReader(longStream(t, packets, lose))
		if err != nil {
			t.Fatal(err)
		}
		var c counter
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		if err := Read(t.Context(), r, &c, Limits{Held: 1 << 20}); err != nil {
			t.Fatal(err)
		}
		runtime.ReadMemStats(&after)
		if c.packets != packets+3 || c.octets != packets*1460 || (c.lost > 0) != (lose > 0) {
			t.Errorf("%+v", c)
		}
		if grown := after.TotalAlloc - before.TotalAlloc; grown > 8<<20 {
			t.Errorf("each %d-th lost: %d octets were allocated for %d packets", lose, grown, packets)
		}
	}
}

// A packet costs no allocation.
func TestNoAllocations(t *testing.T) {
	r, err := NewReader(longStream(t, 10_000, 0))
	if err != nil {
		t.Fatal(err)
	}
	j := NewJoiner(&counter{}, Limits{})
	var p Packet
	one := func() {
		if err := r.Next(&p); err != nil {
			t.Fatal(err)
		}
		j.Feed(&p)
	}
	for range 100 {
		one()
	}
	if n := testing.AllocsPerRun(1000, one); n != 0 {
		t.Errorf("%v allocations a packet", n)
	}
}

func BenchmarkRead(b *testing.B) {
	for name, lose := range map[string]int{"whole": 0, "lossy": 50} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(1460 + 54 + 32)
			b.ReportAllocs()
			r, err := NewReader(longStream(b, b.N, lose))
			if err != nil {
				b.Fatal(err)
			}
			if err := Read(b.Context(), r, &counter{}, Limits{}); err != nil {
				b.Fatal(err)
			}
		})
	}
}

// Many short sessions, as a mail server's capture has them.
func BenchmarkSessions(b *testing.B) {
	b.ReportAllocs()
	var l line
	l.hands()
	for i := range uint32(4) {
		l.s(501+8*i, 101+6*i, flagACK, "250 ok\r\n")
		l.c(101+6*i, 509+8*i, flagACK, "NOOP\r\n")
	}
	l.c(125, 533, flagACK|flagFIN, "")
	l.s(533, 126, flagACK|flagFIN, "")
	j := NewJoiner(&counter{}, Limits{})
	for n := range b.N {
		for i := range l.packets {
			p := &l.packets[i]
			for _, off := range []int{26, 30} { // other addresses each time
				p.Data[off], p.Data[off+1], p.Data[off+2] = byte(n>>16), byte(n>>8), byte(n)
			}
			j.Feed(p)
		}
	}
	b.ReportMetric(float64(len(l.packets)), "packets/op")
}
