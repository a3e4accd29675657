package audit

import (
	"cmp"
	"net/netip"
	"regexp"
	"slices"
	"time"

	"posta/story"
)

// The bounds of what is remembered beyond a session. The oldest is forgotten
// for the next.
const (
	maxServers  = 4096
	maxGuessers = 4096
)

// town is what is remembered of servers and clients from one session to the next.
type town struct {
	servers  ring[netip.AddrPort, server]
	guessers ring[netip.Addr, guesser]
	version  *regexp.Regexp // a program's name and the version of it
}

func newTown() *town {
	return &town{servers: newRing[netip.AddrPort, server](maxServers), guessers: newRing[netip.Addr, guesser](maxGuessers),
		version: regexp.MustCompile(`\pL[\pL\d_+-]*[ /(v-]*\d+\.\d+(\.\d+)*`)}
}

// server is what is known of a server's TLS.
type server struct {
	offered bool   // one session had STARTTLS in its list
	told    bool   // that another had not
	without *place // the first that had not
}

// place is where something stood that may be told of later.
type place struct {
	w  *watch
	at story.Moment
}

// guesser is a client whose log-ins fail.
type guesser struct {
	failed int
	users  []string // different ones, at most maxGuessed
	first  time.Time
	last   time.Time
}

// ring is a map that forgets what it was told first.
type ring[K comparable, V any] struct {
	all   map[K]*V
	order []K
	next  int
}

func newRing[K comparable, V any](size int) ring[K, V] {
	return ring[K, V]{all: map[K]*V{}, order: make([]K, 0, size)}
}

// of gives what is known of a key, and begins with nothing.
func (r *ring[K, V]) of(key K) *V {
	if v := r.all[key]; v != nil {
		return v
	}
	v := new(V)
	r.all[key] = v
	if len(r.order) < cap(r.order) {
		r.order = append(r.order, key)
		return v
	}
	delete(r.all, r.order[r.next])
	r.order[r.next] = key
	r.next = (r.next + 1) % len(r.order)
	return v
}

// inOrder are sessions by their numbers.
func inOrder(open map[uint64]*session) []*session {
	all := make([]*session, 0, len(open))
	for _, d := range open {
		all = append(all, d)
	}
	slices.SortFunc(all, func(a, b *session) int { return cmp.Compare(a.story.Conn, b.story.Conn) })
	return all
}
