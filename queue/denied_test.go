package queue

import (
	"fmt"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"
)

// Of a route's log-in that is refused for good somebody is told once, and again of
// another password; it is forgotten as it works, or the route is another. One that is
// refused for now is no trouble of anybody's.
func TestDeniedLogIn(t *testing.T) {
	const refused, mute = "C: AUTH PLAIN AHUAcA==\nS: 535 5.7.8 Bad.", "C: AUTH PLAIN AHUAcA==\nS: 454 4.7.0 later"
	const other, works = "C: AUTH PLAIN AHUAcQ==\nS: 535 no", "C: AUTH PLAIN AHUAcQ==\nS: 235 in"
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		var told []string
		w.q.cfg.Denied = func(d Denial) { told = append(told, fmt.Sprintf("%s %s %s: %v", d.Route, d.Host, d.User, d.Why)) }
		try := func(password, script string, want ...string) {
			t.Helper()
			w.routes["x.example"] = Route{Named: "*", Hosts: []string{"192.0.2.1"}, TLS: None, User: "u", Password: password}
			w.q.Rerouted()
			time.Sleep(time.Minute)
			route, _ := w.q.router.route(t.Context(), "x.example")
			hosts, _ := laid(route)
			way := &way{domain: "x.example", route: route, by: ByRoute, hosts: hosts, laid: w.q.router.laid.Load()}
			w.answers("192.0.2.1:25", script)
			l, _ := w.q.dial(t.Context(), way, target{host: hosts[0], addr: netip.MustParseAddrPort("192.0.2.1:25")})
			if l != nil {
				_ = l.Quit(t.Context())
			}
			w.peers.Wait()
			var got []string
			for _, d := range w.q.Denials(t.Context()) {
				got = append(got, fmt.Sprintf("%s %d %s %q for %s", d.Route, d.Code, d.Status, d.Text, d.Last.Sub(d.Since)))
			}
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("%s: %q, not %q", script, got, want)
			}
		}
		try("p", script(greeting("AUTH PLAIN"), mute, quit))
		try("p", script(greeting("AUTH PLAIN"), refused, quit), `* 535 5.7.8 "Bad." for 0s`)
		try("p", script(greeting("AUTH PLAIN"), refused, quit), `* 535 5.7.8 "Bad." for 1m0s`)
		try("p", script(greeting("AUTH NTLM"), quit), `* 0  "The host offers no way to log in that posta has" for 2m0s`)
		try("q", script(greeting("AUTH PLAIN"), other, quit), `* 535  "no" for 0s`)
		try("q", script(greeting("AUTH PLAIN"), works, quit))
		try("p", script(greeting("AUTH PLAIN"), refused, quit), `* 535 5.7.8 "Bad." for 0s`)
		w.routes["x.example"] = Route{}
		if w.q.Rerouted(); len(w.q.Denials(t.Context())) != 0 || len(w.q.denials.all) != 0 {
			t.Errorf("without the route: %+v", w.q.denials.all)
		}
		want := "[* 192.0.2.1 u: 535 5.7.8 Bad * 192.0.2.1 u: 535 no * 192.0.2.1 u: 535 5.7.8 Bad]"
		if fmt.Sprint(told) != want {
			t.Errorf("told %q", told)
		}
	})
}
