package capture

import (
	"slices"

	"posta/event"
)

// maxEarly bounds what is kept back of one session, in octets: a handshake is
// hardly larger than its certificates.
const maxEarly = 64 << 10

// early is what is kept back of a session while it shakes hands.
type early struct {
	events []event.Event
	octets int
	over   bool // nothing is kept back any longer
}

// keeps takes the keys of a session and, of a live one, keeps its ciphertext
// back until TLS is up. It says whether the event is done with.
func (s *Sessions) keeps(c *played, e *event.Event) bool {
	if e.Kind == event.Keys {
		if !c.masked && s.err == nil {
			s.err = s.Secret(Secret{Type: SecretTLS, Data: e.Data})
			c.keys = append(c.keys, slices.Clone(e.Data))
		}
		return true
	}
	if !s.o.Live || c.masked || c.early.over {
		return false
	}
	kept := &c.early
	ciphertext := e.Kind == event.Data && e.Layer == event.Wire
	if ciphertext && kept.octets+len(e.Data) <= maxEarly {
		one := *e
		one.Data = slices.Clone(e.Data)
		kept.events, kept.octets = append(kept.events, one), kept.octets+len(e.Data)
		return true
	}
	if ciphertext || e.Kind == event.Secure || e.Kind == event.Close || e.Kind == event.Gap && e.Layer == event.Wire {
		events := kept.events
		c.early = early{over: true}
		for i := range events {
			s.emit(c, &events[i])
		}
	}
	return false
}

// forget tells whoever keeps secrets for later files that a session has ended.
func (s *Sessions) forget(c *played) {
	to, ok := s.to.(interface{ Forget(data []byte) })
	for _, data := range c.keys {
		if ok {
			to.Forget(data)
		}
	}
}
