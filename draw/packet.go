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
	return s
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
