package draw

import (
	"fmt"
	"strings"
	"testing"
)

// Nobody is drawn twice: a server that passes mail on is one actor.
func TestActors(t *testing.T) {
	relay := several()
	d := New(hear(t, relay...), Options{Words: english(t)})
	var names []string
	for _, a := range d.actors {
		names = append(names, a.name)
	}
	if got := strings.Join(names, " | "); got != "pc-1 | pc-2 | mx.a.example | mx.b.example | eva" {
		t.Errorf("the actors are %s", got)
	}
	if d := New(nil, Options{Words: english(t)}); !d.Empty() {
		t.Error("a diagram of nothing is not empty")
	}
}

// On a computer that tries everything with itself, clients that call themselves
// otherwise are several; many of them are one.
func TestClientsOfOneAddress(t *testing.T) {
	names := func(all []spoken) string {
		for i := range all {
			all[i].client, all[i].server = fmt.Sprintf("127.0.0.1:%d", 50000+i), "127.0.0.1:25"
		}
		var names []string
		for _, a := range New(hear(t, all...), Options{Words: english(t)}).actors {
			names = append(names, a.name)
		}
		return strings.Join(names, " | ")
	}
	smtp := func(helo, login string) spoken {
		turns := []string{"S 0.1 220 mail.a.example|", "C 0.1 HELO " + helo + "|", "S 0.1 250 hello|"}
		if login != "" {
			turns = append(turns, "C 0.1 AUTH PLAIN "+login+"|", "S 0.1 235 in|")
		}
		return spoken{turns: turns}
	}
	const ana, eva = "AGFuYQB4", "AGV2YQB4"
	if got := names([]spoken{smtp("a.example", ""), smtp("b.example", ana), smtp("b.example", ""), smtp("c.example", ana), smtp("b.example", eva)}); got !=
		"a.example | ana | eva | mail.a.example" {
		t.Errorf("the actors are %s", got)
	}
	var many []spoken
	for i := range 30 {
		many = append(many, smtp(fmt.Sprintf("pc-%d.example", i), ""))
	}
	if got := strings.Count(names(many), "|"); got != maxActors-2 {
		t.Errorf("of 30 clients there are %d actors", got+1)
	}
}

// Servers of one address that call themselves otherwise are several, and one that
// sends a message on to the other is one actor.
func TestServersOfOneAddress(t *testing.T) {
	at := func(port string, turns ...string) spoken {
		return spoken{client: "127.0.0.1:50000", server: "127.0.0.1:" + port, turns: turns}
	}
	smtp := func(port, host, helo string) spoken {
		return at(port, "S 0.1 220 "+host+" ESMTP|", "C 0.1 EHLO "+helo+"|", "S 0.1 250 hello|", "C 0.1 QUIT|", "S 0.1 221 bye|")
	}
	for want, all := range map[string][]spoken{
		"pc.example 127.0.0.1:50000 | mail.a.example 127.0.0.1:2525 | mail.b.example 127.0.0.1:3525": {
			smtp("2525", "mail.a.example", "pc.example"), smtp("3525", "mail.b.example", "mail.a.example")},
		"pc.example 127.0.0.1:50000 | mail.a.example 127.0.0.1:25, 587 +1": {
			smtp("25", "mail.a.example", "pc.example"), at("587", "S 0.1 220 hello|", "C 0.1 EHLO pc.example|", "S 0.1 250 hello|"),
			smtp("2525", "mail.a.example", "pc.example")},
		"mail.b.example 127.0.0.1:50000 | mail.a.example 127.0.0.1:2525": {smtp("2525", "mail.a.example", "mail.b.example")},
		"mail.a.example 127.0.0.1:50000 | mail.a.example 127.0.0.1:2525": {smtp("2525", "mail.a.example", "mail.a.example")},
	} {
		var said []string
		for _, a := range New(hear(t, all...), Options{Words: english(t)}).actors {
			said = append(said, a.name+" "+strings.Join(a.lines, " "))
		}
		if got := strings.Join(said, " | "); got != want {
			t.Errorf("the actors are %s, want %s", got, want)
		}
	}
	var many []spoken
	for i := range 30 {
		many = append(many, smtp("25", fmt.Sprintf("mx-%d.example", i), "pc.example"))
	}
	if got := len(New(hear(t, many...), Options{Words: english(t)}).actors); got > maxActors {
		t.Errorf("of 30 servers there are %d actors", got)
	}
}
