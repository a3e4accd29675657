// Package server puts the house together by hand: it opens the store, makes
// the rooms with their constructors, gives each what it needs, listens, and
// takes everything down in order. It alone knows which engine the store is.
//
// It refuses to decide anything about mail. Start reading at Open.
package server

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"golang.org/x/net/idna"

	"posta/admin"
	"posta/cert"
	"posta/check"
	"posta/collect"
	"posta/config"
	"posta/directory"
	"posta/dns"
	"posta/event"
	"posta/fault"
	"posta/mailroom"
	"posta/observe"
	"posta/queue"
	"posta/record"
	"posta/sign"
	"posta/sink"
	"posta/store/sqldb"
	"posta/trace"
	"posta/words"
)

// Options are what is not in the configuration file.
type Options struct {
	Version  string
	Store    string                                                    // folder of the store, if not Config.Data
	Sink     event.Sink                                                // another watcher of every session; may be nil
	Report   func(error)                                               // told of what went wrong and needs a person; may be nil
	Audit    func(admin.Audit)                                         // told of every change through the operations; may be nil
	Refused  func(listener string, remote netip.AddrPort, line string) // told of everybody turned away at the door; must not wait; may be nil
	Fallback bool                                                      // a listener that cannot have its port takes another
	Fixed    []string                                                  // names of listeners that stay where they are put all the same
	Ready    func()                                                    // called by Serve once the control socket answers; may be nil
	Cost     directory.Cost                                            // of password hashes; zero: production's
}

// ErrBusy says that another process has the data directory's store.
var ErrBusy = sqldb.ErrBusy

// ErrStore says that the store failed in a way that only a new process mends.
var ErrStore = errors.New("server: the store failed while it committed; it must be opened anew by a new process")

// House is one whole posta: open, perhaps listening.
type House struct {
	cfg        config.Config
	o          Options
	db         *sqldb.DB
	directory  *directory.Directory
	room       *mailroom.Room
	sink       *sink.Sink
	faults     fault.Table
	sinkRoom   *mailroom.Room // the sink's
	guard      *check.Guard
	sites      *sites // who come for what waits
	collector  *collect.Collector
	signer     *sign.Signer
	sending    *check.Sending
	exceeded   atomic.Uint64 // accounts that met their sending limit
	certs      *cert.Source
	sessions   *observe.Sessions
	metrics    *observe.Metrics
	trace      *trace.Trace    // nil where it is not wanted
	record     *record.Ring    // the same
	archive    *record.Archive // the same
	archived   func()          // ends its writing
	events     event.Sink
	numbers    *numbers // of sessions
	resolver   *dns.Resolver
	queue      *queue.Queue  // of what leaves
	asker      *queue.Asker  // asks next hosts about recipients
	ehlo       string        // what other servers are greeted with
	turnedAway atomic.Uint64 // at the doors
	fatal      chan error
	listeners  []*listener
	watch      *watch // nil where nobody asks for it
	stage      atomic.Int32
	ends       chan struct{} // closed when Serve has been told to end
	table      *admin.Table
}

// Open opens the store and makes the rooms; nothing listens yet. A second
// process on the same data directory gets sqldb's busy error.
func Open(ctx context.Context, cfg config.Config, o Options) (*House, error) {
	if o.Report == nil {
		o.Report = func(error) {}
	}
	if o.Refused == nil {
		o.Refused = func(string, netip.AddrPort, string) {}
	}
	h := &House{cfg: cfg, o: o, fatal: make(chan error, 1), ends: make(chan struct{})}
	var err error
	if h.cfg.Hostname, err = hostname(h.cfg.Hostname); err != nil {
		return nil, err
	}
	h.db, err = sqldb.Open(ctx, cmp.Or(o.Store, cfg.Data), sqldb.Options{Trouble: o.Report, OnFatal: func(err error) {
		h.fatal <- fmt.Errorf("%w: %w", ErrStore, err)
	}})
	if err != nil {
		return nil, err
	}
	h.numbers, err = openNumbers(cmp.Or(o.Store, cfg.Data), o.Report)
	if err != nil {
		return nil, errors.Join(err, h.db.Close())
	}
	if err := h.furnish(ctx); err != nil {
		return nil, errors.Join(err, h.Close())
	}
	return h, nil
}

// Keep opens the operations on a store that no server has open, however damaged
// its file is, or gives ErrBusy. leave ends it.
func Keep(dir string) (operations *admin.Table, leave func() error, err error) {
	k, err := sqldb.OpenKeeper(dir, sqldb.Options{})
	if err != nil {
		return nil, nil, err
	}
	return admin.NewKeeperTable(k), k.Close, nil
}

// Holds says whether a folder holds a store.
func Holds(dir string) bool {
	info, err := os.Stat(filepath.Join(dir, sqldb.File))
	return err == nil && info.Mode().IsRegular()
}

// furnish makes the rooms over the open store.
func (h *House) furnish(ctx context.Context) error {
	var err error
	h.directory, err = directory.New(h.db.Directory(), directory.Options{
		DefaultDomain: h.cfg.DefaultDomain,
		Workers:       h.cfg.Limits.PasswordWorkers,
		Wait:          h.cfg.Limits.PasswordWait.Duration,
		Cost:          h.o.Cost,
	})
	if err != nil {
		return err
	}
	l := h.cfg.Limits
	h.guard = check.New(check.Options{
		Enabled: l.Enabled, BanAfter: l.BanAfter, BanWindow: l.BanWindow.Duration, BanFor: l.BanFor.Duration, Exempt: l.Exempt,
	})
	h.sessions = observe.New(observe.Options{})
	names := []string{"sendmail"}
	for _, l := range h.cfg.Listeners {
		names = append(names, l.Name)
	}
	h.metrics = observe.NewMetrics(names...)
	h.metrics.Counter("posta_connections_refused_total", "Connections turned away at the door.", func() float64 { return float64(h.turnedAway.Load()) })
	arrivals := &observe.Arrivals{}
	sinks := observe.Sinks{h.sessions, h.metrics, arrivals}
	if c := h.cfg.Trace; c.Enabled {
		h.trace = trace.New(h.db, trace.Options{KeepFor: c.KeepFor.Duration, MaxSize: int64(c.MaxSize), Trouble: h.o.Report})
		sinks = append(sinks, h.trace)
	}
	if h.openRecord(); h.record != nil {
		sinks = append(sinks, h.record)
	}
	if h.o.Sink != nil {
		sinks = append(sinks, h.o.Sink)
	}
	h.events = sinks
	if err := h.openQueue(); err != nil {
		return err
	}
	h.sites = newSites(h.directory, h.db.Queue(), h.ehlo, h.o.Report)
	h.sites.queue = h.queue
	h.sites.turned.tls = h.cfg.Outgoing.TLS
	if h.record != nil {
		h.sites.turned.keyLog = h.record.KeyLog()
	}
	h.signer = sign.New(sign.Config{Store: h.db, Rotate: rotateAfter, Tell: h.o.Report, TXT: h.resolver.TXT})
	if err := h.openSending(ctx); err != nil {
		return err
	}
	if err := h.openRoom(ctx, sinks); err != nil {
		return err
	}
	if err := h.openSink(ctx); err != nil {
		return err
	}
	h.collector = h.newCollector()
	h.table = admin.NewTable(admin.House{
		Directory: h.directory, Maildrops: h.db, Mail: h.db, Sessions: h.sessions, Guard: h.guard, Status: h.status,
		Door: inside{h}, Hostname: h.cfg.Hostname, MaxSize: h.maxHandedIn(),
		Health: h.health, Keeper: h.db, Strict: func() bool { return len(h.listeners) > 0 && h.strict() },
		Deleted: h.deleted, Trace: h.findTrace, Record: h.record, Export: h.export,
		Sink: h.shownSink, Arrived: arrivals.Next, Ending: h.ends,
		Faults: &h.faults, Faulty: h.faulty,
		Queue: h.db.Queue(), Sender: h.queue, Outgoing: h.cfg.Outgoing.Mode, LabBars: outside{h}.labBars,
		Signer: h.signer, Site: h.site, Resolvers: h.resolvers(), Sending: h.sending,
		Collected: h.db.Collected(), Collector: h.collector,
	}, h.o.Audit)
	return nil
}

// openRoom makes the room that takes mail in.
func (h *House) openRoom(ctx context.Context, sinks event.Sink) error {
	rewriter, err := h.rewriter(ctx)
	if err != nil {
		return err
	}
	mark, err := h.directory.Key(ctx, "collected")
	if err != nil {
		return err
	}
	speech, err := reportWords()
	if err != nil {
		return err
	}
	h.room = mailroom.New(mailroom.Config{Hostname: h.cfg.Hostname, Directory: h.directory, Store: h.db, Trouble: h.o.Report, Sink: sinks,
		Outside: outside{h}, Callout: h.asker, SRS: rewriter, MaxAge: h.cfg.Outgoing.MaxAge.Duration,
		Hold: h.cfg.Outgoing.Mode == config.OutgoingHold, Queued: h.queue.Stir,
		Signer: signing{h.signer}, Sending: h.sending, Words: speech, Lies: h.db.List, Mark: mark})
	return nil
}

// maxHandedIn is how large a message may be that a user of this machine hands
// in: as one by submission.
func (h *House) maxHandedIn() int64 {
	max := int64(50 << 20)
	for _, l := range h.cfg.Listeners {
		if l.Service == config.Submission {
			return int64(l.MaxMessage)
		}
		if l.Service == config.SMTP {
			max = int64(l.MaxMessage)
		}
	}
	return max
}

// findTrace tells what became of messages, up to now.
func (h *House) findTrace(ctx context.Context, q trace.Query) (trace.Result, error) {
	if h.trace != nil {
		if err := h.trace.Flush(ctx); err != nil {
			return trace.Result{}, err
		}
	}
	return trace.Find(ctx, h.db, q)
}

// deleted tells the watchers of messages that an administrator deleted.
func (h *House) deleted(account int64, uids []uint32) {
	h.events.Emit(&event.Event{Time: time.Now(), Kind: event.State,
		Fact: event.Deleted{Account: account, Messages: len(uids), UIDs: uids}})
}

// Operations are what may be asked of the house.
func (h *House) Operations() *admin.Table { return h.table }

// Data is the folder of the store.
func (h *House) Data() string { return h.cfg.Data }

// Directory is who lives here.
func (h *House) Directory() *directory.Directory { return h.directory }

// Certificates are the ones in use; nil before Listen.
func (h *House) Certificates() *cert.Source { return h.certs }

// Close ends what Open began. Serve must have returned.
func (h *House) Close() error {
	for _, l := range h.listeners {
		_ = l.socket.Close() // closed already by Serve, if it ran
	}
	h.numbers.close()
	if h.trace != nil {
		h.trace.Close()
	}
	err := h.closeArchive()
	if h.record != nil {
		h.record.Close()
	}
	return errors.Join(err, h.db.Close())
}

// Hostname is the name that this server gives itself, in A-labels.
func (h *House) Hostname() string { return h.cfg.Hostname }

// hostname is the configured name, or the machine's where there is none, in
// A-labels: peers that know no others hear it (RFC 6531 §3.7.1).
func hostname(configured string) (string, error) {
	if configured != "" {
		return aLabels(configured)
	}
	name, err := os.Hostname()
	if err == nil && name != "" {
		name, err = aLabels(name)
	}
	if err != nil || name == "" {
		return "localhost", nil
	}
	return name, nil
}

func aLabels(name string) (string, error) {
	if !strings.ContainsFunc(name, func(r rune) bool { return r >= utf8.RuneSelf }) {
		return name, nil
	}
	labels := idna.New(idna.MapForLookup(), idna.BidiRule(), idna.Transitional(false), idna.StrictDomainName(false))
	ascii, err := labels.ToASCII(name)
	if err != nil {
		return "", words.FailOf(err, "config.bad_host", words.Args{"Key": "hostname", "Value": name})
	}
	return ascii, nil
}

func pairs(certificates []config.Certificate) []cert.Pair {
	var out []cert.Pair
	for _, c := range certificates {
		out = append(out, cert.Pair{Cert: c.Cert, Key: c.Key})
	}
	return out
}

// strictAPOP refuses a strict server on data that holds secrets which can be
// read back: APOP is the lab's (RFC 1939 §13).
func (h *House) strictAPOP(ctx context.Context) error {
	if !h.strict() {
		return nil
	}
	has, err := h.db.HasAPOPSecrets(ctx)
	if err == nil && has {
		err = errAPOP
	}
	return err
}

// strict says that a listener faces the Internet. One of the lab beside it
// changes nothing: both serve the same accounts.
func (h *House) strict() bool {
	return slices.ContainsFunc(h.cfg.Listeners, func(l config.Listener) bool { return l.Mode == config.ModeStrict })
}

// sessionLimit bounds the whole of a connection: nobody needs a day.
const sessionLimit = 24 * time.Hour
