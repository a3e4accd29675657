package queue

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"posta/dns"
	"posta/mail"
	"posta/store"
)

// As long as a host that is preferred to this server, or that may take what others
// do not, cannot be asked for now, nothing is given up: neither where DNS does not
// answer for it, nor where it does not itself.
//
// rfc: 5321-5.1-11, 5321-5.1-13
func TestNotGivenUpUnasked(t *testing.T) {
	unknown := &dns.Error{Name: "mx.example", Type: "A", Kind: dns.ErrTemporary}
	const bye = "C: QUIT\nS: 221 bye\nclosed"
	wide := store.Outgoing{Sender: "s", From: "a@us.example", Body: mail.Body8BitMIME, EnvID: "signed"}
	for name, c := range map[string]struct {
		out    store.Outgoing
		hosts  []any    // addresses, or why there are none, of the preferences 10 and 20
		script []string // of these
		want   string
		left   int
	}{
		"before our address":       {hosts: []any{unknown, "192.0.2.99"}, want: "delayed 4.4.3", left: 1},
		"behind our address":       {hosts: []any{"192.0.2.99", unknown}, want: "failed 5.4.6"},
		"before our name":          {hosts: []any{unknown, "192.0.2.8"}, script: []string{"", strings.Replace(greeting(), "them", "us", 1) + bye}, want: "delayed 4.4.3", left: 1},
		"behind our name":          {hosts: []any{"192.0.2.7", unknown}, script: []string{strings.Replace(greeting(), "them", "us", 1) + bye}, want: "failed 5.4.6"},
		"beside a 554":             {hosts: []any{unknown, "192.0.2.8"}, script: []string{"", "S: 554 5.7.1 no\n" + bye}, want: "delayed 4.4.3", left: 1},
		"beside one too old":       {out: wide, hosts: []any{"192.0.2.7", "192.0.2.8"}, script: []string{"refused", talk(quit)}, want: "delayed 4.6.3", left: 1},
		"unknown, and an old":      {out: wide, hosts: []any{unknown, "192.0.2.8"}, script: []string{"", talk(quit)}, want: "delayed 4.6.3", left: 1},
		"too old, another address": {out: wide, hosts: []any{"192.0.2.6 192.0.2.7", "192.0.2.8"}, script: []string{talk(quit), talk(quit)}, want: "failed 5.6.3"},
		"two too old":              {out: wide, hosts: []any{"192.0.2.7", "192.0.2.8"}, script: []string{talk(quit), talk(quit)}, want: "failed 5.6.3"},
	} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			for i, at := range c.hosts {
				host := []string{"mx1.example", "mx2.example"}[i]
				w.host("x.example", host, uint16(10*i+10))
				list, ok := at.(string)
				if !ok {
					w.hosts[host] = at
					continue
				}
				all := addrs(strings.Fields(list)...)
				if w.hosts[host] = all; len(c.script) > i { // of the last; the others refuse
					w.answers(all[len(all)-1].String()+":25", c.script[i])
				}
			}
			w.sendAs(c.out, "b@x.example")
			w.run(time.Minute)
			got := ""
			for _, f := range w.facts {
				got += f.Outcome + " "
			}
			for _, a := range w.store.story[2] {
				got += a.Status.String()
			}
			if got != c.want || w.store.left() != c.left || len(w.reports) != 1-c.left {
				t.Errorf("%s: %s, want %s; %d left, %d reports\n%s", name, got, c.want, w.store.left(), len(w.reports), w.story())
			}
		})
	}
}

// A host that says 421 on a connection that has carried mail wants another
// connection, and is not refusing the message.
func TestEnoughForOneConnection(t *testing.T) {
	for name, end := range map[string]string{
		"asked":   "C: MAIL FROM:<a@us.example>\nS: 421 4.7.0 enough for one connection\nclosed",
		"unasked": "wait 500ms\nS: 421 4.4.2 idle\nclosed",
	} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			w.host("x.example", "mx.example", 10, "192.0.2.7")
			w.answers("192.0.2.7:25", talk(sent, end), talk(sent, quit))
			w.send("b@x.example")
			time.AfterFunc(time.Second, func() { w.send("b@x.example") })
			w.run(time.Minute)
			const want = "b@x.example relayed mx.example: 250 2.0.0 mine\n"
			if got := w.story(); got != want+want || w.store.left() != 0 || len(w.dials) != 2 {
				t.Errorf("%s: %s, %d left, %q", name, got, w.store.left(), w.dials)
			}
		})
	}
}
