package dissect

import (
	"encoding/binary"
	"time"

	"posta/field"
	"posta/tlsview"
)

// shake tells of one message of a handshake.
type shake struct {
	b       *builder
	session *tlsview.Session
	octets  []byte
	at      place
}

func (m *shake) tell(kind tlsview.MessageType) {
	m.number(field.TLSHandshakeType, tlsview.Span{Off: 0, Len: 1})
	m.number(field.TLSHandshakeLength, tlsview.Span{Off: 1, Len: 3})
	body := tlsview.Span{Off: tlsview.MessageHeader, Len: len(m.octets) - tlsview.MessageHeader}
	switch kind {
	case tlsview.TypeClientHello:
		m.clientHello()
	case tlsview.TypeServerHello:
		m.serverHello()
	case tlsview.TypeEncryptedExtensions:
		m.extensions(tlsview.ReadEncryptedExtensions(m.octets), false)
	case tlsview.TypeNewSessionTicket:
		if m.session.Version >= tlsview.TLS13 {
			m.extensions(tlsview.ReadTicket(m.octets), false)
		}
	case tlsview.TypeCertificate:
		m.certificates()
	case tlsview.TypeServerKeyExchange:
		m.serverKey(body)
	case tlsview.TypeCertificateVerify:
		if m.session.Version >= tlsview.TLS12 && body.Len >= 2 {
			m.number(field.TLSHandshakeSigHashAlg, tlsview.Span{Off: body.Off, Len: 2})
		}
	case tlsview.TypeCertificateRequest:
		for at := range tlsview.ReadCertificateRequest(m.octets, m.session.Version).Words(m.octets) {
			m.number(field.TLSHandshakeSigHashAlg, at)
		}
	}
}

func (m *shake) place(s tlsview.Span) place { return m.at.part(s.Off, s.Len) }

// number puts a number in, which is at most four octets long.
func (m *shake) number(id field.ID, s tlsview.Span) {
	if s.Len == 0 || !m.b.want.Has(id) {
		return
	}
	v := uint64(0)
	for _, b := range s.Of(m.octets) {
		v = v<<8 | uint64(b)
	}
	m.b.add(id, field.Uint(v), m.place(s))
}

func (m *shake) bytes(id field.ID, s tlsview.Span) {
	m.b.add(id, field.Octets(s.Of(m.octets)), m.place(s))
}

// size puts in a length that stands in n octets before what is so long.
func (m *shake) size(id field.ID, s tlsview.Span, n int) {
	if s.Off-n >= tlsview.MessageHeader {
		m.number(id, tlsview.Span{Off: s.Off - n, Len: n})
	}
}

// opening is what both hellos begin with.
func (m *shake) opening(h *tlsview.Hello) {
	m.number(field.TLSHandshakeVersion, tlsview.Span{Off: tlsview.MessageHeader, Len: min(2, len(m.octets)-tlsview.MessageHeader)})
	if h.Random.Len == 0 {
		return
	}
	m.bytes(field.TLSHandshakeRandom, h.Random)
	if m.session.Version < tlsview.TLS13 { // later ones have no time in it
		seconds := int64(binary.BigEndian.Uint32(h.Random.Of(m.octets)))
		m.b.add(field.TLSHandshakeRandomTime, field.Moment(time.Unix(seconds, 0)), m.place(tlsview.Span{Off: h.Random.Off, Len: 4}))
	}
	m.size(field.TLSHandshakeSessionIDLength, h.Session, 1)
	if h.Session.Len > 0 {
		m.bytes(field.TLSHandshakeSessionID, h.Session)
	}
}

func (m *shake) clientHello() {
	h := tlsview.ReadClientHello(m.octets)
	m.opening(&h)
	m.size(field.TLSHandshakeCipherSuitesLength, h.Suites, 2)
	if h.Suites.Len > 0 {
		m.b.add(field.TLSHandshakeCiphersuites, field.Value{}, m.place(h.Suites))
	}
	for at := range h.Suites.Words(m.octets) {
		m.number(field.TLSHandshakeCiphersuite, at)
	}
	for i := range h.Compressions.Len {
		m.number(field.TLSHandshakeCompMethod, tlsview.Span{Off: h.Compressions.Off + i, Len: 1})
	}
	m.extensions(h.Extensions, true)
	m.ja3(&h, field.TLSHandshakeJA3, field.TLSHandshakeJA3Full)
}

func (m *shake) serverHello() {
	h := tlsview.ReadServerHello(m.octets)
	m.opening(&h)
	m.number(field.TLSHandshakeCiphersuite, h.Suites)
	m.number(field.TLSHandshakeCompMethod, h.Compressions)
	m.extensions(h.Extensions, false)
	m.ja3(&h, field.TLSHandshakeJA3s, field.TLSHandshakeJA3sFull)
}

// extensions tells of a message's (RFC 8446 §4.2).
func (m *shake) extensions(e tlsview.Extensions, client bool) {
	if !e.Has {
		return
	}
	m.number(field.TLSHandshakeExtensionsLength, tlsview.Span{Off: e.At.Off - 2, Len: 2})
	for one := range e.All(m.octets) {
		m.number(field.TLSHandshakeExtensionType, tlsview.Span{Off: one.Data.Off - 4, Len: 2})
		m.number(field.TLSHandshakeExtensionLen, tlsview.Span{Off: one.Data.Off - 2, Len: 2})
		m.extension(one, client)
	}
}

func (m *shake) extension(one tlsview.Extension, client bool) {
	words := func(id field.ID, in tlsview.Span) {
		for at := range in.Words(m.octets) {
			m.number(id, at)
		}
	}
	switch one.Type {
	case tlsview.ExtServerName:
		for name := range one.Data.Names(m.octets) {
			m.number(field.TLSHandshakeExtensionsServerNameType, tlsview.Span{Off: name.At.Off - 3, Len: 1})
			m.bytes(field.TLSHandshakeExtensionsServerName, name.At)
		}
	case tlsview.ExtALPN:
		for name := range one.Data.Protocols(m.octets) {
			m.bytes(field.TLSHandshakeExtensionsAlpnStr, name)
		}
	case tlsview.ExtSupportedGroups:
		words(field.TLSHandshakeExtensionsSupportedGroup, one.Data.Inner(m.octets, 2))
	case tlsview.ExtSignatureAlgorithms, tlsview.ExtSignatureAlgsCert, tlsview.ExtDelegatedCredential:
		words(field.TLSHandshakeSigHashAlg, one.Data.Inner(m.octets, 2))
	case tlsview.ExtSupportedVersions:
		for at := range one.Data.Versions(m.octets, client) {
			m.number(field.TLSHandshakeExtensionsSupportedVersion, at)
		}
	case tlsview.ExtKeyShare:
		if one.Data.Len == 2 && !client {
			return // a HelloRetryRequest's group, which tshark tells in another field
		}
		for at := range one.Data.Shares(m.octets, client) {
			m.number(field.TLSHandshakeExtensionsKeyShareGroup, at)
		}
	}
}

// certificates tells of the message of that name (RFC 5246 §7.4.2, RFC 8446 §4.4.2).
func (m *shake) certificates() {
	l := tlsview.ReadCertificates(m.octets, m.session.Version)
	m.number(field.TLSHandshakeCertificatesLength, l.LenAt)
	if l.List.Len == 0 {
		return
	}
	m.b.add(field.TLSHandshakeCertificates, field.Value{}, m.place(l.List))
	for one := range l.All(m.octets) {
		m.number(field.TLSHandshakeCertificateLength, one.LenAt)
		m.bytes(field.TLSHandshakeCertificate, one.DER)
		m.extensions(one.Extensions, false)
	}
}

// serverKey tells of a ServerKeyExchange (RFC 5246 §7.4.3, RFC 8422 §5.4).
func (m *shake) serverKey(body tlsview.Span) {
	curve, algorithm := tlsview.ReadServerKey(m.octets, m.session.Suite, m.session.Version)
	m.number(field.TLSHandshakeServerNamedCurve, curve)
	m.number(field.TLSHandshakeSigHashAlg, algorithm)
}
