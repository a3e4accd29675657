package words

import (
	"strings"
	"testing"
)

func TestNearest(t *testing.T) {
	names := []string{"from", "to", "port", "server", "password-file", "patience"}
	for typed, want := range map[string]string{
		"form": "from", "fro": "from", "servr": "server", "sevrer": "server", "pasword-fil": "password-file", "prot": "port",
		"ot": "", "x": "", "": "", "fxxm": "", "pat": "", strings.Repeat("from", 20): "",
	} {
		if got := Nearest(typed, names); got != want {
			t.Errorf("%q: %q, want %q", typed, got, want)
		}
	}
}
