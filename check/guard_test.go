package check

import (
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func addr(s string) netip.Addr { return netip.MustParseAddr(s) }

func port(s string) netip.AddrPort { return netip.AddrPortFrom(addr(s), 40000) }

func TestWaitGrows(t *testing.T) {
	g := New(Options{Enabled: true, BanAfter: 100})
	want := firstWait
	for range 10 {
		if got, _ := g.LoginResult(addr("192.0.2.1"), "pepe", false); got != want {
			t.Fatalf("wait %v, want %v", got, want)
		}
		want = min(2*want, maxWait)
	}
	if got, _ := g.LoginResult(addr("192.0.2.2"), "pepe", false); got != firstWait {
		t.Errorf("another address waits %v", got)
	}
}

func TestBanBeginsAndEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := New(Options{Enabled: true, BanAfter: 3, BanFor: time.Minute})
		door := g.Gate(GateOptions{Line: POP3})
		for i := range 3 {
			if refusal, release := door.Admit(port("192.0.2.1")); refusal != "" {
				t.Fatalf("refused too early: %s", refusal)
			} else {
				release()
			}
			_, banned := g.LoginResult(addr("192.0.2.1"), "pepe", false)
			if i < 2 && !banned.IsZero() || i == 2 && !banned.Equal(time.Now().Add(time.Minute)) {
				t.Errorf("failure %d bans until %v", i+1, banned)
			}
		}
		if _, banned := g.LoginResult(addr("192.0.2.1"), "pepe", false); !banned.IsZero() {
			t.Error("one that was late bans again")
		}
		if refusal, release := door.Admit(port("192.0.2.1")); refusal != "-ERR "+BannedText || release != nil {
			t.Errorf("a banned address got %q", refusal)
		}
		if refusal, _ := door.Admit(port("192.0.2.2")); refusal != "" {
			t.Errorf("another address got %q", refusal)
		}
		if l := g.List(); len(l) != 2 || l[0].Failed != 4 || !l[0].BannedUntil.Equal(time.Now().Add(time.Minute)) {
			t.Errorf("List = %+v", l)
		}
		time.Sleep(time.Minute)
		if refusal, _ := door.Admit(port("192.0.2.1")); refusal != "" {
			t.Errorf("after the ban: %q", refusal)
		}
		if got, _ := g.LoginResult(addr("192.0.2.1"), "pepe", false); got != firstWait {
			t.Errorf("the first failure after a ban waits %v", got)
		}
	})
}

func TestFailuresAgeOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := New(Options{Enabled: true, BanAfter: 2, BanWindow: time.Minute})
		g.LoginResult(addr("192.0.2.1"), "pepe", false)
		time.Sleep(time.Minute + time.Second)
		if l := g.List(); len(l) != 0 {
			t.Errorf("an old failure is listed: %+v", l)
		}
		g.LoginResult(addr("192.0.2.1"), "pepe", false)
		if _, banned := g.Banned(addr("192.0.2.1")); banned {
			t.Error("two failures in two windows ban")
		}
	})
}

func TestSuccessForgivesItsOwnUserOnly(t *testing.T) {
	g := New(Options{Enabled: true, BanAfter: 4})
	a := addr("192.0.2.1")
	g.LoginResult(a, "Pepe", false)
	g.LoginResult(a, "luis", false)
	g.LoginResult(a, "pepe", true)
	if l := g.List(); len(l) != 1 || l[0].Failed != 1 {
		t.Errorf("List = %+v", l)
	}
	g.LoginResult(a, "luis", true)
	if l := g.List(); len(l) != 0 {
		t.Errorf("List = %+v", l)
	}
	for i := range 4 {
		g.LoginResult(a, fmt.Sprint("user", i), false)
		g.LoginResult(a, "own", true)
	}
	if _, banned := g.Banned(a); !banned {
		t.Error("own successes forgave guesses at others")
	}
}

func TestIPv6CountsAsItsNetwork(t *testing.T) {
	g := New(Options{Enabled: true, BanAfter: 2})
	g.LoginResult(addr("2001:db8::1"), "pepe", false)
	g.LoginResult(addr("2001:db8::2"), "pepe", false)
	if _, banned := g.Banned(addr("2001:db8::3")); !banned {
		t.Error("two hosts of one /64 are counted apart")
	}
	if _, banned := g.Banned(addr("2001:db8:0:1::3")); banned {
		t.Error("another /64 is banned too")
	}
	if l := g.List(); len(l) != 1 || l[0].Address != "2001:db8::/64" {
		t.Errorf("List = %+v", l)
	}
	g.LoginResult(addr("::ffff:192.0.2.1"), "pepe", false)
	g.LoginResult(addr("192.0.2.1"), "pepe", false)
	if _, banned := g.Banned(addr("192.0.2.1")); !banned {
		t.Error("a mapped address is counted apart")
	}
}

func TestUnbanExemptAndDisabled(t *testing.T) {
	g := New(Options{Enabled: true, BanAfter: 1, Exempt: []netip.Prefix{netip.MustParsePrefix("198.51.100.0/24")}})
	g.LoginResult(addr("192.0.2.1"), "pepe", false)
	if !g.Unban(addr("192.0.2.1")) || g.Unban(addr("192.0.2.1")) {
		t.Error("Unban does not say what it did")
	}
	if _, banned := g.Banned(addr("192.0.2.1")); banned {
		t.Error("still banned")
	}
	if wait, _ := g.LoginResult(addr("198.51.100.7"), "pepe", false); wait != 0 {
		t.Error("an exempt address waits")
	}
	off := New(Options{BanAfter: 1})
	if wait, _ := off.LoginResult(addr("192.0.2.1"), "pepe", false); wait != 0 || len(off.List()) != 0 {
		t.Error("a switched-off guard counts")
	}
	lab := g.Gate(GateOptions{Lab: true})
	if wait, _ := lab.LoginResult(addr("10.0.0.1"), "pepe", false); wait != 0 || len(g.List()) != 0 {
		t.Error("a lab's door counts")
	}
}

func TestMemoryIsBounded(t *testing.T) {
	g := New(Options{Enabled: true, Remember: 100, BanAfter: 1})
	for i := range 1000 {
		g.LoginResult(netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}), strings.Repeat("x", 1000), false)
	}
	l := g.List()
	if len(l) != 100 || len(g.known) != 100 {
		t.Errorf("%d addresses are remembered", len(l))
	}
	if len(l[0].LastUser) != maxName {
		t.Errorf("a name of %d octets is kept", len(l[0].LastUser))
	}
	if _, banned := g.Banned(addr("10.0.3.231")); !banned {
		t.Error("the newest was forgotten")
	}
}

func TestGateCountsConnections(t *testing.T) {
	g := New(Options{Enabled: true})
	door := g.Gate(GateOptions{PerAddress: 2})
	_, first := door.Admit(port("192.0.2.1"))
	_, _ = door.Admit(port("192.0.2.1"))
	if refusal, _ := door.Admit(port("192.0.2.1")); refusal != "421 4.7.0 "+ManyText {
		t.Errorf("the third got %q", refusal)
	}
	if l := g.List(); len(l) != 1 || l[0].Connections != 2 {
		t.Errorf("List = %+v", l)
	}
	first()
	first() // twice must not free two places
	if refusal, _ := door.Admit(port("192.0.2.1")); refusal != "" {
		t.Errorf("after one left: %q", refusal)
	}
	if refusal, _ := door.Admit(port("192.0.2.1")); refusal == "" {
		t.Error("a second release freed another place")
	}
}

func TestLabFence(t *testing.T) {
	door := New(Options{}).Gate(GateOptions{Lab: true, Networks: []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24")}})
	for s, in := range map[string]bool{
		"127.0.0.1": true, "127.9.9.9": true, "::1": true, "::ffff:127.0.0.1": true,
		"10.1.2.3": true, "172.16.0.1": true, "172.31.255.255": true, "172.32.0.1": false, "192.168.1.1": true,
		"169.254.1.1": true, "fe80::1%eth0": true, "fd00::1": true, "fc00::1": true,
		"100.64.0.1": true, "100.127.255.255": true, "100.128.0.1": false, "100.63.255.255": false,
		"203.0.113.9": true, "::ffff:203.0.113.9": true, "203.0.114.9": false,
		"8.8.8.8": false, "::ffff:8.8.8.8": false, "2001:db8::1": false, "0.0.0.0": false, "::": false, "224.0.0.1": false,
	} {
		refusal, release := door.Admit(port(s))
		if (refusal == "") != in {
			t.Errorf("%s got %q", s, refusal)
		}
		if refusal != "" && (refusal != "421 4.7.0 "+LabText || release != nil) {
			t.Errorf("%s got %q", s, refusal)
		}
	}
}

func TestManyAtOnce(t *testing.T) {
	g := New(Options{Enabled: true, Remember: 10})
	door := g.Gate(GateOptions{PerAddress: 5})
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for n := range 500 {
				a := netip.AddrFrom4([4]byte{192, 0, 2, byte(n)})
				if _, release := door.Admit(netip.AddrPortFrom(a, 1)); release != nil {
					release()
				}
				g.LoginResult(a, "x", n%7 == i)
				g.List()
			}
		})
	}
	wg.Wait()
	if len(door.open) != 0 || len(g.known) > 10 {
		t.Errorf("%d connections and %d addresses are left", len(door.open), len(g.known))
	}
}
