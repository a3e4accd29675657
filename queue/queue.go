package queue

import (
	"cmp"
	"context"
	"crypto/x509"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"time"

	"posta/dns"
	"posta/dsn"
	"posta/event"
	"posta/smtp/smtpclient"
	"posta/store"
)

// Resolver looks names up; *dns.Resolver does.
type Resolver interface {
	MX(ctx context.Context, domain string) ([]dns.MX, error)
	Addrs(ctx context.Context, host string) ([]netip.Addr, error)
}

// Routes knows the ways that an administrator has laid.
type Routes interface {
	// Route gives the way to a domain; the zero Route: by its MX.
	Route(ctx context.Context, domain string) (Route, error)
}

// Door is the way into the house for reports.
type Door interface {
	// Report files a report and settles the items that it is about in one
	// transaction. It fills in From and MessageID. A report that nobody can get
	// still settles.
	Report(ctx context.Context, r *dsn.Report, settle ...store.Settlement) error
}

// Config says what a Queue works with. Functions that are nil do nothing, or
// what the field says.
type Config struct {
	Store    store.Queue
	Resolver Resolver
	Routes   Routes // nil: none are laid
	Door     Door
	Home     Home // nil: nobody is served here by now who was not
	Sink     event.Sink

	Confirmed store.Confirmations // whom hosts took when an Asker asked; nil: nobody keeps it

	Hostname    string                    // what EHLO says
	Names       []string                  // this server's: no mail goes to a host that has one of them
	OwnAddr     func(netip.Addr) bool     // whether an address is
	OwnListener func(netip.AddrPort) bool // whether what is said there, this server hears
	Admits      func(netip.Addr) bool     // whether mail of a lab may go to an address
	Roots       *x509.CertPool            // that certificates must lead to; nil: the system's
	TLS         Policy                    // where a route says nothing
	Family      Family                    // the same
	Source      []netip.Addr              // the addresses to send from, at most one of each family; none: the system chooses

	KeyLog io.Writer // the secrets of TLS, of lab sessions only; nil: nobody's

	Session func() uint64    // gives the number of the next session
	Now     func() time.Time // nil: time.Now
	Dial    Dial             // nil: by TCP
	Random  *rand.Rand       // nil: one that nobody can guess
	Problem func(error)      // is told what an administrator should know
	Denied  func(Denial)     // is told once of a route's log-in that is refused; nil: nobody
	Resign  Resign           // nil: what must be signed again goes without
	Limits  Limits
}

// Dial opens a connection from an address, which is zero where the system may
// choose.
type Dial func(ctx context.Context, from netip.Addr, to netip.AddrPort) (net.Conn, error)

// Limits bound the work. Zero fields have the value behind them.
type Limits struct {
	Connections int           // at a time, 200
	Destination int           // of these to one destination, 20
	Recipients  int           // in one transaction, 100 (RFC 5321 §4.5.3.1.8)
	Addresses   int           // tried for one message, 6
	Carried     int           // messages over one connection, 500
	Idle        time.Duration // how long a connection waits for more, 2 s
	Lifetime    time.Duration // of a connection before it takes no more, 5 min
	FirstWait   time.Duration // before the second attempt, 5 min
	MostWait    time.Duration // between two attempts, 3 h
	WarnAfter   time.Duration // when the sender hears of a delay, 4 h; below 0: never
	Grace       time.Duration // for messages under way at the end, 20 s
	Lease       time.Duration // how long the store believes that an item is worked on, 5 min
	Times       smtpclient.Times
}

func (l Limits) filled() Limits {
	l.Connections = cmp.Or(l.Connections, 200)
	l.Destination = cmp.Or(l.Destination, 20)
	l.Recipients = cmp.Or(l.Recipients, 100)
	l.Addresses = cmp.Or(l.Addresses, 6)
	l.Carried = cmp.Or(l.Carried, 500)
	l.Idle = cmp.Or(l.Idle, 2*time.Second)
	l.Lifetime = cmp.Or(l.Lifetime, 5*time.Minute)
	l.FirstWait = cmp.Or(l.FirstWait, firstWait)
	l.MostWait = cmp.Or(l.MostWait, mostWait)
	l.WarnAfter = cmp.Or(l.WarnAfter, 4*time.Hour)
	l.Grace = cmp.Or(l.Grace, 20*time.Second)
	l.Lease = cmp.Or(l.Lease, 5*time.Minute)
	return l
}

// Queue carries mail out. New makes one, Run works.
type Queue struct {
	cfg     Config
	rand    *random
	router  *router
	sched   *schedule
	ledger  *ledger
	began   time.Time // what was received before was another process's
	bad     badAddrs
	denials denials
	open    opener // how a link is made; tests have another

	soft, hard context.Context // end when Run is told to end, and when the grace is over
	end, kill  context.CancelFunc
	carriers   sync.WaitGroup // and whoever else works for Run
}

// New makes a Queue. Nothing is sent before Run.
func New(cfg Config) *Queue {
	cfg.Limits = cfg.Limits.filled()
	fill(&cfg)
	q := &Queue{cfg: cfg, rand: newRandom(cfg.Random), began: cfg.Now()}
	q.soft, q.end = context.WithCancel(context.Background())
	q.hard, q.kill = context.WithCancel(context.Background())
	q.router = newRouter(&q.cfg)
	q.ledger = newLedger(q)
	q.sched = newSchedule(q)
	q.open = q.dial
	return q
}

// fill puts something harmless where a function is nil.
func fill(cfg *Config) {
	if cfg.Confirmed == nil {
		cfg.Confirmed = forgetful{}
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.OwnAddr == nil {
		cfg.OwnAddr = func(netip.Addr) bool { return false }
	}
	if cfg.OwnListener == nil {
		cfg.OwnListener = func(netip.AddrPort) bool { return false }
	}
	if cfg.Admits == nil {
		cfg.Admits = func(netip.Addr) bool { return false }
	}
	if cfg.Session == nil {
		cfg.Session = func() uint64 { return 0 }
	}
	if cfg.Problem == nil {
		cfg.Problem = func(error) {}
	}
	if cfg.Sink == nil {
		cfg.Sink = event.Discard{}
	}
	if cfg.Dial == nil {
		cfg.Dial = dialTCP
	}
}

// Run sends until ctx ends. Then messages whose octets are on their way have
// Limits.Grace to be answered; all else is given back. It is called once.
func (q *Queue) Run(ctx context.Context) error {
	defer context.AfterFunc(ctx, func() {
		q.end()
		time.AfterFunc(q.cfg.Limits.Grace, q.kill)
	})()
	q.ledger.start()
	q.sched.run(ctx)
	q.end()
	q.carriers.Wait()
	defer q.kill()
	return q.ledger.finish()
}

// Stir tells that the store may hold more to send. It never waits.
func (q *Queue) Stir() { q.sched.stir() }

// problem tells an administrator, unless it is only the end.
func (q *Queue) problem(err error) {
	if err != nil {
		q.cfg.Problem(err)
	}
}

// ended says that Run has been told to end.
func (q *Queue) ended() bool { return q.soft.Err() != nil }

// random is a source of chance that many may ask.
type random struct {
	mu sync.Mutex
	r  *rand.Rand
}

func newRandom(r *rand.Rand) *random {
	if r == nil {
		r = rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))
	}
	return &random{r: r}
}

// part is a number from 0 to below 1.
func (r *random) part() float64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.r.Float64()
}

func (r *random) shuffle(n int, swap func(i, j int)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.r.Shuffle(n, swap)
}
