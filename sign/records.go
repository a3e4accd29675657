package sign

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

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
	Until time.Time    // of an old key: when the record may go; zero: it stays
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
// is believed. Keys are the domain's; an old one's
// record stays as long as mail signed with it may be under way.
func Records(domain string, site Site, keys []Key, now time.Time) ([]Record, error) {
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
		until := k.until()
		if !until.IsZero() && now.After(until) {
			continue
		}
		value, err := k.Record()
		if err != nil {
			return nil, err
		}
		out = append(out, Record{Name: k.Name(), Type: "TXT", Value: value, Why: k.why(), Needs: true, Until: until})
	}
	out = append(out, Record{Name: "_dmarc." + domain, Type: "TXT", Value: dmarcFirst + domain, Why: words.Fail("sign.why_dmarc", nil), Needs: true})
	for _, p := range site.Ports {
		out = append(out, Record{Name: "_" + p.Service + "._tcp." + domain, Type: "SRV",
			Value: "0 1 " + strconv.Itoa(int(p.Port)) + " " + site.Host + ".", Why: words.Fail("sign.why_srv", nil)})
	}
	return out, nil
}

// until is when an old key's record may go; zero: it stays.
func (k *Key) until() time.Time {
	if k.State != Old {
		return time.Time{}
	}
	return k.Changed.Add(keepOld).UTC()
}

// why says what a key's record is for.
func (k *Key) why() *words.Error {
	switch k.State {
	case Next:
		return words.Fail("sign.why_next", nil)
	case Old:
		return words.Fail("sign.why_old", words.Args{"Until": k.until().Format(time.DateOnly)})
	}
	return words.Fail("sign.why_dkim", nil)
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
