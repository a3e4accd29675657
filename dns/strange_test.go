package dns

import (
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// strange is a server that answers with what the functions make of a good
// answer, one packet each.
func strange(t *testing.T, ways ...func(*dns.Msg)) *Resolver {
	t.Helper()
	s := &dns.Server{Addr: "127.0.0.1:0", Net: "udp", Handler: dns.HandlerFunc(func(w dns.ResponseWriter, m *dns.Msg) {
		for _, way := range ways {
			out := new(dns.Msg)
			out.SetReply(m)
			out.Authoritative = true
			rr, err := dns.NewRR("example.net. 300 MX 1 mx.example.")
			if err != nil {
				t.Error(err)
			}
			out.Answer = []dns.RR{rr}
			way(out)
			_ = w.WriteMsg(out)
		}
	})}
	ready := make(chan struct{})
	s.NotifyStartedFunc = func() { close(ready) }
	go func() { _ = s.ListenAndServe() }()
	<-ready
	t.Cleanup(func() { _ = s.Shutdown() })
	return ask(t, s.PacketConn.LocalAddr().String())
}

func TestAnswersToSomethingElse(t *testing.T) {
	good := func(*dns.Msg) {}
	forged := func(m *dns.Msg) { m.Answer[0].(*dns.MX).Mx = "evil.example." }
	tests := map[string]func(*dns.Msg){
		"another id":   func(m *dns.Msg) { forged(m); m.Id++ },
		"another name": func(m *dns.Msg) { forged(m); m.Question[0].Name = "example.org." },
		"another type": func(m *dns.Msg) { forged(m); m.Question[0].Qtype = dns.TypeA },
		"a question":   func(m *dns.Msg) { forged(m); m.Response = false },
		"no question":  func(m *dns.Msg) { forged(m); m.Question = nil },
		"two":          func(m *dns.Msg) { forged(m); m.Question = append(m.Question, m.Question[0]) },
		"another's record": func(m *dns.Msg) {
			m.Answer = append(m.Answer, &dns.MX{Hdr: dns.RR_Header{Name: "example.org.", Rrtype: dns.TypeMX, Class: 1}, Mx: "evil.example."})
		},
	}
	for name, way := range tests {
		ways := []func(*dns.Msg){way, good}
		if name == "another's record" {
			ways = ways[:1]
		}
		if all, err := strange(t, ways...).MX(t.Context(), "example.net"); err != nil || mxs(all) != "1 mx.example" {
			t.Errorf("%s: %v, %v", name, all, err)
		}
	}
}

func TestOldAndLame(t *testing.T) {
	var seen atomic.Int32
	old := strange(t, func(m *dns.Msg) {
		if seen.Add(1) == 1 {
			m.Rcode, m.Answer = dns.RcodeFormatError, nil
		}
	})
	if all, err := old.MX(t.Context(), "example.net"); err != nil || mxs(all) != "1 mx.example" || seen.Load() != 2 {
		t.Errorf("a server without EDNS: %v, %v", all, err)
	}
	lame := strange(t, func(m *dns.Msg) { m.Answer, m.Authoritative = nil, false })
	if _, err := lame.MX(t.Context(), "example.net"); !errors.Is(err, ErrTemporary) || !strings.Contains(err.Error(), "does not look") {
		t.Errorf("a lame server: %v", err)
	}
	half := strange(t, func(m *dns.Msg) { // it leaves the alias to be asked for
		if m.Question[0].Name == "alias.example." {
			m.Answer = []dns.RR{&dns.CNAME{Hdr: dns.RR_Header{Name: "alias.example.", Rrtype: dns.TypeCNAME, Class: 1, Ttl: 7}, Target: "Example.net."}}
		}
		m.AuthenticatedData = true
	})
	if all, err := half.MX(t.Context(), "alias.example"); err != nil || mxs(all) != "1 mx.example" || !all[0].Secure {
		t.Errorf("half an answer: %v, %v", all, err)
	}
	if k := half.cache.all[question{"alias.example.", dns.TypeMX}]; k == nil || k.Value.(*kept).a.ttl != 7*time.Second {
		t.Error("an answer outlives its alias")
	}
}
