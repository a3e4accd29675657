package mail

import (
	"net/netip"
	"strings"
	"testing"
)

// rfc: 5321-4.1.2-10, 6531-3.3-1
func TestParseAddress(t *testing.T) {
	good := map[string]Address{
		"pepe@pepito.es":               {"pepe", "pepito.es"},
		"a.b+c@example.net":            {"a.b+c", "example.net"},
		`"a b"@example.net`:            {"a b", "example.net"},
		`"a\"\\b"@example.net`:         {`a"\b`, "example.net"},
		`"pepe"@example.net`:           {"pepe", "example.net"},
		"x@[192.0.2.1]":                {"x", "[192.0.2.1]"},
		"x@[IPv6:2001:db8::1]":         {"x", "[IPv6:2001:db8::1]"},
		"x@[tag:anything]":             {"x", "[tag:anything]"},
		"peña@españa.example":          {"peña", "españa.example"},
		strings.Repeat("a", 64) + "@b": {strings.Repeat("a", 64), "b"},
	}
	for in, want := range good {
		got, err := ParseAddress(in)
		if err != nil || got != want {
			t.Errorf("ParseAddress(%q) = %+v, %v; want %+v", in, got, err, want)
		}
	}
	bad := []string{"", "pepe", "@b", "a@", ".a@b", "a.@b", "a..b@c", "a b@c", `"a@b`, `""@b`, `"a"x@b`,
		"a@b..c", "a@-b", "a@b-", "a@.b", "a@b.", "a@[1.2.3]", "a@[IPv6:1.2.3.4]", "a@[::1]", "a@[1.2.3.4",
		"a@b c", "a@b\x00", "a\x00@b", "a@b>", "a\xff@b", strings.Repeat("a", 65) + "@b",
		"ñ\x01@b", "ñ(x)@b", "ñ ñ@b", "ñ\x7f@b", "a@" + strings.Repeat("b", 64), "a@" + strings.Repeat("b.", 128) + "c", "\"a\x01\"@b"}
	for _, in := range bad {
		if got, err := ParseAddress(in); err == nil {
			t.Errorf("ParseAddress(%q) = %+v, want an error", in, got)
		}
	}
}

// An address is written with as few quotes as it can be.
//
// rfc: 5321-4.1.2-8
func TestFewQuotes(t *testing.T) {
	for in, want := range map[string]string{`"pepe"@b.example`: "pepe@b.example", `"a.b"@c`: "a.b@c", `"a\-b"@c`: "a-b@c", `"a b"@c`: `"a b"@c`, `"a\"b"@c`: `"a\"b"@c`, `"a."@c`: `"a."@c`} {
		if a, err := ParseAddress(in); err != nil || a.String() != want {
			t.Errorf("%s: %s %v", in, a, err)
		}
	}
}

// A literal is read as it was written.
func TestLiteral(t *testing.T) {
	for in, want := range map[string]string{"192.0.2.1": "[192.0.2.1]", "2001:db8::1": "[IPv6:2001:db8::1]", "::ffff:192.0.2.1": "[192.0.2.1]", "fe80::1%eth0": "[IPv6:fe80::1]"} {
		got := Literal(netip.MustParseAddr(in))
		if at, ok := ParseLiteral(got); got != want || !ok || Literal(at) != want {
			t.Errorf("%s: %s", in, got)
		}
	}
}

// rfc: 3464-2.3.4-2, 3464-A-1
func TestParseStatus(t *testing.T) {
	for _, s := range []string{"2.0.0", "4.7.12", "5.123.456"} {
		if got, err := ParseStatus(s); err != nil || got.String() != s {
			t.Errorf("ParseStatus(%q) = %v, %v", s, got, err)
		}
	}
	for _, s := range []string{"", "5", "5.1", "3.1.1", "5.01.1", "5.1.1000", "5.1.1.1", "5.-1.1", "5.+1.1", "a.b.c"} {
		if got, err := ParseStatus(s); err == nil {
			t.Errorf("ParseStatus(%q) = %v, want an error", s, got)
		}
	}
}

// What is printed reads back as the same address.
func FuzzAddress(f *testing.F) {
	for _, s := range []string{"pepe@pepito.es", `"a\"b c"@[IPv6:::1]`, "ñ@ñ", `"."@x`, "a@[x:y]"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, err := ParseAddress(s)
		if err != nil {
			return
		}
		again, err := ParseAddress(a.String())
		if err != nil || again != a {
			t.Fatalf("%q → %+v → %q → %+v, %v", s, a, a.String(), again, err)
		}
	})
}
