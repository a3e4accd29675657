package directory

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"posta/mail"
	"posta/sasl"
)

func TestCache(t *testing.T) {
	c := newCache[int, string](4)
	want := func(generation uint64, key int, value string) {
		t.Helper()
		if got, ok := c.find(generation, key); got != value || ok != (value != "") {
			t.Errorf("find(%d, %d) = %q, %v; want %q", generation, key, got, ok, value)
		}
	}
	c.add(1, 1, "one", 1)
	want(1, 1, "one")
	want(2, 1, "") // a change
	c.add(1, 1, "stale", 1)
	want(2, 1, "")
	want(1, 1, "") // a late asker must not turn it back
	c.add(2, 9, "too dear", 5)
	want(2, 9, "")
	c.add(2, 0, "hot", 1)
	for i := 1; i < 50; i++ {
		want(2, 0, "hot") // what is asked for stays
		c.add(2, i, "x", 1)
		if n := len(c.young) + len(c.old); n > 8 {
			t.Fatalf("%d entries kept", n)
		}
	}
	want(2, 1, "")
	c.add(2, 0, "newer", 2)
	want(2, 0, "newer")
}

func TestRememberedIsBounded(t *testing.T) {
	r := newRemembered(time.Now)
	for i := range 3 * rememberMax {
		r.add(&Account{ID: int64(i)}, "x")
	}
	if n := len(r.young) + len(r.old); n > 2*rememberMax {
		t.Errorf("%d log-ins remembered", n)
	}
	if !r.has(&Account{ID: 3*rememberMax - 1}, "x") || r.has(&Account{ID: 0}, "x") {
		t.Error("the wrong ones were forgotten")
	}
	if r.has(&Account{ID: 3*rememberMax - 1, Version: 1}, "x") || r.has(&Account{ID: 3*rememberMax - 1}, "y") {
		t.Error("another version or password fits")
	}
}

func TestGate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(2, 5*time.Second)
		for range 2 {
			if err := g.enter(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		var all sync.WaitGroup
		var mu sync.Mutex
		count := map[string]int{}
		begin := time.Now()
		for range 2*waitersPerPlace + 10 {
			all.Go(func() {
				err := g.enter(context.Background())
				mu.Lock()
				count[fmt.Sprint(err, " after ", time.Since(begin))]++
				mu.Unlock()
			})
		}
		synctest.Wait()
		g.leave() // one gets in
		all.Wait()
		want := map[string]int{"<nil> after 0s": 1, sasl.ErrBusy.Error() + " after 0s": 10,
			sasl.ErrBusy.Error() + " after 5s": 2*waitersPerPlace - 1}
		for line, n := range want {
			if count[line] != n {
				t.Errorf("%s: %d, want %d (%v)", line, count[line], n, count)
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := g.enter(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("a session that went: %v", err)
		}
		g.leave()
		if err := g.enter(t.Context()); err != nil || g.waiting.Load() != 0 {
			t.Errorf("%v, %d waiting", err, g.waiting.Load())
		}
	})
}

func TestHash(t *testing.T) {
	p := Cost{}.filled().hash("secret")
	s := p.String()
	if !strings.HasPrefix(s, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("hash %s", s[:strings.LastIndex(s, "$")])
	}
	again, err := parsePHC(s)
	if err != nil || again.String() != s || !again.fits("secret") || again.fits("Secret") {
		t.Errorf("%v", err)
	}
	// A hash of the reference implementation: echo -n password | argon2 somesalt -id -t 2 -m 16 -p 1
	foreign, err := parsePHC("$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc")
	if err != nil || !foreign.fits("password") || foreign.fits("differentpassword") {
		t.Errorf("foreign hash: %v", err)
	}
	for _, bad := range []string{"", "x", "$argon2i$v=19$m=16,t=2,p=1$c29tZXNhbHQ$" + strings.Repeat("A", 43),
		strings.Replace(s, "v=19", "v=16", 1), strings.Replace(s, "m=19456", "m=4294967295", 1),
		strings.Replace(s, "m=19456", "m=1", 1), strings.Replace(s, "t=2", "t=0", 1), strings.Replace(s, "t=2", "t=1000", 1),
		strings.Replace(s, "p=1", "p=0", 1), strings.Replace(s, "p=1", "p=1x", 1), strings.Replace(s, "m=19456", "m=019456", 1),
		s[:len(s)-30], s + "$", s + "!"} {
		if _, err := parsePHC(bad); err == nil {
			t.Errorf("parsed %q", bad)
		}
	}
}

func FuzzPHC(f *testing.F) {
	f.Add("$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc")
	f.Fuzz(func(t *testing.T, s string) {
		if p, err := parsePHC(s); err == nil && p.String() != s {
			t.Fatalf("%q reads back as %q", s, p)
		}
	})
}

// A key is its own key, or an address would be stored where nobody finds it.
func FuzzKey(f *testing.F) {
	for _, s := range []string{"Pepe", "PEÑA", "pen\u0303a", "İstanbul", "K", "ΑΣ", "Ǆ", "\u1e9e", "\u0345\u03b1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if !utf8.ValidString(s) {
			return
		}
		if k := Key(s); Key(k) != k {
			t.Fatalf("%q → %q → %q", s, k, Key(k))
		}
		if Key(strings.ToLower(s)) != Key(s) && mail.IsASCII(s) {
			t.Fatalf("%q has another key in lower case", s)
		}
	})
}
