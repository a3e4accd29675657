//go:build whole

package tshark_test

import (
	"encoding/binary"
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"posta/capture"
	"posta/field"
)

// The flags of TCP.
const (
	fin = 1 << iota
	syn
	rst
	psh
	ack
)

// end is one side of a connection that a test makes up.
type end struct {
	addr     [4]byte
	port     uint16
	seq, ack uint32
	window   uint16
	options  []byte // of the next segment
}

// maker makes packets of raw IPv4.
type maker struct {
	rnd     *rand.Rand
	packets []capture.Packet
	lines   bool                // commands and replies are not cut
	stream  int                 // the one at hand
	said    map[string][]string // in it, by side and field
	open    string              // a reply of more lines is under way
}

// segment adds one of from's; what seq, ack and flags are is told, for they may be wrong on purpose.
func (m *maker) segment(from, to *end, seq, ackno uint32, flags byte, payload []byte) {
	for len(from.options)%4 != 0 {
		from.options = append(from.options, 1)
	}
	b := []byte{0x45, 0, 0, 0, 0, 0, 0x40, 0, 64, 6, 0, 0}
	b = append(append(b, from.addr[:]...), to.addr[:]...)
	b = binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(b, from.port), to.port)
	b = binary.BigEndian.AppendUint32(b, seq)
	b = binary.BigEndian.AppendUint32(b, ackno)
	b = append(b, byte(5+len(from.options)/4)<<4, flags)
	b = append(binary.BigEndian.AppendUint16(b, from.window), 0, 0, 0, 0)
	b = append(append(b, from.options...), payload...)
	from.options = nil
	binary.BigEndian.PutUint16(b[2:], uint16(len(b)))
	m.packets = append(m.packets, capture.Packet{Link: capture.LinkRaw, Data: b, Wire: len(b)})
}

// file writes the packets, some milliseconds apart or none.
func (m *maker) file(t *testing.T) captureFile {
	t.Helper()
	name := filepath.Join(t.TempDir(), "made.pcapng")
	out, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	w, err := capture.NewWriter(out, "posta test")
	if err == nil {
		_, err = w.Interface(capture.Adapter{Name: "made", Link: capture.LinkRaw})
	}
	at := time.Unix(1_790_000_000, 0)
	for i := range m.packets {
		at = at.Add(time.Duration(m.rnd.IntN(3)*m.rnd.IntN(20)) * time.Millisecond / 2)
		m.packets[i].Time = at
		if err == nil {
			err = w.Packet(&m.packets[i])
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return captureFile{path: name, name: "made"}
}

// handshake begins a connection, or leaves some of that out.
func (m *maker) handshake(c, s *end) {
	c.seq, s.seq = m.rnd.Uint32(), m.rnd.Uint32()
	c.window, s.window = 4096, 8192
	if m.rnd.IntN(6) == 0 { // it was not captured
		return
	}
	for _, e := range []*end{c, s} {
		e.options = []byte{2, 4, 5, 0xb4}
		if m.rnd.IntN(3) > 0 {
			e.options = append(e.options, 1, 3, 3, byte(m.rnd.IntN(10)))
		}
	}
	m.segment(c, s, c.seq, 0, syn, nil)
	if m.rnd.IntN(8) == 0 {
		m.segment(c, s, c.seq, 0, syn, nil)
	}
	c.seq++
	m.segment(s, c, s.seq, c.seq, syn|ack, nil)
	s.seq++
	m.segment(c, s, c.seq, s.seq, ack, nil)
	c.ack, s.ack = s.seq, c.seq
}

// exchange is one step of a connection in which little goes as it should.
func (m *maker) exchange(c, s *end) {
	from, to := c, s
	if m.rnd.IntN(2) == 0 {
		from, to = s, c
	}
	payload := make([]byte, 1+m.rnd.IntN(30))
	flags := byte(ack)
	if m.rnd.IntN(2) == 0 {
		flags |= psh
	}
	switch m.rnd.IntN(18) {
	case 0: // a keep-alive and its answer
		m.segment(from, to, from.seq-1, from.ack, ack, payload[:m.rnd.IntN(2)])
		m.segment(to, from, to.seq, to.ack, ack, nil)
	case 1: // the window closes, and opens
		from.window = 0
		m.segment(from, to, from.seq, from.ack, ack, nil)
		m.segment(to, from, to.seq, to.ack, ack, payload[:1])
		m.segment(from, to, from.seq, from.ack, ack, nil)
		if m.rnd.IntN(2) == 0 {
			from.window = 4096
			m.segment(from, to, from.seq, from.ack, ack, nil)
		}
	case 2: // another window
		from.window = uint16(m.rnd.IntN(1 << 16))
		m.segment(from, to, from.seq, from.ack, ack, nil)
	case 3, 4: // once more what was sent
		back := uint32(1 + m.rnd.IntN(60))
		m.segment(from, to, from.seq-back, from.ack, flags, payload)
	case 5: // lost before the capture
		from.seq += uint32(len(payload))
	case 6: // the second is captured before the first
		m.segment(from, to, from.seq+uint32(len(payload)), from.ack, flags, payload)
		m.segment(from, to, from.seq, from.ack, flags, payload)
		from.seq += 2 * uint32(len(payload))
	case 7, 8: // nothing new, several times
		for range 1 + m.rnd.IntN(4) {
			if m.rnd.IntN(3) == 0 {
				to.options = nil
				from.options = binary.BigEndian.AppendUint32([]byte{1, 1, 5, 10}, from.ack+10)
				from.options = binary.BigEndian.AppendUint32(from.options, from.ack+20)
			}
			m.segment(from, to, from.seq, from.ack, ack, nil)
		}
		if m.rnd.IntN(2) == 0 {
			m.segment(to, from, from.ack, to.ack, ack, payload)
		}
	case 9: // all of the window
		n := uint32(to.window) - (from.seq - to.ack)
		if n > 0 && n < 9000 {
			m.segment(from, to, from.seq, from.ack, flags, make([]byte, n))
			from.seq += n
		}
	case 10: // acknowledged, but never captured
		from.ack += uint32(m.rnd.IntN(30))
		m.segment(from, to, from.seq, from.ack, ack, nil)
	default:
		m.segment(from, to, from.seq, from.ack, flags, payload)
		from.seq += uint32(len(payload))
	}
	if m.rnd.IntN(2) == 0 {
		to.ack = from.seq
		if m.rnd.IntN(4) == 0 {
			to.ack -= uint32(m.rnd.IntN(40))
		}
		m.segment(to, from, to.seq, to.ack, ack, nil)
	}
}

// finish ends a connection in one of the ways.
func (m *maker) finish(c, s *end) {
	switch m.rnd.IntN(4) {
	case 0:
		m.segment(c, s, c.seq, c.ack, rst|ack, nil)
	case 1:
		m.segment(s, c, s.seq, s.ack, rst, []byte("no")[:m.rnd.IntN(3)])
	case 2:
		m.segment(c, s, c.seq, c.ack, fin|ack, nil)
		m.segment(s, c, s.seq, c.seq+1, fin|ack, nil)
		m.segment(c, s, c.seq+1, s.seq+1, ack, nil)
		if m.rnd.IntN(2) == 0 {
			m.segment(s, c, s.seq, c.seq+1, fin|ack, nil)
		}
	}
}

// disorderly is a capture of connections in which much goes wrong.
func disorderly(seed uint64, connections int) *maker {
	m := &maker{rnd: rand.New(rand.NewPCG(seed, 4))}
	var ends [][2]*end
	for i := range connections {
		c := &end{addr: [4]byte{192, 0, 2, 1}, port: uint16(40000 + i%max(1, connections-2))}
		ends = append(ends, [2]*end{c, {addr: [4]byte{192, 0, 2, 2}, port: 7}})
	}
	for _, e := range ends {
		m.handshake(e[0], e[1])
		for range 10 + m.rnd.IntN(60) {
			m.exchange(e[0], e[1])
		}
		m.finish(e[0], e[1])
	}
	return m
}

// said asks tshark for fields of each frame that a filter takes.
func (f captureFile) said(t *testing.T, ids []field.ID, args ...string) (frames []map[string][]string) {
	t.Helper()
	args = append(args, "-T", "json")
	for _, id := range ids {
		args = append(args, "-e", field.Of(id).Name)
	}
	var all []struct {
		Source struct {
			Layers map[string][]string `json:"layers"`
		} `json:"_source"`
	}
	if err := json.Unmarshal(f.tshark(t, args...), &all); err != nil {
		t.Fatalf("%s: %v", f.name, err)
	}
	for _, one := range all {
		frames = append(frames, one.Source.Layers)
	}
	return frames
}

// Segments of connections in which much goes wrong are judged as tshark judges
// them.
func TestDisorderIsTsharks(t *testing.T) {
	need(t)
	packets := 0
	for seed := range uint64(30) {
		f := disorderly(seed, 8).file(t)
		ours, faults := packetsOf(t, f.path), 0
		for i, theirs := range f.said(t, packetFields()) {
			packets++
			for _, id := range packetFields() {
				name := field.Of(id).Name
				if slices.Equal(ours[i][name], theirs[name]) {
					continue
				}
				if faults++; faults <= 5 {
					t.Errorf("seed %d, packet %d: %s: tshark %q, posta %q", seed, i+1, name, theirs[name], ours[i][name])
				}
			}
		}
		if faults > 5 {
			t.Errorf("seed %d: %d differences in all", seed, faults)
		}
	}
	if packets < 15000 {
		t.Errorf("only %d packets were compared", packets)
	}
}
