package talk_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"math/big"
	"net"
	"net/netip"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"posta/config"
	"posta/directory"
	"posta/fault"
	"posta/mail"
	"posta/mailroom"
	"posta/pop3/pop3server"
	"posta/queue"
	"posta/sink"
	"posta/smtp/smtpserver"
	"posta/store"
	"posta/store/sqldb"
	"posta/talk"
	"posta/wire"
	"posta/wire/wiretest"
)

// host is the house on a network in memory: store, directory, mailroom and
// engines put together as server does it, without sockets, so that a
// transcript's clock can be synctest's.
type host struct {
	fixture talk.Fixture
	db      *sqldb.DB
	people  *directory.Directory
	room    *mailroom.Room
	sink    *sink.Sink // nil in other modes
	sites   smtpserver.Sites
	queue   *queue.Queue // nil without sites
	faults  fault.Table
	tls     *tls.Config
	kinds   map[string]*wiretest.Listener
	conns   atomic.Uint64
	cancel  context.CancelFunc
	running sync.WaitGroup
}

// builder makes hosts, each in a folder of its own.
func builder(dir func() string, certificate tls.Certificate) func(context.Context, talk.Fixture) (talk.Host, error) {
	return func(ctx context.Context, fx talk.Fixture) (talk.Host, error) {
		h := &host{fixture: fx, kinds: map[string]*wiretest.Listener{},
			tls: &tls.Config{Certificates: []tls.Certificate{certificate}}}
		var err error
		if h.db, err = sqldb.Open(ctx, dir(), sqldb.Options{Reserve: -1, Readers: 2}); err != nil {
			return nil, err
		}
		if err := h.furnish(ctx); err != nil {
			h.db.Close()
			return nil, err
		}
		h.open(ctx)
		return h, nil
	}
}

// furnish makes the rooms and fills them with what the transcript's header says.
func (h *host) furnish(ctx context.Context) error {
	var err error
	h.people, err = directory.New(h.db.Directory(), directory.Options{
		Cost: directory.Cost{Memory: 8, Time: 1, Iterations: 4096}, Workers: 2,
	})
	if err != nil {
		return err
	}
	h.room = mailroom.New(mailroom.Config{Hostname: h.fixture.Host, Directory: h.people, Store: h.db, Outside: outside{}})
	if h.fixture.Mode == config.ModeSink {
		if h.sink, err = sink.New(ctx, sink.Options{Store: h.db, Canonical: h.people.Canonical}); err != nil {
			return err
		}
		h.room = mailroom.New(mailroom.Config{Hostname: h.fixture.Host, Directory: h.sink.People(), Store: h.sink})
	}
	for _, d := range h.fixture.Domains {
		_, err := h.people.AddDomain(ctx, directory.Domain{Name: d.Name, AliasOf: d.AliasOf, CatchAll: d.CatchAll,
			Plus: !d.NoPlus, MaxMessage: d.MaxMessage, SenderCheck: directory.SenderCheck(d.SenderCheck)})
		if err != nil {
			return err
		}
	}
	for _, a := range h.fixture.Accounts {
		o := directory.AccountOptions{Name: a.Name, Quota: a.Quota, Disabled: a.Disabled}
		if _, err := h.people.AddAccount(ctx, a.Address, a.Password, o); err != nil {
			return err
		}
		if !a.APOP {
			continue
		}
		if err := h.people.SetAPOP(ctx, a.Address, a.Password); err != nil {
			return err
		}
	}
	if err := h.furnishSites(ctx); err != nil {
		return err
	}
	return h.furnishNames(ctx)
}

// outside takes mail for everybody elsewhere; that of a lab stays in it.
type outside struct{}

// Admits implements mailroom.Outside.
func (outside) Admits(_ context.Context, from mail.Origin, _ mail.Address) error {
	if from.Mode == mail.Lab {
		return mail.Refuse(550, "5.7.1", "Nothing leaves this lab")
	}
	return nil
}

func (h *host) furnishNames(ctx context.Context) error {
	for _, f := range h.fixture.Faults {
		_, err := h.faults.Add(fault.Rule{At: f.At, Match: f.Match, Reply: f.Reply, Close: f.Close,
			Delay: f.Delay.Milliseconds(), Times: f.Times})
		if err != nil {
			return err
		}
	}
	for _, a := range h.fixture.Aliases {
		if _, err := h.people.AddAlias(ctx, a.Address, a.Targets); err != nil {
			return err
		}
	}
	for _, l := range h.fixture.Lists {
		_, err := h.people.AddList(ctx, directory.List{Address: l.Address, Kind: directory.ListKind(l.Kind), Owner: l.Owner})
		if err != nil {
			return err
		}
		if _, err := h.people.AddMembers(ctx, l.Address, l.Members); err != nil {
			return err
		}
	}
	for _, g := range h.fixture.Grants {
		if _, err := h.people.Grant(ctx, g.Address, g.Account); err != nil {
			return err
		}
	}
	for _, m := range h.fixture.Mail {
		if err := h.put(ctx, m); err != nil {
			return err
		}
	}
	return nil
}

// put files a message of the fixture as it is, without prefix.
func (h *host) put(ctx context.Context, m talk.Letter) error {
	a, err := h.people.Account(ctx, m.Address)
	if err != nil {
		return err
	}
	draft := h.db.Draft(int64(len(m.Content)))
	if _, err := draft.Write(m.Content); err != nil {
		return err
	}
	header, _, _ := bytes.Cut(m.Content, []byte("\r\n\r\n"))
	traits := store.Traits{
		Stuffed: bytes.HasPrefix(m.Content, []byte(".")) || bytes.Contains(m.Content, []byte("\n.")),
		NoEOL:   !bytes.HasSuffix(m.Content, []byte("\r\n")),
		UTF8:    bytes.ContainsFunc(header, func(r rune) bool { return r > 0x7f }),
	}
	return h.db.File(ctx, store.Filing{ID: "fixture", Draft: draft, Traits: traits, Received: time.Now(),
		To: []store.Delivery{{Account: a.ID}}})
}

// open begins to listen.
func (h *host) open(ctx context.Context) {
	ctx, h.cancel = context.WithCancel(ctx)
	h.running.Go(func() { _ = h.room.Run(ctx) })
	if h.queue != nil {
		h.running.Go(func() { _ = h.queue.Run(ctx) })
	}
	for kind, session := range map[string]func(context.Context, *wire.Conn){
		"smtp":        h.smtp("smtp", mail.MX),
		"submission":  h.smtp("submission", mail.Submission),
		"submissions": h.smtp("submissions", mail.Submission),
		"odmr":        h.smtp("odmr", mail.ODMR),
		"pop3":        h.pop3(false),
		"pop3s":       h.pop3(true),
	} {
		l := wiretest.Listen()
		h.kinds[kind] = l
		idle := h.listener(kind).Idle.Duration
		srv := wire.Server{Listener: l, Session: session, Options: func(remote netip.AddrPort) wire.Options {
			return wire.Options{ID: h.conns.Add(1), Human: h.mode() == mail.Lab, Idle: idle, Session: 24 * time.Hour,
				BareLF: h.network(remote.Addr()).BareLF == config.BareNormalise}
		}}
		h.running.Go(func() { _ = srv.Serve(ctx) })
	}
}

func (h *host) mode() mail.Mode {
	mode := h.fixture.Mode
	if mode == "" {
		mode = config.Default().Listeners[0].Mode
	}
	if mode == config.ModeLab || mode == config.ModeSink {
		return mail.Lab
	}
	return mail.Strict
}

// listener gives the defaults of a listener, which are what a server has that
// nobody configured.
func (h *host) listener(kind string) config.Listener {
	c := config.Default()
	if h.mode() == mail.Lab {
		c = config.Lab()
	}
	if kind == "odmr" {
		kind = "smtp" // on another port
	}
	for _, l := range c.Listeners {
		if l.Name == kind {
			return l
		}
	}
	panic("no listener is called " + kind)
}

func (h *host) limit(name string) int64 {
	n, _ := strconv.ParseInt(h.fixture.Limits[name], 10, 64)
	return n
}

// network is what the header says of a peer's network.
func (h *host) network(remote netip.Addr) config.Network {
	var c config.Config
	for _, n := range h.fixture.Networks {
		cidr, err := netip.ParsePrefix(n.CIDR)
		if err != nil {
			panic(err)
		}
		c.Networks = append(c.Networks, config.Network{CIDR: cidr, Auth: n.Auth, TLS: n.TLS, BareLF: n.BareLF})
	}
	if n := c.NetworkOf(remote); n != nil {
		return *n
	}
	return config.Network{}
}

func (h *host) smtp(kind string, service mail.Service) func(context.Context, *wire.Conn) {
	l := h.listener(kind)
	size, recipients := int64(l.MaxMessage), l.MaxRecipients
	if n := h.limit("size"); n > 0 {
		size = n
	}
	if n := h.limit("recipients"); n > 0 {
		recipients = int(n)
	}
	wait, _ := time.ParseDuration(h.fixture.Limits["greet-wait"])
	c := smtpserver.Config{
		GreetWait: wait,
		Hostname:  h.fixture.Host, Mode: h.mode(), Service: service, Door: h.room, Addresses: h.room, Auth: h.people,
		TLS: h.tls, ImplicitTLS: l.TLS == config.TLSImplicit, MaxSize: size, MaxRecipients: recipients,
		Persona: h.fixture.Persona,
		Leave: func(remote netip.Addr) smtpserver.Leave {
			n := h.network(remote)
			return smtpserver.Leave{Network: n.String(), TLS: n.TLS == config.Optional, Login: n.Auth == config.Optional}
		},
	}
	if len(h.fixture.Sites) > 0 {
		c.Sites, c.Turn = h.sites, true
	}
	if h.mode() == mail.Lab {
		c.Faults = h.faults.Side(fault.SMTP)
	}
	if h.sink != nil {
		anyone := h.sink.Anyone()
		c.Sink, c.Service, c.Auth, c.Mechanisms = true, mail.MX, anyone, anyone
	}
	return smtpserver.New(c).Session
}

func (h *host) pop3(implicit bool) func(context.Context, *wire.Conn) {
	c := pop3server.Config{
		Hostname: h.fixture.Host, Mode: h.mode(), Auth: h.people, Maildrops: h.db, TLS: h.tls, ImplicitTLS: implicit,
		Persona: h.fixture.Persona, Version: "test",
		Leave: func(remote netip.Addr) string {
			if n := h.network(remote); n.TLS == config.Optional {
				return n.String()
			}
			return ""
		},
	}
	if h.mode() == mail.Lab {
		c.Faults = h.faults.Side(fault.POP3)
	}
	if h.sink != nil {
		anyone := h.sink.Anyone()
		c.Sink, c.Auth, c.Mechanisms, c.Maildrops = true, anyone, anyone, h.sink
		c.APOP = func() bool { return false }
	}
	return pop3server.New(c).Session
}

func (h *host) Dial(kind string) (net.Conn, error) {
	peer, err := netip.ParseAddr(h.fixture.Peer)
	if err != nil {
		return nil, err
	}
	return h.kinds[kind].DialFrom(peer)
}

func (h *host) TLS() *tls.Config { return &tls.Config{InsecureSkipVerify: true} }

func (h *host) Mailbox(address string) ([][]byte, error) {
	ctx := context.Background()
	drops, account, err := h.box(ctx, address)
	if err != nil {
		return nil, err
	}
	entries, err := drops.List(ctx, account)
	if err != nil {
		return nil, err
	}
	r := drops.Reader(account)
	defer r.Close()
	var all [][]byte
	for i, e := range entries {
		var b bytes.Buffer
		if err := r.WriteTo(ctx, &b, e, entries[i+1:]); err != nil {
			return nil, err
		}
		all = append(all, b.Bytes())
	}
	return all, nil
}

func (h *host) box(ctx context.Context, address string) (store.Maildrops, int64, error) {
	if h.sink != nil {
		account, _, err := h.sink.Mailbox(address)
		return h.sink, account, err
	}
	a, err := h.people.Account(ctx, address)
	return h.db, a.ID, err
}

func (h *host) Stop() { h.cancel() }

func (h *host) Close() error {
	h.cancel()
	h.running.Wait()
	if err := h.db.Close(); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	return nil
}

// selfSigned makes a certificate that is valid in synctest's year 2000 too.
func selfSigned() (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{"mail.pepito.es"},
		NotBefore: time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC),
	}, &x509.Certificate{SerialNumber: big.NewInt(1)}, &key.PublicKey, key)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
}
