package dns

import (
	"strings"
	"testing"

	"github.com/miekg/dns"
)

func TestCanonical(t *testing.T) {
	long := strings.Repeat("a", 63)
	for in, want := range map[string]string{
		"Example.NET": "example.net.", "example.net.": "example.net.", "_dmarc.example": "_dmarc.example.", "xn--pea-8ma.example": "xn--pea-8ma.example.",
		long + ".example": long + ".example.", strings.Join([]string{long, long, long, long[:61]}, "."): strings.Join([]string{long, long, long, long[:61]}, ".") + ".",
		"mx": "mx.", "1.example": "1.example.",
		"": "", ".": "", "a..b": "", ".a": "", "a.b..": "", long + "a.example": "", strings.Join([]string{long, long, long, long[:62]}, "."): "",
		"localhost": "", "LOCALHOST.": "", "mail.localhost": "", "127.0.0.1": "", "1.2.3": "", "::1": "", "[::1]": "", "IPv6:::1": "",
		"a b.example": "", "a\\.b": "", "a\x00.example": "", "peña.example": "", "a/b": "", "example.net:25": "",
	} {
		if got, ok := canonical(in); got != want || ok != (want != "") {
			t.Errorf("%q: %q %v", in, got, ok)
		}
	}
}

// What is asked for is a name that the library can send, and means itself.
func FuzzCanonical(f *testing.F) {
	for _, s := range []string{"example.net", "A.b.", "127.0.0.1", "a\\046b", "localhost", "peña.example"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		name, ok := canonical(s)
		if !ok {
			return
		}
		if again, ok := canonical(name); again != name || !ok {
			t.Errorf("%q is %q, which is %q", s, name, again)
		}
		if _, valid := dns.IsDomainName(name); !valid {
			t.Errorf("%q", name)
		}
		m := asking(question{name, dns.TypeMX}, try{})
		octets, err := m.Pack()
		if err != nil {
			t.Fatalf("%q: %v", name, err)
		}
		var back dns.Msg
		if err := back.Unpack(octets); err != nil || back.Question[0].Name != name {
			t.Errorf("%q came back as %q: %v", name, back.Question[0].Name, err)
		}
	})
}

// Whatever a server says is read to its end, in bounds, and only for the name.
func FuzzRead(f *testing.F) {
	for _, records := range []string{"", "example.net. MX 1 a.example.", "example.net. CNAME a.example.\na.example. MX 0 .",
		"example.net. CNAME example.net.", "example.org. MX 1 evil.example.", `example.net. TXT "a" "\"\\\200"`} {
		m := new(dns.Msg)
		m.SetQuestion("example.net.", dns.TypeMX)
		m.Response = true
		for line := range strings.Lines(records) {
			rr, err := dns.NewRR(line)
			if err != nil {
				f.Fatal(err)
			}
			m.Answer = append(m.Answer, rr)
		}
		octets, err := m.Pack()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(octets)
	}
	f.Fuzz(func(t *testing.T, octets []byte) {
		var m dns.Msg
		if m.Unpack(octets) != nil {
			return
		}
		for _, kind := range []uint16{dns.TypeMX, dns.TypeA, dns.TypeAAAA, dns.TypeTXT} {
			a := read(&m, question{"example.net.", kind})
			a.finish()
			switch {
			case a.hops > longestChain, a.ttl < 0 || a.ttl > longestKept, len(a.mx)+len(a.addrs)+len(a.txt) > mostRecords:
				t.Errorf("%+v", a)
			case a.empty() != (a.kind != nil || a.alias != ""):
				t.Errorf("neither an answer nor a denial: %+v", a)
			case a.hops == 0 && !a.empty() && !owns(&m, "example.net.", kind):
				t.Errorf("records of another name: %+v", a)
			}
		}
	})
}

func owns(m *dns.Msg, name string, kind uint16) bool {
	for _, rr := range m.Answer {
		if strings.EqualFold(rr.Header().Name, name) && rr.Header().Rrtype == kind {
			return true
		}
	}
	return false
}

func TestOctets(t *testing.T) {
	for in, want := range map[string]string{"": "", "a": "a", `a\"b`: `a"b`, `\\`: `\`, `\195\177`: "ñ", `\`: `\`, `\19`: "19", `a\0651`: "aA1"} {
		if got := octets(in); got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
}
