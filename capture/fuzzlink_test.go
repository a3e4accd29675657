package capture

import (
	"strings"
	"testing"
	"time"

	"posta/event"
)

// layers is a Sink that looks where the layers of packets are said to lie.
type layers struct{ t *testing.T }

func (layers) Wants(uint64, event.Layer, event.Part) bool { return true }

func (p layers) Emit(e *event.Event) {
	seg, ok := e.Fact.(*event.Segment)
	if !ok {
		return
	}
	octets := len(e.Data)
	if seg.Whole != nil {
		octets = len(seg.Whole)
	}
	if int(seg.Net) > len(e.Data) || int(seg.Inner) > len(e.Data) || int(seg.Transport) > octets || int(seg.Payload) > octets || seg.Len < 0 {
		p.t.Errorf("of %d octets it lies at %+v", octets, *seg)
	}
}

// Whatever lies in a packet of whatever network, its layers are found in it or
// not at all.
func FuzzLink(f *testing.F) {
	v4 := string(bare(dialer, listener, "NOOP\r\n"))
	outer := func(proto byte, head string) string {
		return "\x45\x00\x00\x00\x00\x01\x00\x00\x40" + string(proto) + "\x00\x00\xc0\x00\x02\x01\xc0\x00\x02\x02" + head
	}
	for link, head := range map[LinkType]string{
		LinkEthernet: strings.Repeat("\x02", 12) + "\x88\x47\x00\x01\x01\x40", LinkWLAN: "\x88\x03" + strings.Repeat("\x00", 30) + "\xaa\xaa\x03\x00\x00\x00\x08\x00",
		LinkRadiotap: "\x00\x00\x08\x00\x00\x00\x00\x00\x08\x01" + strings.Repeat("\x00", 22) + "\xaa\xaa\x03\x00\x00\x00\x08\x00",
		LinkNFLOG:    "\x02\x00\x00\x00\x40\x00\x09\x00", LinkRaw: outer(47, "\xb0\x00\x08\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x02"),
		LinkIPv4: outer(17, "\x80\x00\x08\x68\x00\x00\x00\x00\x36\xff\x00\x00\x00\x00\x00\x01\x00\x01\x00\x85\x01\x00\x00\x00"),
	} {
		f.Add(uint16(link), head+v4, 9)
	}
	f.Add(uint16(LinkRaw), outer(17, "\x80\x00\x17\xc1\x00\x00\x00\x00\x01\x00\x08\x00\x00\x00\x01\x00\x00\x00\x00\x00")+v4, 30)
	f.Add(uint16(LinkRaw), outer(51, "\x06\x04\x00\x00\x00\x00\x00\x01\x00\x00\x00\x02abcdefghijkl")+v4[20:], 30)
	f.Fuzz(func(t *testing.T, link uint16, octets string, cut int) {
		j := NewJoiner(layers{t}, Limits{})
		for i, data := range []string{octets, octets[:min(len(octets), max(cut, 0))]} {
			j.Feed(&Packet{Number: uint32(i + 1), Time: time.Unix(int64(i), 0), Link: LinkType(link), Data: []byte(data), Wire: len(octets)})
		}
		j.End()
	})
}
