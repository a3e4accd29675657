package gloss

import (
	"strings"

	"posta/story"
	"posta/words"
)

// State says in words how far a dialogue of a protocol has come.
func State(w *words.Words, protocol string, s story.State) string {
	if protocol == "" {
		return ""
	}
	parts := []string{step(w, protocol, &s)}
	if s.Secure {
		parts = append(parts, w.Say("gloss.state_tls", nil))
	}
	if s.User == story.Unnamed && protocol != "pop3" {
		parts = append(parts, w.Say("gloss.state_logged_in", nil))
	} else if s.User != "" && protocol != "pop3" {
		parts = append(parts, w.Say("gloss.state_user", words.Args{"User": shown(s.User)}))
	}
	return strings.Join(parts, ", ")
}

// step is the state without what stands beside it.
func step(w *words.Words, protocol string, s *story.State) string {
	switch {
	case s.Quit && protocol == "pop3" && s.User != "":
		return w.Say("gloss.state_update", nil)
	case s.Quit:
		return w.Say("gloss.state_quit", nil)
	case !s.Greeted && !s.Secure:
		return w.Say("gloss.state_connected", nil)
	case protocol == "pop3" && s.User == "":
		return w.Say("gloss.state_authorization", nil)
	case protocol == "pop3" && s.Deleted > 0:
		return w.Say("gloss.state_deleted", words.Args{"Count": s.Deleted, "User": shown(s.User)})
	case protocol == "pop3" && s.User == story.Unnamed:
		return w.Say("gloss.state_transaction_unnamed", nil)
	case protocol == "pop3":
		return w.Say("gloss.state_transaction", words.Args{"User": shown(s.User)})
	case s.Data:
		return w.Say("gloss.state_data", nil)
	case s.Recipients > 0:
		return w.Say("gloss.state_recipients", words.Args{"Count": s.Recipients, "From": reverse(s.From)})
	case s.Sender:
		return w.Say("gloss.state_sender", words.Args{"From": reverse(s.From)})
	case s.Helo != "":
		return w.Say("gloss.state_introduced", words.Args{"Helo": shown(s.Helo)})
	}
	return w.Say("gloss.state_greeted", nil)
}

// reverse is a reverse-path, in its brackets.
func reverse(path string) string { return "<" + shown(path) + ">" }
