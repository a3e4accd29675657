//go:build whole && linux

package hops

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"posta/admin"
	"posta/dns/dnstest"
	"posta/observe"
	"posta/trace"
)

// The first host of b.test is never there, its second is posta b. Mail of a.test
// comes to posta a.
const names = `
a.test      MX 10 mx.a.test
mx.a.test   A  10.77.0.1
b.test      MX 10 dead.b.test
b.test      MX 20 mx.b.test
dead.b.test A  10.77.0.3
mx.b.test   A  10.77.0.2
null.test   MX 0 .
`

// Two postas send each other mail and reports, by MX, through restarts of both,
// and everything can be looked at.
func TestHops(t *testing.T) {
	if !onNetwork(t) {
		return
	}
	dns := dnstest.New(t, names)
	a, b := open(t, dns, "a.test", "10.77.0.1"), open(t, dns, "b.test", "10.77.0.2")
	delivered(t, a, b)
	refused(t, a, b)
	refusedAtOnce(t, a)
	restarted(t, a, b)
	killed(t, a, b)
}

// A message goes to the second host, as the first is not there, and the report of
// its delivery comes back.
func delivered(t *testing.T, a, b *posta) {
	a.send("pepe@a.test", "Hello", "-N", "success,failure", "-V", "envelope-1", "ana@b.test")
	b.until("the message", func() bool { return len(b.inbox("ana")) == 1 })
	if text := b.text("ana", b.inbox("ana")[0].UID); !strings.Contains(text, "Subject: Hello\r\n") || !strings.Contains(text, "Return-Path: <pepe@a.test>\r\n") || !strings.Contains(text, "by mx.a.test") || !strings.Contains(text, "by mx.b.test") {
		t.Error(text)
	}
	a.until("its report", func() bool { return len(a.inbox("pepe")) == 1 })
	report := a.text("pepe", a.inbox("pepe")[0].UID)
	for _, want := range []string{"Reporting-MTA: dns; mx.b.test", "Original-Envelope-Id: envelope-1", "Action: delivered", "Final-Recipient: rfc822;ana@b.test", "by mx.a.test"} {
		if !strings.Contains(strings.ReplaceAll(report, "; ", ";"), strings.ReplaceAll(want, "; ", ";")) {
			t.Errorf("the report has no %q:\n%s", want, report)
		}
	}
	var last trace.Step
	a.until("its story", func() bool { // b's report may be faster than a's notes
		stories := list[trace.Story](a, "trace", "--to", "ana@b.test")
		if len(stories) != 1 {
			t.Fatalf("%+v", stories)
		}
		last = stories[0].Steps[len(stories[0].Steps)-1]
		return stories[0].Status == "relayed"
	})
	if last.Host != "mx.b.test" || last.Address != "10.77.0.2:25" || !strings.HasPrefix(last.TLS, "TLSv1.3") || !last.Held || last.Session == 0 {
		t.Errorf("%+v", last)
	}
	said := a.run("", "session", "show", strconv.FormatUint(last.Session, 10))
	for _, want := range []string{"outgoing (strict)", "10.77.0.2:25", "C: EHLO mx.a.test", "C: STARTTLS", "C: MAIL FROM:<pepe@a.test>", "ENVID=envelope-1", "C: RCPT TO:<ana@b.test> NOTIFY=SUCCESS,FAILURE", "for <ana@b.test> was taken]"} {
		if !strings.Contains(said, want) {
			t.Errorf("the session shows no %q:\n%s", want, said)
		}
	}
	if !slices.ContainsFunc(list[observe.Session](a, "session", "list"), func(s observe.Session) bool { return s.Listener == "outgoing" && s.Relayed == 1 }) {
		t.Error(a.run("", "session", "list"))
	}
	if drawn := a.run("", "session", "diagram", strconv.FormatUint(last.Session, 10)); !strings.Contains(drawn, "MAIL FROM:<pepe@a.test>") {
		t.Error(drawn)
	}
	if way := a.run("", "route", "test", "ana@b.test"); !strings.Contains(way, "20  mx.b.test    10.77.0.2:25") {
		t.Error(way)
	}
}

// Somebody who is not there: the sender hears why, in the other server's words.
func refused(t *testing.T, a, b *posta) {
	had := len(a.inbox("pepe"))
	a.send("pepe@a.test", "Nobody", "nadie@b.test")
	a.until("the report", func() bool { return len(a.inbox("pepe")) == had+1 })
	all := a.inbox("pepe")
	report := a.text("pepe", all[len(all)-1].UID)
	for _, want := range []string{"Action: failed", "Status: 5.1.1", "Remote-MTA: dns;mx.b.test", "No such user here", "Subject: Nobody"} {
		if !strings.Contains(strings.ReplaceAll(report, "dns; ", "dns;"), want) {
			t.Errorf("the report has no %q:\n%s", want, report)
		}
	}
	_ = b
}

// What can never be delivered is not taken.
func refusedAtOnce(t *testing.T, a *posta) {
	for to, want := range map[string]string{"x@null.test": "takes no mail", "x@no.test": "does not exist"} {
		c := a.command("sendmail", "-f", "pepe@a.test", to)
		c.Stdin = strings.NewReader("Subject: x\n\nx\n")
		out, err := c.CombinedOutput()
		if err == nil || !strings.Contains(string(out), want) {
			t.Errorf("%s: %v, %s", to, err, out)
		}
	}
}

// The other server is killed and comes back: what waited comes then.
func restarted(t *testing.T, a, b *posta) {
	b.kill()
	had := len(b.inbox("ana"))
	a.send("pepe@a.test", "Later", "ana@b.test")
	var waits []admin.Queued
	a.until("an attempt", func() bool {
		waits = list[admin.Queued](a, "queue", "list")
		return len(waits) == 1 && waits[0].Tries == 1
	})
	told := a.run("", "queue", "show", waits[0].ID)
	for _, want := range []string{"From <pepe@a.test>", "To ana@b.test: waiting", "1 attempt, again at", "connection refused"} {
		if !strings.Contains(strings.Join(strings.Fields(told), " "), want) {
			t.Errorf("no %q is in\n%s", want, told)
		}
	}
	a.run("", "queue", "hold", waits[0].ID)
	if status := a.run("", "status"); !strings.Contains(status, "1 recipient waits") || !strings.Contains(status, "1 held") {
		t.Error(status)
	}
	b.start()
	a.run("", "queue", "release", "--domain", "b.test")
	b.until("what waited", func() bool { return len(b.inbox("ana")) == had+1 })
	a.until("an empty queue", func() bool { return len(list[admin.Queued](a, "queue", "list")) == 0 })
}

// The sender is killed while it has much to send: nothing is lost, and what came
// twice was on its way then.
func killed(t *testing.T, a, b *posta) {
	const many = 30
	b.kill()
	for i := range many {
		a.send("pepe@a.test", fmt.Sprintf("Number %02d", i), "pepe@b.test")
	}
	b.start()
	a.run("", "queue", "retry", "--all")
	b.until("the first", func() bool { return len(b.inbox("pepe")) > 0 })
	a.kill()
	a.start()
	a.run("", "queue", "list")
	subjects := map[string]int{}
	b.until("all of them", func() bool {
		a.hurry("b.test")
		clear(subjects)
		for _, m := range b.inbox("pepe") {
			subjects[m.Subject]++
		}
		return len(subjects) == many
	})
	a.until("an empty queue", func() bool { return len(list[admin.Queued](a, "queue", "list")) == 0 })
	twice := 0
	for _, n := range subjects {
		twice += n - 1
	}
	t.Logf("%d of %d came twice", twice, many)
}
