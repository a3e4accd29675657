package queue

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"posta/dns"
	"posta/dsn"
	"posta/event"
	"posta/smtp"
	"posta/smtp/smtpclient"
	"posta/store"
	"posta/words"
)

// tarpits are hosts that by their domain's name are slow in one way, or well.
type tarpits struct {
	*memory
	q *Queue

	mu      sync.Mutex
	open    map[string]int // connections, by kind
	most    int            // to the slow ones, at a time
	late    map[string]time.Duration
	sent    map[string]int
	delayed map[string]int // by the answer
}

func kindOf(domain string) string {
	kind, _, _ := strings.Cut(strings.TrimPrefix(domain, "mx."), "-")
	return kind
}

func (p *tarpits) MX(_ context.Context, domain string) ([]dns.MX, error) {
	return []dns.MX{{Host: "mx." + domain, Pref: 10}}, nil
}

func (p *tarpits) Addrs(context.Context, string) ([]netip.Addr, error) {
	return []netip.Addr{netip.MustParseAddr("192.0.2.7")}, nil
}

func (p *tarpits) Report(ctx context.Context, _ *dsn.Report, settle ...store.Settlement) error {
	return p.Settle(ctx, settle...)
}

func (p *tarpits) Wants(uint64, event.Layer, event.Part) bool { return false }
func (p *tarpits) Emit(e *event.Event)                        { p.tell(e.Fact) }

func (p *tarpits) tell(fact any) {
	f, ok := fact.(event.Attempted)
	if !ok {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if f.Outcome != "relayed" {
		p.delayed[f.Reply]++
		return
	}
	p.sent[f.ID]++
	p.late[f.ID] = max(p.late[f.ID], f.Delay)
}

func (p *tarpits) count(kind string, n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.open[kind] += n
	all := 0
	for k, n := range p.open {
		if k != "well" && k != "new" {
			all += n
		}
	}
	p.most = max(p.most, all)
}

func (p *tarpits) dial(ctx context.Context, _ *way, t target) (*link, trouble) {
	kind := kindOf(t.host.name)
	p.count(kind, 1)
	wait := 20 * time.Millisecond
	if kind == "silent" {
		wait = 5 * time.Minute
	}
	if pause(ctx, nil, wait); ctx.Err() != nil || kind == "silent" {
		p.count(kind, -1)
		return nil, trouble{verdict: said(later, "4.4.2", words.Fail("attempt.timeout", nil)), host: t.host.name}
	}
	return &link{peer: &tarpit{p: p, kind: kind}, host: t.host.name, addr: t.addr, since: time.Now()}, trouble{}
}

// tarpit is a connection to one.
type tarpit struct {
	p    *tarpits
	kind string
	over bool
}

var errNoAnswer = errors.New("no answer")

func (h *tarpit) Send(ctx context.Context, m *smtpclient.Message) (smtpclient.Outcome, error) {
	out := smtpclient.Outcome{Mail: smtp.Reply{Code: 250}}
	for range m.To {
		out.To = append(out.To, smtp.Reply{Code: 250})
	}
	time.Sleep(20 * time.Millisecond)
	err := h.take(ctx, m)
	if err != nil {
		h.over = true
		return out, err
	}
	out.Done = smtp.Reply{Code: 250, Text: "mine"}
	return out, nil
}

func (h *tarpit) take(ctx context.Context, m *smtpclient.Message) error {
	if h.kind == "deaf" { // does not answer the envelope
		pause(ctx, nil, 12*time.Minute)
		return errNoAnswer
	}
	if h.kind == "reader" { // reads for half an hour
		if _, err := m.Content.Read(make([]byte, 1)); err != nil {
			return err
		}
		pause(ctx, nil, 30*time.Minute)
	}
	if _, err := io.Copy(io.Discard, m.Content); err != nil {
		return err
	}
	if h.kind == "scanner" { // looks at each message for a while
		time.Sleep(20 * time.Second)
	}
	if h.kind == "mute" { // does not answer the message
		pause(ctx, nil, 10*time.Minute)
		return errNoAnswer
	}
	return ctx.Err()
}

func (h *tarpit) Reset(context.Context) error { return nil }
func (h *tarpit) Offer() smtp.Offer           { return smtp.Offer{} }
func (h *tarpit) Alive() bool                 { return !h.over }
func (h *tarpit) State(fact any)              { h.p.tell(fact) }
func (h *tarpit) Quit(context.Context) error  { return h.Close("") }
func (h *tarpit) Close(string) error          { h.p.count(h.kind, -1); return nil }

func (p *tarpits) send(kind, domain string, messages int) {
	now := time.Now()
	for range messages {
		p.file(store.Outgoing{Queue: kind, Sender: "a", From: "a@us.example", Size: 2, Received: now,
			Rcpts: []store.Rcpt{{To: "b@" + domain, Domain: domain, Due: now, Expires: now.Add(5 * 24 * time.Hour)}}}, "\r\n")
	}
	p.q.Stir()
}

// Hosts that have minutes for each answer hold no more than half of the connections
// for long, and mail for others leaves meanwhile: at once where the host is known to
// be quick, and soon where nothing is known of it.
func TestTarpits(t *testing.T) {
	const soonest, never = 3 * time.Second, 24 * time.Hour
	for name, c := range map[string]struct {
		kinds   []string
		domains int           // of each
		early   time.Duration // how long mail to a new host may wait in the first minutes
		later   time.Duration // and after that
	}{
		"few that do not greet":          {[]string{"silent"}, 5, soonest, soonest},
		"many that do not greet":         {[]string{"silent"}, 120, 4 * time.Minute, soonest},
		"few deaf ones":                  {[]string{"deaf"}, 5, soonest + soon, soonest},
		"many deaf ones":                 {[]string{"deaf"}, 120, 4 * time.Minute, soonest},
		"few that read slowly":           {[]string{"reader"}, 5, soonest + soon, soonest},
		"many that read slowly":          {[]string{"reader"}, 120, 4 * time.Minute, soonest},
		"few that do not answer the dot": {[]string{"mute"}, 5, soonest + soon, soonest},
		// Who waits for that answer cannot be cut short, or mail would come twice.
		"many that do not answer the dot": {[]string{"mute"}, 120, never, never},
		"many of all":                     {[]string{"silent", "deaf", "reader", "mute"}, 30, never, never},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newTarpits(40)
				ctx, cancel := context.WithCancel(t.Context())
				go func() {
					p.work(c.kinds, c.domains)
					cancel()
				}()
				if err := p.q.Run(ctx); err != nil {
					t.Error(err)
				}
				p.judge(t, tarpitted*len(c.kinds)*c.domains, map[string]time.Duration{"well": soonest, "early": c.early, "new": c.later})
			})
		})
	}
}

const (
	tarpitted = 30 // messages for each tarpit
	minutes   = 30 // that the work lasts; of these are
	early     = 12
)

func newTarpits(connections int) *tarpits {
	p := &tarpits{memory: newMemory(), open: map[string]int{}, late: map[string]time.Duration{}, sent: map[string]int{}, delayed: map[string]int{}}
	p.q = New(Config{Store: p, Resolver: p, Door: p, Sink: p, Hostname: "us.example", Random: rand.New(rand.NewPCG(3, 4)), Limits: Limits{Connections: connections}})
	p.q.open = p.dial
	return p
}

// work has mail for the tarpits at once, and for a while two messages each two seconds
// for a host that is known, and each minute two for one that is not.
func (p *tarpits) work(kinds []string, domains int) {
	p.send("well", "well-0", 1) // it shows what it is
	time.Sleep(5 * time.Second)
	for i := range domains {
		for _, kind := range kinds {
			p.send(kind, fmt.Sprintf("%s-%d", kind, i), tarpitted)
		}
	}
	for minute := range minutes {
		id := "new"
		if minute < early {
			id = "early"
		}
		p.send(id, fmt.Sprintf("new-%d", minute), 2)
		for range 30 {
			p.send("well", "well-0", 2)
			time.Sleep(2 * time.Second)
		}
	}
}

func (p *tarpits) judge(t *testing.T, slowOnes int, most map[string]time.Duration) {
	t.Logf("%v after %v at most; %d connections to slow hosts at most; %v", p.sent, p.late, p.most, p.delayed)
	want := map[string]int{"well": 1 + minutes*60, "early": early * 2, "new": (minutes - early) * 2}
	for id, limit := range most {
		if limit < 24*time.Hour && p.sent[id] != want[id] || p.late[id] > limit {
			t.Errorf("%s: %d of %d sent, after %v at most", id, p.sent[id], want[id], p.late[id])
		}
	}
	all := slowOnes + want["well"] + want["early"] + want["new"]
	for _, n := range p.sent {
		all -= n
	}
	if p.left() != all || p.leased != 0 {
		t.Errorf("%d left of %d, %d leased", p.left(), all, p.leased)
	}
	if p.most > newPart(40) {
		t.Errorf("%d connections to slow hosts", p.most)
	}
}

// A host that is slow, but takes mail, has all its connections while there are enough.
func TestSlowAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newTarpits(0)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
		defer cancel()
		p.send("scanner", "scanner-0", 400) // at 20 s each, over 20 connections, it takes 400 s
		if err := p.q.Run(ctx); err != nil || p.sent["scanner"] != 400 {
			t.Errorf("%v, %d sent over at most %d connections", err, p.sent["scanner"], p.most)
		}
	})
}

// What was over just before it was cut short keeps its connection, and what lasts still
// is cut in its place.
func TestCutTooLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTarpits(2).q.sched
		var all [2]*carrier
		var steps [2]*step
		for i := range all {
			all[i] = &carrier{q: s.q, d: &destination{allowed: 1, active: 1}}
			steps[i] = s.begin(all[i], 0, func() bool { return true })
			time.Sleep(time.Second)
		}
		s.mu.Lock()
		s.active, s.paces[fresh] = 2, 2
		s.turn = append(s.turn, &destination{allowed: 1, queued: true})
		s.mu.Unlock()
		time.Sleep(soon)
		if !s.wasCut(all[0]) || s.wasCut(all[1]) {
			t.Fatalf("cut: %v, %v; the first was to be", all[0].cut, all[1].cut)
		}
		s.finish(all[0], steps[0], true, true)
		if s.wasCut(all[0]) || !s.wasCut(all[1]) || s.cutting != 1 || s.paces[slow] != 2 {
			t.Errorf("cut: %v, %v, %d being cut of %d slow", all[0].cut, all[1].cut, s.cutting, s.paces[slow])
		}
		s.finish(all[1], steps[1], false, false)
		if !s.wasCut(all[1]) || s.cutting != 1 {
			t.Errorf("what was cut is not: %v, %d", all[1].cut, s.cutting)
		}
	})
}

// An address that uses up its time for every answer has ten minutes until the first
// message; the next is asked then.
func TestOpening(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.failing = true
		w.host("x.example", "mx1.x.example", 10, "192.0.2.7")
		w.host("x.example", "mx2.x.example", 20, "192.0.2.8")
		w.answers("192.0.2.7:25", "wait 280s\nS: 220 x\nC: EHLO us.example\nwait 280s\nS: 502 what\nC: HELO us.example\nwait 280s\nS: 250 x")
		w.answers("192.0.2.8:25", talk(sent, quit))
		w.send("b@x.example")
		w.run(20 * time.Minute)
		if len(w.facts) != 1 || w.facts[0].Outcome != "relayed" || w.facts[0].Delay.Truncate(10*time.Second) != openTime || w.store.left() != 0 {
			t.Errorf("%s, %+v", w.story(), w.facts)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.failing = true
		w.host("x.example", "mx1.x.example", 10, "192.0.2.7")
		w.answers("192.0.2.7:25", "wait 280s\nS: 220 x\nC: EHLO us.example\nwait 280s\nS: 502 what\nC: HELO us.example\nwait 280s\nS: 250 x")
		w.send("b@x.example")
		w.run(11 * time.Minute)
		if got := w.story(); got != "b@x.example delayed mx1.x.example: The host gave no answer in time, before a message could be sent\n" {
			t.Error(got)
		}
	})
}
