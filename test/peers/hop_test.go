//go:build whole && others && linux

package peers

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"posta/admin"
	"posta/config"
)

// peer is a kind of server that posta exchanges mail with.
type peer struct {
	adapter string
	program string
	env     func(w *world, tls bool) []string // makes it hand on mail for posta's domains to this posta
	there   []string                          // what its reports say, of what posta asked for
	back    []string                          // what posta's reports say, of what it asked for
}

// asked is what the reports of a delivery and of a failure have when all that was
// asked for came across the hop.
func asked(first, second, delivered, failed string) []string {
	return []string{"Original-Envelope-Id: " + first + "\n", "Original-Recipient: rfc822;" + delivered + "\n", "Action: delivered\n",
		"Original-Envelope-Id: " + second + "\n", "Original-Recipient: rfc822;" + failed + "\n", "Action: failed\n", "\nStatus: 5."}
}

// each is how many letters go each way, in clear and as many with TLS.
func each() int {
	if os.Getenv("SOAK") != "" {
		return 5000
	}
	return 250
}

// Mail leaves posta for Postfix and Postfix for posta, with TLS and without, with
// reports of what was asked for across the hop; Postfix is stopped in the middle.
func TestPostfixHop(t *testing.T) {
	hop(t, peer{adapter: "postfix", program: "postfix/usr/lib/postfix/sbin/master",
		there: asked("one", "two", "first@bench.test", "lost@bench.test"),
		back:  asked("three", "four", "third@pepito.es", "fourth@pepito.es"),
		env: func(w *world, tls bool) []string {
			to := "smtp:[127.0.0.1]:" + w.port("smtp")
			lines := "relay_domains = pepito.es servidor.es\ntransport_maps = inline:{{pepito.es = " + to + "}, {servidor.es = " + to + "}}\n" +
				"minimal_backoff_time = 1s\nmaximal_backoff_time = 2s\nqueue_run_delay = 1s\nsmtpd_client_connection_rate_limit = 0\n" +
				"maillog_file_prefixes = /tmp, /var\nmaillog_file = $queue_directory/../maillog\n"
			if tls {
				lines += "smtpd_tls_security_level = may\nsmtpd_tls_chain_files = $queue_directory/../cert.pem\nsmtp_tls_security_level = encrypt\n"
			}
			return []string{"CERT=made", "POSTFIX_EXTRA=" + lines}
		}})
}

// The same with Exim.
func TestEximHop(t *testing.T) {
	hop(t, peer{adapter: "exim", program: "root/usr/sbin/exim4",
		there: asked("one", "two", "first@bench.test", "lost@bench.test"),
		back:  asked("three", "four", "third@pepito.es", "fourth@pepito.es"),
		env: func(w *world, tls bool) []string {
			router := "posta:\n driver = manualroute\n domains = pepito.es : servidor.es\n route_list = * 127.0.0.1\n self = send\n transport = posta\n"
			transport := "posta:\n driver = smtp\n allow_localhost\n tls_verify_certificates =\n port = " + w.port("smtp") + "\n"
			if !tls {
				return []string{"EXIM_MAIN=tls_advertise_hosts =", "EXIM_ROUTERS=" + router, "EXIM_TRANSPORTS=" + transport + " hosts_avoid_tls = *\n"}
			}
			return []string{"CERT=made", "EXIM_MAIN=tls_certificate = ${spool_directory}/../cert.pem",
				"EXIM_ROUTERS=" + router, "EXIM_TRANSPORTS=" + transport + " hosts_require_tls = *\n"}
		}})
}

// The same with OpenSMTPD, which passes on what was asked for, but whose own reports
// have neither the envelope's id nor the original recipient.
func TestOpenSMTPDHop(t *testing.T) {
	hop(t, peer{adapter: "opensmtpd", program: "root/usr/sbin/smtpd",
		there: []string{"Final-Recipient: rfc822;pepe@bench.test\nAction: delivered\n",
			"Original-Envelope-Id: two\n", "Original-Recipient: rfc822;lost@bench.test\n", "Action: failed\n"},
		back: []string{"Original-Envelope-Id: three\n", "Original-Recipient: rfc822;third@pepito.es\n", "Action: delivered\n",
			"Final-Recipient: rfc822;nobody@pepito.es\nAction: failed\n"},
		env: func(w *world, tls bool) []string {
			to, env := `"smtp+notls://127.0.0.1:`+w.port("smtp")+`"`, []string{}
			if tls {
				to, env = `"smtp+tls://127.0.0.1:`+w.port("smtp")+`" tls no-verify`, append(env, "CERT=made", "OPENSMTPD_TLS=tls pki mail.bench.test")
			}
			return append(env, `OPENSMTPD_EXTRA=action "posta" relay host `+to+"\n"+`match from any for domain { "pepito.es", "servidor.es" } action "posta"`)
		}})
}

func hop(t *testing.T, p peer) {
	t.Parallel() // some wait much of the time
	for _, tls := range []bool{false, true} {
		t.Run(fmt.Sprintf("tls=%v", tls), func(t *testing.T) {
			t.Parallel()
			w := start(t, config.ModeLab, func(c *config.Config) {
				c.Outgoing.Mode = config.OutgoingDeliver
				c.Outgoing.RetryAfter.Duration, c.Outgoing.RetryMost.Duration = time.Second, 2*time.Second
				c.Outgoing.MaxHour, c.Outgoing.MaxDay = 0, 0
			})
			o := otherServer(t, p.adapter, p.program, p.env(w, tls)...)
			hosts := []string{o.at(0)}
			w.call("route.add", admin.RouteChange{Domain: "bench.test", Hosts: &hosts}, nil)
			t.Run("there", func(t *testing.T) { there(w.in(t), o, tls, p.there) })
			t.Run("header", func(t *testing.T) { header(w.in(t), o) })
			t.Run("back", func(t *testing.T) { back(w.in(t), o, tls, p.back) })
			t.Run("many", func(t *testing.T) { many(w.in(t), o) })
			if t.Failed() {
				t.Logf("%s says:\n%s", p.adapter, brief(o.log()))
			}
		})
	}
}

// there sends letters from posta, which the peer reports.
func there(w *world, o *other, tls bool, want []string) {
	s := w.session(w.addrs["submission"], true)
	s.letter(pepe, "pepe@bench.test", "ENVID=one RET=HDRS", "NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;first@bench.test", "asked")
	s.letter(pepe, "nobody@bench.test", "ENVID=two", "NOTIFY=FAILURE ORCPT=rfc822;lost@bench.test", "unknown")
	s.cmd(221, "QUIT")
	w.until("two reports", func() bool { return len(w.inbox(pepe)) >= 2 })
	wants(w.t, strings.Join(w.inbox(pepe), ""), want...)
	kept := o.kept(w.t)
	if len(kept) != 1 || secured(kept[0]) != tls {
		w.t.Errorf("the peer keeps %q", kept)
	}
	o.clear(w.t)
}

// header sends one whose header has UTF-8, as many programs write it, without
// SMTPUTF8: it arrives as it is at hosts with and without that.
func header(w *world, o *other) {
	s := w.session(w.addrs["submission"], true)
	s.letter(pepe, "pepe@bench.test", "", "NOTIFY=FAILURE", "número")
	s.cmd(221, "QUIT")
	w.until("it to be there", func() bool { return len(o.kept(w.t)) >= 1 })
	wants(w.t, strings.Join(o.kept(w.t), ""), "Subject: número\n")
	o.clear(w.t)
}

// back sends letters from the peer, which posta reports.
func back(w *world, o *other, tls bool, want []string) {
	s := w.session(o.at(0), false)
	s.letter("pepe@bench.test", pepe, "ENVID=three RET=HDRS", "NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;third@pepito.es", "asked")
	s.letter("pepe@bench.test", "nobody@pepito.es", "ENVID=four", "NOTIFY=FAILURE ORCPT=rfc822;fourth@pepito.es", "unknown")
	s.cmd(221, "QUIT")
	w.until("two reports", func() bool { return len(o.kept(w.t)) >= 2 })
	wants(w.t, strings.Join(o.kept(w.t), ""), want...)
	if all := w.inbox(pepe); len(all) != 1 || secured(all[0]) != tls {
		w.t.Errorf("posta keeps %q", all)
	}
	o.clear(w.t)
}

// many go both ways, and the peer is stopped in the middle.
func many(w *world, o *other) {
	there, back := w.session(w.addrs["submission"], true), &driver{w: w, at: o.at(0)}
	begun := time.Now()
	for i := range each() {
		switch i {
		case each() / 3:
			o.tell(w.t, "stop")
			back.stopped = true
		case 2 * each() / 3:
			w.until("an attempt in vain", w.refused)
			o.tell(w.t, "start")
			back.stopped = false
		}
		there.letter(pepe, "pepe@bench.test", "", "NOTIFY=NEVER", fmt.Sprint("there-", i, "."))
		back.next()
	}
	for back.sent < each() {
		back.next()
	}
	handed := time.Since(begun)
	w.until("all", func() bool { return w.waiting() == 0 && o.subjects(w.t) == each() && w.subjects(usuario) == each() })
	all := time.Since(begun)
	w.t.Logf("%d letters each way, handed in in %v, there after %v; %d and %d came twice", each(),
		handed.Round(time.Millisecond), all.Round(time.Millisecond), w.arrivedThere(o), w.arrivedBack(o))
}

// driver hands letters for posta to the peer. Servers bound how many they take on a
// connection, and one that is stopped takes none.
type driver struct {
	w       *world
	at      string
	s       *session
	sent    int
	stopped bool
}

func (d *driver) next() {
	if d.stopped {
		d.s = nil
		return
	}
	if d.s != nil && d.sent%50 == 0 {
		d.s.cmd(221, "QUIT")
		_ = d.s.Close()
		d.s = nil
	}
	if d.s == nil {
		d.s = d.w.session(d.at, false)
	}
	d.s.letter("x@bench.test", usuario, "", "NOTIFY=NEVER", fmt.Sprint("back-", d.sent, "."))
	d.sent++
}
