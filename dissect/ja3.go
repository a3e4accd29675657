package dissect

import (
	"crypto/md5"
	"encoding/hex"
	"strconv"

	"posta/field"
	"posta/tlsview"
)

// ja3 is the fingerprint of a hello that JA3 and JA3S describe: numbers of the
// version, suites, extensions, groups and point formats, and their MD5 sum.
func (m *shake) ja3(h *tlsview.Hello, sum, full field.ID) {
	if h.Random.Len == 0 || !m.b.want.Has(sum) && !m.b.want.Has(full) {
		return
	}
	client := sum == field.TLSHandshakeJA3
	var groups, formats tlsview.Span
	f := fingerprint{octets: m.octets}
	f.text = strconv.AppendUint(f.text, uint64(h.Version), 10)
	f.begin()
	f.words(h.Suites)
	f.begin()
	for one := range h.Extensions.All(m.octets) {
		f.number(one.Type)
		switch one.Type {
		case tlsview.ExtSupportedGroups:
			groups = one.Data.Inner(m.octets, 2)
		case tlsview.ExtECPointFormats:
			formats = one.Data.Inner(m.octets, 1)
		}
	}
	if client {
		f.begin()
		f.words(groups)
		f.begin()
		for _, format := range formats.Of(m.octets) {
			f.number(uint16(format))
		}
	}
	digest := md5.Sum(f.text)
	m.b.generated(full, field.Octets(f.text))
	m.b.generated(sum, field.Octets(hex.AppendEncode(nil, digest[:])))
}

type fingerprint struct {
	octets []byte
	text   []byte
	more   bool // something stands in this part already
}

func (f *fingerprint) begin() { f.text, f.more = append(f.text, ','), false }

// number writes one; values that are reserved to be unknown (RFC 8701) are left out.
func (f *fingerprint) number(v uint16) {
	if v&0x0f0f == 0x0a0a && v>>8 == v&0xff {
		return
	}
	if f.more {
		f.text = append(f.text, '-')
	}
	f.text, f.more = strconv.AppendUint(f.text, uint64(v), 10), true
}

func (f *fingerprint) words(s tlsview.Span) {
	for _, v := range s.Words(f.octets) {
		f.number(v)
	}
}
