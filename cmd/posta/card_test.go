package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"posta/admin"
)

// class answers for a server with many accounts, and counts the passwords tried.
type class struct {
	all   []admin.Account
	tried int
}

func (c *class) Call(_ context.Context, name string, _, out any) error {
	switch name {
	case "account.list":
		*out.(*[]admin.Account) = slices.Clone(c.all)
	case "account.verify":
		c.tried++
		out.(*admin.Verified).OK = true
	}
	return nil
}

// A whole class told at the start is on the card with its passwords; of those
// remembered from another time only so many are tried.
func TestCardAccounts(t *testing.T) {
	many, known := &class{}, map[string]string{}
	for i := range mostAccounts + 10 {
		address := fmt.Sprintf("s%02d@pepito.es", i)
		many.all = append(many.all, admin.Account{Address: address})
		known[address] = "ceda-4729"
	}
	for told, want := range map[bool]struct{ tried, shown int }{true: {0, mostAccounts + 10}, false: {mostAccounts, mostAccounts}} {
		fresh := map[string]bool{}
		for address := range known {
			fresh[address] = told
		}
		many.tried = 0
		got, err := cardAccounts(t.Context(), many, known, fresh)
		if err != nil {
			t.Fatal(err)
		}
		shown := 0
		for _, one := range got {
			if one.Password != "" {
				shown++
			}
		}
		if many.tried != want.tried || shown != want.shown || len(got) != mostAccounts+10 {
			t.Errorf("told %v: %d accounts, %d tried, %d shown", told, len(got), many.tried, shown)
		}
	}
}

// However the ports moved, no line is wider than a screen.
func TestCardWidth(t *testing.T) {
	r := labReady()
	r.Listeners = []admin.Listener{
		{Name: "smtp", Service: "smtp", Mode: "lab", TLS: "starttls", Address: "127.0.0.1:42525", Port: 42525,
			Wanted: "127.0.0.1:25", Why: "used", Program: "hMailServer.exe", PID: 12345},
		{Name: "submission", Service: "submission", Mode: "lab", TLS: "starttls", Address: "127.0.0.1:2587", Port: 2587,
			Wanted: "127.0.0.1:587", Why: "denied"},
		{Name: "submissions", Service: "submission", Mode: "lab", TLS: "implicit", Address: "127.0.0.1:465", Port: 465},
		{Name: "pop3", Service: "pop3", Mode: "lab", TLS: "starttls", Address: "127.0.0.1:2110", Port: 2110,
			Wanted: "127.0.0.1:110", Why: "reserved"},
	}
	for lang, wants := range map[string][]string{
		"en": {"\n    submissions   465  TLS from the start\n", "\n  smtp: not 25: hMailServer.exe (PID 12345) has it\n",
			"\n  In the same line also: -d tcp.port==2587,smtp\n"},
		"es": {"hMailServer.exe", "-d tcp.port==42525,smtp -d tcp.port==2110,pop\n"},
	} {
		p := newPage(speaking(t, lang), r)
		p.system = "windows"
		p.ports()
		card := p.text.String()
		for _, want := range wants {
			if !strings.Contains(card, want) {
				t.Errorf("%s: the card lacks %q:\n%s", lang, want, card)
			}
		}
		for row := range strings.Lines(card) {
			if n := utf8.RuneCountInString(strings.TrimRight(row, "\n")); n > helpWidth {
				t.Errorf("%s: a line of %d letters: %s", lang, n, row)
			}
		}
	}
}

// A port that is not at the card's address has its own beside it.
func TestCardOfSeveralAddresses(t *testing.T) {
	r := labReady()
	r.Accounts = []cardAccount{{"ana@pepito.es", "ceda-4729"}}
	r.Listeners = []admin.Listener{
		{Name: "smtp", Service: "smtp", Mode: "lab", TLS: "starttls", Address: "127.0.0.4:5525", Port: 5525},
		{Name: "submission", Service: "submission", Mode: "lab", TLS: "starttls", Address: "0.0.0.0:587", Port: 587},
		{Name: "submissions", Service: "submission", Mode: "lab", TLS: "implicit", Address: "127.0.0.1:465", Port: 465},
		{Name: "pop3", Service: "pop3", Mode: "lab", TLS: "starttls", Address: "[::1]:5110", Port: 5110},
	}
	for lang, at := range map[string]string{"en": "at", "es": "en"} {
		p := newPage(speaking(t, lang), r)
		p.ports()
		p.fetch()
		p.brief()
		card := p.text.String()
		for _, want := range []string{" 127.0.0.4 (", "\n    smtp         5525  ", "\n    submissions   465  " + at + " 127.0.0.1  ",
			"\n    pop3         5110  " + at + " ::1  ", "plink -raw -P 5110 ::1)", " 5110 " + at + " ::1 ", ": 127.0.0.4, SMTP 5525, POP3 [::1]:5110 ("} {
			if !strings.Contains(card, want) {
				t.Errorf("%s: the card lacks %q:\n%s", lang, want, card)
			}
		}
		text := registry(puttySessions(r.Listeners, p.at))
		if strings.Count(text, `"HostName"="127.0.0.4"`) != 2 || strings.Count(text, `"HostName"="::1"`) != 1 {
			t.Errorf("PuTTY's sessions: %s", text)
		}
		rows, _ := (&importer{app: speaking(t, lang), status: r.Status}).whereAndHow()
		if got := rows[1].Value; got != "SMTP\u00a05525 · POP3\u00a0[::1]:5110" {
			t.Errorf("%s: the cards to cut have the ports %q", lang, got)
		}
		if strings.Contains(card, at+" 127.0.0.4") && lang == "en" || strings.Contains(card, at+" 0.0.0.0") {
			t.Errorf("%s: the card says too much:\n%s", lang, card)
		}
	}
}

// The interface for tshark depends on the system, and on who may come.
func TestCapture(t *testing.T) {
	near := []lanAddress{{"192.168.1.7", "Ethernet 2"}}
	for _, c := range []struct {
		system, host string
		interfaces   []lanAddress
		want         string
	}{
		{"linux", "127.0.0.1", nil, "lo"}, {"darwin", "127.0.0.1", nil, "lo0"}, {"windows", "127.0.0.1", nil, `\Device\NPF_Loopback`},
		{"linux", "192.168.1.7", near, "any"}, {"windows", "192.168.1.7", near, `"Ethernet 2"`},
	} {
		p := &page{ready: ready{Interfaces: c.interfaces}, host: c.host, system: c.system}
		if got := p.capture(); got != c.want {
			t.Errorf("%s at %s: %s, want %s", c.system, c.host, got, c.want)
		}
	}
}

// A command on the card works where it is typed, also in a folder with spaces.
func TestCalling(t *testing.T) {
	for _, c := range []struct{ system, program, exe, here, called, folder string }{
		{"linux", "./posta", "/home/x/posta", "/home/x", "./posta", ""},
		{"linux", "/my apps/posta", "/my apps/posta", "/", `"/my apps/posta"`, ""},
		{"linux", "", "/bin/posta", "/", "posta", ""},
		{"windows", `C:\Mis cosas\posta.exe`, `C:\Mis cosas\posta.exe`, `c:\mis cosas`, `.\posta.exe`, `c:\mis cosas`},
		{"windows", `posta`, `C:\posta.exe`, `C:\`, `.\posta.exe`, `C:\`},
		{"windows", `C:\Mis cosas\posta.exe`, `C:\Mis cosas\posta.exe`, `D:\`, `"C:\Mis cosas\posta.exe"`, ""},
	} {
		if called, folder := callingFrom(c.system, c.program, c.exe, c.here); called != c.called || folder != c.folder {
			t.Errorf("%+v: %s in %q", c, called, folder)
		}
	}
}

func TestFirewallSteps(t *testing.T) {
	forget, allow := firewallForget(`C:\Mis cosas\posta.exe`), firewallAdd(`C:\Mis cosas\posta.exe`)
	if got := quoted(forget); got != `advfirewall firewall delete rule name=all dir=in program="C:\Mis cosas\posta.exe"` {
		t.Error(got)
	}
	if got := quoted(allow); !strings.Contains(got, `program="C:\Mis cosas\posta.exe" protocol=TCP remoteip=LocalSubnet profile=any`) {
		t.Error(got)
	}
	if got := fromConsole([]byte("La operaci\xa2n requiere\r\nelevaci\xa2n.\r\n")); got != "La operación requiere elevación." {
		t.Error(got)
	}
}
