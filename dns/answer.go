package dns

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/miekg/dns"
)

const (
	longestKept   = 24 * time.Hour  // an answer
	denialKept    = time.Hour       // that there is none (RFC 2308 §5 allows three)
	failureKept   = 5 * time.Second // that nobody could say (RFC 9520 §3.2)
	mostRecords   = 100             // of one answer
	longestReason = 200
)

// answer is what a server said, or that none did.
type answer struct {
	mx     []MX
	addrs  []netip.Addr
	txt    []string
	other  []string // PTR and SRV, as zone files write them
	secure bool     // AD was set (RFC 6840 §5.8)

	alias  string // the records are under this name, and have to be asked for
	hops   int    // aliases followed
	ttl    time.Duration
	kind   error  // nil, or why there are no records
	reason string // of ErrTemporary
	server string
	code   string
}

// temporary is that a server has no answer; code is what it said instead.
func temporary(at netip.AddrPort, code, reason string) answer {
	return answer{kind: ErrTemporary, reason: reason[:min(len(reason), longestReason)], server: at.String(), code: code, ttl: failureKept}
}

func (a *answer) empty() bool { return a.count() == 0 }

func (a *answer) count() int { return len(a.mx) + len(a.addrs) + len(a.txt) + len(a.other) }

// read takes the answer to q out of a message whose code is success or
// NXDOMAIN. It takes only what stands under the name that was asked for, or
// under what that is an alias of; what else a server puts into an answer is no
// answer.
func read(m *dns.Msg, q question) answer {
	a := answer{secure: m.AuthenticatedData, ttl: longestKept}
	at := follow(m, q.name, &a)
	for _, rr := range m.Answer {
		h := rr.Header()
		if h.Rrtype == q.kind && h.Class == dns.ClassINET && strings.EqualFold(h.Name, at) {
			a.add(rr)
			a.age(h.Ttl)
		}
	}
	switch soa := authority(m); {
	case !a.empty():
	case m.Rcode == dns.RcodeNameError:
		a.deny(ErrNoDomain, soa)
	case soa == nil && a.hops > 0, a.hops == longestChain:
		a.alias = at
	default:
		a.deny(ErrNoData, soa)
	}
	return a
}

// follow goes along the aliases of a message, from name on, and gives where
// they end. That of a loop is anywhere on it.
func follow(m *dns.Msg, name string, a *answer) string {
	for a.hops < longestChain {
		next := ""
		for _, rr := range m.Answer {
			if alias, ok := rr.(*dns.CNAME); ok && alias.Hdr.Class == dns.ClassINET && strings.EqualFold(alias.Hdr.Name, name) {
				next = strings.ToLower(alias.Target)
				a.age(alias.Hdr.Ttl)
				break
			}
		}
		if next == "" {
			break
		}
		name = next
		a.hops++
	}
	return name
}

// add takes a record.
func (a *answer) add(rr dns.RR) {
	if a.count() == mostRecords {
		return
	}
	switch rr := rr.(type) {
	case *dns.MX:
		a.mx = append(a.mx, MX{Host: shown(rr.Mx), Pref: rr.Preference})
	case *dns.A:
		a.addr(rr.A)
	case *dns.AAAA:
		a.addr(rr.AAAA)
	case *dns.TXT:
		a.txt = append(a.txt, octets(strings.Join(rr.Txt, "")))
	case *dns.PTR:
		a.other = append(a.other, shown(rr.Ptr)+".")
	case *dns.SRV:
		a.other = append(a.other, fmt.Sprintf("%d %d %d %s.", rr.Priority, rr.Weight, rr.Port, shown(rr.Target)))
	}
}

func (a *answer) addr(octets []byte) {
	if addr, ok := netip.AddrFromSlice(octets); ok {
		a.addrs = append(a.addrs, addr.Unmap())
	}
}

// age lets the answer last no longer than one of its records.
func (a *answer) age(seconds uint32) {
	if seconds > 1<<31-1 { // RFC 2181 §8
		seconds = 0
	}
	a.ttl = min(a.ttl, time.Duration(seconds)*time.Second)
}

// deny notes that there is no record, for as long as the zone says (RFC 2308
// §5); without its word the denial is not kept.
func (a *answer) deny(kind error, soa *dns.SOA) {
	a.kind = kind
	if soa == nil {
		a.ttl = 0
		return
	}
	a.age(min(soa.Hdr.Ttl, soa.Minttl))
	a.ttl = min(a.ttl, denialKept)
}

func authority(m *dns.Msg) *dns.SOA {
	for _, rr := range m.Ns {
		if soa, ok := rr.(*dns.SOA); ok {
			return soa
		}
	}
	return nil
}

// octets undoes the escapes with which the library writes a text's octets.
func octets(text string) string {
	if !strings.Contains(text, `\`) {
		return text
	}
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		switch rest := text[i+1:]; {
		case text[i] != '\\' || rest == "":
			b.WriteByte(text[i])
		case len(rest) >= 3 && digit(rest[0]) && digit(rest[1]) && digit(rest[2]):
			b.WriteByte((rest[0]-'0')*100 + (rest[1]-'0')*10 + rest[2] - '0')
			i += 3
		default:
			b.WriteByte(rest[0])
			i++
		}
	}
	return b.String()
}

func digit(c byte) bool { return c >= '0' && c <= '9' }
