package queue

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// Why a session with another server ends before its time is noted: what the other
// side said, or what nobody said, as that its certificate proves nothing. None of
// it is "given up", which is the end of a message.
func TestSessionsSayWhyTheyEnd(t *testing.T) {
	begins := script(greeting("STARTTLS"), "C: STARTTLS\nS: 220 go")
	const doubt = "The host's certificate is not valid: it is not for mx.x.example but for other.example"
	for name, c := range map[string]struct {
		script string
		tls    Policy
		want   string
	}{
		"421 greets":      {"S: 421 4.3.2 later", None, "peer closed: 421 4.3.2 later"},
		"421 at MAIL":     {talk("C: MAIL FROM:<a@us.example>\nS: 421 4.3.2 enough"), None, "peer closed: 421 4.3.2 enough"},
		"421 at RCPT":     {talk("C: MAIL FROM:<a@us.example>\nS: 250 ok\nC: RCPT TO:<b@x.example>\nS: 421 bye"), None, "peer closed: 421 bye"},
		"breaks at MAIL":  {talk("C: MAIL FROM:<a@us.example>"), None, "broken off: The connection broke: the other side closed the connection"},
		"breaks at EHLO":  {"S: 220 x\nC: EHLO us.example", None, "[The connection broke before a message could be sent: the other side closed the connection], broken off: The connection broke before a message could be sent: the other side closed the connection"},
		"certificate":     {script(begins, "tls"), Required, "[" + doubt + "], broken off: " + doubt},
		"TLS not offered": {script(greeting(), quit), Required, "[The host does not offer TLS, which is required on this way], quit"},
		"no TLS":          {script(begins, "wait 1s"), Required, "[TLS could not be started: the other side closed the connection], broken off: TLS could not be started: the other side closed the connection"},
		"taken":           {talk(sent, quit), None, "quit"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.failing = true
				w.tls, w.q.cfg.Roots = proven(t, "other.example")
				w.hosts["mx.x.example"] = addrs("192.0.2.7")
				w.routes["x.example"] = Route{Hosts: []string{"mx.x.example:25"}, TLS: c.tls}
				w.answers("192.0.2.7:25", c.script)
				w.send("b@x.example")
				w.run(2 * time.Minute)
				if got := strings.Join(w.remarks, ", "); got != c.want {
					t.Errorf("%s\nwant\n%s", got, c.want)
				}
				if f := w.facts[len(w.facts)-1]; f.Session != 1 {
					t.Errorf("nobody knows of which session it is: %+v", f)
				}
			})
		})
	}
}
