package main

import (
	"bytes"
	"encoding/base64"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"posta/admin"
	"posta/config"
	"posta/event"
	"posta/words"
)

func speaking(t *testing.T, lang string) *app {
	t.Helper()
	w, err := words.New(lang)
	if err != nil {
		t.Fatal(err)
	}
	return &app{words: w, terminal: terminal{Program: "bin/posta"}}
}

// labReady is what a lab without rights to the low ports says.
func labReady() ready {
	return ready{Ready: true, Mode: config.ModeLab, Status: admin.Status{Version: "1", Data: "/data", DefaultDomain: "pepito.es",
		Listeners: []admin.Listener{
			{Name: "smtp", Service: "smtp", Mode: "lab", TLS: "starttls", Address: "127.0.0.1:2525", Port: 2525, Wanted: "127.0.0.1:25", Why: "denied"},
			{Name: "pop3", Service: "pop3", Mode: "lab", TLS: "starttls", Address: "127.0.0.1:2110", Port: 2110, Wanted: "127.0.0.1:110", Why: "used"},
			{Name: "pop3s", Mode: "lab", TLS: "implicit", Address: "127.0.0.1:995", Port: 995},
		}},
		Accounts: []cardAccount{{"pepe@pepito.es", "ceda-4729"}, {"ana@pepito.es", "sixi-7472"}, {"luis@pepito.net", ""}}}
}

func TestCard(t *testing.T) {
	b64 := base64.StdEncoding.EncodeToString
	for lang, own := range map[string][]string{
		"en": {"LAB", "not 25: this user may not open it", "not 110: another program has it", "this computer only", "(posta does not know it)", "plink does not end with QUIT"},
		"es": {"LABORATORIO", "no 25: este usuario no puede", "no 110: lo tiene otro programa", "solo este equipo", "(posta no la sabe)", "plink no termina con QUIT"},
	} {
		card := speaking(t, lang).card(labReady())
		for _, want := range append(own, "plink -raw -P 2525 127.0.0.1", "plink -raw -P 2110 127.0.0.1)", "telnet 127.0.0.1 2525", "Close window on exit: Never",
			"    MAIL FROM:<pepe@pepito.es>\n    RCPT TO:<ana@pepito.es>\n    DATA\n", "    USER ana\n    PASS sixi-7472\n",
			"    AUTH LOGIN\n    "+b64([]byte("pepe@pepito.es"))+"\n    "+b64([]byte("ceda-4729"))+"\n",
			"AUTH PLAIN "+b64([]byte("\x00pepe@pepito.es\x00ceda-4729")), "bin/posta session list", "bin/posta card", memoryFile) {
			if !strings.Contains(card, want) {
				t.Errorf("%s: the card lacks %q:\n%s", lang, want, card)
			}
		}
		// A window of 25 lines shows the end, and there is what one needs.
		rows := slices.Collect(strings.Lines(card))
		end := strings.Join(rows[max(len(rows)-24, 0):], "")
		for _, want := range []string{"127.0.0.1, SMTP 2525, POP3 2110", "pepe@pepito.es  ceda-4729", "ana@pepito.es   sixi-7472", "Ctrl-C"} {
			if !strings.Contains(end, want) {
				t.Errorf("%s: the last lines lack %q:\n%s", lang, want, end)
			}
		}
		for row := range strings.Lines(card) {
			if n := utf8.RuneCountInString(strings.TrimRight(row, "\n")); n > helpWidth {
				t.Errorf("%s: a line of %d letters: %s", lang, n, row)
			}
		}
	}
}

func TestCardOfOtherHouses(t *testing.T) {
	a := speaking(t, "en")
	r := labReady()
	r.LAN = []string{"192.168.1.7", "172.17.0.1"}
	r.Interfaces = []lanAddress{{"192.168.1.7", "Wi-Fi"}, {"172.17.0.1", "docker0"}}
	for i := range r.Listeners {
		r.Listeners[i].Address = strings.Replace(r.Listeners[i].Address, "127.0.0.1", "[::]", 1)
	}
	a.data = "my mail"
	r.Data = "/home/x/my mail"
	if card := a.card(r); !strings.Contains(card, "plink -raw -P 2525 192.168.1.7") || !strings.Contains(card, "    172.17.0.1   docker0") ||
		!strings.Contains(card, "tshark -i any -d tcp.port==2525,smtp -d tcp.port==2110,pop\n") || !strings.Contains(card, "Decode As") ||
		!strings.Contains(card, `session list --data "/home/x/my mail"`) {
		t.Error(card)
	}
	r.LAN, r.Interfaces, r.Added = nil, nil, []string{"otro.es"}
	if card := a.card(r); strings.Contains(card, "A name without a domain") {
		t.Error(card)
	}
	r.Added = append(r.Added, r.DefaultDomain)
	if card := a.card(r); !strings.Contains(card, "this computer has no network now") || !strings.Contains(card, "New on this data: otro.es") ||
		!strings.Contains(card, "is now of pepito.es") {
		t.Error(card)
	}
	if p := newPage(a, r); true {
		p.system = "windows"
		p.others()
		if card := p.text.String(); !strings.Contains(card, "posta firewall add") || !strings.Contains(card, "others\n  cannot reach this PC") {
			t.Errorf("without rights: %s", card)
		}
		p.text.Reset()
		p.rights = true
		p.others()
		if card := p.text.String(); !strings.Contains(card, "posta firewall add") || strings.Contains(card, "cannot reach") {
			t.Errorf("with rights: %s", card)
		}
	}
	r.Mode, r.Accounts, r.Added = config.ModeStrict, r.Accounts[:1], nil
	for i := range r.Listeners {
		r.Listeners[i].Mode = config.ModeStrict
	}
	if card := a.card(r); strings.Contains(card, "AUTH") || strings.Contains(card, "LAB") || !strings.Contains(card, "openssl s_client") {
		t.Error(card)
	}
	for system, plink := range map[string]bool{"linux": false, "windows": true} {
		p := newPage(a, r)
		p.system = system
		p.putty()
		p.send()
		if card := p.text.String(); strings.Contains(card, "plink") != plink || strings.Contains(card, "or Telnet") || strings.Contains(card, "paste") {
			t.Errorf("%s: what a strict listener refuses:\n%s", system, card)
		}
	}
	alone := labReady()
	alone.Accounts = nil
	if card := a.card(alone); strings.Contains(card, "USER") || strings.Contains(card, "RCPT") ||
		!strings.Contains(card, "posta account add ana@pepito.es --generate") {
		t.Errorf("with no account: %s", card)
	}
	r.Listeners, r.Accounts = nil, nil
	if card := a.card(r); strings.Contains(card, "HELO") || strings.Contains(card, "PASS") {
		t.Error(card)
	}
}

func TestQuickConfig(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct {
		q            quick
		smtp, domain string
		mode, host   string
	}{
		{quick{mode: "lab", persona: "posta"}, "127.0.0.1:25", labDomain, "lab", "mail.lab.test"},
		{quick{mode: "lab", persona: "hmailserver", lan: true, domain: "pepito.es"}, ":25", "pepito.es", "lab", "mail.pepito.es"},
		{quick{mode: "strict", persona: "posta", hostname: "mx.pepito.es"}, "127.0.0.1:25", labDomain, "strict", "mx.pepito.es"},
		{quick{mode: "lab", persona: "posta", domain: "españa.test"}, "127.0.0.1:25", "españa.test", "lab", ""},
	} {
		got := c.q.config(dir)
		l := got.Listeners[0]
		if l.Addr != c.smtp || l.Mode != c.mode || l.Persona != c.q.persona || got.DefaultDomain != c.domain || got.Hostname != c.host {
			t.Errorf("%+v gave %+v of %s as %s", c.q, l, got.DefaultDomain, got.Hostname)
		}
		if err := got.Check(); err != nil {
			t.Errorf("%+v: %v", c.q, err)
		}
	}
	if err := (memory{DefaultDomain: "kept.test"}).remember(dir); err != nil {
		t.Fatal(err)
	}
	if got := (&quick{mode: "lab"}).config(dir).DefaultDomain; got != "kept.test" {
		t.Errorf("the default domain is %s", got)
	}
}

// Who may not have a port hears what lets it move.
func TestPortAdvice(t *testing.T) {
	given := func(name string) bool { return name == "smtp" }
	for _, c := range []struct{ mode, ports, listener, want string }{
		{"lab", "", "smtp", "fail.port_given"}, {"lab", "standard", "pop3", "fail.port_standard"}, {"lab", "standard", "smtp", ""},
		{"strict", "", "smtp", "fail.port_given"}, {"lab", "high", "pop3", ""}, {"sink", "", "smtp", ""},
	} {
		q := quick{mode: c.mode, ports: c.ports, listeners: &listenerFlags{given: given}}
		if got := q.portAdvice(c.listener); got != c.want {
			t.Errorf("%+v: %q", c, got)
		}
	}
	s := &service{app: speaking(t, "en"), portAdvice: (&quick{mode: "lab", ports: "standard", listeners: &listenerFlags{given: given}}).portAdvice}
	denied := words.Fail("server.port_denied", words.Args{"Name": "pop3", "Address": ":110"})
	if got := s.words.Error(s.explain(denied)); !strings.Contains(got, "may not open that port") || !strings.Contains(got, "--ports high") {
		t.Error(got)
	}
	if other := words.Fail("server.apop_strict", nil); s.explain(other) != error(other) {
		t.Error("advice on ports where none is wanting")
	}
}

func TestMemory(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, memoryFile)
	if err := os.WriteFile(name+".new", nil, 0o644); err != nil { // left by a crash, readable by all
		t.Fatal(err)
	}
	m := memory{DefaultDomain: "pepito.es", Passwords: map[string]string{"pepe@pepito.es": "ceda-4729"}}
	if err := m.remember(dir); err != nil {
		t.Fatal(err)
	}
	if got := recall(dir); got.DefaultDomain != "pepito.es" || got.Passwords["pepe@pepito.es"] != "ceda-4729" {
		t.Errorf("recalled %+v", got)
	}
	if info, err := os.Stat(name); err != nil || info.Mode().Perm()&0o077 != 0 && os.PathSeparator == '/' {
		t.Errorf("%v %v", info.Mode(), err)
	}
	if err := os.WriteFile(name, []byte(`{"default_domain":`), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := recall(dir); got.DefaultDomain != "" || got.Passwords == nil {
		t.Errorf("of a damaged file: %+v", got)
	}
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	old := filepath.Join(dir, oldMemoryFile)
	if err := os.WriteFile(old, []byte(`{"passwords":{"a@b.example":"x"}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := recall(dir); got.Passwords["a@b.example"] != "x" {
		t.Errorf("of the file's old name: %+v", got)
	}
	if err := served(dir, "mx.b.example", false); err != nil || recall(dir).Hostname != "mx.b.example" {
		t.Error(err)
	}
	if _, err := os.Stat(old); !os.IsNotExist(err) {
		t.Error("the old file stays, with its passwords")
	}
}

func TestOwnDir(t *testing.T) {
	for _, c := range []struct {
		system string
		env    map[string]string
		want   string
	}{
		{"linux", map[string]string{"HOME": "/home/x"}, "/home/x/.local/share/posta"},
		{"linux", map[string]string{"HOME": "/home/x", "XDG_DATA_HOME": "/d"}, "/d/posta"},
		{"linux", map[string]string{"HOME": "/home/x", "XDG_DATA_HOME": "d"}, "/home/x/.local/share/posta"},
		{"darwin", map[string]string{"HOME": "/Users/x"}, "/Users/x/.local/share/posta"},
		{"windows", map[string]string{"LOCALAPPDATA": "/L"}, "/L/posta"},
		{"windows", nil, ""},
	} {
		got := filepath.ToSlash(ownDir(c.system, func(k string) string { return c.env[k] }))
		if got != c.want {
			t.Errorf("%s %v: %q, want %q", c.system, c.env, got, c.want)
		}
	}
}

func TestRestart(t *testing.T) {
	for count, want := range map[int]time.Duration{-1: time.Second, 0: time.Second, 1: 2 * time.Second, 5: 32 * time.Second, 9: time.Minute} {
		if got := backOff(count); got != want {
			t.Errorf("backOff(%d) = %v, want %v", count, got, want)
		}
	}
	got := withVariable([]string{"A=1", restarts + "=3", "B=2"}, restarts+"=4")
	if !slices.Equal(got, []string{"A=1", "B=2", restarts + "=4"}) {
		t.Error(got)
	}
	cause := errors.New("x")
	if err := (&app{}).startAnew(t.Context(), cause); !errors.Is(err, cause) {
		t.Error(err)
	}
}

func TestVirtualAdapters(t *testing.T) {
	for name, want := range map[string]bool{"eth0": false, "enp3s0": false, "wlan0": false, "Wi-Fi": false, "Ethernet": false, "en0": false,
		"docker0": true, "br-1f2e": true, "veth12": true, "virbr0": true, "vEthernet (WSL)": true, "VirtualBox Host-Only Network": true, "utun3": true} {
		if isVirtual(name) != want {
			t.Errorf("%s: %v", name, !want)
		}
	}
}

func TestConsole(t *testing.T) {
	var out bytes.Buffer
	w, err := words.New("es")
	if err != nil {
		t.Fatal(err)
	}
	c := newConsole(w, &out)
	for _, f := range []any{
		event.Opened{Listener: "smtp"}, event.Authenticated{User: "pepe\x1b[2J", Mechanism: "PLAIN"},
		event.Authenticated{User: "ana", OK: true, Mechanism: "USER"}, event.Accepted{ID: "x1", From: "a@b", Recipients: 2, Size: 9},
		event.Authenticated{User: "eva", Mechanism: "USER", Reason: "maildrop in use"}, event.Fetched{Size: 7}, event.Deleted{Messages: 1}, event.Deleted{}, event.Note{Text: "nothing"}, event.Closed{Reason: "quit"},
	} {
		c.Emit(&event.Event{Conn: 5, Time: time.Unix(0, 0), Fact: f})
	}
	c.Emit(&event.Event{Time: time.Unix(0, 0), Fact: event.Accepted{ID: "x2"}}) // a report: nobody sent it
	c.close()
	got := out.String()
	if strings.Count(got, "\n") != 8 || !strings.Contains(got, "eva: otra sesión tiene abierto el buzón") || strings.Contains(got, "\x1b") || !strings.Contains(got, `pepe\x1b[2J`) ||
		!strings.Contains(got, "sesión 5  aceptado el mensaje x1 de <a@b> para 2 destinatarios, 9 octetos") {
		t.Errorf("%q", got)
	}
}

func TestSafe(t *testing.T) {
	for in, want := range map[string]string{
		"a\r\nb\n":         "a\nb\\x0a",
		"\x1b[31mred\x07":  `\x1b[31mred\x07`,
		"tab\tñ\xff€":      "tab\tñ\\xff€",
		"\u202eevil\u200b": `\u202eevil\u200b`,
		"cr\r":             `cr\x0d`,
		"\xf3\xa0\x80\x81": `\U000e0001`,
	} {
		if got := printable(in); got != want {
			t.Errorf("%q gave %q, want %q", in, got, want)
		}
	}
}

// However the text comes in pieces, it is the same, and harmless.
func FuzzSafe(f *testing.F) {
	f.Add([]byte("a\r\nb\n\x1b€\xff"), 3)
	f.Add([]byte("\r"), 0)
	f.Add([]byte("ñ\r"), 1)
	f.Fuzz(func(t *testing.T, text []byte, cut int) {
		cut = min(max(cut, 0), len(text))
		var out bytes.Buffer
		s := newSafe(&out)
		for _, part := range [][]byte{text[:cut], text[cut:]} {
			if n, err := s.Write(part); n != len(part) || err != nil {
				t.Fatal(n, err)
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if want := printable(string(text)); out.String() != want {
			t.Errorf("in pieces %q, whole %q", out.String(), want)
		}
		for _, r := range out.String() {
			if r != '\n' && r != '\t' && !unicode.IsPrint(r) {
				t.Errorf("%q came through", r)
			}
		}
	})
}

func TestEnded(t *testing.T) {
	for _, c := range []struct{ lang, reason, want string }{
		{"en", "quit", "quit"},
		{"es", "quit", "se despidió"},
		{"es", "peer closed", "colgó el otro"},
		{"es", "refused: HTTP", "rechazada: hablaba HTTP"},
		{"en", "no TLS: wire: TLS handshake: unexpected EOF", "no TLS: TLS handshake: unexpected EOF"},
		{"es", "what nobody knows", "what nobody knows"},
	} {
		w, err := words.New(c.lang)
		if err != nil {
			t.Fatal(err)
		}
		if got := ended(w, c.reason); got != c.want {
			t.Errorf("%s: %q ended as %q, want %q", c.lang, c.reason, got, c.want)
		}
	}
}
