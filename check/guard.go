// Package check asks whether a peer may be believed. So far it holds the
// guards in memory: connections an address, failed log-ins, bans, and the
// fence around the lab.
//
// It refuses to know the protocols: how a refusal is written, and what a
// log-in is, its callers say. Start reading at Guard; a listener's door is Gate.
package check

import (
	"cmp"
	"container/list"
	"hash/maphash"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"
)

// Options are what a Guard goes by. Zero values are replaced by the defaults
// that stand behind them.
type Options struct {
	Enabled   bool             // false: nothing is counted, nobody waits
	BanAfter  int              // failed log-ins within BanWindow that ban an address: 10
	BanWindow time.Duration    // 10 minutes
	BanFor    time.Duration    // 15 minutes
	Exempt    []netip.Prefix   // addresses that are never delayed or banned
	Remember  int              // addresses with failures remembered at most: 65,536
	Now       func() time.Time // time.Now
}

// Guard remembers, for all listeners together, which addresses failed to log
// in. Addresses of IPv6 count as their /64, which is what one host commands.
// Many goroutines may use it at once.
type Guard struct {
	Options
	seed maphash.Seed

	mu     sync.Mutex
	known  map[netip.Prefix]*list.Element // of *suspect
	recent *list.List                     // newest failure in front
	gates  []*Gate
}

// suspect is an address with failed log-ins.
type suspect struct {
	who     netip.Prefix
	since   time.Time // of the window
	last    time.Time
	until   time.Time // of the ban; zero: none
	failed  int       // within the window
	lastTry string    // the user name, cleaned
	users   [maxUsers]attempts
}

// maxUsers bounds whose failures are counted apart. A success forgives only
// the failures of its own user: else a guesser with one account of his own
// could forgive himself for ever.
const maxUsers = 8

type attempts struct {
	user   uint64 // hash of the name; 0: free
	failed int
}

const (
	firstWait = 250 * time.Millisecond
	maxWait   = 8 * time.Second
	maxName   = 64
)

// New makes a Guard.
func New(o Options) *Guard {
	o.BanAfter = cmp.Or(max(o.BanAfter, 0), 10)
	o.BanWindow = cmp.Or(max(o.BanWindow, 0), 10*time.Minute)
	o.BanFor = cmp.Or(max(o.BanFor, 0), 15*time.Minute)
	o.Remember = cmp.Or(max(o.Remember, 0), 1<<16)
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Guard{Options: o, seed: maphash.MakeSeed(), known: map[netip.Prefix]*list.Element{}, recent: list.New()}
}

// LoginResult is told of every log-in that was answered. For a failure it says
// how long the answer should be held back; the wait doubles with each. The one
// that bans the address says until when; else banned is zero.
func (g *Guard) LoginResult(remote netip.Addr, user string, ok bool) (wait time.Duration, banned time.Time) {
	who, counted := g.counts(remote)
	if !counted {
		return 0, time.Time{}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.Now()
	if ok {
		g.forgive(who, g.hash(user))
		return 0, time.Time{}
	}
	s := g.suspect(who, now)
	s.last, s.lastTry = now, clean(user)
	s.failed++
	s.blame(g.hash(user))
	if s.failed >= g.BanAfter && !s.banned(now) {
		s.until = now.Add(g.BanFor)
		banned = s.until
	}
	return waitFor(s.failed), banned
}

// waitFor is 250 ms for the first failure, doubled for each, at most 8 s.
func waitFor(failed int) time.Duration {
	if failed > 6 {
		return maxWait
	}
	return firstWait << (failed - 1)
}

// Banned says until when an address is shut out, or that it is not.
func (g *Guard) Banned(remote netip.Addr) (until time.Time, banned bool) {
	who, counted := g.counts(remote)
	if !counted {
		return time.Time{}, false
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	e, ok := g.known[who]
	if !ok {
		return time.Time{}, false
	}
	s := e.Value.(*suspect)
	if !s.banned(g.Now()) {
		return time.Time{}, false
	}
	return s.until, true
}

// Unban forgets an address's failures and its ban, and says whether there was
// anything to forget.
func (g *Guard) Unban(remote netip.Addr) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	e, ok := g.known[group(remote)]
	if ok {
		g.forget(e)
	}
	return ok
}

// counts gives the group of an address, and whether it is watched at all.
func (g *Guard) counts(remote netip.Addr) (netip.Prefix, bool) {
	if !g.Enabled || !remote.IsValid() {
		return netip.Prefix{}, false
	}
	return group(remote), !within(remote, g.Exempt)
}

// suspect finds or makes the entry of an address and begins a new window if
// the old one has passed.
func (g *Guard) suspect(who netip.Prefix, now time.Time) *suspect {
	if e, ok := g.known[who]; ok {
		g.recent.MoveToFront(e)
		s := e.Value.(*suspect)
		if !s.banned(now) && (now.Sub(s.since) > g.BanWindow || !s.until.IsZero()) {
			*s = suspect{who: who, since: now}
		}
		return s
	}
	for g.recent.Len() >= g.Remember {
		g.forget(g.recent.Back())
	}
	s := &suspect{who: who, since: now}
	g.known[who] = g.recent.PushFront(s)
	return s
}

// forgive takes back the failures of one user.
func (g *Guard) forgive(who netip.Prefix, user uint64) {
	e, ok := g.known[who]
	if !ok {
		return
	}
	s := e.Value.(*suspect)
	for i := range s.users {
		if s.users[i].user == user {
			s.failed -= s.users[i].failed
			s.users[i] = attempts{}
		}
	}
	if s.failed <= 0 && !s.banned(g.Now()) {
		g.forget(e)
	}
}

func (g *Guard) forget(e *list.Element) {
	delete(g.known, e.Value.(*suspect).who)
	g.recent.Remove(e)
}

func (g *Guard) hash(user string) uint64 {
	return max(1, maphash.String(g.seed, strings.ToLower(user)))
}

// blame counts a failure for a user; past maxUsers for nobody.
func (s *suspect) blame(user uint64) {
	for i := range s.users {
		if u := &s.users[i]; u.user == user || u.user == 0 {
			u.user = user
			u.failed++
			return
		}
	}
}

func (s *suspect) banned(now time.Time) bool { return now.Before(s.until) }

// Watched is one address in List.
type Watched struct {
	Address     string    `json:"address"` // "192.0.2.7" or "2001:db8::/64"
	Connections int       `json:"connections"`
	Failed      int       `json:"failed"`
	LastUser    string    `json:"last_user,omitempty"`
	LastFailure time.Time `json:"last_failure,omitzero"`
	BannedUntil time.Time `json:"banned_until,omitzero"`
}

// List gives the addresses that are connected, have failed or are banned:
// banned ones first, then by address.
func (g *Guard) List() []Watched {
	found := map[netip.Prefix]*Watched{}
	at := func(who netip.Prefix) *Watched {
		if found[who] == nil {
			found[who] = &Watched{Address: display(who)}
		}
		return found[who]
	}
	g.mu.Lock()
	now := g.Now()
	for e := g.recent.Front(); e != nil; e = e.Next() {
		s := e.Value.(*suspect)
		if !s.banned(now) && now.Sub(s.since) > g.BanWindow {
			continue
		}
		w := at(s.who)
		w.Failed, w.LastUser, w.LastFailure = s.failed, s.lastTry, s.last
		if s.banned(now) {
			w.BannedUntil = s.until
		}
	}
	gates := slices.Clone(g.gates)
	g.mu.Unlock()
	for _, gate := range gates {
		gate.each(func(who netip.Prefix, n int) { at(who).Connections += n })
	}
	out := make([]Watched, 0, len(found))
	for _, w := range found {
		out = append(out, *w)
	}
	slices.SortFunc(out, func(a, b Watched) int {
		if a.BannedUntil.IsZero() != b.BannedUntil.IsZero() {
			return cmp.Compare(b.BannedUntil.Unix(), a.BannedUntil.Unix())
		}
		return cmp.Compare(a.Address, b.Address)
	})
	return out
}

// group is what counts as one address: IPv4 whole, IPv6 its /64.
func group(a netip.Addr) netip.Prefix {
	a = a.Unmap().WithZone("")
	bits := a.BitLen()
	if a.Is6() {
		bits = 64
	}
	p, err := a.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return p
}

func display(who netip.Prefix) string {
	if who.IsSingleIP() {
		return who.Addr().String()
	}
	return who.String()
}

// within says whether an address lies in one of the networks.
func within(a netip.Addr, networks []netip.Prefix) bool {
	a = a.Unmap().WithZone("")
	return slices.ContainsFunc(networks, func(p netip.Prefix) bool { return p.Contains(a) })
}

// clean makes a name typed by a stranger fit to be shown.
func clean(name string) string {
	name = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == 0xfffd {
			return -1
		}
		return r
	}, name)
	if len(name) > maxName {
		name = strings.ToValidUTF8(name[:maxName], "")
	}
	return name
}
