package dns

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/miekg/dns"
)

const (
	udpSize   = 1232 // what passes every network unbroken (RFC 9715 §3.1)
	rounds    = 3    // through the servers; in the last one by TCP
	mostNoise = 64   // packets that answer something else, of one exchange
)

// asker puts questions to servers.
type asker struct {
	servers *servers
	timeout time.Duration
}

// ask asks one server after the other until one gives an answer. A server that
// cannot say (SERVFAIL, REFUSED …) is not asked the same again.
func (k *asker) ask(ctx context.Context, q question) answer {
	left := k.servers.order()
	none := answer{kind: ErrTemporary}
	for round, wait := 0, k.timeout; round < rounds && len(left) > 0; round, wait = round+1, wait*2 {
		var again []netip.AddrPort
		for _, at := range left {
			a, err := k.try(ctx, at, q, try{wait: wait, tcp: round == rounds-1})
			switch {
			case err == nil && a.kind != ErrTemporary:
				return a
			case err == nil:
				none = a
				continue
			case ctx.Err() != nil && none.server != "":
				return none
			case ctx.Err() != nil:
				return temporary(at, "", fmt.Sprintf("no answer from %s in time", at))
			}
			k.servers.wasSilent(at)
			none = temporary(at, "", fmt.Sprintf("no answer from %s: %v", at, err))
			again = append(again, at)
		}
		left = again
	}
	return none
}

// try is how a server is asked.
type try struct {
	wait   time.Duration
	tcp    bool
	noEDNS bool
}

// try asks a server once; by TCP where UDP has no room for the answer (RFC 7766
// §5), without EDNS where the server doesn't know it (RFC 6891 §7). The error is
// that it gave no answer.
func (k *asker) try(ctx context.Context, at netip.AddrPort, q question, how try) (answer, error) {
	m, err := exchange(ctx, at, q, how)
	switch {
	case err != nil:
		return answer{}, err
	case m.Truncated && how.tcp:
		return temporary(at, "", fmt.Sprintf("an answer of %s cut off", at)), nil
	case m.Truncated:
		how.tcp = true
		return k.try(ctx, at, q, how)
	}
	switch m.Rcode {
	case dns.RcodeSuccess, dns.RcodeNameError:
		if lame(m) {
			return temporary(at, "", fmt.Sprintf("%s does not look for others' names", at)), nil
		}
		return read(m, q), nil
	case dns.RcodeFormatError, dns.RcodeNotImplemented, dns.RcodeBadVers:
		if !how.noEDNS {
			how.noEDNS = true
			return k.try(ctx, at, q, how)
		}
	}
	code := rcode(m.Rcode)
	return temporary(at, code, code+" from "+at.String()), nil
}

func rcode(n int) string {
	if s, ok := dns.RcodeToString[n]; ok {
		return s
	}
	return fmt.Sprintf("code %d", n)
}

// lame says that a server answers neither out of what it is master of, nor
// after looking elsewhere: it only names others.
func lame(m *dns.Msg) bool {
	return m.Rcode == dns.RcodeSuccess && len(m.Answer) == 0 && !m.Authoritative && !m.RecursionAvailable
}

// exchange sends a question, from a port of its own and with an id that nobody
// can guess, and waits for its answer; packets that answer another one are
// passed over (RFC 5452 §9.1).
func exchange(ctx context.Context, at netip.AddrPort, q question, how try) (*dns.Msg, error) {
	ctx, cancel := context.WithTimeout(ctx, how.wait)
	defer cancel()
	network := "udp"
	if how.tcp {
		network = "tcp"
	}
	var d net.Dialer
	nc, err := d.DialContext(ctx, network, at.String())
	if err != nil {
		return nil, err
	}
	defer nc.Close()
	defer context.AfterFunc(ctx, func() { _ = nc.SetDeadline(time.Unix(1, 0)) })()
	conn := &dns.Conn{Conn: nc, UDPSize: udpSize}
	m := asking(q, how)
	if err := conn.WriteMsg(m); err != nil {
		return nil, silence(ctx, err)
	}
	for range mostNoise {
		got, err := conn.ReadMsg()
		if got == nil {
			return nil, silence(ctx, err)
		}
		cut := err != nil && got.Truncated && got.Id == m.Id && got.Response // breaks off in the middle
		if cut || err == nil && answers(got, m) {
			return got, nil
		}
		if how.tcp {
			return nil, fmt.Errorf("an answer to something else")
		}
	}
	return nil, fmt.Errorf("answers to something else")
}

// silence is an error as people should read it.
func silence(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("silence")
	}
	return err
}

func asking(q question, how try) *dns.Msg {
	m := new(dns.Msg)
	m.SetQuestion(q.name, q.kind)
	m.AuthenticatedData = true // tell us (RFC 6840 §5.7)
	if !how.noEDNS {
		m.SetEdns0(udpSize, false)
	}
	return m
}

// answers says that a message is an answer to the question. A server that did
// not understand it may leave it out (RFC 5452 §9.1 has the rest).
func answers(got, m *dns.Msg) bool {
	if got.Id != m.Id || !got.Response || got.Opcode != dns.OpcodeQuery {
		return false
	}
	if len(got.Question) == 0 {
		return got.Rcode == dns.RcodeFormatError || got.Rcode == dns.RcodeNotImplemented || got.Rcode == dns.RcodeServerFailure || got.Rcode == dns.RcodeRefused
	}
	a, b := got.Question[0], m.Question[0]
	return len(got.Question) == 1 && a.Qtype == b.Qtype && a.Qclass == b.Qclass && strings.EqualFold(a.Name, b.Name)
}
