package draw

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"posta/event"
	"posta/story"
	"posta/words"
)

// side is where an actor stands: who sends on the left, servers in the middle,
// who fetches on the right.
type side int

const (
	sends side = iota
	serves
	fetches
)

// actor is who speaks: a host in one part. What it is called was said in its sessions.
type actor struct {
	name  string   // user, HELO name, the banner's host, or the address
	role  string   // "SMTP client"
	lines []string // addresses and further names

	side      side
	addr      netip.Addr
	ports     []uint16
	users     []string
	helos     []string
	hosts     []string // of banners
	protocols []string
}

// place finds an actor.
type place struct {
	side side
	addr netip.Addr
	host string // of a server: what it calls itself; "" where that was not heard
	port uint16 // the same: where it listens; 0 where it dialed
}

// cast finds the actors of the sessions, and leaves sessions out that do not fit.
func (d *Diagram) cast(all []*story.Session) {
	var found []*actor
	type pair struct {
		s    *story.Session
		ends [2]*actor
	}
	var pairs []pair
	servers := map[netip.Addr]map[string]bool{} // the names that each greeted with
	for _, s := range all {
		addr := s.Ends.Local.Addr().Unmap()
		if servers[addr] == nil {
			servers[addr] = map[string]bool{}
		}
		servers[addr][banner(s, event.FromListener)] = true
	}
	for _, s := range all {
		if len(pairs) == maxSessions {
			d.left++
			continue
		}
		one, more := pair{s: s}, found
		for i, p := range places(s, servers) {
			if one.ends[i] = seat(more, p, s); one.ends[i] == nil {
				one.ends[i] = &actor{side: p.side, addr: p.addr}
				if p.host != "" {
					one.ends[i].hosts = []string{p.host}
				}
				more = append(more[:len(more):len(more)], one.ends[i])
			}
		}
		if len(more) > maxActors {
			d.left++
			continue
		}
		found = more
		one.ends[0].heardClient(s)
		one.ends[1].heardServer(s)
		pairs = append(pairs, one)
	}
	slices.SortStableFunc(found, func(x, y *actor) int { return int(x.side) - int(y.side) })
	if len(found) > 0 && found[0].side == serves { // nobody sends: who fetches stands on the left
		slices.SortStableFunc(found, func(x, y *actor) int { return int(y.side) - int(x.side) })
	}
	number := map[*actor]int{}
	for i, a := range found {
		a.introduce(d.w)
		number[a] = i
		d.actors = append(d.actors, *a)
	}
	for _, p := range pairs {
		d.sessions = append(d.sessions, session{p.s, [2]int{number[p.ends[0]], number[p.ends[1]]}})
	}
}

// seat finds the actor that stands at a place already, nil for none. Clients of
// one address are several people, and servers several servers, as on a computer
// that tries everything with itself, where they call themselves otherwise; where
// actors are too many, the address decides.
func seat(found []*actor, p place, s *story.Session) (near *actor) {
	for _, a := range found {
		switch {
		case a.side != p.side || a.addr != p.addr:
		case p.side == serves && a.isServer(p):
			return a
		case p.side == serves && (p.host == "" || len(a.hosts) == 0) && near == nil:
			near = a
		case len(found) >= maxActors-1, p.side != serves && a.mayBe(s):
			return a
		}
	}
	return near
}

// isServer says that an actor is the server of a place: by its name, or where
// none was heard by its port.
func (a *actor) isServer(p place) bool {
	if p.host != "" && len(a.hosts) > 0 {
		return slices.Contains(a.hosts, p.host)
	}
	return slices.Contains(a.ports, p.port)
}

// mayBe says that who dialed may be this client: a name of it fits, and none
// says otherwise.
func (a *actor) mayBe(s *story.Session) bool {
	user, helo := clean(s.User), clean(s.Helo)
	switch {
	case user != "" && user != "?" && len(a.users) > 0:
		return slices.Contains(a.users, user)
	case helo != "" && len(a.helos) > 0:
		return slices.Contains(a.helos, helo)
	}
	return true
}

// places are where a session's ends stand. A server that passes a message on to
// another one is one actor; at one address it is known by its name.
func places(s *story.Session, servers map[netip.Addr]map[string]bool) [2]place {
	client, server := s.Ends.Remote.Addr().Unmap(), s.Ends.Local.Addr().Unmap()
	host := banner(s, event.FromListener)
	from := sends
	if s.Protocol == "pop3" || s.Protocol == "" && (s.Ends.Local.Port() == 110 || s.Ends.Local.Port() == 995) {
		from = fetches
	}
	helo := clean(s.Helo)
	if helo == host || !servers[client][helo] {
		helo = "" // it is nobody's name here
	}
	if len(servers[client]) > 0 && client != server || helo != "" {
		from = serves
	}
	if from != serves {
		helo = ""
	}
	return [2]place{event.FromDialer: {from, client, helo, 0}, event.FromListener: {serves, server, host, s.Ends.Local.Port()}}
}

// banner is the name in an end's greeting, "" for none.
func banner(s *story.Session, dir event.Dir) string {
	for _, act := range s.Acts {
		if act.Kind == story.Greeting && act.Dir == dir {
			return clean(bannerHost(bannerText(act)))
		}
	}
	return ""
}

// bannerText is a greeting without its code.
func bannerText(act *story.Act) string {
	if act.Code > 0 {
		return strings.TrimLeft(act.Text[min(len(act.Text), 4):], " ")
	}
	_, text, _ := strings.Cut(act.Text, " ")
	return text
}

// heardClient takes what a session tells of who dialed.
func (a *actor) heardClient(s *story.Session) {
	if a.side != serves { // of a server, the port where it listens counts
		a.ports = addOnce(a.ports, s.Ends.Remote.Port())
	}
	a.protocols = addOnce(a.protocols, protocol(s))
	if s.User != "" && s.User != "?" {
		a.users = addOnce(a.users, clean(s.User))
	}
	a.heard(s, event.FromDialer)
}

// heardServer takes what it tells of who listened.
func (a *actor) heardServer(s *story.Session) {
	a.ports = addOnce(a.ports, s.Ends.Local.Port())
	a.protocols = addOnce(a.protocols, protocol(s))
	a.heard(s, event.FromListener)
}

// heard takes the names that an end gives itself. After TURN a client greets,
// and a server says HELO.
func (a *actor) heard(s *story.Session, dir event.Dir) {
	for _, act := range s.Acts {
		switch {
		case act.Dir != dir:
		case act.Kind == story.Greeting:
			if host := bannerHost(bannerText(act)); host != "" {
				a.hosts = addOnce(a.hosts, clean(host))
			}
		case act.Kind == story.Command && (act.Verb == "HELO" || act.Verb == "EHLO") && act.Arg != "" && act.Answered != nil && !act.Answered.Refused:
			a.helos = addOnce(a.helos, clean(act.Arg))
		}
	}
}

func addOnce[T comparable](all []T, one T) []T {
	if slices.Contains(all, one) {
		return all
	}
	return append(all, one)
}

// bannerHost is the name in a greeting: its first word (RFC 5321 §4.3.1), or what
// stands in the stamp of a POP3 server (RFC 1939 §7).
func bannerHost(banner string) string {
	words := strings.Fields(banner)
	if len(words) == 0 {
		return ""
	}
	if isHost(words[0]) || len(words) > 1 && (words[1] == "ESMTP" || words[1] == "SMTP") && isHost(words[0]+".x") {
		return words[0]
	}
	if _, stamp, ok := strings.Cut(banner, "@"); ok && strings.Contains(banner, "<") {
		if host, _, ok := strings.Cut(stamp, ">"); ok && isHost(host) {
			return host
		}
	}
	return ""
}

func isHost(word string) bool {
	return strings.Contains(strings.Trim(word, "."), ".") && strings.IndexFunc(word, func(r rune) bool {
		return r != '.' && r != '-' && r != '_' && (r < '0' || r > '9') && (r|0x20 < 'a' || r|0x20 > 'z') && r < 0x80
	}) < 0
}

// introduce finds what an actor is called, and says the rest beneath.
func (a *actor) introduce(w *words.Words) {
	protocols := strings.Join(slices.DeleteFunc(slices.Clone(a.protocols), func(p string) bool { return p == "" }), ", ")
	if a.side == serves {
		a.role = strings.TrimSpace(w.Say("draw.server", words.Args{"Protocol": protocols}))
	} else {
		a.role = strings.TrimSpace(w.Say("draw.client", words.Args{"Protocol": protocols}))
	}
	addr := address(a.addr, a.ports)
	switch {
	case a.side == serves && len(a.hosts) > 0:
		a.name = a.hosts[0]
	case len(a.users) > 0:
		a.name = listed(a.users)
	case len(a.helos) > 0:
		a.name = listed(a.helos)
	default:
		a.name, addr = addr, ""
	}
	if addr != "" {
		a.lines = append(a.lines, addr)
	}
	if len(a.users) > 0 && len(a.helos) > 0 && a.name == listed(a.users) {
		a.lines = append(a.lines, "HELO "+listed(a.helos))
	}
}

// listed names some, and how many more there are.
func listed(all []string) string {
	if len(all) > 2 {
		return strings.Join(all[:2], ", ") + " +" + strconv.Itoa(len(all)-2)
	}
	return strings.Join(all, ", ")
}

// address is a host's with its ports.
func address(addr netip.Addr, ports []uint16) string {
	if !addr.IsValid() {
		return "?"
	}
	text := addr.String()
	if addr.Is6() {
		text = "[" + text + "]"
	}
	var all []string
	for _, p := range ports {
		all = append(all, strconv.Itoa(int(p)))
	}
	return text + ":" + listed(all)
}
