package capture

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"testing"
	"time"

	"posta/event"
)

// The two ends of most tests, and when their packets begin.
var (
	dialer   = netip.MustParseAddrPort("192.0.2.1:40000")
	listener = netip.MustParseAddrPort("192.0.2.2:25")
	began    = time.Unix(1_790_000_000, 0).UTC()
)

// line is a network on which a test puts packets, a millisecond apart.
type line struct {
	packets []Packet
	now     time.Time
}

func (l *line) put(link LinkType, data []byte) {
	l.now = began.Add(time.Duration(len(l.packets)) * time.Millisecond)
	l.packets = append(l.packets, Packet{Number: uint32(len(l.packets) + 1), Time: l.now, Link: link, Data: data, Wire: len(data)})
}

// c and s put segments of the dialer and of the listener.
func (l *line) c(seq, ack uint32, flags uint8, payload string) {
	l.send(dialer, listener, seq, ack, flags, payload)
}

func (l *line) s(seq, ack uint32, flags uint8, payload string) {
	l.send(listener, dialer, seq, ack, flags, payload)
}

func (l *line) send(src, dst netip.AddrPort, seq, ack uint32, flags uint8, payload string) {
	l.put(LinkEthernet, appendFrame(nil, &made{src: src, dst: dst, seq: seq, ack: ack, flags: flags, window: 1000, payload: []byte(payload)}))
}

// hands puts a handshake; the first octets are 101 and 501.
func (l *line) hands() {
	l.c(100, 0, flagSYN, "")
	l.s(500, 101, flagSYN|flagACK, "")
	l.c(101, 501, flagACK, "")
}

// watch lets a Joiner see all of it.
func (l *line) watch(t testing.TB, limits Limits) *watcher {
	w := newWatcher(t, true)
	j := NewJoiner(w, limits)
	for i := range l.packets {
		j.Feed(&l.packets[i])
	}
	j.End()
	if j.held != 0 {
		t.Errorf("%d octets are held at the end", j.held)
	}
	return w
}

// said is what a stream's two sides said, '?' for each octet of a gap.
func (w *watcher) said(t testing.TB, stream uint64) (dialer, listener string) {
	t.Helper()
	st := w.streams[stream+1]
	if st == nil {
		t.Fatalf("there is no stream %d", stream)
	}
	if st.closed == "" {
		t.Errorf("stream %d was not closed", stream)
	}
	return string(st.text[event.FromDialer]), string(st.text[event.FromListener])
}

// pcapFile writes packets in the classic format.
func pcapFile(order binary.AppendByteOrder, magic uint32, link LinkType, packets []Packet) []byte {
	b := order.AppendUint32(nil, magic)
	b = order.AppendUint16(b, 2)
	b = order.AppendUint16(b, 4)
	b = append(b, make([]byte, 8)...)
	b = order.AppendUint32(b, maxPacket)
	b = order.AppendUint32(b, uint32(link))
	for _, p := range packets {
		fraction := uint32(p.Time.Nanosecond())
		if magic == pcapMicro {
			fraction /= 1000
		}
		b = order.AppendUint32(b, uint32(p.Time.Unix()))
		b = order.AppendUint32(b, fraction)
		b = order.AppendUint32(b, uint32(len(p.Data)))
		b = order.AppendUint32(b, uint32(p.Wire))
		b = append(b, p.Data...)
	}
	return b
}

// pcapngFile writes packets with Writer, all of one link type.
func pcapngFile(t testing.TB, link LinkType, packets []Packet) []byte {
	var b bytes.Buffer
	w, err := NewWriter(&b, "posta test")
	if err == nil {
		_, err = w.Interface(Adapter{Name: "eth0", Link: link})
	}
	for i := range packets {
		if err == nil {
			err = w.Packet(&packets[i])
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// readAll reads a capture's packets, copied, and how it ended.
func readAll(t testing.TB, file []byte) ([]Packet, *Reader, error) {
	r, err := NewReader(bytes.NewReader(file))
	if err != nil {
		return nil, nil, err
	}
	defer r.Close()
	var all []Packet
	for {
		var p Packet
		if err := r.Next(&p); err != nil {
			return all, r, err
		}
		if p.At < 0 || p.At+int64(len(p.Data)) > int64(len(file)) && file[0] != 0x1f && file[0] != 0x28 {
			t.Errorf("packet %d lies at %d, beyond the file", p.Number, p.At)
		}
		p.Data = append([]byte{}, p.Data...)
		all = append(all, p)
	}
}

func netipPort(a netip.AddrPort, port uint16) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr(), port)
}

func netipPort6(a string, port uint16) netip.AddrPort {
	return netip.AddrPortFrom(netip.MustParseAddr(a), port)
}
