package dissect

import (
	"crypto/tls"

	"posta/event"
	"posta/field"
	"posta/tlsview"
)

// A live session shows its clear text, and where it is kept as it came also the
// ciphertext and its keys. Of that the handshake is told, as of a capture; records
// of application data are told with the text that lay in them.

// shakes makes a frame of ciphertext of a live session, if more than application
// data is in it.
func (d *Dissector) shakes(c *conn, e *event.Event) {
	if !d.groups.tls {
		return
	}
	if c.secure == nil {
		c.secure = &secure{view: tlsview.NewView(d.liveKeys)}
	}
	s, end := c.secure, tlsview.End(e.Dir)
	if int64(len(e.Data)) < e.Len {
		s.view.Lost(end, e.Len)
		return
	}
	b := d.liveFrame(c, e)
	t := told{d: d, c: c, e: e, b: b, octets: e.Data, src: d.tree.Source(e.Data), asked: true}
	shown := false
	for off := 0; off < len(t.octets); {
		r, n := s.view.Take(end, t.octets[off:])
		if r != nil && !r.Strange {
			if r.Split {
				t.whole(r)
			} else {
				t.unit(off)
			}
			t.header(r, place{t.src, off, len(r.Octets)}.of(&d.tree, r))
			if r.Content != tlsview.ApplicationData {
				t.content(r, place{t.src, off, len(r.Octets)}.of(&d.tree, r))
				shown = true
			}
		}
		off += n
	}
	d.hold(s)
	if shown {
		d.emitLive(e)
	}
}

// of is where a record lies: in the last source, where it was put together.
func (p place) of(tree *field.Tree, r *tlsview.Record) place {
	if r.Split {
		return place{uint16(len(tree.Sources) - 1), 0, len(r.Octets)}
	}
	return p
}

// shook takes what a handshake of a live session came to. Where none of it was
// kept, as in a masked session, a frame tells what is known.
func (d *Dissector) shook(c *conn, e *event.Event, facts event.Secured) {
	c.hidden = true
	if !d.groups.tls || c.secure != nil && c.secure.view.Session().Version != 0 {
		return
	}
	b := d.liveFrame(c, e)
	b.generated(field.TLS, field.Unit(nil, 0))
	b.generated(field.TLSHandshake, field.Value{})
	b.generated(field.TLSHandshakeType, field.Uint(uint64(tlsview.TypeClientHello)))
	b.generated(field.TLSHandshakeType, field.Uint(uint64(tlsview.TypeServerHello)))
	if version := versionOf(facts.Version); version >= tlsview.TLS13 {
		b.generated(field.TLSHandshakeVersion, field.Uint(uint64(tlsview.TLS12)))
		b.generated(field.TLSHandshakeExtensionsSupportedVersion, field.Uint(uint64(version)))
	} else if version != 0 {
		b.generated(field.TLSHandshakeVersion, field.Uint(uint64(version)))
	}
	for _, suite := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
		if suite.Name == facts.Cipher {
			b.generated(field.TLSHandshakeCiphersuite, field.Uint(uint64(suite.ID)))
		}
	}
	if facts.ServerName != "" {
		b.generated(field.TLSHandshakeExtensionsServerName, field.Octets([]byte(facts.ServerName)))
	}
	d.emitLive(e)
}

// versionOf is the number of a version as event.Secured has it, 0 for none.
func versionOf(name string) uint16 {
	for _, version := range []uint16{tls.VersionTLS10, tls.VersionTLS11, tls.VersionTLS12, tls.VersionTLS13} {
		if versionName(version) == name {
			return version
		}
	}
	return 0
}

// enclosed says of text that it lay in a record: all that is sure of that.
func (b *builder) enclosed(c *conn) {
	b.generated(field.TLS, field.Unit(nil, 0))
	b.generated(field.TLSRecord, field.Value{})
	b.generated(field.TLSRecordContentType, field.Uint(uint64(tlsview.ApplicationData)))
	b.generated(field.TLSRecordVersion, field.Uint(uint64(tlsview.TLS12))) // of every record since (RFC 8446 §5.1)
	if name := c.appName(); name != "" {
		b.generated(field.TLSAppDataProto, field.Octets([]byte(name)))
	}
}

// liveFrame begins a frame of what was said aside of the dialogue.
func (d *Dissector) liveFrame(c *conn, e *event.Event) *builder {
	b := d.begin(nil, nil)
	b.endpoints(c, e, d.count+1)
	b.conn, b.time, b.dir, b.number = e.Conn, e.Time, e.Dir, e.Packet
	return b
}

func (d *Dissector) emitLive(e *event.Event) {
	d.count++
	d.emit(e.Conn, e.Packet, e.Time, e.Dir)
}
