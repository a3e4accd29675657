package main

import (
	"strings"
	"testing"
	"time"

	"posta/admin"
	"posta/words"
)

// What collect says of a failure is said in the user's language, and what the
// other server said of it stays as it is.
func TestCollectFailure(t *testing.T) {
	es, err := words.New("es")
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"no connection: connection refused":                                                        "no hay conexión: el servidor la rechazó",
		"the certificate is no proof: it is for another name":                                      "el certificado no prueba nada: es para otro nombre",
		"log-in refused: 535 5.7.8 No":                                                             "rechazó la entrada: 535 5.7.8 No",
		"no TLS: no answer in time":                                                                "no hay TLS: no contestó a tiempo",
		"no TLS: the other side refuses it (handshake failure)":                                    "no hay TLS: el otro lado lo rechaza (handshake failure)",
		"what came was refused here: <x@a.example>: 550 5.1.1 No":                                  "lo que llegó se rechazó aquí: <x@a.example>: 550 5.1.1 No",
		"The host isp.example could not be looked up: the name server 192.0.2.53:53 says SERVFAIL": "No se pudo averiguar nada del servidor isp.example: el servidor de nombres 192.0.2.53:53 dice SERVFAIL",
		"451 later": "451 later",
	} {
		if got := collectFailure(es, text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	for text := range collectReasons() {
		if got := collectFailure(es, text); got == text {
			t.Errorf("%q stays English", text)
		}
	}
	if got := ended(es, "collect: no TLS: no answer in time"); !strings.HasSuffix(got, "no contestó a tiempo") {
		t.Error(got)
	}
}

// What the other server said with a full stop goes on in a sentence of ours.
func TestDenied(t *testing.T) {
	for lang, want := range map[string]string{"en": "refused: Authentication failed; tried again", "es": ": Authentication failed; se intenta"} {
		w, err := words.New(lang)
		if err != nil {
			t.Fatal(err)
		}
		said := (&app{words: w}).denied(admin.Collected{ID: 1, Host: "pop.example", Failure: "log-in refused: Authentication failed.", Next: time.Now()})
		if !strings.Contains(said, want) {
			t.Error(said)
		}
	}
}

// ETRN brings nothing itself: none is counted.
func TestCollectOutcome(t *testing.T) {
	en, err := words.New("en")
	if err != nil {
		t.Fatal(err)
	}
	a := &app{words: en}
	for _, tt := range []struct {
		c    admin.Collected
		want string
	}{
		{admin.Collected{Way: "etrn"}, ""},
		{admin.Collected{Way: "etrn", Last: time.Now()}, "asked; what waits there comes on a connection of its own"},
		{admin.Collected{Way: "etrn", Last: time.Now(), Nothing: true}, "nothing waits there"},
		{admin.Collected{Way: "atrn", Last: time.Now(), Nothing: true}, "nothing waits there"},
		{admin.Collected{Way: "etrn", Last: time.Now(), Failure: "459 no"}, "459 no"},
		{admin.Collected{Way: "etrn", Last: time.Now(), Domains: []string{"a.example", "#q", "b.example"}, Refused: 1, Failure: "not released there: #q: 459 no"},
			"2 asked for; what waits there comes on a connection of its own; 1 refused: #q: 459 no"},
		{admin.Collected{Way: "atrn", Last: time.Now()}, "nothing new came"},
		{admin.Collected{Way: "pop3", Last: time.Now(), Total: 3}, "nothing new came (3 collected so far)"},
		{admin.Collected{Way: "pop3", Last: time.Now(), Messages: 2, Total: 3}, "2 messages (3 collected so far)"},
		{admin.Collected{Way: "pop3", Last: time.Now(), Messages: 2, Total: 2}, "2 messages"},
		{admin.Collected{Way: "atrn", Last: time.Now(), Messages: 2, Total: 2, Failure: "the other side closed the connection"}, "2 messages; the other side closed the connection"},
		{admin.Collected{Way: "atrn", Last: time.Now(), Messages: 2, Total: 2, Refused: 1, Failure: "what came was refused here: <x@a.example>: 550 5.1.1 No"}, "2 messages, 1 refused: <x@a.example>: 550 5.1.1 No"},
		{admin.Collected{Way: "atrn", Last: time.Now(), Refused: 1, Failure: "no answer in time"}, "nothing new came, 1 refused; no answer in time"},
		{admin.Collected{Way: "pop3", Last: time.Now(), Messages: 1, Left: 2, Failure: "no answer in time"}, "1 message, 2 left there; no answer in time"},
	} {
		if got := a.collectOutcome(tt.c); got != tt.want {
			t.Errorf("%+v: %q, want %q", tt.c, got, tt.want)
		}
	}
	if got := span("10m0s") + " " + span("1h0m0s") + " " + span("1m30s") + " " + span("1h10m0s") + span(""); got != "10 min 1 h 1 min 30 s 1 h 10 min" {
		t.Error(got)
	}
}

func TestCollectPick(t *testing.T) {
	all := []admin.Collected{
		{ID: 1, Way: "atrn", Host: "isp.example", Domains: []string{"a.example", "b.example"}},
		{ID: 2, Way: "etrn", Host: "isp.example:2525", Domains: []string{"@a.example", "#uucp"}},
		{ID: 3, Way: "pop3", Host: "192.0.2.1", Account: "ana@b.example"},
		{ID: 4, Way: "turn", Host: "2001:db8::1", Domains: []string{"c.example"}},
	}
	for _, tt := range []struct {
		pick collectPick
		want string
	}{
		{collectPick{}, "1 2 3 4"},
		{collectPick{ways: []string{"atrn", "turn"}}, "1 4"},
		{collectPick{host: "ISP.example"}, "1 2"},
		{collectPick{host: "isp.example:2525"}, "2"},
		{collectPick{host: "2001:db8::1"}, "4"},
		{collectPick{host: "isp"}, ""},
		{collectPick{domains: []string{"A.example"}}, "1 2"},
		{collectPick{domains: []string{"b.example"}}, "1 3"},
		{collectPick{domains: []string{"#uucp", "c.example"}}, "2 4"},
		{collectPick{ways: []string{"atrn"}, host: "isp.example", domains: []string{"a.example"}}, "1"},
	} {
		var got []string
		for _, one := range all {
			if tt.pick.takes(one) {
				got = append(got, entryLabel(one))
			}
		}
		if said := strings.Join(got, " "); said != tt.want {
			t.Errorf("%+v: %q, want %q", tt.pick, said, tt.want)
		}
	}
}

// What was refused of what a provider sent is told one by one.
func TestCollectRefused(t *testing.T) {
	en, err := words.New("en")
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	c := admin.Collected{ID: 1, Host: "isp.example", Refused: 3, Stayed: []admin.Stayed{{From: "b@c", Why: "<x@a.example>: 550 5.1.1 No"}, {Why: "452 4.2.2 Full"}}}
	if err := (&app{words: en}).collectRefused(&b, &c); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"3 refusals of what came.", "- from b@c: <x@a.example>: 550 5.1.1 No\n", "- from <>: 452 4.2.2 Full\n", "- and 1 more\n"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in %s", want, b.String())
		}
	}
}

// A server without unique-ids calls a message nothing.
func TestCollectStayed(t *testing.T) {
	en, err := words.New("en")
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	c := admin.Collected{ID: 1, Host: "pop.example", Left: 2, Stayed: []admin.Stayed{{UIDL: "a", Size: 1, Why: "x"}, {Size: 2, From: "b@c", Why: "y"}}}
	if err := (&app{words: en}).collectStayed(&b, &c); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"- from nobody known, 1 octets, UIDL a: x\n", "- from b@c, 2 octets: y\n"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in %s", want, b.String())
		}
	}
}
