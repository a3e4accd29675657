package config

import (
	"math"
	"strconv"
	"strings"
	"time"

	"posta/words"
)

// Size is a number of octets, written "50 MiB", "10 MB" or "4096".
type Size int64

type unit struct {
	name   string
	octets int64
}

// units are in the order in which String tries them.
func units() []unit {
	return []unit{
		{"TiB", 1 << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10},
		{"TB", 1e12}, {"GB", 1e9}, {"MB", 1e6}, {"kB", 1e3}, {"B", 1},
	}
}

// UnmarshalText reads a whole number and a unit; without one it is octets.
func (s *Size) UnmarshalText(text []byte) error {
	in := strings.TrimSpace(string(text))
	end := 0
	for end < len(in) && in[end] >= '0' && in[end] <= '9' {
		end++
	}
	n, err := strconv.ParseInt(in[:end], 10, 64)
	factor := factorOf(strings.TrimSpace(in[end:]))
	if err != nil || factor == 0 || n > math.MaxInt64/factor {
		return words.Fail("config.bad_size", words.Args{"Value": in})
	}
	*s = Size(n * factor)
	return nil
}

func factorOf(name string) int64 {
	if name == "" {
		return 1
	}
	for _, u := range units() {
		if strings.EqualFold(u.name, name) {
			return u.octets
		}
	}
	return 0
}

// MarshalText writes what UnmarshalText reads.
func (s Size) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// String writes the size in the first of the units that leaves no rest.
func (s Size) String() string {
	for _, u := range units()[:8] {
		if s != 0 && int64(s)%u.octets == 0 {
			return strconv.FormatInt(int64(s)/u.octets, 10) + " " + u.name
		}
	}
	return strconv.FormatInt(int64(s), 10)
}

// Duration is a time span, written "90s", "5m", "1h30m" or "7d". It is a
// struct so that a bare number, which would be nanoseconds, is refused.
type Duration struct{ time.Duration }

const day = 24 * time.Hour

// UnmarshalText reads what time.ParseDuration does, and days before it.
func (d *Duration) UnmarshalText(text []byte) error {
	in := strings.TrimSpace(string(text))
	v, ok := parseDuration(in)
	if !ok {
		return words.Fail("config.bad_duration", words.Args{"Value": in})
	}
	d.Duration = v
	return nil
}

func parseDuration(in string) (time.Duration, bool) {
	var days time.Duration
	count, rest, ok := strings.Cut(in, "d")
	if ok {
		n, err := strconv.ParseUint(count, 10, 32)
		if err != nil || n > uint64(math.MaxInt64/day) {
			return 0, false
		}
		days = time.Duration(n) * day
		if rest == "" {
			return days, true
		}
	} else {
		rest = in
	}
	clock, err := time.ParseDuration(rest)
	if err != nil || clock < 0 || days > math.MaxInt64-clock {
		return 0, false
	}
	return days + clock, true
}

// MarshalText writes what UnmarshalText reads.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// String writes days apart, and without the zero parts that package time writes.
func (d Duration) String() string {
	whole := d.Duration / day
	clock := d.Duration - whole*day
	s := clock.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	switch {
	case whole == 0:
		return s
	case clock == 0:
		return strconv.FormatInt(int64(whole), 10) + "d"
	}
	return strconv.FormatInt(int64(whole), 10) + "d" + s
}
