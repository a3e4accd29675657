package capture

import (
	"encoding/binary"
	"io"
	"time"
)

// The blocks of pcapng (draft-ietf-opsawg-pcapng) that are looked into. Others
// are passed over.
const (
	blockSection    = 0x0a0d0d0a // the same in both byte orders
	blockInterface  = 1
	blockOldPacket  = 2
	blockSimple     = 3
	blockStatistics = 5
	blockPacket     = 6
	blockSecrets    = 10
	blockCustom     = 0x00000bad
	blockCustomNo   = 0x40000bad // not to be copied

	byteOrderMagic = 0x1a2b3c4d
	maxKnownBlock  = 16 << 20 // of those that are kept, as in Wireshark
)

type pcapng struct {
	in       *input
	info     *Info
	order    binary.ByteOrder
	adapters []adapter // of this section
	at       int64     // where the block being read begins
	count    int       // of blocks
	frames   uint32    // what Wireshark numbers
	comments int       // octets of them kept
	secrets  int
}

// adapter is what the packets of an interface are read with.
type adapter struct {
	link  LinkType
	snap  uint32
	clock clock
}

func (f *pcapng) fault(what Fault) error { return &Damage{Fault: what, At: f.at, Block: f.count} }

// next reads blocks until one is a packet.
func (f *pcapng) next(p *Packet) error {
	for {
		given, err := f.block(p)
		if given || err != nil {
			return err
		}
	}
}

// block reads one block; given says that it was a packet, which is in p.
func (f *pcapng) block(p *Packet) (given bool, err error) {
	f.at = f.in.at
	head, err := f.in.peek(8)
	if err == io.EOF && len(head) == 0 {
		return false, io.EOF
	}
	f.count++
	if err == nil && binary.LittleEndian.Uint32(head) == blockSection {
		if head, err = f.in.peek(12); err == nil {
			err = f.byteOrder(head)
		}
		if _, known := err.(*Damage); known {
			return false, err
		}
	}
	if err != nil {
		return false, f.in.damage(err, f.at, f.count)
	}
	kind, total := f.order.Uint32(head), f.order.Uint32(head[4:])
	if total < 12 {
		return false, f.fault(Length)
	}
	size := (int64(total) + 3) &^ 3
	switch kind {
	case blockSection, blockInterface, blockOldPacket, blockSimple, blockPacket, blockSecrets:
		return f.known(kind, total, size, p)
	case blockCustom, blockCustomNo:
		f.frames++
	}
	if err := f.in.skip(size - 4); err != nil {
		return false, f.in.damage(err, f.at, f.count)
	}
	return false, f.trailer(total)
}

// trailer holds the length behind a block against the one before it.
func (f *pcapng) trailer(total uint32) error {
	tail, err := f.in.peek(4)
	if err != nil {
		return f.in.damage(err, f.at, f.count)
	}
	if f.order.Uint32(tail) != total {
		return f.fault(Trailer)
	}
	return f.in.skip(4)
}

// known reads a block that is looked into.
func (f *pcapng) known(kind, total uint32, size int64, p *Packet) (given bool, err error) {
	body, err := f.whole(kind, size)
	if err != nil {
		return false, err
	}
	if f.order.Uint32(body[size-4:]) != total {
		return false, f.fault(Trailer)
	}
	body = body[8 : size-4]
	switch kind {
	case blockSection:
		return false, f.section(body)
	case blockInterface:
		return false, f.describe(body)
	case blockSecrets:
		return false, f.secret(body)
	case blockSimple:
		return true, f.simple(body, p)
	case blockOldPacket:
		return true, f.oldPacket(body, p)
	}
	return true, f.packet(body, p)
}

// whole gives a block, from the buffer where it fits in there.
func (f *pcapng) whole(kind uint32, size int64) ([]byte, error) {
	isPacket := kind == blockSimple || kind == blockOldPacket || kind == blockPacket
	if size > maxKnownBlock || isPacket && size > inputBuffer {
		return nil, f.fault(TooLong)
	}
	if size <= inputBuffer {
		body, err := f.in.peek(int(size))
		if err != nil {
			return nil, f.in.damage(err, f.at, f.count)
		}
		return body, f.in.skip(size)
	}
	// Grown as it comes, so that a damaged length does not ask for what is not there.
	var body []byte
	for int64(len(body)) < size {
		part, err := f.in.peek(int(min(size-int64(len(body)), inputBuffer)))
		if err != nil {
			return nil, f.in.damage(err, f.at, f.count)
		}
		body = append(body, part...)
		if err := f.in.skip(int64(len(part))); err != nil {
			return nil, err
		}
	}
	return body, nil
}

// byteOrder reads the head of a section.
func (f *pcapng) byteOrder(head []byte) error {
	switch {
	case binary.LittleEndian.Uint32(head[8:]) == byteOrderMagic:
		f.order = binary.LittleEndian
	case binary.BigEndian.Uint32(head[8:]) == byteOrderMagic:
		f.order = binary.BigEndian
	default:
		return f.fault(ByteOrder)
	}
	return nil
}

func (f *pcapng) section(body []byte) error {
	if len(body) < 16 {
		return f.fault(Length)
	}
	if f.order.Uint16(body[4:]) != 1 {
		return f.fault(Version)
	}
	f.adapters = f.adapters[:0]
	f.keepComments(body[16:])
	return nil
}

func (f *pcapng) describe(body []byte) error {
	if len(body) < 8 {
		return f.fault(Length)
	}
	if len(f.adapters) >= maxInterfaces {
		return f.fault(TooLong)
	}
	one := adapter{LinkType(f.order.Uint16(body)), f.order.Uint32(body[4:]), microseconds}
	about := Adapter{Link: one.link}
	fine := true
	for o := f.options(body[8:]); o.next(); {
		switch v := o.value; {
		case o.code == optName:
			about.Name = trimmed(v)
		case o.code == optDescription:
			about.Description = trimmed(v)
		case o.code == optResolution && len(v) >= 1:
			one.clock.units, fine = resolution(v[0])
		case o.code == optOffset && len(v) >= 8:
			one.clock.offset = int64(f.order.Uint64(v))
		}
	}
	if !fine {
		return f.fault(Resolution)
	}
	f.keepComments(body[8:])
	f.adapters = append(f.adapters, one)
	if len(f.info.Interfaces) < maxInterfaces {
		f.info.Interfaces = append(f.info.Interfaces, about)
	}
	return nil
}

func (f *pcapng) secret(body []byte) error {
	if len(body) < 8 {
		return f.fault(Length)
	}
	n := f.order.Uint32(body[4:])
	if uint64(n) > uint64(len(body)-8) {
		return f.fault(Length)
	}
	if f.secrets += int(n); f.secrets <= maxSecrets {
		f.info.Secrets = append(f.info.Secrets, Secret{f.order.Uint32(body), append([]byte{}, body[8:8+n]...)})
	}
	f.keepComments(body[8+min(len(body)-8, (int(n)+3)&^3):])
	return nil
}

func (f *pcapng) packet(body []byte, p *Packet) error {
	if len(body) < 20 {
		return f.fault(Length)
	}
	ts := uint64(f.order.Uint32(body[4:]))<<32 | uint64(f.order.Uint32(body[8:]))
	return f.stamped(f.order.Uint32(body), ts, body[12:], p)
}

// oldPacket reads the Packet Block that Enhanced Packet Blocks took the place of.
func (f *pcapng) oldPacket(body []byte, p *Packet) error {
	if len(body) < 20 {
		return f.fault(Length)
	}
	ts := uint64(f.order.Uint32(body[4:]))<<32 | uint64(f.order.Uint32(body[8:]))
	return f.stamped(uint32(f.order.Uint16(body)), ts, body[12:], p)
}

// stamped reads on from a packet's two lengths.
func (f *pcapng) stamped(of uint32, ts uint64, body []byte, p *Packet) error {
	captured, wire := f.order.Uint32(body), f.order.Uint32(body[4:])
	if uint64(captured) > uint64(len(body)-8) {
		return f.fault(Length)
	}
	if err := f.fill(p, of, body[8:8+captured], wire); err != nil {
		return err
	}
	p.Time = f.adapters[of].clock.time(ts)
	for o := f.options(body[min(len(body), 8+(int(captured)+3)&^3):]); o.next(); {
		if o.code == optComment {
			p.Comments = append(p.Comments, trimmed(o.value))
		}
	}
	p.At = f.in.at - 4 - int64(len(body)) + 8
	return nil
}

// simple reads a packet without a time: of interface 0, cut at its snap length.
func (f *pcapng) simple(body []byte, p *Packet) error {
	if len(body) < 4 {
		return f.fault(Length)
	}
	if len(f.adapters) == 0 {
		return f.fault(Interface)
	}
	wire := f.order.Uint32(body)
	captured := min(uint64(wire), uint64(len(body)-4))
	if snap := f.adapters[0].snap; snap > 0 {
		captured = min(captured, uint64(snap))
	}
	p.Time = time.Time{}
	p.At = f.in.at - 4 - int64(len(body)) + 4
	return f.fill(p, 0, body[4:4+captured], wire)
}

func (f *pcapng) fill(p *Packet, of uint32, data []byte, wire uint32) error {
	if uint64(of) >= uint64(len(f.adapters)) {
		return f.fault(Interface)
	}
	if len(data) > maxPacket {
		return f.fault(TooLong)
	}
	f.frames++
	p.Number, p.Interface, p.Link = f.frames, int(of), f.adapters[of].link
	p.Data, p.Wire = data, int(max(wire, uint32(len(data))))
	return nil
}

// keepComments keeps the comments of a block that is no packet.
func (f *pcapng) keepComments(body []byte) {
	for o := f.options(body); o.next(); {
		if o.code != optComment {
			continue
		}
		if f.comments += len(o.value); f.comments <= maxComments {
			f.info.Comments = append(f.info.Comments, trimmed(o.value))
		}
	}
}
