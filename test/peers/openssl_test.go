//go:build whole && linux

package peers

import (
	"encoding/base64"
	"testing"

	"posta/config"
)

// sClient starts openssl s_client at a terminal, where a person types under
// TLS. With -crlf it sends what Enter means in mail, else a bare LF.
func (w *world) sClient(listener, starttls string, crlf bool) *terminal {
	args := []string{"s_client", "-connect", "127.0.0.1:" + w.port(listener), "-quiet", "-CAfile", w.ca,
		"-verify_return_error", "-verify_ip", "127.0.0.1"}
	if starttls != "" {
		args = append(args, "-starttls", starttls)
	}
	if crlf {
		args = append(args, "-crlf")
	}
	return w.terminal("openssl", args...)
}

// play types each turn and waits for what the screen shows.
func (t *terminal) play(turns []turn) {
	t.w.t.Helper()
	for _, turn := range turns {
		if turn.key != "" {
			t.keys(turn.key)
		}
		if turn.want != "" {
			t.expect(turn.want)
		}
	}
}

// submit is a submission by hand, brackets and all.
func submit() []turn {
	plain := base64.StdEncoding.EncodeToString([]byte("\x00" + pepe + "\x00" + secret))
	return []turn{
		{"EHLO arquiredes.net", `250 HELP`},
		{"AUTH PLAIN " + plain, `235 `},
		{"MAIL FROM:<pepe@pepito.es>", `250 2\.1\.0 `},
		{"RCPT TO:<usuario@servidor.es>", `250 2\.1\.5 `},
		{"DATA", `354 `},
		{"From: <pepe@pepito.es>", ``}, {"To: <usuario@servidor.es>", ``},
		{"Date: Mon, 5 Oct 2026 10:00:00 -0500", ``}, {"Message-ID: <1@pepito.es>", ``},
		{"Subject: Asunto", ``},
		{"\r" + "Este mensaje es de prueba.", ``},
		{".", `250 2\.0\.0 OK: queued`},
		{"QUIT", `221 `},
	}
}

// By hand under TLS, with CRLF: everything works, in both modes. With bare LF
// the lab works too, and a strict listener says what is wrong.
func TestSClient(t *testing.T) {
	for _, mode := range []string{config.ModeStrict, config.ModeLab} {
		w := start(t, mode)
		for _, c := range []struct{ name, listener, starttls, pop3 string }{
			{"STARTTLS and STLS", "submission", "smtp", "pop3"},
			{"TLS from the start", "submissions", "", "pop3s"},
		} {
			for _, crlf := range []bool{true, false} {
				if !crlf && mode == config.ModeStrict {
					continue
				}
				t.Run(mode+"/"+c.name+map[bool]string{true: "/crlf", false: "/lf"}[crlf], func(t *testing.T) {
					w := w.in(t)
					term := w.sClient(c.listener, c.starttls, crlf)
					term.expect(map[bool]string{true: `250 HELP`, false: `220 `}[c.starttls != ""])
					term.play(submit())
					term.end(false)
					kept := w.inbox(usuario)
					if len(kept) != 1 {
						t.Fatalf("%d messages arrived\n%s", len(kept), term.story())
					}
					if _, content := prefix(kept[0]); content != letter {
						t.Errorf("kept is %s", brief(kept[0]))
					}
					stls := ""
					if c.pop3 == "pop3" {
						stls = "pop3"
					}
					term = w.sClient(c.pop3, stls, crlf)
					term.expect(`\+OK`)
					term.play([]turn{{"USER usuario@servidor.es", `\+OK`}, {"PASS " + secret, `\+OK`}, {"STAT", `\+OK 1 `},
						{"RETR 1", `Este mensaje es de prueba\.\s+\.\s`}, {"DELE 1", `\+OK`}, {"QUIT", `\+OK`}})
					term.end(false)
					if n := len(w.inbox(usuario)); n != 0 {
						t.Errorf("%d messages are left", n)
					}
				})
			}
		}
	}
}

// Without -crlf a strict listener answers each line with what is wrong, and
// the session goes on.
func TestSClientBareLF(t *testing.T) {
	w := start(t, config.ModeStrict)
	term := w.sClient("submission", "smtp", false)
	term.expect(`250 HELP`)
	term.play([]turn{{"EHLO arquiredes.net", `500 5\.5\.2 A line ends in CR LF`}, {"NOOP", `500 5\.5\.2 A line ends in CR LF`}})
	term.leave()
	term = w.sClient("pop3", "pop3", false)
	term.expect(`\+OK`)
	term.play([]turn{{"USER pepe", `-ERR A line ends in CR LF`}, {"CAPA", `-ERR A line ends in CR LF`}})
	term.leave()
}
