package tlsview

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// told is all that a View says of a record.
func told(from End, r *Record) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d %v %x %d %x %v %d %v %v %x", from, r.Strange, r.Octets, r.Type, r.Version, r.Opaque, r.Content, r.Hidden, r.Opened, r.Clear)
	for _, m := range r.Messages {
		fmt.Fprintf(&b, " [%d %v %x %d]", m.Type, m.Whole, m.Octets, m.Off)
	}
	return b.String()
}

// Whatever two ends send: nothing that is kept grows, and records are the same
// wherever the stream is cut, unless something strange is between them.
func FuzzView(f *testing.F) {
	for _, name := range []string{"aes256", "update", "renegotiate", "early", "cbc"} {
		_, pieces := readTape(f, name)
		var both []byte
		for _, p := range pieces {
			for rest := p.octets; len(rest) > 0; {
				n := min(len(rest), 255)
				both = append(append(both, byte(p.from), byte(n)), rest[:n]...)
				rest = rest[n:]
			}
		}
		f.Add(both, uint8(7))
	}
	keys, _ := readTape(f, "aes256")
	for _, name := range []string{"update", "renegotiate", "early", "cbc"} {
		more, _ := readTape(f, name)
		keys = append(keys, more...)
	}
	log := keysOf(keys)
	f.Fuzz(func(t *testing.T, both []byte, cut uint8) {
		var pieces []piece
		for len(both) > 2 {
			n := min(int(both[1]), len(both)-2)
			pieces = append(pieces, piece{End(both[0] & 1), both[2 : 2+n]})
			both = both[2+n:]
		}
		var runs [2][]string
		strange := false
		for i, size := range []int{1 << 20, int(cut) + 1} {
			v := NewView(log)
			for _, p := range pieces {
				for part := range slices.Chunk(p.octets, size) {
					for len(part) > 0 {
						r, n := v.Take(p.from, part)
						if r == nil && n != len(part) || n == 0 {
							t.Fatalf("%d of %d octets were taken", n, len(part))
						}
						if part = part[n:]; r != nil {
							strange = strange || r.Strange
							runs[i] = append(runs[i], told(p.from, r))
							r.check(t)
						}
					}
					if v.Held() > 2*2*(maxFragment+maxMessage+1024) {
						t.Fatalf("%d octets are kept", v.Held())
					}
				}
			}
		}
		if !strange && !slices.Equal(runs[0], runs[1]) {
			t.Errorf("cut at %d:\n%s\n%s", cut+1, strings.Join(runs[0], "\n"), strings.Join(runs[1], "\n"))
		}
	})
}

// check holds a record's parts against each other, and reads its messages.
func (r *Record) check(t *testing.T) {
	for _, m := range r.Messages {
		if m.Off >= 0 && !bytes.Equal(m.Octets, r.Clear[m.Off:m.Off+len(m.Octets)]) {
			t.Errorf("a message is not at %d", m.Off)
		}
		if m.Whole {
			readAll(m.Octets)
		}
	}
}

// readAll reads a message as each that it may be. Every place that is told must
// be one, or this panics.
func readAll(m []byte) {
	for _, h := range []Hello{ReadClientHello(m), ReadServerHello(m)} {
		for _, s := range []Span{h.Random, h.Session, h.Suites, h.Compressions, h.Extensions.At} {
			s.Of(m)
		}
		h.OfferedVersion(m)
		h.ServerVersion(m)
		for e := range h.Extensions.All(m) {
			for range e.Data.Names(m) {
			}
			for range e.Data.Protocols(m) {
			}
			for _, client := range []bool{false, true} {
				for s := range e.Data.Shares(m, client) {
					s.Of(m)
				}
				for s := range e.Data.Versions(m, client) {
					s.Of(m)
				}
			}
		}
	}
	for e := range ReadTicket(m).All(m) {
		e.Data.Of(m)
	}
	for _, version := range []uint16{TLS12, TLS13} {
		ReadCertificateRequest(m, version).Of(m)
		for _, suite := range []uint16{0xc02f, 0x009e, 0x009c} {
			curve, algorithm := ReadServerKey(m, suite, version)
			curve.Of(m)
			algorithm.Of(m)
		}
		l := ReadCertificates(m, version)
		l.LenAt.Of(m)
		for c := range l.All(m) {
			c.LenAt.Of(m)
			c.DER.Of(m)
			for e := range c.Extensions.All(m) {
				e.Data.Of(m)
			}
		}
	}
}

func FuzzMessages(f *testing.F) {
	for _, name := range []string{"aes256", "cbc"} {
		_, pieces := readTape(f, name)
		f.Add(pieces[0].octets[HeaderLen:])
		f.Add(pieces[1].octets[HeaderLen:])
	}
	f.Fuzz(func(_ *testing.T, m []byte) { readAll(m) })
}
