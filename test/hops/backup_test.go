//go:build whole && linux

package hops

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"posta/dns/dnstest"
)

// A backup MX that was restarted while the host it stands in for is down takes
// mail for those whom that has taken before, says so in its log, and brings it
// later.
func TestBackup(t *testing.T) {
	if !onNetwork(t) {
		return
	}
	dns := dnstest.New(t, names)
	a, b := open(t, dns, "a.test", "10.77.0.1"), open(t, dns, "b.test", "10.77.0.2")
	a.run("", "domain", "add", "b.test", "--relay", "mx.b.test", "--callout")
	began := time.Now().UTC()
	a.takes("ana@b.test", "250")
	b.until("the first", func() bool { return len(b.inbox("ana")) == 1 })
	b.kill()
	a.kill()
	a.start()
	a.takes("ana@b.test", "250")
	a.takes("pepe@b.test", "451")
	a.takes("nadie@b.test", "451")
	want := regexp.MustCompile(`mx\.b\.test was not reached \(No connection: connection refused\); it is known to take ana@b\.test: it did so on (` +
		began.Format(time.DateOnly) + "|" + time.Now().UTC().Format(time.DateOnly) + ")")
	var told [][]byte
	a.until("its word in the log", func() bool { // the log comes after the answer
		log, err := os.ReadFile(filepath.Join(a.dir, "posta.log"))
		if err != nil {
			t.Fatal(err)
		}
		told = want.FindAll(log, -1)
		return len(told) > 0
	})
	if len(told) != 1 {
		t.Errorf("the log says it %d times: %q", len(told), told)
	}
	b.start()
	b.until("the second", func() bool {
		a.hurry("b.test")
		return len(b.inbox("ana")) == 2
	})
}

// takes sends a message from another host, if its recipient is answered so.
func (p *posta) takes(to, code string) {
	p.t.Helper()
	nc, err := net.Dial("tcp", p.address+":25")
	if err != nil {
		p.t.Fatal(err)
	}
	defer nc.Close()
	_ = nc.SetDeadline(time.Now().Add(patience))
	replies := bufio.NewScanner(nc)
	for _, step := range []struct{ say, want string }{{"", "220"}, {"HELO else.test", "250"}, {"MAIL FROM:<x@[10.78.0.9]>", "250"},
		{"RCPT TO:<" + to + ">", code}, {"DATA", "354"}, {"Subject: Hi\r\n\r\nHi\r\n.", "250"}, {"QUIT", "221"}} {
		if step.say != "" {
			fmt.Fprintf(nc, "%s\r\n", step.say)
		}
		if !replies.Scan() || !strings.HasPrefix(replies.Text(), step.want) {
			p.t.Fatalf("%s: %q is answered with %q, want %s", to, step.say, replies.Text(), step.want)
		}
		if strings.HasPrefix(step.say, "RCPT") && code != "250" {
			return
		}
	}
}
