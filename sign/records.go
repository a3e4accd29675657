package sign

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"posta/words"
)

// Record is one record that should stand in DNS.
type Record struct {
	Name  string       // with all its labels, without a dot at the end
	Type  string       // MX, A, AAAA, TXT, SRV, PTR
	Value string       // as a zone file has it; TXT without quotes
	Why   *words.Error // what it is for, in every language
	Needs bool         // without it mail does not come, or is not believed
	Addr  netip.Addr   // of a PTR: whose name it is
}

// Zone is the record as a line of a zone file (RFC 1035 §5.1). A TXT is cut
// into strings of at most 255 octets (RFC 1035 §3.3.14).
func (r *Record) Zone() string {
	value := r.Value
	if r.Type == "TXT" {
		var parts []string
		for len(value) > 255 {
			parts = append(parts, quote(value[:255]))
			value = value[255:]
		}
		value = strings.Join(append(parts, quote(value)), " ")
	}
	return r.Name + ". IN " + r.Type + " " + value
}

func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// Site is what a server is to its domains' records.
type Site struct {
	Host  string       // the server's name
	Addrs []netip.Addr // the public ones, if they are known
	Ports []Port       // what its users' programs may use
}

// Port is one service that users' programs look for (RFC 6186 §3, RFC 8314 §5.1).
type Port struct {
	Service string // "submission", "submissions", "pop3", "pop3s"
	Port    uint16
}

// dmarcFirst is a policy to begin with: it asks for nothing but reports until
// the owner has seen that his mail passes.
const dmarcFirst = dmarcBegins + "; p=none; rua=mailto:postmaster@"

// Records are what a domain publishes so that mail finds it, and what it sends
// is believed. Keys are the domain's; old ones' records may go.
func Records(domain string, site Site, keys []Key) ([]Record, error) {
	out := []Record{{Name: domain, Type: "MX", Value: "10 " + site.Host + ".", Why: words.Fail("sign.why_mx", nil), Needs: true}}
	for _, a := range site.Addrs {
		kind := "A"
		if a.Is6() && !a.Is4In6() {
			kind = "AAAA"
		}
		out = append(out,
			Record{Name: site.Host, Type: kind, Value: a.Unmap().String(), Why: words.Fail("sign.why_addr", nil), Needs: true},
			Record{Name: reverse(a.Unmap()), Type: "PTR", Value: site.Host + ".", Why: words.Fail("sign.why_ptr", nil), Needs: true, Addr: a.Unmap()})
	}
	out = append(out, Record{Name: domain, Type: "TXT", Value: spfBegins + " mx -all", Why: words.Fail("sign.why_spf", nil), Needs: true})
	for i := range keys {
		k := &keys[i]
		if k.State == Old {
			continue
		}
		value, err := k.Record()
		if err != nil {
			return nil, err
		}
		why := "sign.why_dkim"
		if k.State == Next {
			why = "sign.why_next"
		}
		out = append(out, Record{Name: k.Name(), Type: "TXT", Value: value, Why: words.Fail(why, nil), Needs: true})
	}
	out = append(out, Record{Name: "_dmarc." + domain, Type: "TXT", Value: dmarcFirst + domain, Why: words.Fail("sign.why_dmarc", nil), Needs: true})
	for _, p := range site.Ports {
		out = append(out, Record{Name: "_" + p.Service + "._tcp." + domain, Type: "SRV",
			Value: "0 1 " + strconv.Itoa(int(p.Port)) + " " + site.Host + ".", Why: words.Fail("sign.why_srv", nil)})
	}
	return out, nil
}

// reverse is the name under which an address's PTR stands (RFC 1035 §3.5, RFC 3596 §2.5).
func reverse(a netip.Addr) string {
	if a.Is4() {
		b := a.As4()
		return fmt.Sprintf("%d.%d.%d.%d.in-addr.arpa", b[3], b[2], b[1], b[0])
	}
	var s strings.Builder
	b := a.As16()
	for i := len(b) - 1; i >= 0; i-- {
		fmt.Fprintf(&s, "%x.%x.", b[i]&15, b[i]>>4)
	}
	return s.String() + "ip6.arpa"
}
