package record

import (
	"bytes"
	"encoding/hex"
	"io"
	"time"

	"posta/event"
)

// random is the client's random of a TLS handshake, by which key logs name
// connections.
type random [32]byte

// Where it stands in the first octets of a connection: behind the header of the
// record (RFC 8446 §5.1), that of the handshake message (§4) and the version
// (§4.1.2).
const (
	randomAt  = 5 + 4 + 2
	helloSize = randomAt + len(random{})
	maxKeys   = 4 << 10 // lines of a session; it has five, of 200 octets
)

// hello is how the ciphertext of one side begins, until it is long enough.
type hello struct {
	octets [helloSize]byte
	n      int
}

// greeting looks for the client's random. Behind a turn (RFC 2645) the client is
// the side that was dialed.
func (r *Ring) greeting(s *session, e *event.Event) {
	h := s.hello[e.Dir]
	if s.passed[e.Dir][event.Wire] > 0 && h == nil {
		return
	}
	if h == nil {
		h = &hello{}
		s.hello[e.Dir] = h
	}
	h.n += copy(h.octets[h.n:], e.Data)
	if h.n < helloSize {
		return
	}
	s.hello[e.Dir] = nil
	if h.octets[0] == 22 && h.octets[5] == 1 { // handshake, ClientHello
		s.random = random(h.octets[randomAt:])
		r.randoms[s.random] = s
	}
}

// forget ends the search for a session's keys.
func (r *Ring) forget(s *session) {
	s.hello = [2]*hello{}
	if r.randoms[s.random] == s {
		delete(r.randoms, s.random)
	}
}

// KeyLog is the tls.Config.KeyLogWriter of the listeners whose sessions are
// clear. It keeps a line for the session whose client random it names, and
// forgets what belongs to none. In the ring it lies before the octets that it
// decrypts, for whoever follows.
func (r *Ring) KeyLog() io.Writer { return keyLog{r} }

type keyLog struct{ ring *Ring }

func (k keyLog) Write(line []byte) (int, error) {
	var name random
	words := bytes.Fields(line)
	if len(words) != 3 || len(words[1]) != hex.EncodedLen(len(name)) {
		return len(line), nil
	}
	if _, err := hex.Decode(name[:], words[1]); err != nil {
		return len(line), nil
	}
	k.ring.mu.Lock()
	defer k.ring.mu.Unlock()
	if s := k.ring.randoms[name]; s != nil && s.clear && len(s.keys)+len(line) <= maxKeys {
		s.keys = append(s.keys, line...)
		k.ring.write(s, &event.Event{Conn: s.id, Time: time.Now(), Kind: event.Keys, Len: int64(len(line)), Data: line})
	}
	return len(line), nil
}
