package server

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"posta/directory"
	"posta/queue"
	"posta/sasl"
	"posta/smtp/smtpclient"
	"posta/smtp/smtpserver"
	"posta/store"
)

// sites are the customers who come for their mail: the directory knows them, the
// queue has it.
type sites struct {
	directory *directory.Directory
	waiting   waiting
	queue     sender // nil: nothing leaves
	hostname  string
	report    func(error)
	asking    *pace
	turned    turned
}

// waiting is what of the store is wanted.
type waiting interface {
	Items(ctx context.Context, p store.Pick) ([]store.Item, error)
}

// sender is what of the queue is wanted; *queue.Queue is one.
type sender interface {
	Hurry(ctx context.Context, domain string) (int64, error)
	Deliver(ctx context.Context, c *smtpclient.Client, t queue.Turned, domains []string) (int, error)
}

// Sites puts together who the directory knows and what waits for them, as a house
// has it.
func Sites(d *directory.Directory, w store.Queue, q *queue.Queue, hostname string, report func(error)) smtpserver.Sites {
	s := newSites(d, w, hostname, report)
	s.queue = q
	return s
}

func newSites(d *directory.Directory, w waiting, hostname string, report func(error)) *sites {
	return &sites{directory: d, waiting: w, hostname: hostname, report: report, asking: newPace()}
}

var _ smtpserver.Sites = (*sites)(nil)

var errNoQueue = errors.New("server: nothing leaves this house")

// Any implements smtpserver.Sites.
func (s *sites) Any(ctx context.Context) bool {
	if s.queue == nil {
		return false
	}
	any, err := s.directory.AnySite(ctx)
	if err != nil {
		s.report(err)
	}
	return any
}

// Logins implements smtpserver.Sites.
func (s *sites) Logins() sasl.Authenticator { return s.directory.SiteLogins() }

// Release implements smtpserver.Sites.
func (s *sites) Release(ctx context.Context, by smtpserver.Caller, node string) (smtpserver.Released, error) {
	if !s.asking.may(caller(by)) {
		return smtpserver.Released{}, smtpserver.ErrTooSoon
	}
	domains, whole, err := s.directory.Released(ctx, directory.Caller{Site: by.Site, Addr: by.Remote}, node)
	if errors.Is(err, directory.ErrNotFound) {
		return smtpserver.Released{}, smtpserver.ErrNotTheirs
	}
	if err != nil {
		return smtpserver.Released{}, err
	}
	if s.queue == nil {
		return smtpserver.Released{}, errNoQueue
	}
	out := smtpserver.Released{Partly: !whole}
	for _, domain := range domains {
		if err := s.reaches(ctx, domain); err != nil {
			return smtpserver.Released{}, err
		}
	}
	waiting, err := s.ready(ctx, domains)
	if err != nil {
		return smtpserver.Released{}, err
	}
	if err := s.told(ctx, by, waiting); err != nil {
		return smtpserver.Released{}, err
	}
	for _, domain := range domains {
		n, err := s.queue.Hurry(ctx, domain)
		if err != nil {
			return smtpserver.Released{}, err
		}
		out.Waiting += n
		if n > 0 {
			sent := smtpserver.Sent{Domain: domain, Count: n}
			if way, found, err := s.directory.WayTo(ctx, domain); err == nil && found {
				sent.Hosts = way.Hosts
			}
			out.Mail = append(out.Mail, sent)
		}
	}
	s.saw(ctx, by.Site)
	return out, nil
}

// told tells the caller's session by which sites' right it asks for the domains. Of
// what is held it does not: that goes on waiting, and its story has no such step.
func (s *sites) told(ctx context.Context, by smtpserver.Caller, domains []string) error {
	if by.Told == nil {
		return nil
	}
	whose := map[string][]string{}
	for _, domain := range domains {
		site, err := s.directory.Asker(ctx, directory.Caller{Site: by.Site, Addr: by.Remote}, domain)
		if err != nil {
			return err
		}
		whose[site] = append(whose[site], domain)
	}
	for _, site := range slices.Sorted(maps.Keys(whose)) {
		by.Told(site, whose[site])
	}
	return nil
}

// reaches refuses to start what could only go on waiting: mail that is kept for a
// site to which no way leads, and which must come by ATRN or TURN.
func (s *sites) reaches(ctx context.Context, domain string) error {
	home, err := s.directory.Domain(ctx, domain)
	if err != nil || home.Kind != directory.KindOnDemand {
		return err
	}
	way, found, err := s.directory.WayTo(ctx, domain)
	if err == nil && (!found || way.Domain == "") { // a smart host is no way to it
		err = smtpserver.NoWay{Domain: domain}
	}
	return err
}

// caller is one that is counted: a site, or a machine's network.
func caller(by smtpserver.Caller) string {
	if by.Site != "" {
		return by.Site
	}
	bits := 32
	addr := by.Remote.Unmap()
	if addr.Is6() {
		bits = 64
	}
	p, err := addr.Prefix(bits)
	if err != nil {
		return "?"
	}
	return p.String()
}

func (s *sites) saw(ctx context.Context, site string) {
	if site == "" {
		return
	}
	if err := s.directory.SawSite(ctx, site); err != nil {
		s.report(err)
	}
}

// Fetch implements smtpserver.Sites.
func (s *sites) Fetch(ctx context.Context, site string, domains []string) (all, waiting []string, err error) {
	if !s.asking.may(site) {
		return nil, nil, smtpserver.ErrTooSoon
	}
	if s.queue == nil {
		return nil, nil, errNoQueue
	}
	all, err = s.theirs(ctx, site, domains)
	if err != nil {
		return nil, nil, err
	}
	s.saw(ctx, site)
	waiting, err = s.ready(ctx, all)
	if err != nil {
		return nil, nil, err
	}
	return all, waiting, nil
}

// ready gives those of the domains for which mail waits that nobody holds: only
// that leaves when it is asked for.
func (s *sites) ready(ctx context.Context, domains []string) (some []string, err error) {
	free := false
	for _, domain := range domains {
		items, err := s.waiting.Items(ctx, store.Pick{Domain: domain, Held: &free, Limit: 1})
		if err != nil {
			return nil, fmt.Errorf("server: what waits for %s: %w", domain, err)
		}
		if len(items) > 0 {
			some = append(some, domain)
		}
	}
	return some, nil
}

// theirs gives the domains that a site asks for, all of its own for none.
func (s *sites) theirs(ctx context.Context, site string, domains []string) (all []string, err error) {
	if len(domains) == 0 {
		return s.directory.Fetched(ctx, directory.Caller{Site: site})
	}
	seen := map[string]bool{}
	for _, one := range domains {
		found, _, err := s.directory.Released(ctx, directory.Caller{Site: site}, one)
		if errors.Is(err, directory.ErrNotFound) {
			return nil, smtpserver.ErrNotTheirs
		}
		if err != nil {
			return nil, err
		}
		for _, domain := range found {
			if !seen[domain] {
				seen[domain] = true
				all = append(all, domain)
			}
		}
	}
	return all, nil
}

// Turns implements smtpserver.Sites.
func (s *sites) Turns(ctx context.Context, site, helo string) (bool, error) {
	return s.directory.Turns(ctx, site, helo)
}

// pace lets each caller ask a few times in a row, and then once in a while.
type pace struct {
	now func() time.Time

	mu   sync.Mutex
	last map[string]time.Time // when each caller has all its turns again
}

// Turns of a pace.
const (
	paceTurns = 10              // in a row
	paceEach  = 6 * time.Second // one more
	paceMost  = 10_000          // callers that are remembered
)

func newPace() *pace { return &pace{now: time.Now, last: map[string]time.Time{}} }

func (p *pace) may(who string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	if len(p.last) >= paceMost {
		for one, full := range p.last {
			if !full.After(now) {
				delete(p.last, one)
			}
		}
		if len(p.last) >= paceMost {
			return false
		}
	}
	full := p.last[who]
	if full.Before(now) {
		full = now
	}
	if full.Add(paceEach).Sub(now) > paceTurns*paceEach {
		return false
	}
	p.last[who] = full.Add(paceEach)
	return true
}
