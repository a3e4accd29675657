package record

import (
	"time"

	"posta/event"
)

// longest is how much of a Data event stands in one record; more is cut into
// several.
const longest = 32 << 10

// session is what is known of a recorded one beside its events.
type session struct {
	id     uint64
	opened event.Opened
	began  time.Time
	closed time.Time // zero: it is open
	clear  bool
	full   [2]bool   // no more comes in: 0 of lines, 1 of bodies and ciphertext
	size   int       // octets of its records
	first  int64     // place of its first record
	last   int64     // behind its last one, once it is closed
	passed ends      // octets that passed, of a masked session as they are kept
	tls    secrecy   // where its TLS begins
	hello  [2]*hello // of each side, until the client's random is known
	random random    // under which randoms has it
	keys   []byte    // lines of a key log
}

// ends are how far the streams of a session have come.
type ends [2][2]int64 // by event.Dir and event.Layer

// secrecy is where TLS begins in a session. The ring may lose that, and the rest
// is not understood without.
type secrecy struct {
	begun   bool        // ciphertext has passed, or TLS is up
	plain   [2]int64    // octets of Text before it, by event.Dir; ciphertext is counted on from there
	secured event.Event // that it is up; of Kind 0 while it is not
}

// begin takes how far the clear text had come.
func (t *secrecy) begin(passed *ends) {
	if !t.begun {
		t.begun, t.plain = true, [2]int64{passed[0][event.Text], passed[1][event.Text]}
	}
}

// data keeps octets. Where the session has its fill they are left out; their
// places tell who reads.
func (r *Ring) data(s *session, e *event.Event) {
	switch {
	case !s.clear && e.Layer == event.Wire:
	case !s.clear && e.Part == event.Body:
		left, kept := event.MaskedBody(e)
		if left > 0 {
			r.lines(s, e, nil, left)
		}
		if kept != "" {
			r.lines(s, e, []byte(kept), int64(len(kept)))
		}
	case !s.clear && len(e.Mask) > 0:
		r.masked = event.AppendMasked(r.masked[:0], e.Data, e.Mask)
		r.lines(s, e, r.masked, int64(len(r.masked)))
	case !s.clear:
		r.lines(s, e, e.Data, e.Len)
	default:
		if e.Layer == event.Wire {
			s.tls.begin(&s.passed)
			r.greeting(s, e)
		}
		r.pieces(s, e)
		s.passed[e.Dir&1][e.Layer&1] = e.Off + e.Len
	}
}

// lines keeps octets of a masked session, in places of their own: the true ones
// would say how long a secret was.
func (r *Ring) lines(s *session, e *event.Event, data []byte, n int64) {
	at := &s.passed[e.Dir&1][event.Text]
	one := *e
	one.Data, one.Off, one.Len, one.Mask = data, *at, n, nil
	one.Dot = e.Dot && data != nil
	*at += n
	r.pieces(s, &one)
}

// pieces writes octets, in records of bounded size.
func (r *Ring) pieces(s *session, e *event.Event) {
	bulk, most := 0, r.o.PerSession
	if e.Part == event.Body || e.Layer == event.Wire { // the lines behind a large message have room all the same
		bulk, most = 1, r.o.PerSession/4*3
	}
	if len(e.Data) <= longest && !s.full[bulk] && s.size+len(e.Data)+overhead <= most {
		r.write(s, e)
		return
	}
	for from := 0; from < len(e.Data); from += longest {
		piece := e.Data[from:min(from+longest, len(e.Data))]
		s.full[bulk] = s.full[bulk] || s.size+len(piece)+overhead > most
		if s.full[bulk] {
			return
		}
		one := *e
		one.Data, one.Off, one.Len = piece, e.Off+int64(from), int64(len(piece))
		one.Mask = within(e.Mask, from, len(piece))
		one.Dot = e.Dot && from+len(piece) == len(e.Data)
		r.write(s, &one)
	}
}

// overhead is what a record takes beside its octets, about.
const overhead = 40

// write puts an event into the ring and gives its place. What is no event of a
// session cannot be written and is left out.
func (r *Ring) write(s *session, e *event.Event) int64 {
	record, err := event.Append(r.record[:0], e)
	r.record = record
	if err != nil || len(record) > r.o.Size/4 {
		return r.blocks.end()
	}
	s.size += len(record)
	at := r.blocks.put(record, e.Time)
	r.follow()
	r.press()
	r.wake()
	return at
}

// within are the spans as a piece of their octets has them.
func within(spans []event.Span, from, n int) []event.Span {
	var out []event.Span
	for _, m := range spans {
		a, b := max(m.Off-from, 0), min(m.Off+m.Len-from, n)
		if a < b {
			out = append(out, event.Span{Off: a, Len: b - a})
		}
	}
	return out
}
