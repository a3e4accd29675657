package queue

import (
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"posta/mail"
)

// A question that comes back in a circle, by whatever name and address, is answered at
// once: nobody in it has the address. Whoever asks the same by chance hears what the host
// says, and one that comes from a server that was asked itself goes on under its mark.
func TestAskedInACircle(t *testing.T) {
	const other = markPrefix + "AAAAAAAAAAAAAAAAAAAAAAAAAA"
	from := mail.Address{Local: "a", Domain: "from.example"}
	for _, tt := range []struct {
		name, mark, to string
		want           string
		dials          int
		waits          bool
	}{
		{"its own mark", "", "B", "550 5.1.1 No such user here", 1, false},
		{"by chance", "none", "b", "", 1, true},
		{"another ENVID", "QQ314159", "b", "", 1, true},
		{"another mark", other, "b", "550 5.1.1 The domain's host says to RCPT: 550 5.1.1 no", 2, false},
	} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			w.hosts["in.x.example"] = addrs("192.0.2.7")
			offers := func(answer string) string {
				return strings.Replace(asking("250 ok", answer), "S: 250 them.example\n", "S: 250-them.example\nS: 250 DSN\n", 1)
			}
			slow := strings.NewReplacer("C: MAIL FROM:<a@from.example>", "C*", "C: RCPT TO:<b@x.example>\n", "C: RCPT TO:<b@x.example>\nwait 2s\n")
			w.answers("192.0.2.7:25", slow.Replace(offers("250 ok")),
				strings.Replace(offers("550 5.1.1 no"), "FROM:<a@from.example>", "FROM:<a@from.example> ENVID="+other, 1))
			a := NewAsker(w.q)
			ask := func(helo, envID, to string) string {
				return asked(unnoted(a.Ask(t.Context(), whoAsks(helo, "192.0.2.99"), "in.x.example", mail.Envelope{From: from, EnvID: envID}, mail.Address{Local: to, Domain: "x.example"})))
			}
			var first sync.WaitGroup
			first.Go(func() {
				if got := ask("client.example", "", "b"); got != "" {
					t.Errorf("%s: who asked first: %q", tt.name, got)
				}
			})
			synctest.Wait()
			mark := tt.mark
			for _, one := range a.under {
				if mark == "" {
					mark = one.mark
				}
			}
			if markIn(mark) == "" && strings.HasPrefix(mark, markPrefix) {
				t.Errorf("%q is no mark", mark)
			}
			began := time.Now()
			if got := ask("odd", mark, tt.to); got != tt.want || (time.Since(began) > time.Second) != tt.waits {
				t.Errorf("%s: %q after %v", tt.name, got, time.Since(began))
			}
			first.Wait()
			if w.peers.Wait(); len(w.dials) != tt.dials || len(a.under) != 0 {
				t.Errorf("%s: %q, under way %d", tt.name, w.dials, len(a.under))
			}
		})
	}
}
