//go:build whole

package peers

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"posta/config"
)

// fetchmail fetches with POP3 and POP3S and hands each message to a command.
func TestFetchmail(t *testing.T) {
	for _, mode := range []string{config.ModeStrict, config.ModeLab} {
		w := start(t, mode)
		for _, c := range []struct {
			name, listener, user, protocol, tls string
			lab                                 bool
		}{
			{"POP3S", "pop3s", pepe, "pop3", "ssl", false},
			{"STLS", "pop3", pepe, "pop3", `sslproto "tls1.2+"`, false},
			{"POP3 in the clear", "pop3", pepe, "pop3", `sslproto ""`, true},
			{"APOP", "pop3", marked, "apop", `sslproto ""`, true},
		} {
			if c.lab && mode != config.ModeLab {
				continue
			}
			t.Run(mode+"/"+c.name, func(t *testing.T) {
				w := w.in(t)
				w.curlIn(c.user, letter)
				w.curlIn(c.user, "Subject: dots\r\n\r\n.\r\n..\r\nend\r\n")
				kept, dir := w.inbox(c.user), w.maildir()
				rc := w.fetchmailrc(c.listener, c.user, c.protocol, c.tls, dir)
				w.must("", "fetchmail", "-f", rc, "-v", "--nosyslog", "--nodetach")
				got := w.delivered(dir)
				for i := range got {
					got[i] = foreign(got[i])
				}
				w.same(got, kept)
				if n := len(w.inbox(c.user)); n != 0 {
					t.Errorf("%d messages are left", n)
				}
				if said := w.fails(1, "", "fetchmail", "-f", rc, "--nosyslog"); !strings.Contains(said, "No mail") {
					t.Errorf("from an empty mailbox: %s", said)
				}
			})
		}
		t.Run(mode+"/UTF-8 in a header", func(t *testing.T) { // fetchmail does not say UTF8
			w := w.in(t)
			w.curlIn(pepe, "Subject: a\u00f1o\r\n\r\nx\r\n")
			w.curlIn(pepe, "Subject: next\r\n\r\ny\r\n")
			dir := w.maildir()
			w.must("", "fetchmail", "-f", w.fetchmailrc("pop3s", pepe, "pop3", "ssl", dir), "-v", "--nosyslog", "--nodetach")
			got := w.delivered(dir)
			if all := strings.Join(got, ""); len(got) != 2 || !strings.Contains(all, "Subject: =?utf-8?q?a=C3=B1o?=") || !strings.Contains(all, "Subject: next") {
				t.Errorf("it fetched %q", got)
			}
		})
		t.Run(mode+"/wrong password", func(t *testing.T) {
			w := w.in(t)
			rc := w.fetchmailrc("pop3s", pepe, "pop3", "ssl", w.maildir())
			text, err := os.ReadFile(rc)
			if err != nil {
				t.Fatal(err)
			}
			wrong := w.file("wrong.rc", strings.ReplaceAll(string(text), secret, "wrong"))
			if said := w.fails(3, "", "fetchmail", "-f", wrong, "-v", "--nosyslog"); !strings.Contains(said, "Authorization failure") {
				t.Errorf("fetchmail says %s", said)
			}
		})
	}
}

// fetchmailrc writes fetchmail's file. Its command keeps each message in a
// file of its own.
func (w *world) fetchmailrc(listener, user, protocol, tls, maildir string) string {
	return w.file(filepath.Base(maildir)+".rc", fmt.Sprintf(`poll 127.0.0.1 protocol %s port %s
user "%s" password "%s" no rewrite stripcr
%s sslcommonname "%s" sslcertck sslcertfile "%s" mda "cat > %s/new/$$" fetchall
`, protocol, w.port(listener), user, secret, tls, host, w.ca, maildir))
}

// foreign takes out the line that fetchmail writes behind Return-Path.
func foreign(message string) string {
	lines := strings.SplitAfter(message, "\r\n")
	var kept strings.Builder
	for i := 0; i < len(lines); i++ {
		if strings.HasPrefix(lines[i], "Received: ") && i+1 < len(lines) && strings.Contains(lines[i+1], "fetchmail") {
			for i+1 < len(lines) && strings.HasPrefix(lines[i+1], "\t") {
				i++
			}
			continue
		}
		kept.WriteString(lines[i])
	}
	return kept.String()
}
