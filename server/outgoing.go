package server

import (
	"cmp"
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"posta/admin"
	"posta/check"
	"posta/config"
	"posta/directory"
	"posta/dns"
	"posta/dsn"
	"posta/queue"
	"posta/smtp/smtpclient"
	"posta/store"
	"posta/words"
)

// openQueue makes the queue of what leaves, and whom it asks of DNS. It sends
// nothing before Serve runs it.
func (h *House) openQueue() error {
	o := &h.cfg.Outgoing
	resolver, err := dns.New(dns.Options{Servers: h.resolvers()})
	if err != nil {
		return err
	}
	h.resolver = resolver
	if h.ehlo, err = hostname(cmp.Or(o.Hostname, h.cfg.Hostname)); err != nil {
		return err
	}
	c := queue.Config{
		Store: h.db.Queue(), Resolver: resolver, Routes: routes{h}, Door: reports{h}, Home: reports{h}, Sink: h.events, Confirmed: h.db,
		Hostname: h.ehlo, Names: []string{h.cfg.Hostname, h.ehlo}, OwnAddr: h.ownAddr, OwnListener: h.ownListener, Admits: h.labAdmits, Session: h.numbers.next, Problem: h.o.Report, Denied: h.shutOut, Resign: h.resign,
		Source: o.Source, Family: families(o.IP), TLS: policies(o.TLS),
		Limits: queue.Limits{Connections: o.MaxConns, Destination: o.PerDestination, FirstWait: o.RetryAfter.Duration, MostWait: o.RetryMost.Duration, WarnAfter: o.WarnAfter.Duration, Grace: grace, Times: smtpclient.Patient()},
	}
	if o.WarnAfter.Duration == 0 {
		c.Limits.WarnAfter = -1
	}
	if h.record != nil {
		c.KeyLog = h.record.KeyLog()
	}
	h.queue = queue.New(c)
	h.asker = queue.NewAsker(h.queue)
	h.measureQueue()
	return nil
}

// resolvers are the name servers of the configuration.
func (h *House) resolvers() (all []string) {
	for _, at := range h.cfg.Outgoing.ResolverAddrs() {
		all = append(all, at.String())
	}
	return all
}

func families(ip string) queue.Family {
	if ip == config.BothIP {
		return queue.Both
	}
	return queue.Family(ip)
}

func policies(tls string) queue.Policy {
	if tls == config.TLSOpportunistic {
		return queue.Opportunistic
	}
	return queue.Policy(tls)
}

// routes are those that the directory knows.
type routes struct{ *House }

// Route implements queue.Routes.
func (h routes) Route(ctx context.Context, domain string) (queue.Route, error) {
	way, found, err := h.directory.WayTo(ctx, domain)
	if err != nil {
		return queue.Route{}, err
	}
	r := queue.Route{Named: admin.RouteTo(way.Domain), Hosts: way.Hosts, TLS: queue.Policy(way.TLS), CA: way.CA, User: way.User, Password: way.Password, Family: queue.Family(way.IPv),
		Closed: !found && h.cfg.Outgoing.Mode == config.OutgoingOff}
	if way.Source != "" {
		if r.Source, err = netip.ParseAddr(way.Source); err != nil {
			return queue.Route{}, err
		}
	}
	home, err := h.directory.Domain(ctx, domain)
	switch {
	case err == nil:
		if r.OnDemand = home.Kind == directory.KindOnDemand; r.OnDemand && way.Domain == "" {
			r.Hosts = nil // a smart host is for what is anybody's, and this is its site's
		}
	case !errors.Is(err, directory.ErrNotFound):
		return queue.Route{}, err
	}
	return r, nil
}

// shutOut tells of a route whose host refuses the log-in: what goes that way waits
// until somebody says the right password.
func (h *House) shutOut(d queue.Denial) {
	domain, err := h.directory.DefaultDomain(context.Background())
	args := words.Args{"Route": d.Route, "Host": d.Host, "User": d.User, "What": d.Why}
	told := words.Fail("server.shut_out", args)
	if err != nil || domain == "" {
		h.o.Report(told)
		return
	}
	h.tell(domain, words.Fail("server.shut_out_subject", args), told)
}

// ownAddr says whether mail that is sent to an address comes back here: one of
// the listeners for other servers answers at it, on the port that they use.
func (h *House) ownAddr(addr netip.Addr) bool {
	for _, l := range h.listeners {
		at, err := netip.ParseAddrPort(l.Actual)
		if err != nil || l.Service != config.SMTP || at.Port() != 25 {
			continue
		}
		if at.Addr().Unmap() == addr || at.Addr().IsUnspecified() && ofThisMachine(addr) {
			return true
		}
	}
	return false
}

// ownListener says whether a listener of SMTP answers there, whatever its port:
// where an administrator lays a way, one may name it.
func (h *House) ownListener(to netip.AddrPort) bool {
	addr := to.Addr().Unmap()
	return slices.ContainsFunc(h.listeners, func(l *listener) bool {
		at, err := netip.ParseAddrPort(l.Actual)
		if err != nil || l.Service == config.POP3 || at.Port() != to.Port() {
			return false
		}
		return at.Addr().Unmap() == addr || at.Addr().IsUnspecified() && (addr.IsLoopback() || addr.IsUnspecified() || ofThisMachine(addr))
	})
}

// ofThisMachine says that one of its interfaces has the address.
func ofThisMachine(addr netip.Addr) bool {
	all, err := net.InterfaceAddrs()
	if err != nil {
		return false
	}
	return slices.ContainsFunc(all, func(a net.Addr) bool {
		prefix, err := netip.ParsePrefix(a.String())
		return err == nil && prefix.Addr().Unmap() == addr
	})
}

// labAdmits says whether mail of a lab may go to an address: to those that its
// listeners admit.
func (h *House) labAdmits(addr netip.Addr) bool {
	addr = addr.Unmap().WithZone("")
	return check.Private(addr) || slices.ContainsFunc(h.cfg.Lab.Networks, func(n netip.Prefix) bool { return n.Contains(addr) })
}

// depthFor is how long a count of the queue serves those who ask for numbers.
const depthFor = 10 * time.Second

// depths counts the queue for the metrics, not oftener than it must.
type depths struct {
	queue   store.Queue
	trouble func(error)

	mu    sync.Mutex
	at    time.Time
	depth store.Depth
}

func (d *depths) now() store.Depth {
	d.mu.Lock()
	defer d.mu.Unlock()
	if time.Since(d.at) < depthFor {
		return d.depth
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	depth, err := d.queue.Depth(ctx)
	if err != nil {
		d.trouble(err)
		return d.depth
	}
	d.at, d.depth = time.Now(), depth
	return depth
}

// measureQueue adds the numbers of the queue to the metrics.
func (h *House) measureQueue() {
	d := &depths{queue: h.db.Queue(), trouble: h.o.Report}
	h.metrics.Gauge("posta_queue_messages", "Messages that wait to leave.", func() float64 { return float64(d.now().Messages) })
	h.metrics.Gauge("posta_queue_recipients", "Recipients for whom messages wait to leave.", func() float64 { return float64(d.now().Items) })
	h.metrics.Gauge("posta_queue_held", "Recipients held in the queue.", func() float64 { return float64(d.now().Held) })
	h.metrics.Gauge("posta_queue_octets", "Octets of messages that wait to leave.", func() float64 { return float64(d.now().Bytes) })
	h.metrics.Gauge("posta_queue_oldest_seconds", "Age of the oldest message that waits to leave.", func() float64 {
		if oldest := d.now().Oldest; !oldest.IsZero() {
			return time.Since(oldest).Seconds()
		}
		return 0
	})
}

// reportWords are what reports say. posta's own reasons come in English, as the
// queue keeps them.
func reportWords() ([]dsn.Words, error) {
	spanish := dsn.Spanish()
	w, err := words.New(spanish.Language)
	if err != nil {
		return nil, err
	}
	spanish.Own = func(reason string) string {
		text, _ := w.Again("attempt", reason)
		return text
	}
	return []dsn.Words{dsn.English(), spanish}, nil
}
