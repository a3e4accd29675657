package story

import (
	"strings"

	"posta/event"
)

// Masked is the act's text with what may be secret in it masked, as a stranger
// who looks over somebody's shoulder may see it: passwords, what answers a
// challenge, APOP's digest; SCRAM's challenges, with whose salt, nonces and
// signature passwords can be tried (RFC 5802 §9), and those of a log-in that is
// not known; and before a log-in what stands behind a word that
// is no command, or all of a line where a log-in was tried before, because
// passwords are typed there by mistake. Names of users stay, where they are not
// in base64.
func (a *Act) Masked() string {
	switch {
	case a.Kind == Answer && a.Text != "*" && a.Text != "":
		return event.Masked
	case a.Kind == Challenge && a.feedsGuesses():
		if mark, coded, _ := strings.Cut(a.Text, " "); coded != "" {
			return mark + " " + event.Masked
		}
	case a.Kind == Stray && a.From == Client && a.Before.User == "":
		return event.Masked
	case a.Kind == Command && a.secret < len(a.Text):
		return a.Text[:a.secret] + event.Masked
	}
	return a.Text
}

// feedsGuesses says that passwords can be tried with a challenge and nothing else.
func (a *Act) feedsGuesses() bool {
	return a.Re == nil || a.Re.Login == nil || strings.HasPrefix(a.Re.Login.Mechanism, "SCRAM-")
}

// hide finds where in a command the secret begins.
func (d *dialogue) hide(a *Act) {
	text := a.Text
	name := wordEnd(text, 0)
	rest := wordStart(text, name)
	second := wordStart(text, wordEnd(text, rest))
	a.secret = len(text)
	switch {
	case a.Verb == "AUTH":
		a.secret = second
		if !isMechanism(text[rest:wordEnd(text, rest)]) {
			a.secret = rest // a response whose mechanism was forgotten
		}
	case a.Verb == "PASS":
		a.secret = rest
	case a.Verb == "APOP", a.Verb == "USER":
		a.secret = second
	case a.Verb != "":
		d.tried = false
		return
	case d.now.User != "":
		return
	case d.tried, d.s.Protocol == "pop3" && name > len("QUIT"):
		a.secret = 0
	default:
		a.secret = rest
	}
	d.tried = true
}

// wordEnd is where the word ends that begins there.
func wordEnd(text string, from int) int {
	if i := strings.IndexAny(text[from:], " \t"); i >= 0 {
		return from + i
	}
	return len(text)
}

// wordStart is where the next word begins.
func wordStart(text string, from int) int {
	return len(text) - len(strings.TrimLeft(text[from:], " \t"))
}

// isMechanism says that a word can be a mechanism's name (RFC 4422 §3.1, but
// also in lower case). Base64 mixes the cases.
func isMechanism(word string) bool {
	mixed := strings.ToUpper(word) != word && strings.ToLower(word) != word
	return len(word) <= 20 && !mixed && strings.Trim(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") == ""
}
