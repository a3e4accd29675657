package dissect

import (
	"posta/event"
	"posta/field"
	"posta/text"
)

// sift lets only some frames through, so that for the others less is built.
type sift struct {
	holds  func(*field.Tree) bool // nil lets all through
	more   field.Set              // of the packet, for those that are let through
	groups groups                 // of more
	silent bool                   // a frame in which nothing is said does not hold
	quiet  bool                   // nor does one with the middle of a message
	brief  bool                   // of messages their own header is enough
	only   string                 // the one protocol whose frames can hold; "": any
}

// Sift gives out only frames that hold, and builds in these the fields of more,
// too. holds sees the fields that New was told, and may see some of more. Of
// messages' fields that only more has, those of a message's own header are built.
func (d *Dissector) Sift(holds func(*field.Tree) bool, more field.Set) {
	d.sift = sift{holds: holds, brief: !d.groups.mail}
	packets := false
	for id := range d.want.All() {
		packets = packets || ofPacket(id)
	}
	d.sift.silent = !packets && !holds(&field.Tree{})
	if d.sift.silent {
		d.sift.only = onlyProtocol(&d.want)
		d.sift.quiet = !d.want.Has(field.SMTP) && !d.want.Has(field.POP)
	}
	for id := range more.All() {
		switch {
		case d.want.Has(id):
		case ofPacket(id):
			d.sift.more.Add(id)
		default:
			d.want.Add(id) // it can only be built while its octets are read
		}
	}
	all := groupsOf(&d.want)
	d.groups.mail, d.groups.pieces, d.groups.tls = all.mail, all.pieces, all.tls
	d.sift.groups = groupsOf(&d.sift.more)
}

// onlyProtocol is the protocol that all of the fields belong to, as speakerOf
// names it; "" where they are of several, or of what several carry.
func onlyProtocol(want *field.Set) (protocol string) {
	for id := range want.All() {
		of := ""
		switch {
		case id >= field.SMTP && id < field.POP:
			of = "smtp"
		case id >= field.POP && id < field.IMAP:
			of = "pop"
		case id >= field.IMAP && id < field.IMF:
			of = "imap"
		}
		if of == "" || protocol != "" && protocol != of {
			return ""
		}
		protocol = of
	}
	return protocol
}

// deaf says that nothing which a connection says can be asked for: it is known
// to be of another protocol.
func (d *Dissector) deaf(c *conn) bool {
	return d.sift.only != "" && !c.live && d.book == nil && !c.byPort && !is(c.speaks, d.sift.only)
}

// skips passes over the middle of a message, where nobody asks for that.
func (d *Dissector) skips(c *conn, e *event.Event) bool {
	return d.sift.quiet && d.book == nil && c.proxy == nil && c.speaks.skip(e, &d.groups)
}

// skip passes over octets of a message that is not kept any more; it doesn't
// where the message ends in them.
func (m *message) skip(dot *text.Dot, e *event.Event, asked bool, pieces bool) bool {
	if asked && !m.enough && !m.full {
		return false
	}
	was := *dot
	if _, done := dot.Pass(e.Data); done {
		*dot = was
		return false
	}
	if asked {
		m.count(len(e.Data), e.Packet, pieces)
	}
	return true
}

// ofPacket says that a field is told of a packet itself, whatever it carries.
func ofPacket(id field.ID) bool { return id <= field.TCPBogusHeaderLength }

// passes says whether the frame at hand is let through, and completes it.
func (d *Dissector) passes() bool {
	s := &d.sift
	if s.holds == nil {
		return true
	}
	if !s.holds(&d.tree) {
		return false
	}
	for _, octets := range d.late {
		d.build.message(octets)
	}
	if p := d.shown; p != nil && s.more != (field.Set{}) {
		b := &d.build
		b.want, b.analysis = &s.more, s.groups.analysis
		b.layers(p, &s.groups)
	}
	return true
}
