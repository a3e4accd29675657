package imf

import (
	"strings"
	"testing"
)

func TestParseMailboxes(t *testing.T) {
	tests := []struct{ in, want string }{
		{"pepe@pepito.es", "|pepe@pepito.es"},
		{"Pepe <pepe@pepito.es>", "Pepe|pepe@pepito.es"},
		{`"Pérez, Pepe" <pepe@pepito.es>, a@b`, "Pérez, Pepe|pepe@pepito.es a@b"},
		{"=?utf-8?q?Pe=C3=B1a?= <p@b>", "Peña|p@b"},
		{"Friends: a@b, C <c@d>;", "|a@b C|c@d"},
		{"undisclosed:;", ""},
		{"pepe", "|pepe"},
		{"Pepe <pepe>", "Pepe|pepe"},
		{"Pepe Lopez (home) pepe@pepito.es <pepe@pepito.es", "Pepe Lopez (home) pepe@pepito.es|pepe@pepito.es"},
		{"a@b; c@d", "|a@b |c@d"},
		{`"x, <y@z>" <a@b..c>, <d@e`, "x, <y@z>|a@b..c |d@e"},
		{"a..b@c", "|a..b@c"},
		{"<a@b> <c@d>", "|a@b |c@d"},
		{"X <a@b><c@d> e@f", "X|a@b |c@d |e@f"},
		{"X <a@b> home", "X|a@b"},
	}
	for _, tt := range tests {
		got, err := ParseMailboxes(tt.in)
		if err != nil {
			t.Errorf("%q: %v", tt.in, err)
			continue
		}
		var parts []string
		for _, m := range got {
			parts = append(parts, m.Name+"|"+m.Addr)
		}
		if g := strings.Join(parts, " "); g != tt.want && strings.ReplaceAll(g, " |", " ") != tt.want {
			t.Errorf("%q: %q, want %q", tt.in, g, tt.want)
		}
	}
	for _, in := range []string{"", " , ;", "<>", strings.Repeat("a", maxAddresses+1)} {
		if got, err := ParseMailboxes(in); err == nil {
			t.Errorf("%.20q: %v, want an error", in, got)
		}
	}
}

func FuzzMailboxes(f *testing.F) {
	for _, s := range []string{"a@b", `"x\"" <a@b>, c`, "g: a@b;", "<<>>", `"`, "a,<b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		list, err := ParseMailboxes(s)
		for _, m := range list {
			if m.Addr == "" {
				t.Fatalf("%q has an empty address", s)
			}
		}
		if err == nil && len(list) == 0 && !strings.Contains(s, ";") {
			t.Fatalf("%q gives no address and no error", s)
		}
	})
}
