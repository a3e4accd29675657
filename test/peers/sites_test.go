//go:build whole

package peers

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"posta/admin"
	"posta/config"
	"posta/observe"
)

// A branch whose mail a provider keeps, and who lives there.
const (
	branch  = "branch.test"
	ana     = "ana@branch.test"
	letters = 3
)

// provider is a posta that keeps the branch's mail for the site "branch", and
// its secret.
func provider(t *testing.T, mode string, turn bool) (*world, string) {
	t.Helper()
	w := start(t, mode, func(c *config.Config) {
		c.Outgoing.Mode = config.OutgoingDeliver
		odmr := c.Listeners[0]
		odmr.Name, odmr.Service, odmr.Turn = "odmr", config.ODMR, turn
		c.Listeners = append(c.Listeners, odmr)
	})
	var site admin.Site
	here := []string{"127.0.0.1"}
	helo := []string{"gw.branch.test"}
	w.call("site.add", admin.SiteChange{Name: "branch", Networks: &here, Helo: &helo}, &site)
	name := "branch"
	w.call("domain.add", admin.DomainChange{Name: branch, Site: &name}, nil)
	w.call("domain.recipients.set", admin.Recipients{Domain: branch, Add: []string{ana}}, nil)
	return w, site.Secret
}

// customer is a posta at which the branch's people live.
func customer(t *testing.T, mode string) *world {
	t.Helper()
	w := start(t, mode, func(c *config.Config) { c.Hostname = "gw.branch.test" })
	w.call("domain.add", admin.DomainChange{Name: branch}, nil)
	password := secret
	w.call("account.add", admin.AccountChange{Address: ana, Password: &password}, nil)
	return w
}

// keep sends letters to the branch, which stay with the provider.
func (w *world) keep() {
	w.t.Helper()
	for i := range letters {
		w.curlIn(ana, fmt.Sprintf("Subject: %d\r\n\r\n.\r\nletter %d\r\n", i, i))
	}
	if n := w.waiting(); n != letters {
		w.t.Fatalf("%d letters wait, want %d\n%s", n, letters, w.story())
	}
}

func (w *world) waiting() int {
	w.t.Helper()
	var all []admin.Queued
	w.call("queue.list", admin.QueuePick{}, &all)
	return len(all)
}

// came waits until the branch has its letters, and looks at them.
func (w *world) came() {
	w.t.Helper()
	soon(func() bool { return len(w.inbox(ana)) >= letters })
	all := w.inbox(ana)
	var kept []string
	for _, one := range all {
		_, rest := prefix(one)
		kept = append(kept, rest)
	}
	slices.Sort(kept)
	for i := range letters {
		if want := fmt.Sprintf("Subject: %d\r\n\r\n.\r\nletter %d\r\n", i, i); len(kept) != letters || !strings.HasSuffix(kept[i], want) {
			w.t.Fatalf("the branch has %q\n%s", kept, w.story())
		}
	}
	w.empty(ana)
}

// Two postas: the branch's asks the provider's, by hand, and gets its letters by
// each of the three old commands.
func TestSites(t *testing.T) {
	for _, mode := range []string{config.ModeStrict, config.ModeLab} {
		p, siteSecret := provider(t, mode, true)
		c := customer(t, mode)
		for _, way := range []string{"atrn", "turn", "etrn"} {
			t.Run(mode+"/"+way, func(t *testing.T) {
				p, c := p.in(t), c.in(t)
				p.keep()
				wish := admin.CollectWish{Way: way, Host: p.addrs["odmr"], User: "branch", Password: siteSecret, Domains: []string{branch}}
				if way == "etrn" {
					hosts := []string{c.addrs["smtp"]}
					p.call("route.add", admin.RouteChange{Domain: branch, Hosts: &hosts}, nil)
				}
				var collected admin.Collected
				c.call("collect.add", wish, &collected)
				c.call("collect.run", admin.ByID{ID: collected.ID}, &collected)
				if collected.Failure != "" || way != "etrn" && collected.Messages != letters {
					t.Fatalf("%+v\n%s\nthe provider:\n%s", collected, c.story(), p.story())
				}
				if all := strings.Join(c.inbox(ana), ""); way != "etrn" && strings.Count(all, "with ESMTPS ") != letters {
					t.Errorf("TLS was lost with the turn: %s", all)
				}
				c.came()
				p.settled()
				if way != "etrn" {
					p.turned(way)
					c.turned(way)
				}
				c.call("collect.run", admin.ByID{ID: collected.ID}, &collected) // now nothing waits
				if collected.Failure != "" || collected.Messages != 0 {
					t.Errorf("%+v\n%s", collected, c.story())
				}
				p.keep()
				c.single(wish)
				c.came()
				p.settled()
			})
		}
	}
}

// single collects by hand what was not added, of which nothing stays.
func (w *world) single(wish admin.CollectWish) {
	w.t.Helper()
	var before, after []admin.Collected
	var collected admin.Collected
	w.call("collect.list", admin.None{}, &before)
	w.call("collect.once", wish, &collected)
	w.call("collect.list", admin.None{}, &after)
	if collected.Failure != "" || wish.Way != "etrn" && collected.Messages != letters || collected.ID != 0 || len(after) != len(before) {
		w.t.Fatalf("%+v, %d entries before and %d after\n%s", collected, len(before), len(after), w.story())
	}
}

// settled wants nothing to wait any longer.
func (w *world) settled() {
	w.t.Helper()
	if !soon(func() bool { return w.waiting() == 0 }) {
		w.t.Errorf("%d letters wait still\n%s", w.waiting(), w.story())
	}
}

// turned wants the latest session to show both parts, with the secret masked
// where the mode masks.
func (w *world) turned(way string) {
	w.t.Helper()
	var sessions []observe.Session
	w.call("session.list", observe.Filter{}, &sessions)
	for _, s := range sessions {
		var transcript observe.Transcript
		w.call("session.show", admin.SessionID{ID: s.ID}, &transcript)
		text := transcript.String()
		at := strings.Index(text, strings.ToUpper(way))
		if at < 0 {
			continue
		}
		for _, want := range []string{"now reversing", "220 ", "EHLO ", "MAIL FROM:", "QUIT"} {
			i := strings.Index(text[at:], want)
			if i < 0 {
				w.t.Errorf("%q does not stand where it should in\n%s", want, text)
				return
			}
			at += i
		}
		return
	}
	w.t.Errorf("no session has %s", way)
}

// Debian's fetchmail as the customer: it speaks ODMR with CRAM-MD5, in clear, and
// ETRN, and passes what comes on to the branch's server.
func TestFetchmailSites(t *testing.T) {
	for _, mode := range []string{config.ModeStrict, config.ModeLab} {
		p, siteSecret := provider(t, mode, false)
		c := customer(t, mode)
		rc := func(protocol, listener, login string) string {
			return p.file(protocol+".rc", fmt.Sprintf("poll 127.0.0.1 protocol %s port %s\n%s fetchdomains %s smtphost 127.0.0.1/%s\n",
				protocol, p.port(listener), login, branch, c.port("smtp")))
		}
		login := fmt.Sprintf(`user "branch" password "%s"`, siteSecret)
		t.Run(mode+"/ODMR", func(t *testing.T) {
			p, c := p.in(t), c.in(t)
			p.keep()
			file := rc("odmr", "odmr", login)
			said := p.must("", "fetchmail", "-f", file, "-v", "--nosyslog", "--nodetach")
			c.came()
			p.settled()
			p.turned("atrn")
			if strings.Contains(said, siteSecret) {
				t.Error("the secret was shown")
			}
			if said := p.must("", "fetchmail", "-f", file, "-v", "--nosyslog", "--nodetach"); !strings.Contains(said, "453") {
				t.Errorf("without mail: %s", said)
			}
		})
		t.Run(mode+"/ETRN", func(t *testing.T) {
			p, c := p.in(t), c.in(t)
			p.keep()
			hosts := []string{c.addrs["smtp"]}
			p.call("route.add", admin.RouteChange{Domain: branch, Hosts: &hosts}, nil)
			p.must("", "fetchmail", "-f", rc("etrn", "smtp", ""), "-v", "--nosyslog", "--nodetach")
			c.came()
			p.settled()
		})
	}
}

// A site that comes to a lab stands in no person's way: what their programs
// choose by themselves lets them in.
func TestPeopleBesideSites(t *testing.T) {
	w := start(t, config.ModeLab)
	w.call("site.add", admin.SiteChange{Name: "branch"}, &admin.Site{})
	user := []string{"--auth-user", pepe, "--auth-password", secret}
	script := "import smtplib, sys\n" +
		"s = smtplib.SMTP('127.0.0.1', int(sys.argv[1]))\n" +
		"print(s.login(sys.argv[2], sys.argv[3]))\n" +
		"s.sendmail(sys.argv[2], [sys.argv[4]], sys.stdin.buffer.read())\n"
	for _, listener := range []string{"submission", "smtp"} {
		for name, send := range map[string]func(*world){
			"curl": func(w *world) {
				w.must("", "curl", w.curlSend(listener, usuario, letter, "--mail-from", pepe, "--user", pepe+":"+secret)...)
			},
			"swaks":  func(w *world) { w.must("", "swaks", w.swaks(listener, append([]string{"--auth"}, user...)...)...) },
			"Python": func(w *world) { w.must(letter, "python3", "-c", script, w.port(listener), pepe, secret, usuario) },
		} {
			t.Run(listener+"/"+name, func(t *testing.T) {
				w := w.in(t)
				send(w)
				w.arrived(usuario, letter)
			})
		}
	}
}

// A mailbox elsewhere is fetched into an account, once each message.
func TestCollectPOP3(t *testing.T) {
	p := start(t, config.ModeLab)
	c := customer(t, config.ModeLab)
	for _, keep := range []bool{true, false} {
		p.curlIn(pepe, "Subject: one\r\n\r\n.\r\n")
		p.curlIn(pepe, "Subject: two\r\n\r\n2\r\n")
		wish := admin.CollectWish{Way: "pop3", Host: p.addrs["pop3"], TLS: "none", User: pepe, Password: secret, Account: ana, Keep: keep}
		var collected admin.Collected
		c.call("collect.add", wish, &collected)
		c.call("collect.run", admin.ByID{ID: collected.ID}, &collected)
		if collected.Messages != 2 || collected.Failure != "" {
			t.Fatalf("%+v\n%s", collected, c.story())
		}
		all := strings.Join(c.inbox(ana), "")
		if !strings.Contains(all, "Subject: one\r\n\r\n.\r\n") || !strings.Contains(all, "Subject: two\r\n\r\n2\r\n") || !strings.HasPrefix(all, "Return-Path: <>\r\n") {
			t.Errorf("it has %s", all)
		}
		if n := len(p.inbox(pepe)); (n == 2) != keep {
			t.Errorf("keep %v: %d are there", keep, n)
		}
		c.call("collect.run", admin.ByID{ID: collected.ID}, &collected)
		if collected.Messages != 0 || collected.Failure != "" {
			t.Errorf("once more: %+v\n%s", collected, c.story())
		}
		c.call("collect.remove", admin.ByID{ID: collected.ID}, nil)
		c.empty(ana)
		p.empty(pepe)
	}
}
