package tlsview

import "iter"

// CertificateList is a Certificate message, as places in it (RFC 5246 §7.4.2,
// RFC 8446 §4.4.2).
type CertificateList struct {
	Len   int // that the message says of the list
	LenAt Span
	List  Span
	tls13 bool
}

// ReadCertificates reads the message, which is another one in TLS 1.3.
func ReadCertificates(message []byte, version uint16) (l CertificateList) {
	c := cursorOf(message)
	if l.tls13 = version >= TLS13; l.tls13 {
		c.vector(1) // certificate_request_context
	}
	l.LenAt = Span{c.at, min(3, c.end-c.at)}
	l.Len = c.number(3)
	l.List = c.span(min(l.Len, c.end-c.at))
	return l
}

// CertificateEntry is one certificate of a list.
type CertificateEntry struct {
	LenAt      Span
	DER        Span
	Extensions Extensions // of TLS 1.3
}

// All gives the certificates that are whole.
func (l *CertificateList) All(message []byte) iter.Seq[CertificateEntry] {
	return func(yield func(CertificateEntry) bool) {
		for c := l.List.within(message); c.end-c.at > 3; {
			var e CertificateEntry
			e.LenAt = Span{c.at, 3}
			size := c.number(3)
			if size > c.end-c.at {
				return
			}
			e.DER = c.span(size)
			if l.tls13 {
				e.Extensions = c.extensions()
			}
			if !yield(e) {
				return
			}
		}
	}
}

// ReadTicket gives the extensions of a NewSessionTicket of TLS 1.3 (RFC 8446
// §4.6.1).
func ReadTicket(message []byte) Extensions {
	c := cursorOf(message)
	c.span(8) // its lifetime, and what is added to its age
	c.vector(1)
	c.vector(2)
	return c.extensions()
}

// ReadCertificateRequest gives the signature algorithms that a
// CertificateRequest of TLS 1.2 or later takes (RFC 5246 §7.4.4, RFC 8446 §4.3.2).
func ReadCertificateRequest(message []byte, version uint16) Span {
	c := cursorOf(message)
	c.vector(1) // the types of certificates, or the context
	switch {
	case version >= TLS13:
		e := c.extensions()
		if data, ok := e.find(message, ExtSignatureAlgorithms); ok {
			return data.Inner(message, 2)
		}
	case version == TLS12:
		return c.vector(2)
	}
	return Span{c.at, 0}
}
