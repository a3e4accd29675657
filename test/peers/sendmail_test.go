//go:build whole

package peers

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"posta/config"
)

// handsIn starts a world with a socket for all users, and puts a sendmail into
// the clients' folder that finds it.
func handsIn(t *testing.T) (w *world, sendmail string) {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "s.sock")
	w = start(t, config.ModeStrict, func(c *config.Config) { c.Sendmail.Socket = socket })
	program := filepath.Join(w.home, "posta")
	if out, err := exec.Command("go", "build", "-o", program, "posta/cmd/posta").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	script := "#!/bin/sh\nPOSTA_SENDMAIL_SOCKET=" + socket + " exec " + program + " sendmail \"$@\"\n"
	return w, w.executable("sendmail", script)
}

// s-nail, as mailx, sends by whatever sendmail there is.
func TestMailx(t *testing.T) {
	w, sendmail := handsIn(t)
	w.must("Hola.\n.\nAdiós.\n", "s-nail", "-:/", "-S", "v15-compat", "-S", "ttycharset=utf-8", "-S", "mta="+sendmail,
		"-S", "from=Luis <"+pepe+">", "-r", pepe, "-s", "Año nuevo", "-b", gorka, usuario)
	for _, address := range []string{usuario, gorka} {
		all := w.inbox(address)
		if len(all) != 1 {
			t.Fatalf("%s has %d messages\n%s", address, len(all), w.story())
		}
		for _, want := range []string{"Return-Path: <" + pepe + ">\r\n", "\r\nSubject: =?utf-8?", "\r\nHola.\r\n", " (handed in by "} {
			if !strings.Contains(all[0], want) {
				t.Errorf("no %q in\n%s", want, all[0])
			}
		}
		if strings.Contains(all[0], "Bcc") {
			t.Errorf("the blind copy is shown:\n%s", all[0])
		}
	}
	said := w.fails(4, "x\n", "s-nail", "-:/", "-S", "mta="+sendmail, "-S", "sendwait", "-S", "from="+pepe, "-s", "x", "nadie@pepito.es")
	if !strings.Contains(strings.Join(strings.Fields(said), " "), "No such user here") { // s-nail tells of a screen's width
		t.Errorf("of a refusal it says\n%s", said)
	}
}

// PHP's mail() knows by the status whether the message was taken.
func TestPHP(t *testing.T) {
	w, sendmail := handsIn(t)
	php := func(code string) string {
		t.Helper()
		return w.must("", "php", "-n", "-d", "sendmail_path="+sendmail+" -t -i", "-d", "mail.add_x_header=On", "-r", code)
	}
	said := php(`echo var_export(mail("` + usuario + `", "Asunto", "uno\n.\ndos\r\n..tres", "From: La web <www@pepito.es>\r\nBcc: ` + gorka + `", "-f` + pepe + `"));`)
	if said != "true" {
		t.Fatalf("mail() says %s\n%s", said, w.story())
	}
	for _, address := range []string{usuario, gorka} {
		all := w.inbox(address)
		if len(all) != 1 {
			t.Fatalf("%s has %d messages\n%s", address, len(all), w.story())
		}
		for _, want := range []string{"Return-Path: <" + pepe + ">\r\n", "\r\nX-PHP-Originating-Script: ", "\r\nFrom: La web <www@pepito.es>\r\n",
			"\r\n\r\nuno\r\n.\r\ndos\r\n..tres\r\n", "\r\nDate: ", "\r\nMessage-ID: "} {
			if !strings.Contains(all[0], want) {
				t.Errorf("no %q in\n%s", want, all[0])
			}
		}
		if strings.Contains(all[0], "Bcc") {
			t.Errorf("the blind copy is shown:\n%s", all[0])
		}
	}
	if said := php(`echo var_export(mail("nadie@pepito.es", "Asunto", "x"));`); said != "false" {
		t.Errorf("of a refused message mail() says %s", said)
	}
}
