package main

import (
	"bufio"
	"crypto/tls"
	"io"
	"net"
	"net/textproto"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"posta/words"
)

// Whatever the engines write as the reason of an end is said in both languages.
func TestEndedSaysAll(t *testing.T) {
	es, err := words.New("es")
	if err != nil {
		t.Fatal(err)
	}
	reason := regexp.MustCompile(`(?:\.end = |\.end\(|\.last\(.*, |endHTTP = |Close\(|abandon\(|unlink\(|reason = |reason := |return )"([a-z][^"]* [^"]*|tls: [^"]*|quit|timeout|shutdown|failed|lost|stopped|done)"`)
	found := map[string]string{}
	for _, room := range []string{"../../smtp/smtpserver", "../../pop3/pop3server", "../../wire", "../../smtp/smtpclient", "../../queue"} {
		files, err := filepath.Glob(filepath.Join(room, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatal(err, room)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range reason.FindAllStringSubmatch(string(text), -1) {
				if strings.Contains(m[0], "return") && !strings.Contains(file, "session.go") || strings.HasSuffix(file, "_test.go") {
					continue
				}
				found[m[1]] = file
			}
		}
	}
	for one, file := range found {
		what := ""
		if strings.HasSuffix(one, " ") {
			what = "EHLO"
		}
		if said := ended(es, one+what); said == one+what || strings.Contains(said, "peer") {
			t.Errorf("%s: %q is %q in Spanish", file, one, said)
		}
	}
	if len(found) < 15 {
		t.Errorf("only %d reasons were found: %v", len(found), found)
	}
	if said := ended(es, "refused: octets behind STARTTLS"); said != "rechazada: octetos detrás de STARTTLS" {
		t.Error(said)
	}
	if said := ended(es, "something else"); said != "something else" {
		t.Error(said)
	}
}

// Why TLS did not come about is said in the user's language, with the other
// side's words behind.
func TestEndedWithoutTLS(t *testing.T) {
	set := newSetting(t, filepath.Join(t.TempDir(), "data"), "es")
	defer set.serve(t, "quickstart pepito.es --account pepe")()
	for listener, says := range map[string][]string{"smtp": {"EHLO x.example", "STARTTLS"}, "pop3": {"CAPA", "STLS"}} {
		c, err := net.Dial("tcp", set.addressOf(t, listener))
		if err != nil {
			t.Fatal(err)
		}
		in := textproto.NewReader(bufio.NewReader(c))
		for _, line := range says {
			if _, err := io.WriteString(c, line+"\r\n"); err != nil {
				t.Fatal(err)
			}
		}
		for line, err := "", error(nil); !strings.Contains(line, "TLS now") && !strings.HasPrefix(line, "220 2.0.0"); {
			if line, err = in.ReadLine(); err != nil {
				t.Fatal(listener, err)
			}
		}
		if tls.Client(c, &tls.Config{ServerName: "x.example"}).Handshake() == nil {
			t.Error("a certificate of nobody was believed")
		}
		_ = c.Close()
	}
	want := regexp.MustCompile(`(?s)sin TLS: el otro lado lo rec.*sin TLS: el otro lado lo rec`)
	if status, said := set.until(t, "posta session list", want); status != exitDone || strings.Contains(said, "handshake") {
		t.Errorf("status %d: %s", status, said)
	}
	if _, said := set.run(t, "posta session show 1", ""); !strings.Contains(said, "sin TLS: el otro lado lo rechaza (bad certificate)") {
		t.Error(said)
	}
}

// Who only looks whether a port is open has a session that says so, and the newest
// one is that before it.
func TestNewestSessionSpoke(t *testing.T) {
	set := newSetting(t, filepath.Join(t.TempDir(), "data"), "es")
	defer set.serve(t, "quickstart pepito.es --account pepe")()
	c, err := net.Dial("tcp", set.addressOf(t, "smtp"))
	if err != nil {
		t.Fatal(err)
	}
	dialogue(t, c, "EHLO first.example", "QUIT")
	if c, err = net.Dial("tcp", set.addressOf(t, "smtp")); err != nil {
		t.Fatal(err)
	}
	dialogue(t, c)                                                                                   // the greeting is read: with it unread, closing would be a reset
	set.mustRun(t, "posta capture -w "+filepath.Join(t.TempDir(), "x.pcapng")+" --session 2 --past") // until it has ended
	if status, said := set.run(t, "posta session list", ""); status != exitDone || !strings.Contains(said, "no dijo nada") {
		t.Errorf("status %d: %s", status, said)
	}
	if status, said := set.run(t, "posta session show", ""); status != exitDone || !strings.Contains(said, "EHLO first.example") {
		t.Errorf("status %d: %s", status, said)
	}
}
