package pop3server

import (
	"errors"
	"testing"

	"posta/event"
)

// rfc: 1939-4-3
func TestMaildropInUse(t *testing.T) {
	d := newDrops(letter{body: "x\r\n"})
	srv := New(config(d))
	first, second := dial(t, srv), dial(t, srv)
	first.login()
	second.play("C: USER pepe\nS: +OK …\nC: PASS se cret\nS: -ERR [IN-USE] …\nC: STAT\nS: -ERR Log in first: …")
	if got := facts[event.Authenticated](second.w); len(got) != 1 || got[0].OK {
		t.Errorf("facts %+v", got)
	}
	first.play("C: QUIT\nS: +OK …")
	second.login() // freed before first's +OK
	second.peer.Close()
	<-second.done
	dial(t, srv).login() // freed by the connection's end
}

// A lock that was taken is given back before a log-in is refused.
// rfc: 1939-4-4
func TestMaildropErrors(t *testing.T) {
	d := newDrops()
	srv := New(config(d))
	k := dial(t, srv)
	d.lockErr = errors.New("store: closed")
	k.play("C: USER pepe\nS: +OK …\nC: PASS se cret\nS: -ERR [SYS/TEMP] …")
	d.lockErr, d.listErr = nil, errors.New("disk on fire")
	k.play("C: USER pepe\nS: +OK …\nC: PASS se cret\nS: -ERR [SYS/TEMP] …")
	if d.held() {
		t.Error("the lease stayed behind a failed log-in")
	}
	d.listErr = nil
	k.login()
	for name, auth := range map[string]*people{"busy": {busy: true}, "broken": {err: errors.New("disk on fire")}} {
		cfg := config(d)
		cfg.Auth = auth
		k := dial(t, New(cfg))
		k.play("C: USER pepe\nS: +OK …\nC: PASS se cret\nS: -ERR [SYS/TEMP] …\nC: AUTH PLAIN " + b64("\x00a\x00b") + "\nS: -ERR [SYS/TEMP] …")
		if got := facts[event.Authenticated](k.w); len(got) != 2 || got[0].OK || got[0].Reason == "" {
			t.Errorf("%s: facts %+v", name, got)
		}
	}
}
