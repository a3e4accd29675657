package config

import (
	"testing"
	"time"
)

func TestSize(t *testing.T) {
	for text, want := range map[string]Size{
		"0": 0, "4096": 4096, "4 KiB": 4096, "4KiB": 4096, "50 MiB": 50 << 20, "50 mib": 50 << 20,
		"10 MB": 10_000_000, "1 kB": 1000, " 3 GiB ": 3 << 30, "1 TiB": 1 << 40, "7 B": 7,
	} {
		var s Size
		if err := s.UnmarshalText([]byte(text)); err != nil || s != want {
			t.Errorf("%q is %d, %v; want %d", text, s, err, want)
		}
	}
	for _, text := range []string{"", "MiB", "-1", "1.5 MiB", "1 M", "1 MiB x", "9223372036854775808", "9000000000 GiB", "0x10"} {
		var s Size
		if err := s.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is accepted as %d", text, s)
		}
	}
	for s, want := range map[Size]string{0: "0", 1000: "1 kB", 10_000_000: "10 MB", 1001: "1001", 1 << 20: "1 MiB", 1536: "1536", 3 << 10: "3 KiB"} {
		if s.String() != want {
			t.Errorf("%d prints as %q, want %q", s, s, want)
		}
	}
}

func TestDuration(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"0": 0, "0s": 0, "90s": 90 * time.Second, "5m": 5 * time.Minute, "1h30m": 90 * time.Minute,
		"7d": 7 * day, "1d12h": 36 * time.Hour, "250ms": 250 * time.Millisecond, "0d": 0,
	} {
		var d Duration
		if err := d.UnmarshalText([]byte(text)); err != nil || d.Duration != want {
			t.Errorf("%q is %v, %v; want %v", text, d.Duration, err, want)
		}
	}
	for _, text := range []string{"", "5", "5 m", "-5m", "d", "-1d", "1d-1h", "1.5d", "1d2d", "106752d", "106751d47h", "+1d", "m"} {
		var d Duration
		if err := d.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is accepted as %v", text, d)
		}
	}
	for d, want := range map[time.Duration]string{
		0: "0s", 5 * time.Minute: "5m", time.Hour: "1h", 90 * time.Second: "1m30s", 2 * day: "2d", day + time.Second: "1d1s",
	} {
		if got := (Duration{d}).String(); got != want {
			t.Errorf("%v prints as %q, want %q", d, got, want)
		}
	}
}

func FuzzSize(f *testing.F) {
	f.Add("50 MiB")
	f.Add("9223372036854775807")
	f.Fuzz(func(t *testing.T, text string) {
		var s, back Size
		if s.UnmarshalText([]byte(text)) != nil {
			return
		}
		if err := back.UnmarshalText([]byte(s.String())); err != nil || back != s || s < 0 {
			t.Errorf("%q is %d, printed %q, read again %d, %v", text, s, s, back, err)
		}
	})
}

func FuzzDuration(f *testing.F) {
	f.Add("1d2h3m4s")
	f.Add("100us")
	f.Fuzz(func(t *testing.T, text string) {
		var d, back Duration
		if d.UnmarshalText([]byte(text)) != nil {
			return
		}
		if err := back.UnmarshalText([]byte(d.String())); err != nil || back != d || d.Duration < 0 {
			t.Errorf("%q is %v, printed %q, read again %v, %v", text, d.Duration, d, back, err)
		}
	})
}
