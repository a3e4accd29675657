package draw

import (
	"fmt"
	"strings"

	"posta/event"
	"posta/story"
)

// packet is the step of a segment of TCP.
func (b *builder) packet(a *story.Act) step {
	s := b.step(arrow, quiet, a)
	s.packet = true
	seg, _ := a.Event.(event.Segment)
	s.head = flagNames(seg.Flags)
	s.rest = fmt.Sprintf("Seq=%d", seg.Seq)
	if seg.Flags&0x10 != 0 {
		s.rest += fmt.Sprintf(" Ack=%d", seg.Ack)
	}
	if seg.Len > 0 {
		s.rest += fmt.Sprintf(" Len=%d", seg.Len)
	}
	s.more = b.d.remarks(seg.Marks)
	s.bears = seg.Len > 0 || seg.Flags&0x05 != 0 // what it bears, or that it ends, is told behind it
	return s
}

// phasesOfPackets puts packets into the phases of what they bear, and others into
// that of the step before.
func phasesOfPackets(all []step) {
	for i := range all {
		s := &all[i]
		if !s.packet {
			continue
		}
		said := i + 1
		for s.bears && said < len(all) && all[said].packet {
			said++
		}
		switch {
		case s.bears && said < len(all):
			s.phase = all[said].phase
		case i > 0:
			s.phase = all[i-1].phase
		}
	}
}

// flagNames are TCP's (RFC 9293 §3.1).
func flagNames(flags uint16) string {
	var names []string
	for i, name := range []string{"FIN", "SYN", "RST", "PSH", "ACK", "URG"} {
		if flags&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}

// remarks says what the joining of the stream made of a segment.
func (d *Diagram) remarks(m event.Marks) string {
	var all []string
	if m&event.Retransmission != 0 {
		all = append(all, d.w.Say("draw.retransmission", nil))
	}
	if m&event.OutOfOrder != 0 {
		all = append(all, d.w.Say("draw.out_of_order", nil))
	}
	if m&event.KeepAlive != 0 {
		all = append(all, d.w.Say("draw.keep_alive", nil))
	}
	return strings.Join(all, ", ")
}
