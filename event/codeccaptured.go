package event

import "encoding/binary"

func appendCaptured(dst []byte, f *Captured) []byte {
	dst = appendAddr(appendAddr(dst, f.Remote), f.Local)
	dst = append(binary.AppendUvarint(dst, uint64(f.Stream)), byte(f.First))
	return appendBool(dst, f.Sure)
}

func (r *reader) captured() Captured {
	return Captured{Endpoints: Endpoints{r.addr(), r.addr()}, Stream: r.uint32(), First: Dir(r.octet()), Sure: r.flag()}
}

func appendSegment(dst []byte, f *Segment) []byte {
	dst = append(dst, f.Proto)
	for _, n := range []uint64{uint64(f.Link), uint64(f.Interface), uint64(f.Flags), uint64(f.Marks), uint64(f.Seq), uint64(f.Ack)} {
		dst = binary.AppendUvarint(dst, n)
	}
	for _, n := range []int64{int64(f.Net), int64(f.Inner), int64(f.Transport), int64(f.Payload), int64(f.Len), f.Off} {
		dst = binary.AppendVarint(dst, n)
	}
	dst = binary.AppendUvarint(dst, uint64(len(f.Whole)))
	dst = append(dst, f.Whole...)
	dst = binary.AppendUvarint(dst, uint64(len(f.Comments)))
	return appendStrings(dst, f.Comments...)
}

func (r *reader) segment() *Segment {
	f := &Segment{Proto: r.octet()}
	f.Link, f.Interface, f.Flags, f.Marks = r.uint16(), r.uint16(), r.uint16(), Marks(r.uint16())
	f.Seq, f.Ack = r.uint32(), r.uint32()
	f.Net, f.Inner, f.Transport, f.Payload, f.Len, f.Off = r.int32(), r.int32(), r.int32(), r.int32(), r.int32(), r.varint()
	if n := r.uvarint(); n > 0 {
		f.Whole = r.take(n)
	}
	if n := r.count(1); n > 0 {
		f.Comments = make([]string, n)
		for i := range f.Comments {
			f.Comments[i] = r.text()
		}
	}
	return f
}

func (r *reader) uint32() uint32 { return r.uid() }

func (r *reader) uint16() uint16 {
	n := r.uvarint()
	r.bad = r.bad || n > 1<<16-1
	return uint16(n)
}

func (r *reader) int32() int32 {
	n := r.varint()
	r.bad = r.bad || n != int64(int32(n))
	return int32(n)
}
