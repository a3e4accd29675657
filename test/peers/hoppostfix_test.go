//go:build whole && linux

package peers

import (
	"encoding/base64"
	"fmt"
	"net/textproto"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"posta/admin"
	"posta/config"
)

// each is how many letters go each way between posta and Postfix.
func each() int {
	if os.Getenv("SOAK") != "" {
		return 10_000
	}
	return 500
}

// Mail leaves posta for Postfix and Postfix for posta, with TLS and without, with
// reports of what was asked for across the hop; Postfix is stopped in the middle,
// and nothing is lost or comes twice.
func TestPostfixHop(t *testing.T) {
	for _, tls := range []bool{false, true} {
		t.Run(fmt.Sprintf("tls=%v", tls), func(t *testing.T) { hop(t, tls) })
	}
}

func hop(t *testing.T, tls bool) {
	w := start(t, config.ModeLab, func(c *config.Config) {
		c.Outgoing.Mode = config.OutgoingDeliver
		c.Outgoing.RetryAfter.Duration, c.Outgoing.RetryMost.Duration = time.Second, 2*time.Second
	})
	o := otherServer(t, "postfix", "postfix/usr/lib/postfix/sbin/master", "POSTFIX_EXTRA="+w.postfixLines(tls))
	hosts := []string{o.at(0)}
	w.call("route.add", admin.RouteChange{Domain: "bench.test", Hosts: &hosts}, nil)

	t.Run("a letter that posta sends is reported by Postfix", func(t *testing.T) {
		w := w.in(t)
		s := w.session(w.addrs["submission"], true)
		s.letter(pepe, "pepe@bench.test", "ENVID=one RET=HDRS", "NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;first@bench.test", "asked")
		s.letter(pepe, "nobody@bench.test", "ENVID=two", "NOTIFY=FAILURE ORCPT=rfc822;lost@bench.test", "unknown")
		s.cmd(221, "QUIT")
		all := w.reports(pepe, 2)
		wants(t, all, "Original-Envelope-Id: one\r\n", "Original-Recipient: rfc822;first@bench.test", "Action: delivered\r\n",
			"Original-Envelope-Id: two\r\n", "Original-Recipient: rfc822;lost@bench.test", "Action: failed\r\n", "5.1.1")
		kept := o.kept(t)
		if len(kept) != 1 || strings.Contains(kept[0], "with ESMTPS ") != tls {
			t.Errorf("Postfix keeps %q", kept)
		}
		o.clear(t)
	})
	t.Run("a letter that Postfix sends is reported by posta", func(t *testing.T) {
		w := w.in(t)
		s := w.session(o.at(0), false)
		s.letter("pepe@bench.test", pepe, "ENVID=three RET=HDRS", "NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;third@pepito.es", "asked")
		s.letter("pepe@bench.test", "nobody@pepito.es", "ENVID=four", "NOTIFY=FAILURE ORCPT=rfc822;fourth@pepito.es", "unknown")
		s.cmd(221, "QUIT")
		until(t, func() bool { return len(o.kept(t)) >= 2 })
		wants(t, strings.Join(o.kept(t), ""), "Original-Envelope-Id: three\n", "Original-Recipient: rfc822;third@pepito.es", "Action: delivered\n",
			"Original-Envelope-Id: four\n", "Original-Recipient: rfc822;fourth@pepito.es", "Action: failed\n", "5.1.1")
		if all := w.inbox(pepe); len(all) != 1 || strings.Contains(all[0], "with ESMTPS ") != tls {
			t.Errorf("posta keeps %q", all)
		}
		o.clear(t)
	})
	t.Run("many, with a stop in the middle", func(t *testing.T) {
		w := w.in(t)
		there, back := w.session(w.addrs["submission"], true), w.session(o.at(0), false)
		for i := range each() {
			back.letter("x@bench.test", usuario, "", "NOTIFY=NEVER", fmt.Sprint("back-", i, "."))
		}
		back.cmd(221, "QUIT")
		for i := range each() {
			if i == each()/3 {
				o.tell("stop")
			}
			there.letter(pepe, "pepe@bench.test", "", "NOTIFY=NEVER", fmt.Sprint("there-", i, "."))
			if i == 2*each()/3 {
				until(t, func() bool { return w.refused() })
				o.tell("start")
			}
		}
		there.cmd(221, "QUIT")
		until(t, func() bool { return w.waiting() == 0 && len(o.kept(t)) >= each() && len(w.inbox(usuario)) >= each() })
		w.once(o.kept(t), "there-")
		w.once(w.inbox(usuario), "back-")
	})
}

// refused says that letters wait which were tried in vain.
func (w *world) refused() bool {
	w.t.Helper()
	var all []admin.Queued
	w.call("queue.list", admin.QueuePick{}, &all)
	for _, q := range all {
		if q.Tries > 0 && q.State == admin.QueueWaiting && q.Last != nil {
			return true
		}
	}
	return false
}

// postfixLines make a Postfix hand on mail for pepito.es to this posta.
func (w *world) postfixLines(tls bool) string {
	lines := "relay_domains = pepito.es servidor.es\ntransport_maps = inline:{{pepito.es = smtp:[127.0.0.1]:" + w.port("smtp") + "}, {servidor.es = smtp:[127.0.0.1]:" + w.port("smtp") + "}}\n" +
		"minimal_backoff_time = 1s\nmaximal_backoff_time = 2s\nqueue_run_delay = 1s\nsmtpd_client_connection_rate_limit = 0\n"
	if tls {
		lines += "smtpd_tls_security_level = may\nsmtpd_tls_chain_files = " + w.pem + "\nsmtp_tls_security_level = encrypt\n"
	}
	return lines
}

// session is a client's connection.
type session struct {
	w *world
	*textproto.Conn
}

func (w *world) session(addr string, auth bool) *session {
	w.t.Helper()
	c, err := textproto.Dial("tcp", addr)
	if err != nil {
		w.t.Fatal(err)
	}
	s := &session{w, c}
	w.t.Cleanup(func() { _ = c.Close() })
	if _, _, err := c.ReadResponse(220); err != nil {
		w.t.Fatal(err)
	}
	s.cmd(250, "EHLO client.test")
	if auth {
		s.cmd(235, "AUTH PLAIN "+base64.StdEncoding.EncodeToString([]byte("\x00"+pepe+"\x00"+secret)))
	}
	return s
}

func (s *session) cmd(code int, line string) {
	s.w.t.Helper()
	if err := s.PrintfLine("%s", line); err != nil {
		s.w.t.Fatal(err)
	}
	if _, said, err := s.ReadResponse(code); err != nil {
		s.w.t.Fatalf("%s: %s %v", line, said, err)
	}
}

// letter sends one, whose subject is its name.
func (s *session) letter(from, to, mail, rcpt, name string) {
	s.w.t.Helper()
	s.cmd(250, strings.TrimSpace("MAIL FROM:<"+from+"> "+mail))
	s.cmd(250, "RCPT TO:<"+to+"> "+rcpt)
	s.cmd(354, "DATA")
	s.cmd(250, "From: "+from+"\r\nSubject: "+name+"\r\n\r\n..x\r\n.")
}

// reports waits for the reports that an account gets.
func (w *world) reports(address string, n int) string {
	w.t.Helper()
	until(w.t, func() bool { return len(w.inbox(address)) >= n })
	return strings.Join(w.inbox(address), "")
}

func wants(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(strings.ReplaceAll(text, "rfc822; ", "rfc822;"), part) {
			t.Errorf("no %q in\n%s", part, text)
		}
	}
}

// once wants each of the letters one time.
func (w *world) once(all []string, name string) {
	w.t.Helper()
	seen := map[string]int{}
	for _, one := range all {
		_, rest, _ := strings.Cut(one, "Subject: "+name)
		number, _, _ := strings.Cut(rest, ".")
		seen[number]++
	}
	for i := range each() {
		if n := seen[fmt.Sprint(i)]; n != 1 {
			w.t.Errorf("%s%d came %d times", name, i, n)
		}
	}
}

// until waits for something that other programs do.
func until(t *testing.T, so func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !so(); {
		if time.Now().After(end) {
			t.Fatal("it did not come to that")
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// kept is what lies in the Maildir of Postfix's pepe.
func (o other) kept(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(o.dir, "mail", "pepe", "new", "*"))
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, string(text))
	}
	return all
}

// clear empties it.
func (o other) clear(t *testing.T) {
	t.Helper()
	if err := os.RemoveAll(filepath.Join(o.dir, "mail", "pepe", "new")); err != nil {
		t.Fatal(err)
	}
}
