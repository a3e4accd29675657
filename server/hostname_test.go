package server

import (
	"context"
	"strings"
	"testing"

	"posta/config"
)

// A name with other letters than ASCII's is said in A-labels.
// rfc: 6531-3.7.1-2
func TestHostname(t *testing.T) {
	_, addrs := start(t, func(c *config.Config) { c.Hostname = "correo.españa.example" })
	for i, answer := range dialogue(t, addrs["smtp"], "EHLO client.example.net", "QUIT") {
		if i < 2 && !strings.Contains(answer, "correo.xn--espaa-rta.example") || strings.Contains(answer, "ñ") {
			t.Errorf("answer %d is %q", i, answer)
		}
	}
}

func TestHostnameForms(t *testing.T) {
	for given, want := range map[string]string{"Mail_1.pepito.es": "Mail_1.pepito.es", "españa.example": "xn--espaa-rta.example", "a.\u0378": ""} {
		got, err := hostname(given)
		if got != want || (err != nil) != (want == "") {
			t.Errorf("hostname(%q) = %q, %v", given, got, err)
		}
	}
	if got, err := hostname(""); got == "" || err != nil {
		t.Errorf("the machine's is %q, %v", got, err)
	}
	cfg := config.Lab()
	cfg.Hostname, cfg.Data = "a.\u0378", t.TempDir()
	if h, err := Open(context.Background(), *cfg, Options{}); err == nil {
		t.Error("a host name that has no A-labels was taken")
		h.Close()
	}
}
