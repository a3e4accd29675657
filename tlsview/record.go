package tlsview

import "encoding/binary"

// ContentType is what a record holds (RFC 8446 §5.1, RFC 6520 §3).
type ContentType uint8

const (
	ChangeCipherSpec ContentType = 20
	Alert            ContentType = 21
	Handshake        ContentType = 22
	ApplicationData  ContentType = 23
	Heartbeat        ContentType = 24
)

// The versions of the protocol, as its records and hellos write them.
const (
	SSL30 uint16 = 0x0300
	TLS10 uint16 = 0x0301
	TLS11 uint16 = 0x0302
	TLS12 uint16 = 0x0303
	TLS13 uint16 = 0x0304
)

const (
	// HeaderLen is what stands before a record's fragment: type, version, length.
	HeaderLen = 5
	// maxFragment is the longest fragment (RFC 5246 §6.2.3).
	maxFragment = 1<<14 + 2048
)

// Begins says that octets look like the begin of a record, as far as they go.
func Begins(octets []byte) bool {
	switch n := len(octets); {
	case n == 0:
		return false
	case octets[0] < byte(ChangeCipherSpec) || octets[0] > byte(Heartbeat):
		return false
	case n >= 2 && octets[1] != 3:
		return false
	case n >= 3 && octets[2] > byte(TLS13&0xff):
		return false
	case n >= HeaderLen:
		size := binary.BigEndian.Uint16(octets[3:])
		return size <= maxFragment && (size > 0 || octets[0] == byte(ApplicationData))
	}
	return true
}

// BeginsHello says that octets are the begin of a ClientHello, which is enough
// to know TLS on any port.
func BeginsHello(octets []byte) bool {
	return len(octets) > HeaderLen+3 && octets[0] == byte(Handshake) && Begins(octets) &&
		octets[HeaderLen] == byte(TypeClientHello) && octets[HeaderLen+1] == 0
}

// records cuts what one end sends. It keeps at most one record.
type records struct {
	part []byte
}

// take reads on to the end of a record, and says how many of src's octets it
// took. Without a record it took all: they are kept, or passed over where they
// are strange.
func (r *records) take(src []byte) (octets []byte, n int, split, strange bool) {
	if len(r.part) == 0 {
		if !Begins(src) {
			return src, len(src), false, true
		}
		if whole := size(src); whole > 0 && whole <= len(src) {
			return src[:whole], whole, false, false
		}
	}
	for size(r.part) == 0 && n < len(src) { // the header
		r.part = append(r.part, src[n])
		n++
	}
	if !Begins(r.part) { // only its whole header shows it
		octets, r.part = r.part, nil
		return append(octets, src[n:]...), len(src), true, true
	}
	whole := size(r.part)
	if whole == 0 {
		return nil, n, true, false
	}
	more := min(whole-len(r.part), len(src)-n)
	r.part = append(r.part, src[n:n+more]...)
	n += more
	if len(r.part) < whole {
		return nil, n, true, false
	}
	octets, r.part = r.part, nil
	return octets, n, true, false
}

// size is that of the record, 0 while its header is not whole.
func size(octets []byte) int {
	if len(octets) < HeaderLen {
		return 0
	}
	return HeaderLen + int(binary.BigEndian.Uint16(octets[3:]))
}
