package check

import (
	"net/netip"
	"sync"
	"time"
)

// GateOptions are what the door of one listener goes by.
type GateOptions struct {
	Lab        bool                     // admit private networks only; no bans
	Networks   []netip.Prefix           // lab: admitted besides
	PerAddress int                      // connections at once from one address; 0: no bound
	Line       func(text string) string // writes a refusal: SMTP, POP3 or a persona's
}

// SMTP writes a refusal as a mail server does before its greeting
// (RFC 5321 §3.8: 421 and close; RFC 3463's 4.7.0).
func SMTP(text string) string { return "421 4.7.0 " + text }

// POP3 writes a refusal as a POP3 server does (RFC 1939 §3).
func POP3(text string) string { return "-ERR " + text }

// What strangers at the door are told.
const (
	LabText    = "This is a lab server; it serves only this computer and private networks"
	BannedText = "Too many failed log-ins from your address; try again later"
	ManyText   = "Too many connections from your address; try again later"
)

// Gate is the door of one listener. Many goroutines may use it at once.
type Gate struct {
	GateOptions
	guard *Guard

	mu   sync.Mutex
	open map[netip.Prefix]int // connections; an address without any is absent
}

// Gate makes the door of a listener. Bans hold at all doors of a Guard,
// connections are counted for each door.
func (g *Guard) Gate(o GateOptions) *Gate {
	if o.Line == nil {
		o.Line = SMTP
	}
	d := &Gate{GateOptions: o, guard: g, open: map[netip.Prefix]int{}}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.gates = append(g.gates, d)
	return d
}

// Admit lets a peer in, and then release must be called once at the end; or it
// gives the line to refuse it with, without line end.
func (d *Gate) Admit(remote netip.AddrPort) (refusal string, release func()) {
	addr := remote.Addr().Unmap()
	if d.Lab && !Private(addr) && !within(addr, d.Networks) {
		return d.Line(LabText), nil
	}
	if _, banned := d.guard.Banned(addr); banned && !d.Lab {
		return d.Line(BannedText), nil
	}
	who := group(addr)
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.PerAddress > 0 && d.open[who] >= d.PerAddress && !within(addr, d.guard.Exempt) {
		return d.Line(ManyText), nil
	}
	d.open[who]++
	return "", sync.OnceFunc(func() { d.leave(who) })
}

// LoginResult is the Guard's, but in the lab it counts nothing.
func (d *Gate) LoginResult(remote netip.Addr, user string, ok bool) (wait time.Duration, banned time.Time) {
	if d.Lab {
		return 0, time.Time{}
	}
	return d.guard.LoginResult(remote, user, ok)
}

func (d *Gate) leave(who netip.Prefix) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.open[who]--; d.open[who] <= 0 {
		delete(d.open, who)
	}
}

func (d *Gate) each(f func(who netip.Prefix, connections int)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for who, n := range d.open {
		f(who, n)
	}
}

// Private says whether an address can belong to a classroom: loopback,
// link-local (RFC 3927, RFC 4291 §2.5.6), RFC 1918, unique local (RFC 4193)
// and shared address space (RFC 6598).
func Private(a netip.Addr) bool {
	shared := netip.PrefixFrom(netip.AddrFrom4([4]byte{100, 64, 0, 0}), 10)
	return a.IsLoopback() || a.IsLinkLocalUnicast() || a.IsPrivate() || shared.Contains(a)
}
