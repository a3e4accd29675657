package pop3server

import (
	"bytes"
	"context"
	"errors"

	"posta/imf"
	"posta/store"
)

// maxNarrow bounds the header of which a surrogate is made.
const maxNarrow = 64 << 10

// errHeaderRead stops the store's reader behind a header.
var errHeaderRead = errors.New("pop3server: the header has been read")

// narrower turns a message with a UTF-8 header into one that may be sent to a
// client that has not said UTF8 (RFC 6856 §2.1): without it, one such letter
// stops many a program before all that lies behind it.
type narrower struct {
	scan imf.Scanner
	head []byte // read so far
	over bool   // the header is through, or too long
}

// take takes the next octets of a message and gives what can be sent of it.
func (n *narrower) take(b []byte) []byte {
	if n.over {
		return b
	}
	n.scan.Max = maxNarrow
	n.head = append(n.head, b...)
	if n.scan.Scan(b) == imf.More {
		return nil
	}
	return n.end()
}

// end gives what is left when the message has ended.
func (n *narrower) end() []byte {
	if n.over {
		return nil
	}
	n.over = true
	out := n.head
	if v := n.scan.Finish(); v != imf.TooBig {
		length := n.scan.Len()
		out = append(imf.AppendSurrogate(nil, n.head[:length], n.scan.Fields()), n.head[length:]...)
	}
	n.head = nil
	return out
}

// Write takes the message as a measure, no further than its header.
func (n *narrower) Write(b []byte) (int, error) {
	n.head = append(n.head, b...)
	n.scan.Max = maxNarrow
	if n.scan.Scan(b) != imf.More {
		return len(b), errHeaderRead
	}
	return len(b), nil
}

// narrow finds out the sizes of the surrogates in the maildrop. A message whose
// header cannot be read, or is too long, keeps its own and is refused.
func (s *session) narrow(ctx context.Context) {
	d := s.box
	for i := range d.messages {
		m := &d.messages[i]
		if !m.traits.UTF8 {
			continue
		}
		grown, ok := s.growth(ctx, i+1)
		if !ok {
			continue
		}
		if d.stored == nil {
			d.stored = map[uint32]int64{}
		}
		d.stored[m.uid] = m.size
		m.size += grown
		d.octets += grown
	}
}

// growth is how many octets the surrogate of message n has more.
func (s *session) growth(ctx context.Context, n int) (int64, bool) {
	if s.box.reader == nil {
		s.box.reader = s.srv.Maildrops.Reader(s.box.lease.Account)
	}
	var measure narrower
	err := s.box.reader.WriteTo(ctx, &measure, s.box.entry(n), s.box.widerAfter(n))
	if err != nil && !errors.Is(err, errHeaderRead) {
		return 0, false
	}
	if measure.scan.Finish() == imf.TooBig {
		return 0, false
	}
	head := measure.head[:measure.scan.Len()]
	surrogate := imf.AppendSurrogate(nil, head, measure.scan.Fields())
	grown := len(surrogate) - len(head)
	if len(head) == len(measure.head) { // it may be the whole message, and a field left out its last
		grown += lineEndAdded(surrogate) - lineEndAdded(head)
	}
	return int64(grown), true
}

// lineEndAdded is how many octets a message that ends so gets in sending, so
// that the final dot stands on a line of its own (RFC 1939 §3).
func lineEndAdded(message []byte) int {
	if len(message) == 0 || bytes.HasSuffix(message, []byte("\r\n")) {
		return 0
	}
	return len("\r\n")
}

// widerAfter gives the next messages of which a surrogate will be made.
func (d *maildrop) widerAfter(n int) []store.Entry {
	d.ahead = d.ahead[:0]
	for i := n + 1; i <= len(d.messages) && len(d.ahead) < ahead; i++ {
		if d.messages[i-1].traits.UTF8 {
			d.ahead = append(d.ahead, d.entry(i))
		}
	}
	return d.ahead
}
