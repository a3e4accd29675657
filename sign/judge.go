package sign

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"posta/words"
)

// Found is what DNS has in its place.
type Found string

const (
	Right     Found = "right"     // it, or what does the same
	Missing   Found = "missing"   // nothing
	Different Found = "different" // what does not do the same
	Unknown   Found = "unknown"   // DNS did not answer
)

// Judge holds what stands in DNS under a record's name and type, as zone files
// write it, TXT without quotes, against the record. Why says what is wrong with
// what is different, where that can be said; nil elsewhere.
func (s *Site) Judge(r *Record, values []string) (found Found, why *words.Error) {
	values = r.Rivals(values)
	switch {
	case len(values) == 0:
		return Missing, nil
	case r.isSPF():
		return s.judgeSPF(r, values)
	case r.Type == "TXT" && strings.HasPrefix(r.Value, dmarcBegins):
		return judgeDMARC(values)
	case r.Type == "TXT":
		return judgeKey(r, values)
	case r.Type == "MX":
		return judgeMX(r, values)
	case r.Type == "SRV":
		return judgeSRV(r, values)
	}
	if slices.ContainsFunc(values, func(v string) bool { return strings.EqualFold(v, r.Value) }) {
		return Right, nil
	}
	return Different, nil
}

func (r *Record) isSPF() bool { return r.Type == "TXT" && strings.HasPrefix(r.Value, spfBegins) }

// Rivals are those of the values that stand where the record should: a domain
// has texts of many kinds, and SPF is one.
func (r *Record) Rivals(values []string) (out []string) {
	if !r.isSPF() {
		return values
	}
	for _, v := range values {
		if begin, _, _ := strings.Cut(v, " "); strings.EqualFold(begin, spfBegins) {
			out = append(out, v)
		}
	}
	return out
}

// judgeMX wants the server to be the host that is asked first.
func judgeMX(r *Record, values []string) (Found, *words.Error) {
	_, host, _ := strings.Cut(r.Value, " ")
	best, first, ours := 1<<16, "", false
	for _, v := range values {
		pref, at, _ := strings.Cut(v, " ")
		n, err := strconv.Atoi(pref)
		own := strings.EqualFold(at, host)
		if err == nil && (n < best || n == best && own) {
			best, first, ours = n, at, own
		}
	}
	switch {
	case ours:
		return Right, nil
	case first == ".":
		return Different, words.Fail("sign.mx_null", nil)
	}
	return Different, words.Fail("sign.mx_other", words.Args{"Host": strings.TrimSuffix(first, ".")})
}

// judgeSRV wants the port and the host; how equal ones are weighed is a
// matter of taste.
func judgeSRV(r *Record, values []string) (Found, *words.Error) {
	want := strings.Fields(r.Value)
	for _, v := range values {
		if have := strings.Fields(v); len(have) == 4 && have[2] == want[2] && strings.EqualFold(have[3], want[3]) {
			return Right, nil
		}
	}
	return Different, nil
}

// judgeKey wants the one key of the record (RFC 6376 §3.6.2.2: of several a
// verifier takes what it likes).
func judgeKey(r *Record, values []string) (Found, *words.Error) {
	if len(values) > 1 {
		return Different, words.Fail("sign.dkim_several", nil)
	}
	want, _ := publicOf(r.Value)
	have, err := publicOf(values[0])
	kind := tag(values[0], "k")
	switch {
	case err != nil:
		return Different, words.Fail("sign.dkim_none", nil)
	case have == "":
		return Different, words.Fail("sign.dkim_revoked", nil)
	case have != want, kind == "" && tag(r.Value, "k") != string(RSA), kind != "" && kind != tag(r.Value, "k"):
		return Different, words.Fail("sign.dkim_other", nil)
	}
	return Right, nil
}

// tag is the value of a tag in a list of them (RFC 6376 §3.2); "" where it is not.
func tag(list, name string) string {
	for one := range strings.SplitSeq(list, ";") {
		n, value, _ := strings.Cut(one, "=")
		if strings.TrimSpace(n) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

const (
	spfBegins   = "v=spf1"
	dmarcBegins = "v=DMARC1"
)

// judgeDMARC takes any policy that is one: which is the owner's affair.
func judgeDMARC(values []string) (Found, *words.Error) {
	var policies []string
	for _, v := range values {
		if tag(v, "v") == "DMARC1" && strings.HasPrefix(v, "v") {
			policies = append(policies, v)
		}
	}
	switch {
	case len(policies) == 0:
		return Different, words.Fail("sign.dmarc_none", nil)
	case len(policies) > 1: // RFC 9989 §4.10
		return Different, words.Fail("sign.dmarc_several", nil)
	}
	if p := tag(policies[0], "p"); !slices.Contains([]string{"none", "quarantine", "reject"}, strings.ToLower(p)) {
		return Different, words.Fail("sign.dmarc_policy", nil)
	}
	return Right, nil
}

// judgeSPF wants a policy that lets this server's addresses pass, as far as that
// can be told without looking up what the policy includes.
func (s *Site) judgeSPF(r *Record, policies []string) (Found, *words.Error) {
	if len(policies) > 1 { // RFC 7208 §4.5
		return Different, words.Fail("sign.spf_several", nil)
	}
	names, elsewhere := map[netip.Addr]bool{}, false
	for _, one := range strings.Fields(policies[0])[1:] {
		one = strings.TrimPrefix(strings.ToLower(one), "+")
		switch {
		case one == "all":
			return Different, words.Fail("sign.spf_everybody", nil)
		case strings.HasPrefix(one, "include:"), strings.HasPrefix(one, "redirect="), strings.HasPrefix(one, "exists:"):
			elsewhere = true
		case one == "mx", one == "mx:"+r.Name, one == "a:"+strings.ToLower(s.Host), one == "a" && strings.EqualFold(s.Host, r.Name):
			return Right, nil
		}
		for _, a := range s.Addrs {
			names[a] = names[a] || covers(one, a)
		}
	}
	left := slices.ContainsFunc(s.Addrs, func(a netip.Addr) bool { return !names[a] })
	switch {
	case len(s.Addrs) > 0 && !left:
		return Right, nil
	case elsewhere:
		return Different, words.Fail("sign.spf_includes", nil)
	}
	return Different, words.Fail("sign.spf_not_named", nil)
}

// covers says that an ip4: or ip6: of a policy lets an address pass (RFC 7208 §5.6).
func covers(mechanism string, a netip.Addr) bool {
	kind, text, _ := strings.Cut(mechanism, ":")
	if a = a.Unmap(); kind != "ip4" && kind != "ip6" || a.Is4() != (kind == "ip4") {
		return false
	}
	if p, err := netip.ParsePrefix(text); err == nil {
		return p.Contains(a)
	}
	one, err := netip.ParseAddr(text)
	return err == nil && one == a
}
