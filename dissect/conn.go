package dissect

import (
	"posta/event"
	"posta/tlsview"
)

// conn is one connection.
type conn struct {
	ends   event.Endpoints
	stream uint32
	live   bool
	middle bool    // its begin was not captured
	frame  uint32  // of a live session the last one
	proxy  *proxy  // what it was said to first
	mute   bool    // nothing behind it can be read
	clear  bool    // its clear text has been seen
	tls    bool    // what passes is TLS
	speaks speaker // nil while nobody knows
	byPort bool    // only the port says what is spoken
	spoken [2]bool // who has sent something, where that is asked
	looked int     // how often it was looked for what is spoken
	heard  [2]bool // who has sent something, but to a proxy
	secure *secure // TLS: of a captured connection, and of a live one the handshake
	hidden bool    // of a live one: what is said lies inside TLS

	waiting  [2]waiting // packets whose octets have not had their turn
	analysis *analysis  // where it is asked for
}

// speaker reads a protocol.
type speaker interface {
	push(b *builder, d event.Dir) (n int, opaque bool) // how many octets were read before TLS
	lost(d event.Dir, n int64)
	body(b *builder, d event.Dir, n int64) // of a body that was not recorded
	over(b *builder, d event.Dir)          // what follows is no body
	skip(e *event.Event, g *groups) bool   // as message has it
	secured()
	drop() // lets go what is being put together
}

func (c *conn) lost(d event.Dir, n int64) {
	c.spoken[d] = true
	if c.proxy != nil && !c.proxy.through {
		c.speaks, c.mute = nil, true
	}
	if !c.lostSecure(d, n) && c.speaks != nil {
		c.speaks.lost(d, n)
	}
}

// unseen passes over octets that a masked session leaves out.
func (d *Dissector) unseen(c *conn, e *event.Event) {
	if e.Part == event.Body {
		b := d.begin(nil, nil)
		b.conn, b.time, b.dir, b.number = e.Conn, e.Time, e.Dir, c.frame
		c.speaks.body(b, e.Dir, e.Len)
		return
	}
	d.gap(c, e)
}

// gap passes over octets that were lost.
func (d *Dissector) gap(c *conn, e *event.Event) {
	if c.live && e.Layer == event.Wire {
		if c.secure != nil {
			c.secure.view.Lost(tlsview.End(e.Dir), e.Len)
		}
		return
	}
	c.lost(e.Dir, e.Len)
	if d.book != nil && (e.Layer == event.Text || !c.clear) {
		d.book.Lost(placeOf(c, e))
	}
}

func (c *conn) secured() {
	if c.speaks != nil {
		c.speaks.secured()
	}
}

// told takes what somebody said that is spoken at a port.
func (c *conn) told(port uint16, ports map[uint16]string) {
	if protocol := ports[port]; protocol != "" {
		c.speaks, c.tls, c.byPort = speakerOf(protocol), false, false
	}
}

// guess takes what is usual at a port.
func (c *conn) guess(port uint16) {
	c.speaks, c.tls = byPort(port)
	c.byPort = c.speaks != nil && !c.tls
}

// byPort gives what is spoken at a port, nil where that must show.
func byPort(port uint16) (s speaker, tls bool) {
	switch port {
	case 25, 587:
		return newSMTP(), false
	case 465:
		return newSMTP(), true
	case 110:
		return newPOP(), false
	case 995:
		return newPOP(), true
	case 143:
		return newIMAP(), false
	case 993:
		return newIMAP(), true
	}
	return nil, false
}

// speakerOf makes what reads a protocol, nil where there is none.
func speakerOf(protocol string) speaker {
	switch protocol {
	case "smtp":
		return newSMTP()
	case "pop", "pop3":
		return newPOP()
	case "imap":
		return newIMAP()
	}
	return nil
}
