//go:build whole

package peers

import (
	"net/netip"
	"strings"
	"testing"

	"posta/config"
)

// scanners are the machines of this computer, in a network of old devices.
func scanners(c *config.Config) {
	c.Networks = []config.Network{{CIDR: netip.MustParsePrefix("127.0.0.0/8"), Name: "scanners",
		Auth: config.Optional, TLS: config.Optional, BareLF: config.BareNormalise}}
}

// An old scanner sends with bare LF, and knows neither TLS nor AUTH. curl does
// as much where it is not told --crlf.
func TestOldScanner(t *testing.T) {
	pages := strings.Repeat("page\n\n", 10_000) + "end" // curl ends the last line
	scan := "From: " + pepe + "\nTo: " + usuario + "\nSubject: scan\nDate: Mon, 23 Nov 2026 10:00:00 +0100\nMessage-ID: <1@escaner>\n\n" + pages
	curl := func(w *world, listener string, from string) outcome {
		return w.run("", "curl", "--silent", "--show-error", "smtp://127.0.0.1:"+w.port(listener)+"/escaner",
			"--mail-from", from, "--mail-rcpt", usuario, "-T", w.file("", scan))
	}
	w, strict := start(t, config.ModeStrict, scanners), start(t, config.ModeStrict)
	for _, listener := range []string{"smtp", "submission"} {
		t.Run(listener, func(t *testing.T) {
			w := w.in(t)
			if o := curl(w, listener, pepe); o.code != 0 {
				t.Fatalf("%s\n%s", o, w.story())
			}
			w.arrived(usuario, strings.ReplaceAll(scan, "\n", "\r\n")+"\r\n")
			if !strings.Contains(w.story(), "bare LFs in the message were read as CRLF") {
				t.Errorf("the session does not say what became of bare LFs\n%s", w.story())
			}
			if listener == "submission" && curl(w, listener, "escaner@example.net").code == 0 {
				t.Error("a scanner could send under an address that is nobody's here")
			}
			strict := strict.in(t)
			if o := curl(strict, listener, pepe); o.code == 0 || len(strict.inbox(usuario)) != 0 {
				t.Errorf("the same from elsewhere: %s", o)
			}
		})
	}
}
