//go:build whole && linux

package hops

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"posta/dns/dnstest"
)

// inside says that the process is on the network that the test made.
const inside = "POSTA_HOPS_INSIDE"

// patience bounds each wait.
const patience = 3 * time.Minute

// onNetwork runs the test again in a network namespace of its own, where port 25
// and addresses are free to have. It gives false where that was done.
func onNetwork(t *testing.T) bool {
	if os.Getenv(inside) != "" {
		for i := range 3 {
			must(t, exec.Command("ip", "address", "add", fmt.Sprintf("10.77.0.%d/32", i+1), "dev", "lo"))
		}
		must(t, exec.Command("ip", "address", "add", "10.78.0.1/24", "dev", "lo")) // all of them
		must(t, exec.Command("ip", "link", "set", "lo", "up"))
		return true
	}
	namespace := []string{"--user", "--map-root-user", "--net", "--kill-child", "--"}
	if err := exec.Command("unshare", append(namespace, "true")...).Run(); err != nil {
		t.Fatal("the test needs a network of its own; this machine lets nobody make one: unshare:", err)
	}
	binary := filepath.Join(t.TempDir(), "posta")
	must(t, exec.Command("go", "build", "-o", binary, "posta/cmd/posta"))
	again := exec.Command("unshare", append(namespace, os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")...)
	again.Env = append(os.Environ(), inside+"="+binary)
	out, err := again.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Error(err)
	}
	return false
}

func must(t *testing.T, c *exec.Cmd) string {
	t.Helper()
	var errs bytes.Buffer
	c.Stderr = &errs
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s%s", strings.Join(c.Args, " "), err, out, errs.String())
	}
	return string(out)
}

// posta is one server.
type posta struct {
	t       *testing.T
	domain  string
	address string
	dir     string
	server  *exec.Cmd
}

// open makes a server for a domain, where ana and pepe live, and starts it.
func open(t *testing.T, names *dnstest.Server, domain, address string, more ...string) *posta {
	t.Helper()
	p := &posta{t: t, domain: domain, address: address, dir: t.TempDir()}
	config := fmt.Sprintf("hostname = \"mx.%s\"\ndata = %q\n[log]\nfile = %q\n[[network]]\ncidr = \"10.78.0.0/24\"\nauth = \"optional\"\ntls = \"optional\"\nrelay = true\n"+
		"[outgoing]\nresolvers = [%q]\n"+strings.Join(more, "\n")+"\n[[listener]]\nname = \"smtp\"\nservice = \"smtp\"\naddr = \"%s:25\"\ndsn = \"all\"\n"+
		"[[listener]]\nname = \"submission\"\nservice = \"submission\"\naddr = \"%s:587\"\n",
		domain, p.dir, filepath.Join(p.dir, "posta.log"), names.Addr(), address, address)
	if err := os.WriteFile(filepath.Join(p.dir, "posta.toml"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	p.run("", "domain", "add", domain)
	for _, name := range []string{"ana", "pepe"} {
		p.run("clave-2026\n", "account", "add", name+"@"+domain, "--password-stdin")
	}
	p.start()
	t.Cleanup(p.kill)
	return p
}

func (p *posta) command(args ...string) *exec.Cmd {
	c := exec.CommandContext(context.Background(), os.Getenv(inside), args...)
	c.Env = []string{"HOME=" + p.dir, "POSTA_DATA=" + p.dir, "POSTA_LANG=en", "PATH=/usr/bin:/bin"}
	return c
}

// run runs a command of the server's, and gives what it said.
func (p *posta) run(stdin string, args ...string) string {
	p.t.Helper()
	c := p.command(args...)
	c.Stdin = strings.NewReader(stdin)
	return must(p.t, c)
}

func (p *posta) start() {
	p.t.Helper()
	p.server = p.command("serve", "--config", filepath.Join(p.dir, "posta.toml"))
	errs := &bytes.Buffer{}
	p.server.Stderr = errs
	if err := p.server.Start(); err != nil {
		p.t.Fatal(err)
	}
	p.run("", "wait-ready", "--timeout", patience.String())
}

// kill ends the server as a power cut does.
func (p *posta) kill() {
	if p.server != nil {
		_ = p.server.Process.Kill()
		_ = p.server.Wait()
		p.server = nil
	}
}

// send hands a message in at the server.
func (p *posta) send(from, subject string, args ...string) {
	p.t.Helper()
	p.run("Subject: "+subject+"\n\nHello.\n", append([]string{"sendmail", "-i", "-f", from}, args...)...)
}

// message is what a mailbox's list says of a message.
type message struct {
	UID     int    `json:"uid"`
	Subject string `json:"subject"`
}

// inbox lists a mailbox.
func (p *posta) inbox(name string) []message {
	p.t.Helper()
	return list[message](p, "message", "list", name+"@"+p.domain)
}

// list is what a command lists with --json.
func list[T any](p *posta, args ...string) []T {
	p.t.Helper()
	var all []T
	for line := range strings.Lines(p.run("", append(args, "--json")...)) {
		var one T
		if err := json.Unmarshal([]byte(line), &one); err != nil {
			p.t.Fatal(err)
		}
		all = append(all, one)
	}
	return all
}

// until waits until something holds.
func (p *posta) until(what string, holds func() bool) {
	p.t.Helper()
	for end := time.Now().Add(patience); !holds(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			log, _ := os.ReadFile(filepath.Join(p.dir, "posta.log"))
			p.t.Fatalf("%s: it never came to that\n%s%s\n%s", what, p.run("", "queue", "list"), p.run("", "trace"), log)
		}
	}
}

// text is a message of a mailbox as it lies there.
func (p *posta) text(name string, uid int) string {
	p.t.Helper()
	return p.run("", "message", "export", name+"@"+p.domain, fmt.Sprint(uid))
}
