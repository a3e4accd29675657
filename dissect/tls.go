package dissect

import (
	"bytes"

	"posta/event"
	"posta/field"
	"posta/tlsview"
)

// maxSecured bounds the octets of records and handshakes that are under way on
// all connections. Where it is reached, those of a connection are taken for lost.
const maxSecured = 64 << 20

// secure is TLS on a captured connection.
type secure struct {
	view  *tlsview.View
	on    [2]bool  // what passes in this direction is TLS
	maybe bool     // STARTTLS was accepted; the next octets show whether TLS follows
	up    bool     // the handshake is over
	held  int      // octets that are under way
	off   [2]int64 // octets that were opened
}

// Secrets gives the keys that open what passes inside of TLS on connections that
// are read from now on. More may be added to them at any time: what follows is
// then opened. Of a session that is watched live the clear text is read.
func (d *Dissector) Secrets(keys *tlsview.KeyLog) { d.keys = keys }

// Opened lets somebody see what records of application data hold, as Data of the
// layer Text. The event is lent for the call.
func (d *Dissector) Opened(see func(*event.Event)) { d.see = see }

// secures says that octets are TLS: such that it was told of, on a port of TLS,
// and wherever a side begins with a ClientHello.
func (d *Dissector) secures(c *conn, e *event.Event) bool {
	first := !c.heard[e.Dir]
	c.heard[e.Dir] = true
	may := first || c.tls || c.speaks == nil
	if c.live || c.clear || c.mute {
		return false
	}
	switch s := c.secure; {
	case s != nil && s.maybe:
		if s.maybe = false; !tlsview.Begins(e.Data) { // as in posta's own captures of masked sessions
			c.secure = nil
			c.secured()
			return false
		}
		s.on = [2]bool{true, true}
	case s != nil && s.on[e.Dir]:
	case s != nil:
		s.on[e.Dir] = may && tlsview.Begins(e.Data)
		return s.on[e.Dir]
	case may && tlsview.BeginsHello(e.Data), c.tls && tlsview.Begins(e.Data):
		if !c.tls && c.heard[1-e.Dir] {
			d.unasked(c, e)
		}
		d.starts(c)
		c.secure.on[e.Dir] = true
	default:
		return false
	}
	return true
}

// starts begins to follow TLS on a connection.
func (d *Dissector) starts(c *conn) {
	c.secure = &secure{view: tlsview.NewView(d.keys)}
}

// opaque takes octets behind a dialogue that goes on inside of TLS. There are
// none where TLS begins with the next ones, as it should.
func (d *Dissector) opaque(c *conn, e *event.Event, b *builder, off int) {
	if c.live || c.secure != nil {
		return
	}
	d.starts(c)
	if c.secure.maybe = off == len(b.octets); !c.secure.maybe {
		c.secure.on = [2]bool{true, true}
		d.tls(c, e, b, off)
	}
}

// tls reads octets that are TLS, from off on.
func (d *Dissector) tls(c *conn, e *event.Event, b *builder, off int) {
	s, end := c.secure, tlsview.End(e.Dir)
	t := told{d: d, c: c, e: e, b: b, octets: b.octets, src: b.src, asked: d.groups.tls}
	if int64(len(e.Data)) < e.Len {
		s.view.Lost(end, e.Len)
		return
	}
	for off < len(t.octets) {
		begun := s.view.Begun(end)
		r, n := s.view.Take(end, t.octets[off:])
		switch {
		case r == nil && begun:
		case r == nil, !r.Split:
			t.unit(off)
		default:
			t.whole(r)
		}
		if r != nil && !r.Strange {
			t.record(r, off)
		}
		off += n
	}
	b.octets, b.src = t.octets, t.src
	d.hold(s)
}

// hold counts what a connection keeps.
func (d *Dissector) hold(s *secure) {
	d.secured += s.view.Held() - s.held
	if s.held = s.view.Held(); d.secured > maxSecured {
		s.view.Lost(0, 0)
		s.view.Lost(1, 0)
		d.secured -= s.held
		s.held = 0
	}
}

// lostSecure passes over octets of TLS that were lost. It says that nothing else
// was.
func (c *conn) lostSecure(dir event.Dir, n int64) bool {
	s := c.secure
	if s == nil {
		return false
	}
	if s.maybe {
		s.maybe, s.on = false, [2]bool{true, true}
	}
	if !s.on[dir] {
		return false
	}
	s.view.Lost(tlsview.End(dir), n)
	return !s.up
}

// opened reads what a record holds for the protocol inside.
func (d *Dissector) opened(c *conn, e *event.Event, b *builder, r *tlsview.Record) {
	d.shaken(c, e)
	inner := *e
	inner.Layer, inner.Data, inner.Off, inner.Len = event.Text, r.Clear, c.secure.off[e.Dir], int64(len(r.Clear))
	c.secure.off[e.Dir] += inner.Len
	if d.see != nil {
		d.see(&inner)
	}
	if c.speaks == nil {
		if !c.recognise(&inner) {
			return
		}
		d.speaks(e.Conn, c)
	}
	b.inside(r.Clear)
	b.anew = true
	c.speaks.push(b, e.Dir)
}

// shaken begins the dialogue inside of TLS, once the handshake is over.
func (d *Dissector) shaken(c *conn, e *event.Event) {
	if c.secure.up {
		return
	}
	c.secure.up = true
	c.secured()
	if d.book != nil {
		d.book.Secured(placeOf(c, e), secured(c.secure.view.Session()))
	}
}

// unasked tells of a ClientHello where a dialogue in the clear has begun: to its
// server, that is a command.
func (d *Dissector) unasked(c *conn, e *event.Event) {
	line, _, _ := bytes.Cut(e.Data[:min(len(e.Data), maxUnasked)], []byte("\n"))
	switch s := c.speaks.(type) {
	case *smtpSpeaker:
		if command, fault := s.dialog.Command(line); d.book != nil {
			d.book.SMTPCommand(placeOf(c, e), line, &command, fault)
		}
	case *popSpeaker:
		if command, fault := s.dialog.Command(line); d.book != nil {
			d.book.POPCommand(placeOf(c, e), line, &command, fault)
		}
	}
}

// maxUnasked is how much is told of it.
const maxUnasked = 512

// closed passes over application data that cannot be opened.
func (d *Dissector) closed(c *conn, e *event.Event, r *tlsview.Record) {
	s := c.secure.view.Session()
	if s.Version != 0 && (s.Version < tlsview.TLS13 || tlsview.End(e.Dir) == s.Client) { // a client's first is its Finished
		d.shaken(c, e)
	}
	if d.book != nil && c.secure.up {
		at := placeOf(c, e)
		at.Octets = int64(len(r.Octets))
		d.book.Ciphertext(at)
	}
	if c.speaks != nil && s.Opened > 0 && c.secure.up {
		c.speaks.lost(e.Dir, int64(len(r.Fragment())))
	}
}

// appName is tshark's name of what is spoken inside.
func (c *conn) appName() string {
	switch c.speaks.(type) {
	case *smtpSpeaker:
		return "Simple Mail Transfer Protocol"
	case *popSpeaker:
		return "Post Office Protocol"
	case *imapSpeaker:
		return "Internet Message Access Protocol"
	}
	return ""
}

// tlsFields are those that tls.go and hello.go put in.
func tlsFields() []field.ID {
	return []field.ID{
		field.TLS, field.TLSRecord, field.TLSRecordContentType, field.TLSRecordOpaqueType, field.TLSRecordVersion, field.TLSRecordLength,
		field.TLSAppData, field.TLSAppDataProto, field.TLSAlertMessage, field.TLSAlertMessageLevel, field.TLSAlertMessageDesc,
		field.TLSChangeCipherSpec, field.TLSHandshake, field.TLSHandshakeType, field.TLSHandshakeLength, field.TLSHandshakeVersion,
		field.TLSHandshakeRandom, field.TLSHandshakeRandomTime, field.TLSHandshakeSessionID, field.TLSHandshakeSessionIDLength,
		field.TLSHandshakeCiphersuite, field.TLSHandshakeCiphersuites, field.TLSHandshakeCipherSuitesLength, field.TLSHandshakeCompMethod,
		field.TLSHandshakeExtensionsLength, field.TLSHandshakeExtensionType, field.TLSHandshakeExtensionLen,
		field.TLSHandshakeExtensionsServerName, field.TLSHandshakeExtensionsServerNameType, field.TLSHandshakeExtensionsAlpnStr,
		field.TLSHandshakeExtensionsSupportedVersion, field.TLSHandshakeExtensionsSupportedGroup, field.TLSHandshakeExtensionsKeyShareGroup,
		field.TLSHandshakeSigHashAlg, field.TLSHandshakeCertificate, field.TLSHandshakeCertificates, field.TLSHandshakeCertificateLength,
		field.TLSHandshakeCertificatesLength, field.TLSHandshakeServerNamedCurve, field.TLSHandshakeJA3, field.TLSHandshakeJA3Full,
		field.TLSHandshakeJA3s, field.TLSHandshakeJA3sFull,
	}
}
