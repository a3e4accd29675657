package dns

import (
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"time"
)

const (
	port         = 53
	systemKept   = 30 * time.Second // before the system is asked again for its servers
	silentServer = 30 * time.Second // how long a server that was silent is asked last
	mostServers  = 8
)

// servers are those that may be asked, and which of them were silent.
type servers struct {
	now   func() time.Time
	fixed []netip.AddrPort

	mu     sync.Mutex
	system []netip.AddrPort
	looked time.Time
	silent map[netip.AddrPort]time.Time // until when
}

func newServers(names []string, now func() time.Time) (*servers, error) {
	s := &servers{now: now, silent: map[netip.AddrPort]time.Time{}}
	for _, name := range names {
		at, err := ParseServer(name)
		if err != nil {
			return nil, err
		}
		s.fixed = append(s.fixed, at)
	}
	return s, nil
}

// ParseServer reads a server's address, with its port where that is not 53. A
// name is refused: it could only be found by asking.
func ParseServer(s string) (netip.AddrPort, error) {
	if at, err := netip.ParseAddrPort(s); err == nil && at.Port() != 0 {
		return at, nil
	}
	bare := s
	if len(s) > 2 && s[0] == '[' && s[len(s)-1] == ']' {
		bare = s[1 : len(s)-1]
	}
	addr, err := netip.ParseAddr(bare)
	if err != nil || bare != s && !addr.Is6() {
		return netip.AddrPort{}, fmt.Errorf("dns: %q is no address of a server, as 192.0.2.53 or 127.0.0.1:5353", s)
	}
	return netip.AddrPortFrom(addr, port), nil
}

// order gives the servers, those that were silent lately last.
func (s *servers) order() []netip.AddrPort {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	all := s.fixed
	if len(all) == 0 {
		all = s.ofSystem(now)
	}
	for at, until := range s.silent {
		if !now.Before(until) {
			delete(s.silent, at)
		}
	}
	all = slices.Clone(all)
	slices.SortStableFunc(all, func(a, b netip.AddrPort) int {
		_, x := s.silent[a]
		_, y := s.silent[b]
		switch {
		case x == y:
			return 0
		case x:
			return 1
		}
		return -1
	})
	return all
}

// ofSystem gives the system's servers, or this machine.
func (s *servers) ofSystem(now time.Time) []netip.AddrPort {
	if s.looked.IsZero() || now.Sub(s.looked) >= systemKept {
		s.looked = now
		if found, err := systemServers(); err == nil { // else what was known
			s.system = found[:min(len(found), mostServers)]
		}
	}
	if len(s.system) == 0 {
		return []netip.AddrPort{netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), port)}
	}
	return s.system
}

// wasSilent puts a server behind the others for a while.
func (s *servers) wasSilent(at netip.AddrPort) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.silent[at] = s.now().Add(silentServer)
}
