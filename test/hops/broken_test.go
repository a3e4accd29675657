//go:build whole && linux

package hops

import (
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"posta/admin"
	"posta/dns/dnstest"
	"posta/observe"
	"posta/test/notes"
)

// many is how many messages a case has.
func many() int {
	if soak() {
		return 10_000
	}
	return 500
}

// soak says that there is time.
func soak() bool { return os.Getenv("SOAK") != "" }

const (
	tarpits = 12 // domains of each kind
	places  = 40 // connections that posta may have
	clients = 8  // that hand in
)

// peers are the next hops: each is the domain of that name, and has an address.
func peers() []string {
	return []string{"well", "mute", "crowd", "leaves", "odd", "stops", "killed", "fresh"}
}

func peerNames() string {
	var b strings.Builder
	b.WriteString("a.test MX 10 mx.a.test\nmx.a.test A 10.77.0.1\n")
	for i, name := range peers() {
		fmt.Fprintf(&b, "%s.test MX 10 mx.%s.test\nmx.%s.test A 10.78.0.%d\n", name, name, name, 10+i)
	}
	for i := range tarpits {
		for kind := range 3 {
			fmt.Fprintf(&b, "pit%d-%d.test MX 10 mx.pit%d-%d.test\nmx.pit%d-%d.test A 10.78.0.%d\n", kind, i, kind, i, kind, i, 100+kind)
		}
	}
	return b.String()
}

// A posta that runs sends to next hops that misbehave: nothing is lost, and twice
// comes only what was on its way at an end without an answer.
func TestBroken(t *testing.T) {
	if !onNetwork(t) {
		return
	}
	p := open(t, dnstest.New(t, peerNames()), "a.test", "10.77.0.1", fmt.Sprintf("max_connections = %d", places))
	tries := map[string]func(*posta, *sink){"well": besideTarpits, "mute": noAnswer, "crowd": everyThird, "leaves": leaves, "odd": odd,
		"stops": stops, "killed": killedInTheMiddle}
	for i, name := range peers() {
		if tries[name] == nil {
			continue
		}
		t.Run(name, func(t *testing.T) {
			p.t = t
			defer func(was *testing.T) { p.t = was }(p.t)
			tries[name](p, listen(t, fmt.Sprintf("10.78.0.%d", 10+i)))
		})
	}
	p.t = t
}

// drained waits until nothing waits for a domain, and lets nothing wait for its time.
func (p *posta) drained(domain string) {
	p.t.Helper()
	p.until("an empty queue", func() bool { return p.hurry(domain) == 0 })
}

// hurry lets nothing wait for its time, and says how many are there.
func (p *posta) hurry(domain string) int {
	p.t.Helper()
	waits := p.waiting(domain)
	if slices.ContainsFunc(waits, func(q admin.Queued) bool { return q.Tries > 0 && q.State == admin.QueueWaiting }) {
		_ = p.command("queue", "retry", "--domain", domain).Run() // they may be gone by now
	}
	return len(waits)
}

func (p *posta) waiting(domain string) []admin.Queued {
	p.t.Helper()
	args := []string{"queue", "list", "--limit", "0"}
	if domain != "" {
		args = append(args, "--domain", domain)
	}
	return list[admin.Queued](p, args...)
}

// settled holds what a sink has against what was taken from clients. twice are those
// that may have come so many times more than once. It gives the copies.
func (p *posta) settled(s *sink, taken []string, twice map[string]int) (copies int) {
	p.t.Helper()
	got, _ := s.got()
	lost := 0
	for _, to := range taken {
		n := got[to]
		copies += n
		switch {
		case n == 0:
			lost++
		case n > 1+twice[to]:
			p.t.Errorf("%s came %d times", to, n)
		}
	}
	if lost > 0 {
		p.t.Errorf("%d of %d were lost", lost, len(taken))
	}
	return copies
}

// took is how long mail for a sink was on its way, from the first command to the
// last message.
func (p *posta) took(s *sink, from, n int) time.Duration {
	p.t.Helper()
	began := time.Now()
	taken := p.inject(numbered(from, n, "well.test"), clients)
	p.drained("well.test")
	p.settled(s, taken, nil)
	if len(taken) != n {
		p.t.Fatalf("%d of %d were taken", len(taken), n)
	}
	return s.last.Sub(began)
}

// While tarpits hold as many connections as they are let, mail to others is as fast
// as before.
func besideTarpits(p *posta, s *sink) {
	s.start()
	before := p.took(s, 0, many())
	var pits []*sink
	for kind, holds := range []func(nc net.Conn, gone <-chan struct{}){neverGreets, drips, readsSlowly} {
		pit := listen(p.t, fmt.Sprintf("10.78.0.%d", 100+kind))
		pit.holds = holds
		pits = append(pits, pit.start())
	}
	var stuck [][]string
	for i := range 10 * tarpits {
		for kind := range pits {
			stuck = append(stuck, []string{fmt.Sprintf("x@pit%d-%d.test", kind, i%tarpits)})
		}
	}
	held := len(p.inject(stuck, clients))
	const most = places - places/4 // what hosts may have that nothing good is known of
	p.until("the tarpits to hold what they can", func() bool { return pits[0].connections()+pits[1].connections()+pits[2].connections() >= most })
	beside := p.took(s, many(), many())
	for try := 2; try < 5 && beside > 2*before+time.Second; try++ { // what else the machine does delays it, too
		beside = min(beside, p.took(s, try*many(), many()))
	}
	if beside > 2*before+time.Second {
		p.t.Errorf("%d messages took %v beside tarpits, %v without", many(), beside, before)
	}
	var each []int
	for _, pit := range pits {
		each = append(each, pit.connections())
	}
	if n := p.stuck(); n > most || held != len(stuck) {
		p.t.Errorf("the tarpits hold %d connections, %v as they count them, of %d messages for them", n, each, held)
	}
	if soak() {
		unknown(p)
	}
	notes.Add(p.t, "%d messages in %v without tarpits, in %v beside %d of them that hold %v of %d connections with %d messages", many(), before, beside, 3*tarpits, each, places, held)
	for _, pit := range pits {
		pit.stop()
	}
	if waits := p.waiting(""); len(waits) != held {
		p.t.Errorf("%d messages of %d for the tarpits still wait", len(waits), held)
	}
	p.run("", "queue", "delete", "--all")
}

// stuck is how many connections posta has to the tarpits. They themselves may take
// one for open that posta has given up.
func (p *posta) stuck() int {
	p.t.Helper()
	return len(list[observe.Session](p, "session", "list", "--open", "--listener", "outgoing", "--remote", "10.78.0.100/30", "--limit", "0"))
}

// unknown has mail for a host of which nothing is known, and that has to wait until
// the tarpits show themselves as such.
func unknown(p *posta) {
	s := listen(p.t, fmt.Sprintf("10.78.0.%d", 10+len(peers())-1)).start()
	began := time.Now()
	p.inject(numbered(0, 1, "fresh.test"), 1)
	p.until("mail for a new host", func() bool { got, _ := s.got(); return len(got) == 1 })
	took := s.last.Sub(began)
	if took > 20*time.Second {
		p.t.Errorf("mail for a new host waited %v", took)
	}
	notes.Add(p.t, "mail for a host that nothing is known of waited %v beside them", took)
	s.stop()
}

// The peer takes every seventh message without a word. Each comes once more for each
// time that happened to it, and no more.
func noAnswer(p *posta, s *sink) {
	s.does = func(what string, n int) (said, ending) {
		if what == "dot" && n%7 == 0 {
			return "", breaks
		}
		return "", goesOn
	}
	s.start()
	taken := p.inject(numbered(0, many(), "mute.test"), clients)
	p.drained("mute.test")
	twice := map[string]int{}
	for _, to := range taken {
		twice[to] = many()
	}
	copies := p.settled(s, taken, twice)
	if copies != len(taken)+s.silent || len(taken) != many() || s.silent < many()/7 {
		p.t.Errorf("%d copies of %d messages, %d without an answer", copies, len(taken), s.silent)
	}
	notes.Add(p.t, "%d messages, %d taken without an answer, %d copies", len(taken), s.silent, copies)
}

// Who is one too many for a transaction is in the next, at once and over the same
// connection.
func everyThird(p *posta, s *sink) {
	s.does = func(what string, _ int) (said, ending) {
		if what == "third RCPT" {
			return "452 4.5.3 Too many\r\n", goesOn
		}
		return "", goesOn
	}
	s.start()
	const of = 10
	taken := p.inject(crowds(many()/of, of, "crowd.test"), clients)
	p.until("all of them", func() bool { got, _ := s.got(); return len(got) == many() })
	p.until("an empty queue", func() bool { return len(p.waiting("crowd.test")) == 0 }) // and nothing was retried
	copies := p.settled(s, taken, nil)
	if copies != many() || len(taken) != many() {
		p.t.Errorf("%d copies for %d recipients", copies, len(taken))
	}
	notes.Add(p.t, "%d recipients of %d messages in %d transactions over %d connections", copies, many()/of, s.counts["dot"], s.counts["greeting"])
}

// The peer takes leave wherever it can: mail comes once all the same.
func leaves(p *posta, s *sink) {
	left := map[string]int{"greeting": 11, "EHLO": 13, "MAIL": 17, "RCPT": 19, "DATA": 23, "dot": 29}
	s.does = func(what string, n int) (said, ending) {
		if every := left[what]; every > 0 && n%every == 0 {
			return "421 4.3.2 sink.test shuts down\r\n", closes
		}
		return "", goesOn
	}
	s.start()
	taken := p.inject(numbered(0, many(), "leaves.test"), clients)
	p.drained("leaves.test")
	copies := p.settled(s, taken, nil)
	if copies != many() || len(taken) != many() {
		p.t.Errorf("%d copies of %d", copies, len(taken))
	}
	left421 := 0
	for what, every := range left {
		left421 += s.counts[what] / every
	}
	notes.Add(p.t, "%d messages, 421 about %d times", copies, left421)
}

// Replies that look odd are understood, and nonsense costs no mail.
func odd(p *posta, s *sink) {
	s.offer = "250-sink.test\n250-\r\n250-X-ODD \xe1\r\n250-PIPELINING\n250 SIZE 1000000"
	replies := map[string][]said{
		"greeting": {"220-sink.test\r\n220-\r\n220 hello\r\n", "220\r\n", "220 \xff\x00\r\n"},
		"MAIL":     {"250-a\r\n250-b\r\n250 c\r\n", "250\n", "250 \r\n", "250-a\r\n550 b\r\n"},
		"RCPT":     {"250\r\n", "251 elsewhere\r\n", "250-\r\n250-\r\n250\r\n", "250 ok\n"},
		"DATA":     {"354\r\n", "354-go\r\n354 on\r\n", "354 \xc3\r\n"},
		"dot":      {"250\r\n", "250-2.0.0 mine\r\n250 2.0.0 all\r\n", "250 2.0.0 " + said(strings.Repeat("x", 900)) + "\r\n"},
	}
	s.does = func(what string, n int) (said, ending) {
		all := replies[strings.TrimPrefix(what, "third ")]
		if len(all) == 0 {
			return "", goesOn
		}
		return all[n%len(all)], goesOn
	}
	s.start()
	taken := p.inject(numbered(0, many(), "odd.test"), clients)
	p.drained("odd.test")
	copies := p.settled(s, taken, nil)
	if copies != many() || len(taken) != many() {
		p.t.Errorf("%d copies of %d", copies, len(taken))
	}
	notes.Add(p.t, "%d messages over %d connections", copies, s.counts["greeting"])
}

// doubtful are those of a domain that posta does not know to be delivered, and the
// sink has.
func (p *posta) doubtful(s *sink, domain string, twice map[string]int) (n int) {
	p.t.Helper()
	got, _ := s.got()
	for _, q := range p.waiting(domain) {
		to, _, _ := strings.Cut(q.To, "@")
		if got[to] > twice[to] {
			twice[to]++
			n++
		}
	}
	return n
}

// The peer is unplugged in the middle, twice, and comes back.
func stops(p *posta, s *sink) {
	s.start()
	twice := map[string]int{}
	var taken []string
	const parts = 3
	doubts := 0
	for part := range parts {
		done := make(chan []string, 1)
		had, _ := s.got()
		n := many() / parts
		go func() { done <- p.inject(numbered(part*n, n, "stops.test"), clients) }()
		if part < parts-1 {
			p.reaches(s, len(had)+n/3)
			s.stop()
			taken = append(taken, <-done...)
			p.until("the connections to have ended", func() bool { return p.working("stops.test") == 0 })
			doubts += p.doubtful(s, "stops.test", twice)
			s.start()
			_ = p.command("queue", "retry", "--domain", "stops.test").Run() // there may be nothing left
			continue
		}
		taken = append(taken, <-done...)
	}
	p.drained("stops.test")
	copies := p.settled(s, taken, twice)
	notes.Add(p.t, "%d messages, %d stops with %d in doubt, %d copies", len(taken), parts-1, doubts, copies)
}

// working is how many are on their way.
func (p *posta) working(domain string) (n int) {
	for _, q := range p.waiting(domain) {
		if q.State == admin.QueueWorking {
			n++
		}
	}
	return n
}

// reaches waits until a sink has mail for so many.
func (p *posta) reaches(s *sink, n int) {
	p.t.Helper()
	p.until("some of them", func() bool { got, _ := s.got(); return len(got) >= n })
}

// posta is killed while it takes and sends, three times: what it acknowledged
// comes, and twice comes only what it did not know to be delivered when it was killed.
func killedInTheMiddle(p *posta, s *sink) {
	s.start()
	twice := map[string]int{}
	var taken []string
	kills, doubts := 0, 0
	part := many() / 4
	for next := 0; len(taken) < many(); next += part {
		had, _ := s.got()
		done := make(chan []string, 1)
		go func() { done <- p.inject(numbered(next, part, "killed.test"), clients) }()
		if kills == 3 {
			taken = append(taken, <-done...)
			continue
		}
		p.reaches(s, len(had)+part/4)
		p.kill()
		kills++
		taken = append(taken, <-done...)
		p.until("the sink to have ended", func() bool { return s.connections() == 0 })
		doubts += p.doubtful(s, "killed.test", twice)
		p.start()
		_ = p.command("queue", "retry", "--domain", "killed.test").Run() // there may be nothing left
	}
	p.drained("killed.test")
	copies := p.settled(s, taken, twice)
	notes.Add(p.t, "%d messages acknowledged, %d kills with %d in doubt, %d copies", len(taken), kills, doubts, copies)
}
