//go:build whole && others && linux

package peers

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"posta/admin"
	"posta/config"
	"posta/observe"
)

// ETRN of a Postfix that keeps the branch's mail: docs/outgoing.md has these lines.
func TestPostfixETRN(t *testing.T) {
	c := customer(t, config.ModeStrict)
	o := otherServer(t, "postfix", "postfix/usr/lib/postfix/sbin/master", "CERT=made", "POSTFIX_EXTRA="+
		"relay_domains = branch.test\ntransport_maps = inline:{{branch.test = relay:[127.0.0.1]:"+c.port("smtp")+"}}\n"+
		"defer_transports = relay\nsmtpd_etrn_restrictions = check_client_access inline:{127.0.0.1=OK}, reject\n"+
		"smtpd_tls_security_level = may\nsmtpd_tls_chain_files = $queue_directory/../cert.pem\n"+
		"maillog_file_prefixes = /tmp, /var\nmaillog_file = $queue_directory/../maillog\n")
	released(c, o, "250 Queuing started", "459 <other.test>: service unavailable", func() bool {
		kept, err := filepath.Glob(filepath.Join(o.dir, "queue", "deferred", "*", "*"))
		return err == nil && len(kept) == letters
	})
}

// The same of Exim.
func TestEximETRN(t *testing.T) {
	c := customer(t, config.ModeStrict)
	o := otherServer(t, "exim", "root/usr/sbin/exim4", "CERT=made", "EXIM_RUNS=",
		"MORE=echo branch.test: 127.0.0.1 >$BENCH_DIR/sites",
		"EXIM_MAIN=SITES = ${spool_directory}/../sites\ntls_certificate = ${spool_directory}/../cert.pem\nqueue_smtp_domains = lsearch;SITES\n"+
			"acl_smtp_etrn = etrn\nsmtp_etrn_command = /usr/sbin/exim4 -Rf ${lookup{$domain}lsearch,ret=key{SITES}}\n",
		"EXIM_ACL=etrn:\n  accept hosts = ${lookup{$smtp_command_argument}lsearch{SITES}}\n",
		"EXIM_ROUTERS=branch:\n driver = manualroute\n domains = branch.test\n route_list = * 127.0.0.1\n self = send\n transport = branch\n",
		"EXIM_TRANSPORTS=branch:\n driver = smtp\n allow_localhost\n port = "+c.port("smtp")+"\n")
	released(c, o, "250 OK", "458 Administrative prohibition", func() bool {
		return strings.Count(o.log(), "first-pass only routing") == letters
	})
}

// released keeps letters with the provider and lets the branch's posta ask for them,
// and once for a domain that is not the branch's.
func released(c *world, o *other, taken, refused string, kept func() bool) {
	c.t.Helper()
	s := c.session(o.at(0), false)
	for i := range letters {
		s.cmd(250, "MAIL FROM:<x@bench.test>")
		s.cmd(250, "RCPT TO:<"+ana+">")
		s.cmd(354, "DATA")
		s.cmd(250, fmt.Sprintf("From: x@bench.test\r\nDate: Fri, 27 Nov 2026 03:00:00 +0000\r\nMessage-ID: <%d@bench.test>\r\nSubject: %d\r\n\r\n..\r\nletter %d\r\n.", i, i, i))
	}
	s.cmd(221, "QUIT")
	c.until("letters that wait", kept)
	if n := len(c.inbox(ana)); n != 0 {
		c.t.Fatalf("%d letters came unasked\n%s", n, o.log())
	}
	collected := c.asks(o, branch)
	if collected.Failure != "" {
		c.t.Fatalf("%+v\n%s", collected, c.story())
	}
	var said observe.Transcript
	c.call("session.show", admin.SessionID{ID: collected.Session}, &said)
	wants(c.t, said.String(), "C: STARTTLS", "C: ETRN branch.test", "S: "+taken)
	looks := 0
	c.until("the letters", func() bool {
		if looks++; looks%20 == 0 { // Exim passes over a letter that a process of its still holds
			c.asks(o, branch)
		}
		return len(c.inbox(ana)) >= letters
	})
	c.came()
	c.call("domain.add", admin.DomainChange{Name: "other.test"}, nil)
	if collected = c.asks(o, "other.test"); !strings.Contains(collected.Failure, refused) {
		c.t.Errorf("it says of another domain: %q", collected.Failure)
	}
}

// asks runs an entry for a domain.
func (w *world) asks(o *other, domain string) admin.Collected {
	w.t.Helper()
	var collected admin.Collected
	w.call("collect.add", admin.CollectWish{Way: "etrn", Host: o.at(0), Domains: []string{domain}}, &collected)
	w.call("collect.run", admin.ByID{ID: collected.ID}, &collected)
	return collected
}
