package config

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
)

// networks parses a file of [[network]] tables.
func networks(t *testing.T, tables ...string) *Config {
	t.Helper()
	var text strings.Builder
	for _, table := range tables {
		fmt.Fprintf(&text, "[[network]]\n%s\n", table)
	}
	c, err := Parse([]byte(text.String()))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestNetworkDefaults(t *testing.T) {
	c := networks(t, "cidr = '10.0.0.0/8'", "cidr = '10.1.0.0/16'\nauth = 'optional'\ntls = 'optional'\nbare_lf = 'normalise'\nname = 'escáneres'")
	if err := c.Check(); err != nil {
		t.Fatal(err)
	}
	plain, full := c.Networks[0], c.Networks[1]
	if plain.Auth != Required || plain.TLS != Required || plain.BareLF != BareRefuse || plain.String() != "10.0.0.0/8" {
		t.Errorf("without keys: %+v", plain)
	}
	if full.Auth != Optional || full.TLS != Optional || full.BareLF != BareNormalise || full.String() != "escáneres (10.1.0.0/16)" {
		t.Errorf("with all keys: %+v", full)
	}
}

// The most specific network counts, wherever it stands.
func TestNetworkOf(t *testing.T) {
	c := networks(t, "cidr = '10.1.0.0/16'", "cidr = '10.1.2.0/24'", "cidr = '10.0.0.0/8'", "cidr = '10.1.2.3/32'", "cidr = 'fe80::/10'")
	for addr, want := range map[string]string{
		"10.1.2.3": "10.1.2.3/32", "10.1.2.4": "10.1.2.0/24", "10.1.3.4": "10.1.0.0/16", "10.2.0.1": "10.0.0.0/8",
		"::ffff:10.1.2.4": "10.1.2.0/24", "fe80::1%eth0": "fe80::/10", "192.0.2.1": "", "2001:db8::1": "", "::a01:203": "",
	} {
		got := ""
		if n := c.NetworkOf(netip.MustParseAddr(addr)); n != nil {
			got = n.String()
		}
		if got != want {
			t.Errorf("%s is in %q, want %q", addr, got, want)
		}
	}
}

func TestNetworkRefuses(t *testing.T) {
	for _, tt := range []struct {
		tables []string
		want   string // "": it is right
	}{
		{[]string{"cidr = '192.168.10.5/24'"}, `write "192.168.10.0/24" for the network or "192.168.10.5/32" for this machine alone`},
		{[]string{"cidr = 'fd00::1/64'"}, `write "fd00::/64" for the network or "fd00::1/128"`},
		{[]string{"cidr = '::ffff:192.168.10.5/120'"}, `write "192.168.10.0/24"`},
		{[]string{"cidr = '::ffff:0:0/80'"}, `is IPv4 written as IPv6`},
		{[]string{"cidr = '0.0.0.0/0'"}, `cidr = "0.0.0.0/0" is so wide`},
		{[]string{"cidr = '::/0'"}, `so wide`},
		{[]string{"cidr = '8.0.0.0/15'"}, `so wide`},
		{[]string{"cidr = '2001::/31'"}, `so wide`},
		{[]string{"cidr = '128.0.0.0/1'", "cidr = '10.0.0.5/8'"}, "network 2: cidr"},
		{[]string{"cidr = '10.0.0.0/7'"}, `so wide`}, // wider than what is private
		{[]string{"cidr = '192.168.1.0/24'", "cidr = '10.0.0.0/8'", "cidr = '192.168.1.0/24'"}, `network 3: cidr = "192.168.1.0/24" is network 1, too`},
		{[]string{"cidr = '192.168.1.0/24'", "cidr = '192.168.1.7/24'"}, `network 2: cidr = "192.168.1.7/24" is network 1, too`},
		{[]string{"cidr = '10.0.0.0/8'\nauth = 'never'"}, `network 1: auth = "never" is not one of: required, optional`},
		{[]string{"cidr = '10.0.0.0/8'\ntls = ''"}, `network 1: tls = "" is not one of: required, optional`},
		{[]string{"cidr = '10.0.0.0/8'\nbare_lf = 'fix'"}, `bare_lf = "fix" is not one of: refuse, normalise`},
		{[]string{"cidr = '10.0.0.0/8'\nrelay = true"}, `set auth = "optional"`},
		{[]string{"cidr = '10.0.0.0/8'\nname = \"a\\nb\""}, "name must be visible characters"},
		{[]string{"cidr = '10.0.0.0/8'\nname = '" + strings.Repeat("x", 65) + "'"}, "at most 64 octets"},
		{[]string{"cidr = '10.0.0.0/8'\nrelay = false", "cidr = 'fc00::/7'", "cidr = '8.8.0.0/16'", "cidr = '2001:db8::/32'", "cidr = '127.0.0.1/32'"}, ""},
	} {
		err := networks(t, tt.tables...).Check()
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%q: %v, want %q", tt.tables, err, tt.want)
		}
	}
}

func TestNetworkWarnings(t *testing.T) {
	c := networks(t, "cidr = '198.51.100.0/24'\nauth = 'optional'\ntls = 'optional'", "cidr = '10.0.0.0/8'\nname = 'all'\ntls = 'optional'",
		"cidr = '10.1.0.0/16'\nname = 'some'", "cidr = '10.1.2.0/24'\nbare_lf = 'normalise'", "cidr = '192.168.0.0/16'")
	want := []string{
		"network 1, 198.51.100.0/24, is no private network: whoever has an address",
		"network 1, 198.51.100.0/24, is no private network: its passwords",
		"network 3, some (10.1.0.0/16), lies within all (10.0.0.0/8);",
		"network 4, 10.1.2.0/24, lies within some (10.1.0.0/16);",
		"network 5, 192.168.0.0/16, changes nothing",
	}
	got := c.Warnings()
	if !slices.EqualFunc(got, want, func(err error, want string) bool { return strings.HasPrefix(err.Error(), want) }) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// A listener without TLS can let somebody in where a network may come in clear.
func TestNetworkAndListenerWithoutTLS(t *testing.T) {
	c := networks(t, "cidr = '10.0.0.0/8'\ntls = 'optional'")
	c.Listeners[1].TLS = TLSNone
	if err := c.Check(); err != nil {
		t.Error(err)
	}
	c.Networks[0].TLS = Required
	if err := c.Check(); err == nil {
		t.Error("a listener that can let nobody in was taken")
	}
}
