package wire

import (
	"context"
	"net"
	"net/netip"
)

// Server accepts connections and runs a session in a goroutine for each.
type Server struct {
	Listener net.Listener
	// Options makes the options of a connection, ID included.
	Options func(remote netip.AddrPort) Options
	// Admit may refuse a peer before anything is read: it returns the one line
	// to send ("421 4.7.0 …") or "". release, if any, is called at the end.
	Admit func(remote netip.AddrPort) (refusal string, release func())
	// Session serves one connection; Server closes it afterwards.
	Session func(context.Context, *Conn)
	// MaxConns bounds the sessions at once; 0: no bound. Busy is the line sent
	// to one too many.
	MaxConns int
	Busy     string
}

// Serve accepts until ctx is done or the listener fails for good; it backs off
// on temporary failures (EMFILE). When ctx is done it closes the listener,
// interrupts the sessions and returns after the last has ended.
func (s *Server) Serve(ctx context.Context) error { panic("wire: being built") }
