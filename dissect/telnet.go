package dissect

import (
	"bytes"
	"strconv"

	"posta/field"
	"posta/story"
	"posta/text"
)

// The octets of telnet that count here (RFC 854).
const (
	telnetSE   = 240
	telnetSB   = 250
	telnetDONT = 254
	telnetIAC  = 255
)

// negotiated takes telnet commands before a line begins: a client such as PuTTY
// says what its terminal can before the first command. It says how many octets
// they are; a command that is cut off is left to the line.
func (h *half) negotiated(b *builder, off int) int {
	if h.open || !text.IsNegotiation(b.octets[off:]) {
		return 0
	}
	return b.negotiation(b.octets[off:], place{src: b.src, off: off})
}

// negotiation tells of the telnet commands at the front of octets, and how many
// octets they are.
func (b *builder) negotiation(octets []byte, at place) int {
	n := text.EachNegotiation(octets, func(command []byte) {
		verb := command[1]
		b.add(field.TelnetCmd, field.Uint(uint64(verb)), at.part(1, 1))
		if verb >= telnetSB && verb <= telnetDONT {
			b.add(field.TelnetSubcmd, field.Uint(uint64(command[2])), at.part(2, 1))
		}
		if verb == telnetSB {
			b.add(field.TelnetCmd, field.Uint(telnetSE), at.part(len(command)-1, 1))
		}
		at.off += len(command)
	})
	if n == 0 {
		return 0
	}
	b.said = true
	if b.want.Has(field.Telnet) && !b.tree.Has(field.Telnet) {
		b.tree.Add(field.Node{Def: field.Of(field.Telnet), Val: field.Unit(octets[:n], n), Src: at.src, Off: uint32(at.off - n), Len: uint32(n)})
	}
	if b.book != nil && !b.live {
		now := b.moment()
		b.book.Remark(story.Place{Conn: b.conn, Dir: b.dir, At: now, Until: now, Octets: int64(n)},
			strconv.Itoa(n)+" telnet negotiation octets: "+text.NegotiationText(octets[:n]))
	}
	return n
}

// typed is a line as a terminal would show it: without telnet commands, and
// what a client typed and deleted again. Others are as they came.
func (b *builder) typed(l line, fromClient bool) line {
	commands := false
	for off := 0; ; {
		at := bytes.IndexByte(l.all[off:], telnetIAC)
		if at < 0 {
			break
		}
		off += at
		n := b.negotiation(l.all[off:], place{src: l.at.src, off: l.at.off + off})
		commands = commands || n > 0
		off += max(n, 1)
	}
	edited := fromClient && (bytes.IndexByte(l.all, '\b') >= 0 || bytes.IndexByte(l.all, 0x7f) >= 0)
	if !commands && !edited {
		return l
	}
	t := text.NewTyped(len(l.all) + 1)
	if n, end, _ := t.Scan(l.all); n < len(l.all) || end == 0 {
		return l
	}
	all := bytes.Clone(t.Line())
	clean := line{all: all, bare: all[:len(all)-t.End().Len()], began: l.began}
	clean.at = place{b.tree.Source(all), 0, len(all)}
	return clean
}
