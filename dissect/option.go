package dissect

import (
	"encoding/binary"

	"posta/field"
)

// Kinds of TCP options (RFC 9293 §3.2, RFC 7323, RFC 2018).
const (
	optionNop   = 1 // it and what is below have no length
	optionMSS   = 2
	optionScale = 3
	optionSACK  = 5
	optionStamp = 8

	maxScale  = 14 // RFC 7323 §2.3
	maxBlocks = 4  // of SACK that fit into a header
)

// tcpOptions is what the analysis wants of a segment's options.
type tcpOptions struct {
	scale  int8 // -1: none is told
	blocks int
	edges  [maxBlocks][2]uint32
}

// sacked counts the octets in the blocks.
func (o *tcpOptions) sacked() (n uint32) {
	for _, e := range o.edges[:o.blocks] {
		n += e[1] - e[0]
	}
	return n
}

// eachOption calls do with every option: its kind, where it begins, and the
// octets of it. As in Wireshark what is behind the list's end counts, too.
func eachOption(octets []byte, do func(kind byte, off int, option []byte)) {
	for off := 0; off < len(octets); {
		kind, n := octets[off], 1
		if kind > optionNop {
			if off+1 >= len(octets) || octets[off+1] < 2 || off+int(octets[off+1]) > len(octets) {
				return
			}
			n = int(octets[off+1])
		}
		do(kind, off, octets[off:off+n])
		off += n
	}
}

func parseOptions(octets []byte) tcpOptions {
	o := tcpOptions{scale: -1}
	eachOption(octets, func(kind byte, _ int, opt []byte) {
		switch {
		case kind == optionScale && len(opt) == 3:
			o.scale = int8(min(opt[2], maxScale))
		case kind == optionSACK:
			for i := 2; i+8 <= len(opt) && o.blocks < maxBlocks; i += 8 {
				o.edges[o.blocks] = [2]uint32{binary.BigEndian.Uint32(opt[i:]), binary.BigEndian.Uint32(opt[i+4:])}
				o.blocks++
			}
		}
	})
	return o
}

// tcpOptions puts in what the options at off say; base is what the other side's
// numbers are counted from.
func (l *layer) tcpOptions(off, n int, base uint32) {
	l.oct(field.TCPOptions, off, n)
	eachOption(l.octets[off:off+n], func(kind byte, at int, opt []byte) {
		at += off
		l.eight(field.TCPOptionKind, at)
		if len(opt) > 1 {
			l.eight(field.TCPOptionLen, at+1)
		}
		switch {
		case kind == optionMSS && len(opt) == 4:
			l.sixteen(field.TCPOptionsMSSVal, at+2)
		case kind == optionScale && len(opt) == 3:
			l.eight(field.TCPOptionsWscaleShift, at+2)
			l.b.generated(field.TCPOptionsWscaleMultiplier, field.Uint(1<<min(opt[2], maxScale)))
		case kind == optionStamp && len(opt) == 10:
			l.thirtyTwo(field.TCPOptionsTimestampTsval, at+2)
			l.thirtyTwo(field.TCPOptionsTimestampTsecr, at+6)
		case kind == optionSACK:
			l.sack(at, opt, base)
		}
	})
}

// sack is RFC 2018 §3's option. Its edges are counted as acknowledgements are.
func (l *layer) sack(at int, opt []byte, base uint32) {
	blocks := (len(opt) - 2) / 8
	for i := range blocks {
		edge := 2 + 8*i
		l.add(field.TCPOptionsSackLe, field.Uint(uint64(binary.BigEndian.Uint32(opt[edge:])-base)), at+edge, 4)
		l.add(field.TCPOptionsSackRe, field.Uint(uint64(binary.BigEndian.Uint32(opt[edge+4:])-base)), at+edge+4, 4)
	}
	l.b.generated(field.TCPOptionsSackCount, field.Uint(uint64(blocks)))
}
