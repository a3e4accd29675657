//go:build whole

package peers

import (
	"net/netip"
	"strings"
	"testing"

	"posta/config"
)

// networks are two of this computer: one of old devices, and one of offices, of
// which a single machine is an old device too.
func networks(c *config.Config) {
	old := config.Network{Auth: config.Optional, TLS: config.Optional, BareLF: config.BareNormalise}
	for cidr, name := range map[string]string{"127.0.1.0/24": "scanners", "127.0.2.7/32": "copier"} {
		n := old
		n.CIDR, n.Name = netip.MustParsePrefix(cidr), name
		c.Networks = append(c.Networks, n)
	}
	c.Networks = append(c.Networks, config.Network{CIDR: netip.MustParsePrefix("127.0.2.0/24"), Name: "offices",
		Auth: config.Required, TLS: config.Required, BareLF: config.BareRefuse})
}

// An old scanner sends with bare LF, and knows neither TLS nor AUTH. curl does
// as much where it is not told --crlf.
func TestOldScanner(t *testing.T) {
	pages := strings.Repeat("page\n\n", 10_000) + "end" // curl ends the last line
	scan := "From: " + pepe + "\nTo: " + usuario + "\nSubject: scan\nDate: Mon, 23 Nov 2026 10:00:00 +0100\nMessage-ID: <1@escaner>\n\n" + pages
	w := start(t, config.ModeStrict, networks)
	curl := func(w *world, listener, machine, from string) outcome {
		return w.run("", "curl", "--silent", "--show-error", "--interface", machine, "smtp://127.0.0.1:"+w.port(listener)+"/escaner",
			"--mail-from", from, "--mail-rcpt", usuario, "-T", w.file("", scan))
	}
	for _, listener := range []string{"smtp", "submission"} {
		for machine, let := range map[string]bool{"127.0.1.5": true, "127.0.2.7": true, "127.0.2.8": false, "127.0.3.1": false} {
			t.Run(listener+" from "+machine, func(t *testing.T) {
				w := w.in(t)
				o := curl(w, listener, machine, pepe)
				if !let {
					if o.code == 0 || len(w.inbox(usuario)) != 0 {
						t.Errorf("it was let in: %s", o)
					}
					return
				}
				if o.code != 0 {
					t.Fatalf("%s\n%s", o, w.story())
				}
				w.arrived(usuario, strings.ReplaceAll(scan, "\n", "\r\n")+"\r\n")
				if !strings.Contains(w.story(), "bare LFs in the message were read as CRLF") {
					t.Errorf("the session does not say what became of bare LFs\n%s", w.story())
				}
				if listener == "submission" && curl(w, listener, machine, "escaner@example.net").code == 0 {
					t.Error("it could send under an address that is nobody's here")
				}
			})
		}
	}
}
