// Package dnstest is a name server for tests, on a port of this machine, by UDP
// and TCP. It answers as a recursive server does, out of a table that stands in
// the test.
//
// Start reading at Start.
package dnstest

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/miekg/dns"
)

// Server answers out of its table.
type Server struct {
	servers [2]*dns.Server
	addr    string

	mu    sync.Mutex
	zone  *zone
	asked map[string]int
}

// New starts a server that ends with the test.
func New(t testing.TB, table string) *Server {
	t.Helper()
	s, err := Start(table)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// Start starts a server on a free port of 127.0.0.1. A line of the table is a
// record as master files have it (RFC 1035 §5.1), with a TTL of 300 where it has
// none, or a name and how the server misbehaves when it is asked for it:
//
//	example.net     MX 10 mx.example.net
//	mx.example.net  A 127.0.0.1
//	null.example    MX 0 .
//	www.example     CNAME mx.example.net
//	ill.example     SERVFAIL      or REFUSED, FORMERR, NXDOMAIN …: the code alone
//	dumb.example    SILENT        no answer at all
//	big.example     TRUNCATED     UDP has no room for its records
//
// Names are whole, with or without the last dot. What stands behind a # is
// nothing. A name that is in no line, nor above one that is, does not exist.
func Start(table string) (*Server, error) {
	s := &Server{asked: map[string]int{}}
	if err := s.Set(table); err != nil {
		return nil, err
	}
	packets, listener, err := ports()
	if err != nil {
		return nil, err
	}
	s.addr = packets.LocalAddr().String()
	s.servers = [2]*dns.Server{{PacketConn: packets, Handler: s}, {Listener: listener, Handler: s}}
	for _, one := range s.servers {
		ready := make(chan struct{})
		one.NotifyStartedFunc = func() { close(ready) }
		go func() { _ = one.ActivateAndServe() }()
		<-ready
	}
	return s, nil
}

// ports finds a number that is free for both.
func ports() (net.PacketConn, net.Listener, error) {
	var all error
	for range 20 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, nil, err
		}
		p, err := net.ListenPacket("udp", l.Addr().String())
		if err == nil {
			return p, l, nil
		}
		all = errors.Join(all, err, l.Close())
	}
	return nil, nil, all
}

// Addr is where it is asked, "127.0.0.1:34567".
func (s *Server) Addr() string { return s.addr }

// Set puts another table in the place of the one before.
func (s *Server) Set(table string) error {
	z, err := parse(table)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.zone = z
	return nil
}

// Asked is how often a question came, "example.net MX".
func (s *Server) Asked(question string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked[question]
}

// Close ends it.
func (s *Server) Close() {
	for _, one := range s.servers {
		_ = one.Shutdown()
	}
}

// ServeDNS answers one question; it is the library's.
func (s *Server) ServeDNS(w dns.ResponseWriter, m *dns.Msg) {
	if len(m.Question) != 1 {
		return
	}
	q := m.Question[0]
	name := strings.ToLower(q.Name)
	s.mu.Lock()
	s.asked[strings.TrimSuffix(name, ".")+" "+dns.TypeToString[q.Qtype]]++
	z := s.zone
	s.mu.Unlock()
	_, udp := w.RemoteAddr().(*net.UDPAddr)
	if answer := z.answer(m, name, q.Qtype, udp); answer != nil {
		_ = w.WriteMsg(answer) // whoever asked may be gone
	}
}

// zone is what a table says.
type zone struct {
	records map[string][]dns.RR
	faults  map[string]string
	above   map[string]bool // names that others stand below
}

func parse(table string) (*zone, error) {
	z := &zone{records: map[string][]dns.RR{}, faults: map[string]string{}, above: map[string]bool{}}
	for n, line := range strings.Split(table, "\n") {
		line, _, _ = strings.Cut(line, "#")
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		name := dns.Fqdn(strings.ToLower(words[0]))
		for at := name; at != ""; _, at, _ = strings.Cut(at, ".") {
			z.above[at] = true
		}
		if len(words) == 2 {
			if _, ok := dns.StringToRcode[words[1]]; !ok && words[1] != "SILENT" && words[1] != "TRUNCATED" {
				return nil, fmt.Errorf("dnstest: line %d: what is %q?", n+1, words[1])
			}
			z.faults[name] = words[1]
			continue
		}
		rr, err := dns.NewRR("$TTL 300\n" + strings.TrimSpace(line))
		if err != nil {
			return nil, fmt.Errorf("dnstest: line %d: %w", n+1, err)
		}
		z.records[name] = append(z.records[name], rr)
	}
	return z, nil
}

// answer is what the zone says; nil where it stays silent.
func (z *zone) answer(m *dns.Msg, name string, kind uint16, udp bool) *dns.Msg {
	out := new(dns.Msg)
	out.SetReply(m)
	out.RecursionAvailable = true
	if opt := m.IsEdns0(); opt != nil {
		out.SetEdns0(opt.UDPSize(), false)
	}
	for hops := 0; ; hops++ {
		fault := z.faults[name]
		code, coded := dns.StringToRcode[fault]
		switch {
		case fault == "SILENT":
			return nil
		case coded:
			out.Rcode = code
			return out
		case fault == "TRUNCATED" && udp:
			out.Truncated, out.Answer = true, nil
			return out
		}
		found, alias := z.find(name, kind)
		out.Answer = append(out.Answer, found...)
		if alias != "" && hops < 20 {
			name = alias
			continue
		}
		if len(found) == 0 {
			out.Ns = []dns.RR{&dns.SOA{Hdr: dns.RR_Header{Name: ".", Rrtype: dns.TypeSOA, Class: dns.ClassINET, Ttl: 60}, Ns: ".", Mbox: ".", Minttl: 60}}
		}
		if !z.above[name] {
			out.Rcode = dns.RcodeNameError
		}
		return out
	}
}

// find gives the records of a kind, or else the alias that the name is.
func (z *zone) find(name string, kind uint16) (found []dns.RR, alias string) {
	for _, rr := range z.records[name] {
		if c, ok := rr.(*dns.CNAME); ok && kind != dns.TypeCNAME {
			return []dns.RR{rr}, strings.ToLower(c.Target)
		}
		if rr.Header().Rrtype == kind {
			found = append(found, rr)
		}
	}
	return found, ""
}
