package smuggle

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"posta/cert"
	"posta/directory"
	"posta/mail"
	"posta/mailroom"
	"posta/pop3/pop3server"
	"posta/smtp/smtpserver"
	"posta/store/sqldb"
	"posta/wire"
	"posta/wire/wiretest"
)

// The people of every house, all with the same password.
const (
	victim = "victima@pepito.es" // whom the attacker may write to
	loot   = "botin@pepito.es"   // whom only a smuggled message reaches
	owner  = "usuario@pepito.es" // who logs in
	secret = "clave-2026"        //
	helo   = "arquiredes.net"    //
	forged = "jefe@pepito.es"    // whom a smuggled message claims to be from
	wait   = time.Minute         // for an answer, on a busy machine
)

// house is the engines over a store of their own, on a network in memory.
type house struct {
	db     *sqldb.DB
	people *directory.Directory
	kinds  map[string]*wiretest.Listener
	tls    *tls.Config
	conns  atomic.Uint64
}

// open starts a house in which every listener has the mode; bareLF says
// that its peers are old devices whose bare LF is read as CRLF.
func open(t *testing.T, mode mail.Mode, bareLF bool) *house {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	h := &house{kinds: map[string]*wiretest.Listener{}}
	var err error
	if h.db, err = sqldb.Open(ctx, t.TempDir(), sqldb.Options{Reserve: -1, Readers: 2}); err != nil {
		t.Fatal(err)
	}
	cost := directory.Cost{Memory: 8, Time: 1, Iterations: 4096}
	if h.people, err = directory.New(h.db.Directory(), directory.Options{Cost: cost, Workers: 2}); err != nil {
		t.Fatal(err)
	}
	if _, err := h.people.AddDomain(ctx, directory.Domain{Name: "pepito.es"}); err != nil {
		t.Fatal(err)
	}
	for _, address := range []string{victim, loot, owner, forged} {
		if _, err := h.people.AddAccount(ctx, address, secret, directory.AccountOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	source, err := cert.New(cert.Options{Dir: t.TempDir(), Hostname: "mail.pepito.es", Report: func(error) {}})
	if err != nil {
		t.Fatal(err)
	}
	h.tls = source.TLSConfig()
	room := mailroom.New(mailroom.Config{Hostname: "mail.pepito.es", Directory: h.people, Store: h.db})
	var running sync.WaitGroup
	running.Go(func() { _ = room.Run(ctx) })
	for kind, session := range map[string]func(context.Context, *wire.Conn){
		"smtp":       h.smtp(room, mode, mail.MX),
		"submission": h.smtp(room, mode, mail.Submission),
		"pop3": pop3server.New(pop3server.Config{Hostname: "mail.pepito.es", Mode: mode, Auth: h.people,
			Maildrops: h.db, TLS: h.tls, Version: "test"}).Session,
	} {
		l := wiretest.Listen()
		h.kinds[kind] = l
		server := wire.Server{Listener: l, Session: session, Options: func(netip.AddrPort) wire.Options {
			return wire.Options{ID: h.conns.Add(1), Human: mode == mail.Lab, BareLF: bareLF, Idle: time.Minute}
		}}
		running.Go(func() { _ = server.Serve(ctx) })
	}
	t.Cleanup(func() {
		cancel()
		running.Wait()
		if err := h.db.Close(); err != nil {
			t.Error(err)
		}
	})
	return h
}

func (h *house) smtp(room *mailroom.Room, mode mail.Mode, service mail.Service) func(context.Context, *wire.Conn) {
	return smtpserver.New(smtpserver.Config{Hostname: "mail.pepito.es", Mode: mode, Service: service, Door: room,
		Addresses: room, Auth: h.people, TLS: h.tls}).Session
}

// mailbox is every message of an account, with the prefix cut off.
func (h *house) mailbox(t *testing.T, address string) []string {
	t.Helper()
	ctx := t.Context()
	a, err := h.people.Account(ctx, address)
	if err != nil {
		t.Fatal(err)
	}
	entries, err := h.db.List(ctx, a.ID)
	if err != nil {
		t.Fatal(err)
	}
	r := h.db.Reader(a.ID)
	defer r.Close()
	var all []string
	for i, e := range entries {
		var b bytes.Buffer
		if err := r.WriteTo(ctx, &b, e, entries[i+1:]); err != nil {
			t.Fatal(err)
		}
		all = append(all, unprefixed(b.String()))
	}
	return all
}

// unprefixed cuts off the fields that posta put before the message.
func unprefixed(message string) string {
	for _, name := range []string{"Return-Path: ", "Delivered-To: ", "Received: "} {
		if !strings.HasPrefix(message, name) {
			return message
		}
		for { // the field, and the lines that go on with it
			_, rest, _ := strings.Cut(message, "\r\n")
			message = rest
			if !strings.HasPrefix(rest, "\t") {
				break
			}
		}
	}
	return message
}

// peer is one connection to a house.
type peer struct {
	t *testing.T
	*wiretest.Conn
	r *bufio.Reader
}

func (h *house) dial(t *testing.T, kind string) *peer {
	t.Helper()
	c, err := h.kinds[kind].Dial()
	if err != nil {
		t.Error(err)
		return nil
	}
	_ = c.SetDeadline(time.Now().Add(wait))
	return &peer{t, c, bufio.NewReader(c)}
}

// send writes each piece with a Write of its own. A server that has hung up
// already is no failure: what it said tells.
func (p *peer) send(pieces ...string) {
	for _, piece := range pieces {
		if piece == "" {
			continue
		}
		if _, err := p.Write([]byte(piece)); err != nil {
			return
		}
	}
}

// ask sends lines one by one and wants the code in answer to each.
func (p *peer) ask(end string, steps ...[2]string) bool {
	for _, s := range steps {
		p.send(s[0] + end)
		if got := p.reply(); !strings.HasPrefix(got, s[1]) {
			p.t.Errorf("%q was answered %q, want %s", s[0], got, s[1])
			return false
		}
	}
	return true
}

// reply reads one reply, the last line of it.
func (p *peer) reply() string {
	for {
		line, err := p.r.ReadString('\n')
		if err != nil {
			return line + err.Error()
		}
		if len(line) < 4 || line[3] != '-' || line[0] < '2' || line[0] > '5' {
			return line
		}
	}
}

// rest is all that the server says until it hangs up, the last line of each
// reply.
func (p *peer) rest() []string {
	all, err := io.ReadAll(p.r)
	if err != nil {
		p.t.Errorf("the server did not hang up: %v after %q", err, all)
	}
	lines := strings.SplitAfter(strings.TrimSuffix(string(all), "\r\n"), "\r\n")
	return slices.DeleteFunc(lines, func(line string) bool {
		return len(line) > 3 && line[3] == '-' && line[0] >= '2' && line[0] <= '5'
	})
}
