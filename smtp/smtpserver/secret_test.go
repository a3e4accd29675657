package smtpserver

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
)

// letterLines are lines of a message that somebody sends although there is no 354.
// Some begin as commands do.
const letterLines = `Subject: geheim1
MAIL geheim2
Mail from: geheim3
help geheim4
Auth geheim5 geheim6
QUIT geheim7

VRFY geheim8
 geheim9
geheim10
..
DATA geheim11`

// Message text that is sent although DATA was refused, or was sent too early,
// is hidden from watchers; and what follows it is not. The lab shows it.
func TestStrayText(t *testing.T) {
	body := strings.ReplaceAll(letterLines, "\n", "\r\n|") + "\r\n"
	atOnce := strings.ReplaceAll(body, "|", "")
	replyLines := regexp.MustCompile(`(?m)^\d{3}[ -].*\n`)
	for name, c := range map[string]struct {
		change func(*Config)
		lines  string // one write each
		seen   string // what watchers see behind it
	}{
		"no recipient":       {nil, "EHLO a.b\r\n|MAIL FROM:<>\r\n|DATA\r\n|" + body + "|.\r\n|VRFY pepe\r\n", "\r\n.\r\nVRFY pepe\r\n"},
		"none valid":         {nil, "EHLO a.b\r\n|MAIL FROM:<>\r\n|RCPT TO:<nadie@b>\r\n|DATA\r\n|" + body + "|.\r\n|NOOP x\r\n", "\r\n.\r\nNOOP x\r\n"},
		"no MAIL":            {nil, "EHLO a.b\r\n|DATA\r\n|" + body + "|RSET\r\n|NOOP x\r\n", "\r\nRSET\r\nNOOP x\r\n"},
		"an argument":        {nil, "EHLO a.b\r\n|MAIL FROM:<>\r\n|RCPT TO:<pepe@b>\r\n|DATA x\r\n|" + body + "|NOOP\r\n|DATA\r\n|hola\r\n.\r\n|NOOP x\r\n", "\r\nNOOP\r\nDATA\r\nhola\r\n.\r\nNOOP x\r\n"},
		"pipelined":          {nil, "EHLO a.b\r\n|MAIL FROM:<>\r\nRCPT TO:<pepe@b>\r\nDATA\r\n" + atOnce + ".\r\n|QUIT\r\n", "\r\n*\r\nQUIT\r\n"},
		"a chunk unnumbered": {nil, "EHLO a.b\r\n|MAIL FROM:<>\r\n|RCPT TO:<pepe@b>\r\n|BDAT LAST\r\n" + atOnce + "|QUIT\r\n", "*\r\nQUIT\r\n"},
		"submission":         {submission, "EHLO a.b\r\n|MAIL FROM:<>\r\n|DATA\r\n|" + body + "|.\r\n|NOOP x\r\n", "\r\n.\r\nNOOP x\r\n"},
		"lab":                {lab, "EHLO a.b\r\n|MAIL FROM:<>\r\n|DATA\r\n|Subject: geheim1\r\ngeheim2\r\n.\r\n|NOOP x\r\n", "DATA\r\nSubject: geheim1\r\ngeheim2\r\n.\r\nNOOP x\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := start(t, func(cfg *Config) {
					cfg.MaxErrors = 100
					if c.change != nil {
						c.change(cfg)
					}
				})
				r.line()
				for _, l := range strings.Split(c.lines, "|") {
					r.send(l)
					synctest.Wait()
				}
				r.finish()
				seen := replyLines.ReplaceAllString(r.h.octets.String(), "")
				if !strings.HasSuffix(seen, c.seen) {
					t.Errorf("watchers do not see the end: %q", seen)
				}
				told := seen + fmt.Sprintf("%+v", r.h.facts)
				if name != "lab" && strings.Contains(told, "geheim") {
					t.Errorf("watchers saw %q", told)
				}
			})
		})
	}
}
