//go:build whole && linux

package peers

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"posta/config"
)

// turn is what a person types, and what the screen shows then.
type turn struct{ key, want string }

// first is the course's first dialogue: no brackets, a space behind the colon,
// a body without header.
func first() []turn {
	return []turn{
		{"", `220 `},
		{"HELO jaramillo.edu.ec", `250 `},
		{"MAIL FROM: luis@jaramillo.edu.ec", `250 2\.1\.0 `},
		{"RCPT TO: gorka@jaramillo.edu.ec", `250 2\.1\.5 `},
		{"DATA", `354 `},
		{"luis jaramillo uday", ``},
		{".", `250 2\.0\.0 OK: queued as [0-9a-z]+`},
		{"QUIT", `221 2\.0\.0 Bye`},
	}
}

// second logs in by hand, after HELO and in the clear.
func second() []turn {
	return []turn{
		{"", `220 `},
		{"HELO arquiredes.net", `250 `},
		{"AUTH LOGIN", `334 VXNlcm5hbWU6`},
		{base64.StdEncoding.EncodeToString([]byte(pepe)), `334 UGFzc3dvcmQ6`},
		{base64.StdEncoding.EncodeToString([]byte(secret)), `235 `},
		{"MAIL FROM: pepe@pepito.es", `250 2\.1\.0 `},
		{"RCPT TO: usuario@servidor.es", `250 2\.1\.5 `},
		{"DATA", `354 `},
		{"subject: Asunto", ``},
		{"Este mensaje es de prueba.", ``},
		{"Probamos el protocolo SMTP.", ``},
		{".", `250 2\.0\.0 OK: queued as [0-9a-z]+`},
		{"QUIT", `221 2\.0\.0 Bye`},
	}
}

// third fetches, deletes, and thinks better of it.
func third() []turn {
	return []turn{
		{"", `\+OK`},
		{"USER pepe", `\+OK`},
		{"PASS " + secret, `\+OK`},
		{"STAT", `\+OK 1 [0-9]+`},
		{"LIST", `\+OK[^\n]*\n1 [0-9]+\s+\.`},
		{"RETR 1", `\+OK [0-9]+ octets[\s\S]*?\n\.\s`},
		{"TOP 1 5", `\+OK[\s\S]*?\n\.\s`},
		{"DELE 1", `\+OK`},
		{"RSET", `\+OK`},
		{"NOOP", `\+OK`},
		{"QUIT", `\+OK`},
	}
}

// dialogue is one of the course's, and what must be there in the end.
type dialogue struct {
	name     string
	listener string
	turns    []turn
	before   func(*world)
	after    func(*world, *relay)
}

func dialogues() []dialogue {
	mail := "Subject: uno\r\n\r\nuno\r\n..dos\r\n.\r\ntres\r\ncuatro\r\ncinco\r\nseis\r\n"
	return []dialogue{
		{"first", "smtp", first(), nil, func(w *world, _ *relay) {
			w.arrived(gorka, "\r\nluis jaramillo uday\r\n")
		}},
		{"second", "smtp", second(), nil, func(w *world, _ *relay) {
			w.arrived(usuario, "subject: Asunto\r\n\r\nEste mensaje es de prueba.\r\nProbamos el protocolo SMTP.\r\n")
		}},
		{"third", "pop3", third(), func(w *world) { w.curlIn(pepe, mail) }, func(w *world, r *relay) {
			kept := w.arrived(pepe, mail) // DELE was taken back
			stuffed := strings.ReplaceAll(kept, "\r\n.", "\r\n..") + ".\r\n"
			if sent := r.replies(); !strings.Contains(sent, fmt.Sprintf("+OK %d octets\r\n%s", len(kept), stuffed)) {
				w.t.Errorf("RETR did not send %s\nbut %s", brief(stuffed), brief(sent))
			}
		}},
	}
}

// client is a program that a person types into.
type client struct {
	program string
	args    func(port string) []string
	pipe    bool // it reads a pipe to its end, too
	eof     bool // it waits for Ctrl-D when the server has hung up
}

func clients() map[string]client {
	plink := func(how string) func(string) []string {
		return func(port string) []string { return []string{how, "-P", port, "127.0.0.1"} }
	}
	return map[string]client{
		"telnet":       {"telnet", func(port string) []string { return []string{"127.0.0.1", port} }, false, false},
		"plink -raw":   {"plink", plink("-raw"), true, true},
		"plink telnet": {"plink", plink("-telnet"), true, false},
	}
}

// The course's dialogues, verbatim, through each program: typed key by key,
// also with each octet by itself on the wire, pasted in one go, and out of a
// pipe.
func TestDialogues(t *testing.T) {
	for name, c := range clients() {
		w := start(t, config.ModeLab)
		for _, d := range dialogues() {
			for _, how := range []struct {
				name   string
				play   func(*world, client, dialogue, *relay)
				octets bool
				can    bool
			}{
				{"typed", (*world).typed, false, true},
				{"typed, octet by octet", (*world).typed, true, true},
				{"pasted", (*world).pasted, false, true},
				{"piped", (*world).piped, false, c.pipe},
			} {
				if !how.can {
					continue // telnet leaves at the end of a pipe without waiting for answers
				}
				t.Run(name+"/"+d.name+"/"+how.name, func(t *testing.T) {
					w := w.in(t)
					if d.before != nil {
						d.before(w)
					}
					r := w.relay(w.addrs[d.listener], how.octets)
					how.play(w, c, d, r)
					d.after(w, r)
				})
			}
		}
	}
}

// typed waits for each answer before it types on.
func (w *world) typed(c client, d dialogue, r *relay) {
	w.t.Helper()
	term := w.terminal(c.program, c.args(r.port())...)
	for _, turn := range d.turns {
		if turn.key != "" {
			r.grow(func() { term.keys(turn.key) }) // nobody types faster than the line goes
		}
		if turn.want != "" {
			term.expect(turn.want)
		}
	}
	term.end(c.eof)
}

// pasted waits for the greeting and then pastes all the rest.
func (w *world) pasted(c client, d dialogue, r *relay) {
	w.t.Helper()
	term := w.terminal(c.program, c.args(r.port())...)
	term.expect(d.turns[0].want)
	term.paste(d.text("\r"))
	for _, turn := range d.turns[1:] {
		if turn.want != "" {
			term.expect(turn.want)
		}
	}
	term.end(c.eof)
}

// piped gives the whole dialogue to the program's standard input at once.
func (w *world) piped(c client, d dialogue, r *relay) {
	w.t.Helper()
	shown := w.must(d.text("\n"), c.program, c.args(r.port())...)
	for _, turn := range d.turns {
		if turn.want == "" {
			continue
		}
		found := matched(turn.want, shown)
		if found < 0 {
			w.t.Fatalf("no %s in\n%s\n%s", turn.want, shown, w.story())
		}
		shown = shown[found:]
	}
}

// text is all that is typed.
func (d dialogue) text(end string) string {
	var b strings.Builder
	for _, turn := range d.turns[1:] {
		b.WriteString(turn.key + end)
	}
	return b.String()
}
