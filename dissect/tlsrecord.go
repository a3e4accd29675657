package dissect

import (
	"crypto/tls"
	"strings"

	"posta/event"
	"posta/field"
	"posta/tlsview"
)

// told tells of the records in one event.
type told struct {
	d       *Dissector
	c       *conn
	e       *event.Event
	b       *builder
	octets  []byte // of the event
	src     uint16
	unified bool // its protocol stands in the tree
	asked   bool // a field of TLS is wanted
}

// unit says once that what follows in the event is TLS: whole records, and the
// begin of one.
func (t *told) unit(off int) {
	t.b.said = true
	if !t.unified {
		t.unified = true
		t.put(t.octets[off:], place{t.src, off, len(t.octets) - off})
	}
}

// whole says that a record which came in several packets is TLS.
func (t *told) whole(r *tlsview.Record) {
	t.b.said = true
	t.put(r.Octets, place{t.b.tree.Source(r.Octets), 0, len(r.Octets)})
}

func (t *told) put(octets []byte, at place) {
	if t.b.want.Has(field.TLS) {
		t.b.tree.Add(field.Node{Def: field.Of(field.TLS), Val: field.Unit(octets, len(octets)), Src: at.src, Off: uint32(at.off), Len: uint32(at.n)})
	}
}

// record tells of a record, at off in the event where it is not put together,
// and reads on inside.
func (t *told) record(r *tlsview.Record, off int) {
	at := place{t.src, off, len(r.Octets)}
	if r.Split {
		at = place{uint16(len(t.b.tree.Sources) - 1), 0, len(r.Octets)}
	}
	if t.asked {
		t.header(r, at)
	}
	switch {
	case r.Content == tlsview.ApplicationData && r.Opened:
		if t.asked {
			t.application(r, at)
		}
		t.d.opened(t.c, t.e, t.b, r)
	case r.Content == tlsview.ApplicationData:
		if t.asked {
			t.application(r, at)
		}
		t.d.closed(t.c, t.e, r)
	case t.asked:
		t.content(r, at)
	}
}

// header is RFC 8446 §5.1's. The outer type of TLS 1.3 says nothing; tshark has
// a field of its own for it.
func (t *told) header(r *tlsview.Record, at place) {
	b := t.b
	b.add(field.TLSRecord, field.Value{}, at)
	outer := field.TLSRecordContentType
	if r.Opaque {
		outer = field.TLSRecordOpaqueType
	}
	b.add(outer, field.Uint(uint64(r.Type)), at.part(0, 1))
	b.add(field.TLSRecordVersion, field.Uint(uint64(r.Version)), at.part(1, 2))
	b.add(field.TLSRecordLength, field.Uint(uint64(len(r.Fragment()))), at.part(3, 2))
	if r.Opaque && r.Opened {
		b.generated(field.TLSRecordContentType, field.Uint(uint64(r.Content)))
	}
}

// application is application data as on the network, and what it is said to be.
func (t *told) application(r *tlsview.Record, at place) {
	t.b.add(field.TLSAppData, field.Octets(r.Fragment()), at.part(tlsview.HeaderLen, len(r.Fragment())))
	if name := t.c.appName(); name != "" {
		t.b.generated(field.TLSAppDataProto, field.Octets([]byte(name)))
	}
}

// content is what else records hold. Of a hidden one tshark tells what it would be.
func (t *told) content(r *tlsview.Record, at place) {
	b := t.b
	in := at.part(tlsview.HeaderLen, len(r.Fragment()))
	if r.Opened {
		in = place{b.tree.Source(r.Clear), 0, len(r.Clear)}
	}
	switch r.Content {
	case tlsview.ChangeCipherSpec:
		b.add(field.TLSChangeCipherSpec, field.Value{}, in)
	case tlsview.Alert:
		b.add(field.TLSAlertMessage, field.Value{}, in)
		if !r.Hidden && len(r.Clear) == 2 {
			b.add(field.TLSAlertMessageLevel, field.Uint(uint64(r.Clear[0])), in.part(0, 1))
			b.add(field.TLSAlertMessageDesc, field.Uint(uint64(r.Clear[1])), in.part(1, 1))
		}
	case tlsview.Handshake:
		if r.Hidden {
			b.add(field.TLSHandshake, field.Value{}, in)
		}
		for _, m := range r.Messages {
			where := in.part(m.Off, len(m.Octets))
			if m.Off < 0 {
				where = place{b.tree.Source(m.Octets), 0, len(m.Octets)}
			}
			b.add(field.TLSHandshake, field.Value{}, where)
			if m.Whole {
				(&shake{b, t.c.secure.view.Session(), m.Octets, where}).tell(m.Type)
			}
		}
	}
}

// secured is what a handshake came to.
func secured(s *tlsview.Session) event.Secured {
	return event.Secured{Version: versionName(s.Version), Cipher: tls.CipherSuiteName(s.Suite),
		ServerName: s.ServerName}
}

// versionName is how event.Secured calls a version.
func versionName(v uint16) string { return strings.Replace(tls.VersionName(v), "TLS ", "TLSv", 1) }
