package srs

import (
	"errors"
	"strings"
	"testing"
	"time"

	"posta/mail"
)

// clock is a Rewriter whose time can be moved.
type clock struct {
	*Rewriter
	at time.Time
}

func newClock(key string) *clock {
	c := &clock{at: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)}
	c.Rewriter = New([]byte(key), func() time.Time { return c.at })
	return c
}

func at(s string) mail.Address {
	a, err := mail.ParseAddress(s)
	if err != nil {
		panic(err)
	}
	return a
}

func TestThereAndBack(t *testing.T) {
	us, other := newClock("k"), newClock("other")
	for _, s := range []string{"pepe@example.net", "Pepe+x=y@Example.NET", `"a b"@example.net`, "ñ@ñandú.example", `x@[192.0.2.1]`,
		"SRS2=x@example.net", "SRS@example.net", "SRS0@example.net", "SRS1=odd@example.net"} {
		out, ok := us.Forward(at(s), "us.example")
		if !ok || out.Domain != "us.example" || !strings.HasPrefix(out.Local, "SRS0=") || !Is(out.Local) {
			t.Errorf("%s became %s, %v", s, out, ok)
			continue
		}
		again := at(out.String())
		for _, local := range []string{again.Local, strings.ToLower(again.Local), strings.ToUpper(again.Local)} {
			back, err := us.Reverse(local)
			if err != nil || !strings.EqualFold(back.String(), s) {
				t.Errorf("%s → %s → %s, %v", s, local, back, err)
			}
			if _, err := other.Reverse(local); !errors.Is(err, ErrForged) {
				t.Errorf("another's key: %v", err)
			}
		}
	}
	// Sent on by others before.
	first, _ := other.Forward(at("pepe@example.net"), "first.example")
	second, ok := us.Forward(first, "us.example")
	if back, err := us.Reverse(second.Local); !ok || !strings.HasPrefix(second.Local, "SRS1=") || err != nil || back != first {
		t.Errorf("%s → %s → %s, %v", first, second, back, err)
	}
	third, ok := other.Forward(second, "third.example")
	if back, err := other.Reverse(third.Local); !ok || err != nil || back != first {
		t.Errorf("%s → %s → %s, %v", second, third, back, err)
	}
	if back, err := us.Reverse(strings.Replace(second.Local, "first", "worst", 1)); !errors.Is(err, ErrForged) {
		t.Errorf("%s, %v", back, err)
	}
}

func TestLeftAlone(t *testing.T) {
	us := newClock("k")
	if out, ok := us.Forward(mail.Address{}, "us.example"); ok || !out.IsZero() {
		t.Errorf("the null path became %s", out)
	}
	long := mail.Address{Local: strings.Repeat("x", 50), Domain: "example.net"}
	if out, ok := us.Forward(long, "us.example"); ok || out != long {
		t.Errorf("%s became %s", long, out)
	}
	for _, local := range []string{"", "pepe", "srs", "SRS0", "SRS0=", "SRS0x", "SRS2=a", "xSRS0=a"} {
		if Is(local) {
			t.Errorf("%q looks like a rewritten address", local)
		}
		if _, err := us.Reverse(local); !errors.Is(err, ErrForged) {
			t.Errorf("%q: %v", local, err)
		}
	}
}

func TestForgedAndExpired(t *testing.T) {
	us := newClock("k")
	out, _ := us.Forward(at("pepe@example.net"), "us.example")
	for i := len("SRS0="); i < len(out.Local); i++ {
		for _, c := range []byte("q7=") {
			if local := out.Local[:i] + string(c) + out.Local[i+1:]; local != out.Local {
				if back, err := us.Reverse(local); err == nil {
					t.Errorf("%s passes as %s, for %s", local, out.Local, back)
				}
			}
		}
		if _, err := us.Reverse(out.Local[:i]); err == nil {
			t.Errorf("%s passes", out.Local[:i])
		}
	}
	began := us.at
	for _, days := range []int{-1, Days + 1, 500, dayCycle - 1} {
		us.at = began.AddDate(0, 0, days)
		if _, err := us.Reverse(out.Local); !errors.Is(err, ErrExpired) {
			t.Errorf("after %d days: %v", days, err)
		}
	}
	us.at = began.AddDate(0, 0, Days)
	if _, err := us.Reverse(out.Local); err != nil {
		t.Errorf("after %d days: %v", Days, err)
	}
}

func FuzzReverse(f *testing.F) {
	us := newClock("k")
	for _, s := range []string{"pepe@example.net", "SRS0=a=b=c=d@example.net", "SRS1=aaaaaabb=first==c=d@example.net"} {
		out, _ := us.Forward(at(s), "us.example")
		f.Add(out.Local, out.Local)
	}
	f.Fuzz(func(t *testing.T, local, domain string) {
		_, _ = us.Reverse(local)
		from := mail.Address{Local: local, Domain: domain}
		out, ok := us.Forward(from, "us.example")
		if !ok || local == "" || strings.Contains(domain, "=") {
			return
		}
		back, err := us.Reverse(out.Local)
		if err != nil {
			t.Fatalf("%q → %q: %v", from, out, err)
		}
		if strings.HasPrefix(out.Local, "SRS0=") && back != from {
			t.Fatalf("%q → %q → %q", from, out, back)
		}
	})
}
