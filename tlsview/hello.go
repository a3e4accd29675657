package tlsview

import (
	"bytes"
	"encoding/binary"
	"iter"
)

// Span is a run of octets in a message, its header counted.
type Span struct{ Off, Len int }

// Of gives the octets.
func (s Span) Of(message []byte) []byte { return message[s.Off : s.Off+s.Len] }

// The extensions that are looked into (IANA's registry ExtensionType Values).
const (
	ExtServerName          uint16 = 0     // RFC 6066 §3
	ExtSupportedGroups     uint16 = 10    // RFC 8446 §4.2.7
	ExtECPointFormats      uint16 = 11    // RFC 8422 §5.1.2
	ExtSignatureAlgorithms uint16 = 13    // RFC 8446 §4.2.3
	ExtALPN                uint16 = 16    // RFC 7301 §3.1
	ExtEarlyData           uint16 = 42    // RFC 8446 §4.2.10
	ExtSupportedVersions   uint16 = 43    // RFC 8446 §4.2.1
	ExtSignatureAlgsCert   uint16 = 50    // RFC 8446 §4.2.3
	ExtKeyShare            uint16 = 51    // RFC 8446 §4.2.8
	ExtDelegatedCredential uint16 = 34    // RFC 9345 §4.1.1
	ExtRenegotiationInfo   uint16 = 65281 // RFC 5746 §3.2
)

// Hello is a ClientHello or a ServerHello, as places in its message (RFC 8446
// §4.1.2, §4.1.3, RFC 5246 §7.4.1). One that is damaged has what comes before.
type Hello struct {
	Version      uint16 // that its own field says
	Random       Span
	Session      Span
	Suites       Span // of two octets each; a ServerHello has one
	Compressions Span
	Extensions   Extensions
}

// Extensions are a message's.
type Extensions struct {
	Len int  // that it says of them
	At  Span // those that are there
	Has bool
}

// Extension is one of them.
type Extension struct {
	Type uint16
	Data Span
}

// retryRandom says that a ServerHello is a HelloRetryRequest (RFC 8446 §4.1.3).
var retryRandom = [32]byte{
	0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
	0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
}

// cursor reads a message from one place to the next. What is not there has no
// octets, and nothing behind it is read.
type cursor struct {
	b       []byte
	at, end int
}

func cursorOf(message []byte) cursor {
	return cursor{message, min(MessageHeader, len(message)), len(message)}
}

// span takes the next n octets, or none.
func (c *cursor) span(n int) Span {
	if n > c.end-c.at {
		c.at = c.end
		return Span{c.end, 0}
	}
	s := Span{c.at, n}
	c.at += n
	return s
}

// number takes a number of n octets.
func (c *cursor) number(n int) (v int) {
	for _, b := range c.span(n).Of(c.b) {
		v = v<<8 | int(b)
	}
	return v
}

// vector takes octets behind a length of n octets.
func (c *cursor) vector(n int) Span { return c.span(c.number(n)) }

// within is a cursor over a part of the message.
func (s Span) within(message []byte) cursor { return cursor{message, s.Off, s.Off + s.Len} }

func (c *cursor) more() bool { return c.at < c.end }

// ReadClientHello reads one.
func ReadClientHello(message []byte) (h Hello) {
	c := cursorOf(message)
	h.Version = uint16(c.number(2))
	h.Random = c.span(32)
	h.Session = c.vector(1)
	h.Suites = c.vector(2)
	h.Suites.Len &^= 1
	h.Compressions = c.vector(1)
	h.Extensions = c.extensions()
	return h
}

// ReadServerHello reads one.
func ReadServerHello(message []byte) (h Hello) {
	c := cursorOf(message)
	h.Version = uint16(c.number(2))
	h.Random = c.span(32)
	h.Session = c.vector(1)
	h.Suites = c.span(2)
	h.Compressions = c.span(1)
	h.Extensions = c.extensions()
	return h
}

// ReadEncryptedExtensions reads the message of that name (RFC 8446 §4.3.1).
func ReadEncryptedExtensions(message []byte) Extensions {
	c := cursorOf(message)
	return c.extensions()
}

func (c *cursor) extensions() (e Extensions) {
	if c.end-c.at < 2 {
		return Extensions{}
	}
	e.Has = true
	e.Len = c.number(2)
	e.At = c.span(min(e.Len, c.end-c.at))
	return e
}

// maxExtensions are looked at; there are less than a hundred.
const maxExtensions = 256

// All gives the extensions that are whole.
func (e Extensions) All(message []byte) iter.Seq[Extension] {
	return func(yield func(Extension) bool) {
		c := e.At.within(message)
		for n := 0; c.end-c.at >= 4 && n < maxExtensions; n++ {
			kind, size := uint16(c.number(2)), c.number(2)
			if size > c.end-c.at || !yield(Extension{kind, c.span(size)}) {
				return
			}
		}
	}
}

// find gives the data of an extension.
func (e Extensions) find(message []byte, kind uint16) (Span, bool) {
	for one := range e.All(message) {
		if one.Type == kind {
			return one.Data, true
		}
	}
	return Span{}, false
}

// Words gives the numbers of two octets in a span, and their places.
func (s Span) Words(message []byte) iter.Seq2[Span, uint16] {
	return func(yield func(Span, uint16) bool) {
		for at := s.Off; at+2 <= s.Off+s.Len; at += 2 {
			if !yield(Span{at, 2}, binary.BigEndian.Uint16(message[at:])) {
				return
			}
		}
	}
}

// Inner gives the list in a span, which stands behind a length of n octets.
func (s Span) Inner(message []byte, n int) Span {
	c := s.within(message)
	return c.vector(n)
}

// Name is one of server_name's.
type Name struct {
	Type uint8 // 0: the name of a host
	At   Span
}

// Names gives the names of server_name's data (RFC 6066 §3).
func (s Span) Names(message []byte) iter.Seq[Name] {
	return func(yield func(Name) bool) {
		in := s.Inner(message, 2)
		for c := in.within(message); c.more(); {
			if kind := uint8(c.number(1)); !yield(Name{kind, c.vector(2)}) {
				return
			}
		}
	}
}

// Protocols gives the names of ALPN's data (RFC 7301 §3.1).
func (s Span) Protocols(message []byte) iter.Seq[Span] {
	return func(yield func(Span) bool) {
		in := s.Inner(message, 2)
		for c := in.within(message); c.more(); {
			if !yield(c.vector(1)) {
				return
			}
		}
	}
}

// Shares gives the groups of key_share's data: a client has a list of them, a
// server one, a HelloRetryRequest its group alone (RFC 8446 §4.2.8).
func (s Span) Shares(message []byte, client bool) iter.Seq2[Span, uint16] {
	return func(yield func(Span, uint16) bool) {
		in := s
		if client {
			in = s.Inner(message, 2)
		}
		for c := in.within(message); c.end-c.at >= 2; {
			at := c.span(2)
			if !yield(at, binary.BigEndian.Uint16(at.Of(message))) {
				return
			}
			c.vector(2)
		}
	}
}

// Versions gives the versions of supported_versions' data: a client has a list,
// a server one (RFC 8446 §4.2.1).
func (s Span) Versions(message []byte, client bool) iter.Seq2[Span, uint16] {
	if client {
		return s.Inner(message, 1).Words(message)
	}
	return Span{s.Off, min(s.Len, 2)}.Words(message)
}

// Retry says that a ServerHello asks for another ClientHello (RFC 8446 §4.1.4).
func (h *Hello) Retry(message []byte) bool { return bytes.Equal(h.Random.Of(message), retryRandom[:]) }

// ServerVersion is the version that a ServerHello chooses.
func (h *Hello) ServerVersion(message []byte) uint16 {
	if data, ok := h.Extensions.find(message, ExtSupportedVersions); ok && data.Len >= 2 {
		return binary.BigEndian.Uint16(message[data.Off:])
	}
	return h.Version
}

// OfferedVersion is the highest version that a ClientHello offers; values that
// are reserved to be unknown (RFC 8701) are none.
func (h *Hello) OfferedVersion(message []byte) uint16 {
	data, ok := h.Extensions.find(message, ExtSupportedVersions)
	if !ok {
		return h.Version
	}
	highest := uint16(0)
	for _, v := range data.Versions(message, true) {
		if v&0x0f0f != 0x0a0a && v > highest {
			highest = v
		}
	}
	return highest
}
