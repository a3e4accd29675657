//go:build whole && linux

package peers

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The office's scanner has a machine's address of its own; campus plays the
// network of the guests.
const scannerIP = "192.168.50.200"

const officeConfig = `hostname = "mail.oficina.example"

[log]
file = "posta.log"

[[network]]
cidr = "192.168.50.200/32"
name = "scanner"
auth = "optional"
tls = "optional"
bare_lf = "normalise"
`

// openOffice starts the server of an archive as the administrators' guide has
// it, on the real ports, for two networks and two people.
func openOffice(t *testing.T) *classroom {
	c := openClassroom(t)
	c.on("student", "ip", "addr", "add", scannerIP+"/24", "dev", "eth0")
	c.file("scan", "From: scanner@oficina.example\nTo: ana@oficina.example\nSubject: scan\n\npage 1\npage 2\n")
	c.file("letter", "From: ana@oficina.example\r\nTo: luis@oficina.example\r\nSubject: hello\r\n\r\nText\r\n")
	c.file("spoofed", "From: luis@oficina.example\r\nTo: luis@oficina.example\r\nSubject: hello\r\n\r\nText\r\n")
	conf := filepath.Join(c.home, "posta.toml")
	if err := os.WriteFile(conf, []byte(officeConfig), 0o600); err != nil {
		t.Fatal(err)
	}
	c.posta("config", "check", conf)
	c.posta("domain", "add", "oficina.example")
	for _, who := range []string{"ana", "luis"} {
		c.must(who+"-2026", "nsenter", c.inside("lab", c.program, "account", "add", who+"@oficina.example", "--password-stdin", "--data", c.data)...)
	}
	c.posta("alias", "add", "scanner@oficina.example", "ana")

	said, err := os.CreateTemp(c.home, "said")
	if err != nil {
		t.Fatal(err)
	}
	c.said = said.Name()
	cmd := c.command(context.WithoutCancel(t.Context()), "nsenter", c.inside("lab", c.program, "serve", "--config", conf, "--data", c.data)...)
	cmd.Stdout, cmd.Stderr = said, said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.stop(cmd); _ = said.Close() })
	c.posta("wait-ready", "--timeout", "1m")
	return c
}

// posta is a command that the administrator types at the server.
func (c *classroom) posta(args ...string) string {
	c.t.Helper()
	return c.on("lab", append(append([]string{c.program}, args...), "--data", c.data, "--lang", "en")...)
}

// curl is a machine's try; what curl said is in the outcome.
func (c *classroom) curl(computer string, args ...string) outcome {
	c.t.Helper()
	return c.run("", "nsenter", c.inside(computer, append([]string{"curl", "--silent", "--show-error", "--insecure", "--max-time", "60"}, args...)...)...)
}

// An old scanner (no log-in, no TLS, bare LF) sends from its one address, and
// nobody else gets any of that: neither its neighbours nor the guests. The
// office's people use TLS and their own addresses, and posta trace knows it all.
func TestOffice(t *testing.T) {
	c := openOffice(t)
	scan := func(computer, from, server, port string) bool {
		return c.curl(computer, "--interface", from, "smtp://"+server+":"+port+"/x", "--mail-from", "scanner@oficina.example",
			"--mail-rcpt", "ana@oficina.example", "-T", filepath.Join(c.home, "scan")).code == 0
	}
	for _, port := range []string{"25", "587"} {
		for _, from := range []struct {
			computer, address, server string
			let                       bool
		}{{"student", scannerIP, labIP, true}, {"student", studentIP, labIP, false}, {"campus", campusIP, campusLabIP, false}} {
			if scan(from.computer, from.address, from.server, port) != from.let {
				t.Errorf("port %s from %s: let in %v\n%s", port, from.address, !from.let, c.posta("session", "list"))
			}
		}
	}
	send := func(file string) outcome {
		return c.curl("student", "smtps://"+labIP, "--user", "ana@oficina.example:ana-2026", "--mail-from", "ana@oficina.example",
			"--mail-rcpt", "luis@oficina.example", "-T", filepath.Join(c.home, file))
	}
	if o := send("letter"); o.code != 0 {
		t.Errorf("%s", o)
	}
	if send("spoofed").code == 0 {
		t.Error("ana wrote as luis")
	}
	if o := c.curl("student", "pop3://"+labIP+"/1", "--user", "luis:luis-2026"); o.code == 0 {
		t.Errorf("a log-in in clear text: %s", o)
	}
	for _, args := range [][]string{{"/1"}, {"/1", "--request", "DELE", "--head"}} {
		line := append([]string{"--ssl-reqd", "pop3://" + labIP + args[0], "--user", "luis:luis-2026"}, args[1:]...)
		if o := c.curl("student", line...); o.code != 0 {
			t.Errorf("%s", o)
		}
	}
	c.traced("ana", "accepted    "+scannerIP, "delivered   ana@oficina.example", "refused     550 5.5.2 The message has a CR or LF", campusIP)
	c.traced("luis", "accepted    "+studentIP, "delivered   luis@oficina.example", "fetched     luis@oficina.example", "deleted     luis@oficina.example",
		"refused     550 5.7.1 From: must be an address of yours")
	if story := c.posta("session", "list", "--limit", "0"); !strings.Contains(story, scannerIP) {
		t.Errorf("the sessions\n%s", story)
	}
}

// traced asks what became of the mail to somebody.
func (c *classroom) traced(to string, want ...string) {
	c.t.Helper()
	got := ""
	lacks := func(w string) bool { return !strings.Contains(got, strings.Join(strings.Fields(w), " ")) }
	if !soon(func() bool {
		got = strings.Join(strings.Fields(c.posta("trace", "--to", to, "--since", "1h")), " ")
		return !slices.ContainsFunc(want, lacks)
	}) {
		c.t.Errorf("the trace of %s lacks some of %q\n%s", to, want, got)
	}
}
