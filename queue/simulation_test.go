package queue

import (
	"context"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"net/netip"
	"os"
	"runtime"
	"strconv"
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

// simulation is an Internet without sockets: each domain has a host, which by its
// name is well, slow, choosy, dead for some time, or dead for good.
type simulation struct {
	store.Queue
	memory *memory
	q      *Queue
	start  time.Time
	rand   *random

	mu        sync.Mutex
	open, max int
	ofHost    map[string]int
	maxOfHost int
	dials     int
	failed    int
	sent      int
	well      int             // of these, by hosts that are well or slow
	lone      []time.Duration // how long the mail of senders with one message waited
	reports   int
	heap      uint64
	lanes     int // in the schedule, at most
	dests     int
}

// kind is a domain's, and so its host's.
func kind(domain string) uint32 {
	h := fnv.New32a()
	h.Write([]byte(domain))
	return h.Sum32() % 100
}

const (
	slowFrom   = 70 // a second for each message
	choosyFrom = 85 // one in three is to come later
	illFrom    = 90 // dead for three hours
	deadFrom   = 97
)

func (s *simulation) MX(_ context.Context, domain string) ([]dns.MX, error) {
	return []dns.MX{{Host: "mx." + domain, Pref: 10}}, nil
}

func (s *simulation) Addrs(_ context.Context, host string) ([]netip.Addr, error) {
	h := fnv.New32a()
	h.Write([]byte(host))
	n := h.Sum32()
	return []netip.Addr{netip.AddrFrom4([4]byte{20, byte(n >> 16), byte(n >> 8), byte(n)})}, nil
}

func (s *simulation) Report(ctx context.Context, _ *dsn.Report, settle ...store.Settlement) error {
	s.mu.Lock()
	s.reports++
	s.mu.Unlock()
	return s.Settle(ctx, settle...)
}

func (s *simulation) dial(ctx context.Context, w *way, t target) (*link, trouble) {
	domain := t.host.name[len("mx."):]
	s.mu.Lock()
	s.dials++
	s.mu.Unlock()
	k := kind(domain)
	if k >= deadFrom || k >= illFrom && time.Since(s.start) < 3*time.Hour {
		pause(ctx, nil, dialTime)
		return nil, trouble{verdict: said(later, "4.4.1", words.Fail("attempt.no_connection", because(os.ErrDeadlineExceeded))), host: t.host.name, addr: t.addr.String()}
	}
	time.Sleep(100 * time.Millisecond)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open++
	s.ofHost[domain]++
	s.max, s.maxOfHost = max(s.max, s.open), max(s.maxOfHost, s.ofHost[domain])
	return &link{peer: &simulated{s: s, domain: domain, kind: k}, host: t.host.name, addr: t.addr, since: time.Now()}, trouble{}
}

// simulated is a connection to a host.
type simulated struct {
	s      *simulation
	domain string
	kind   uint32
}

func (p *simulated) Send(_ context.Context, m *smtpclient.Message) (smtpclient.Outcome, error) {
	took := 50 * time.Millisecond
	if p.kind >= slowFrom && p.kind < choosyFrom {
		took = time.Second
	}
	time.Sleep(took)
	out := smtpclient.Outcome{Mail: smtp.Reply{Code: 250}}
	for range m.To {
		r := smtp.Reply{Code: 250, Text: "ok"}
		if p.kind >= choosyFrom && p.kind < illFrom && p.s.rand.part() < 1./3 {
			r = smtp.Reply{Code: 450, Text: "later"}
		}
		out.To = append(out.To, r)
	}
	if out.Taken() == 0 {
		return out, &smtpclient.Refusal{Verb: smtp.RCPT, Reply: out.To[0]}
	}
	out.Done = smtp.Reply{Code: 250, Text: "mine"}
	return out, nil
}

func (p *simulated) Reset(context.Context) error { return nil }
func (p *simulated) Quit(context.Context) error  { return p.Close("") }
func (p *simulated) Offer() smtp.Offer           { return smtp.Offer{} }
func (p *simulated) Alive() bool                 { return true }
func (p *simulated) State(fact any)              { p.s.tell(fact) }

func (p *simulated) Close(string) error {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	p.s.open--
	p.s.ofHost[p.domain]--
	return nil
}

func (s *simulation) Wants(uint64, event.Layer, event.Part) bool { return false }
func (s *simulation) Emit(e *event.Event)                        { s.tell(e.Fact) }

func (s *simulation) tell(fact any) {
	f, ok := fact.(event.Attempted)
	if !ok {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if f.Outcome == "failed" {
		s.failed++
	}
	if f.Outcome != "relayed" {
		return
	}
	if s.sent++; f.ID == "lone" {
		s.lone = append(s.lone, f.Delay)
	}
	if f.ID != "ill" {
		s.well++
	}
	if s.sent%100_000 == 1 {
		s.heap = max(s.heap, inUse())
	}
	if s.sent%100 == 0 {
		s.q.sched.mu.Lock()
		s.lanes, s.dests = max(s.lanes, len(s.q.sched.busy)), max(s.dests, len(s.q.sched.dests))
		s.q.sched.mu.Unlock()
	}
}

// A queue with far more messages than it has connections drains: the hosts that
// are well are not held up by those that are not, nor small senders by large ones.
//
// rfc: 5321-4.5.4.1-13
func TestSimulation(t *testing.T) {
	messages, domains := 10_000, 2_500
	if n, err := strconv.Atoi(os.Getenv("SIMULATE")); err == nil {
		messages, domains = n, n/20
	}
	synctest.Test(t, func(t *testing.T) {
		s := &simulation{memory: newMemory(), start: time.Now(), ofHost: map[string]int{}, rand: newRandom(rand.New(rand.NewPCG(1, 1)))}
		s.memory.story, s.memory.one = nil, "\r\n"
		s.Queue = s.memory
		s.q = New(Config{Store: s, Resolver: s, Door: s, Sink: s, Hostname: "us.example", Random: rand.New(rand.NewPCG(3, 4))})
		s.q.open = s.dial
		well := s.fill(messages, domains)
		before := inUse()
		ctx, cancel := context.WithCancel(t.Context())
		drained := make(chan time.Duration, 1)
		go func() { // when all that can be sent soon has been
			for {
				time.Sleep(10 * time.Second)
				s.mu.Lock()
				sent := s.well
				s.mu.Unlock()
				if sent >= well {
					drained <- time.Since(s.start)
					return
				}
			}
		}()
		time.AfterFunc(6*24*time.Hour, cancel)
		if err := s.q.Run(ctx); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			return
		}
		s.judge(t, <-drained, before)
	})
}

// fill puts the messages in. One in a thousand is from a sender who has no other,
// and comes while the others' are being sent. Gives how many go to hosts that are
// well or slow.
func (s *simulation) fill(messages, domains int) (well int) {
	for i := range messages {
		domain := fmt.Sprintf("d%d.example", i*7919%domains)
		at := s.start
		out := store.Outgoing{Queue: "ill", Sender: "bulk", From: "a@us.example", Size: 2}
		if i%1000 == 999 {
			out.Sender = fmt.Sprintf("lone%d", i)
			at = at.Add(time.Duration(i) * time.Millisecond)
		}
		if kind(domain) < choosyFrom {
			well++
			out.Queue = "well"
			if out.Sender != "bulk" {
				out.Queue = "lone"
			}
		}
		out.Received = at
		out.Rcpts = []store.Rcpt{{To: "b@" + domain, Domain: domain, Due: at, Expires: at.Add(5 * 24 * time.Hour)}}
		s.memory.file(out, "")
	}
	return well
}

// inUse is what lives in memory, the store's included.
func inUse() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func (s *simulation) judge(t *testing.T, drained time.Duration, before uint64) {
	var slowest time.Duration
	for _, d := range s.lone {
		slowest = max(slowest, d)
	}
	t.Logf("%d sent, %d reports, %d dials; the well ones within %v, of lone senders within %v; at most %d connections, %d to one host, %d items leased, %d lanes and %d destinations known; %d MiB before, %d MiB at most, the store's included",
		s.sent, s.reports, s.dials, drained, slowest, s.max, s.maxOfHost, s.memory.most, s.lanes, s.dests, before>>20, s.heap>>20)
	if s.memory.left() != 0 || s.memory.leased != 0 {
		t.Errorf("%d items are left, %d leased", s.memory.left(), s.memory.leased)
	}
	if s.max > s.q.cfg.Limits.Connections || s.maxOfHost > s.q.cfg.Limits.Destination {
		t.Errorf("%d connections, %d to one host", s.max, s.maxOfHost)
	}
	if slowest > 25*time.Second {
		t.Errorf("a sender with one message waited %v behind one with many", slowest)
	}
	if s.lanes > mostLanes {
		t.Errorf("%d lanes were known at a time", s.lanes)
	}
	if s.memory.most > 10_000 {
		t.Errorf("%d items were leased at a time", s.memory.most)
	}
}
