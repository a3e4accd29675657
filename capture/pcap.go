package capture

import (
	"encoding/binary"
	"io"
	"time"
)

// The classic format: a header of 24 octets, then records of 16 and the packet
// (draft-ietf-opsawg-pcap).
const (
	pcapMicro  = 0xa1b2c3d4
	pcapNano   = 0xa1b23c4d
	pcapHeader = 24
	pcapRecord = 16
)

type pcap struct {
	in    *input
	order binary.ByteOrder
	unit  int64 // nanoseconds of the stamps' fractions
	link  LinkType
	count int
}

func newPcap(in *input, info *Info) (*pcap, error) {
	magic, _ := in.peek(4)
	f := &pcap{in: in}
	for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		switch order.Uint32(magic) {
		case pcapMicro:
			f.order, f.unit = order, 1000
		case pcapNano:
			f.order, f.unit = order, 1
		}
	}
	if f.order == nil {
		return nil, &Damage{Fault: NoCapture}
	}
	head, err := in.peek(pcapHeader)
	if err != nil {
		return nil, in.damage(err, 0, 0)
	}
	if f.order.Uint16(head[4:]) != 2 {
		return nil, &Damage{Fault: Version}
	}
	f.link = LinkType(f.order.Uint32(head[20:])) // the upper half says how long frame check sequences are
	info.Interfaces = []Adapter{{Link: f.link}}
	return f, in.skip(pcapHeader)
}

func (f *pcap) next(p *Packet) error {
	at := f.in.at
	head, err := f.in.peek(pcapRecord)
	if err == io.EOF && len(head) == 0 {
		return io.EOF
	}
	f.count++
	if err != nil {
		return f.in.damage(err, at, f.count)
	}
	captured, wire := f.order.Uint32(head[8:]), f.order.Uint32(head[12:])
	if captured > maxPacket {
		return &Damage{Fault: TooLong, At: at, Block: f.count}
	}
	p.Number = uint32(f.count)
	p.Time = time.Unix(int64(f.order.Uint32(head)), int64(f.order.Uint32(head[4:]))*f.unit).UTC()
	p.Link, p.Interface = f.link, 0
	whole, err := f.in.peek(pcapRecord + int(captured))
	if err != nil {
		return f.in.damage(err, at, f.count)
	}
	p.Data = whole[pcapRecord:]
	p.Wire, p.At = int(max(wire, captured)), at+pcapRecord
	return f.in.skip(int64(len(whole)))
}
