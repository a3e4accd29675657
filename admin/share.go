package admin

import (
	"net"
	"sync"
)

// peer is the user at the other end of a socket; known is false where the
// system does not say who it is. All of those are one.
type peer struct {
	uid   uint32
	known bool
}

// name is what a message has as its user's name: the system's, or the one of
// nobody in particular.
func (p peer) name() string {
	if !p.known {
		return nobody
	}
	return userName(p.uid)
}

// nobody is who hands in where nobody can say who it is.
const nobody = "nobody"

// shares bounds how much there is of something, and how much of it one user
// has, so that none keeps the others out.
type shares struct {
	most, each int

	mu   sync.Mutex
	all  int
	held map[peer]int
}

func newShares(most, each int) *shares {
	return &shares{most: most, each: each, held: map[peer]int{}}
}

// take takes one for the user, if there is one for him.
func (s *shares) take(p peer) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all >= s.most || s.held[p] >= s.each {
		return false
	}
	s.all++
	s.held[p]++
	return true
}

// leave gives one back.
func (s *shares) leave(p peer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all--
	if s.held[p]--; s.held[p] == 0 {
		delete(s.held, p)
	}
}

// turnstile is a listener that lets in only so many connections at once. One
// too many is closed: its user has enough that are open.
type turnstile struct {
	net.Listener
	inside *shares
}

// Accept implements net.Listener.
func (t *turnstile) Accept() (net.Conn, error) {
	for {
		conn, err := t.Listener.Accept()
		if err != nil {
			return nil, err
		}
		g := &guest{Conn: conn, inside: t.inside}
		g.who.uid, g.who.known = peerOf(conn)
		if t.inside.take(g.who) {
			return g, nil
		}
		conn.Close()
	}
}

// guest is a connection that was let in.
type guest struct {
	net.Conn
	who    peer
	inside *shares
	left   sync.Once
}

// Close implements net.Conn.
func (g *guest) Close() error {
	g.left.Do(func() { g.inside.leave(g.who) })
	return g.Conn.Close()
}

// peerKey is a context's value: the peer of a connection to the counter.
type peerKey struct{}
