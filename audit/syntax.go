package audit

import (
	"strings"

	"posta/event"
	"posta/smtp"
	"posta/story"
	"posta/words"
)

// lenient finds the liberties of commands that a strict server refuses. Each is
// told once a session.
func lenient(w *watch) func(*story.Act) {
	told := map[string]bool{}
	return func(a *story.Act) {
		c := a.Re
		if a.Kind != story.Reply || c == nil || c.Kind != story.Command || c.Answered != a {
			return
		}
		for _, liberty := range c.Lenient {
			if told[liberty] {
				continue
			}
			told[liberty] = true
			args := words.Args{"Line": brief(masked(c)), "What": words.Fail(libertyOf(liberty), nil), "Reply": brief(a.Text)}
			w.report(Note, c.At, story.Client, "audit.lenient", args, citeOf(liberty, c.Verb))
		}
	}
}

// libertyOf names one.
func libertyOf(name string) string {
	switch name {
	case "blank":
		return "audit.liberty_blank"
	case "brackets":
		return "audit.liberty_brackets"
	case "name":
		return "audit.liberty_name"
	}
	return "audit.liberty_domain"
}

// citeOf is where the standard has it otherwise.
func citeOf(liberty, verb string) string {
	switch {
	case liberty == "domain":
		return "RFC 5321 §4.1.1.1"
	case liberty == "name":
		return "RFC 5321 §4.1.1.6"
	case liberty == "brackets":
		return "RFC 5321 §4.1.2"
	case verb == "RCPT":
		return "RFC 5321 §4.1.1.3"
	}
	return "RFC 5321 §4.1.1.2"
}

// syntax finds commands that the grammar does not have: worse where the server
// takes them.
func syntax(w *watch) func(*story.Act) {
	return func(a *story.Act) {
		c := a.Re
		if a.Kind != story.Reply || c == nil || c.Kind != story.Command || c.Fault == "" || c.Answered != a || !c.Sure || !a.Sure || w.alien {
			return
		}
		args := words.Args{"Line": brief(masked(c)), "Fault": c.Fault, "Reply": brief(a.Text)}
		cites := []string{"RFC 5321 §2.4"}
		switch {
		case w.story.Protocol == "pop3":
			cites = []string{"RFC 1939 §3"}
		case c.Verb == "":
			cites = []string{"RFC 5321 §4.2.4"}
		}
		if a.Refused {
			w.report(Note, c.At, story.Client, "audit.syntax_refused", args, cites...)
		} else {
			w.report(Warning, c.At, story.Client, "audit.syntax_accepted", args, cites...)
		}
	}
}

// foreign names the protocol of a line that is none of mail's: HTTP, or TLS of a
// client that did not ask for it first.
func foreign(line string) string {
	if strings.HasPrefix(line, "\x16\x03") {
		return "TLS"
	}
	word, _, _ := strings.Cut(line, " ")
	if smtp.Foreign(word) == "HTTP" {
		return "HTTP"
	}
	return ""
}

// otherProtocol finds browsers, and whoever uses them, at a mail port, and clients
// that begin with TLS where a clear greeting is due.
func otherProtocol(w *watch) func(*story.Act) {
	first := once()
	return func(a *story.Act) {
		if a.Kind != story.Command || a.Verb != "" || foreign(a.Text) == "" || !first() {
			return
		}
		if foreign(a.Text) == "TLS" {
			w.report(Warning, a.At, story.Client, "audit.other_protocol_tls", nil)
			return
		}
		w.found(a.At, story.Client, "audit.other_protocol", words.Args{"Line": shown(a.Text)})
	}
}

// The longest lines of the standards, without the line end.
const (
	longestCommand = 510 // RFC 5321 §4.5.3.1.4
	longestPOP     = 253 // RFC 2449 §4
	longestText    = 998 // RFC 5321 §4.5.3.1.6, RFC 5322 §2.1.1
	longestAuth    = 12286
)

// longLine finds lines that are longer than the standards let them be.
func longLine(w *watch) func(*story.Act) {
	return func(a *story.Act) {
		switch {
		case a.Kind == story.Mail && a.Message.Sent.Longest > longestText+1: // a stuffed dot does not count
			w.report(Note, a.At, story.Client, "audit.long_line_text", words.Args{"Size": a.Message.Sent.Longest}, "RFC 5321 §4.5.3.1.6")
		case a.Kind != story.Command || w.alien:
		case w.story.Protocol == "pop3":
			if a.Octets > longestPOP+2 && a.Verb != "AUTH" {
				w.report(Warning, a.At, story.Client, "audit.long_line", words.Args{"Size": a.Octets, "Most": longestPOP + 2, "Line": beginning(a)}, "RFC 2449 §4")
			}
		case a.Octets > most(a.Verb)+2:
			w.report(Warning, a.At, story.Client, "audit.long_line", words.Args{"Size": a.Octets, "Most": most(a.Verb) + 2, "Line": beginning(a)}, "RFC 5321 §4.5.3.1.4")
		}
	}
}

// most is the longest command, with what extensions add to it.
func most(verb string) int64 {
	switch verb {
	case "AUTH":
		return longestAuth // RFC 4954 §4
	case "MAIL", "RCPT":
		return 2 * longestCommand // SIZE, AUTH, DSN and others together
	}
	return longestCommand
}

// beginning is that of a long line.
func beginning(a *story.Act) string {
	line := masked(a)
	return shown(line[:min(len(line), 40)])
}

// bareLineEnd finds lines that end otherwise than in CRLF. Commands are told of
// once a session, messages each.
func bareLineEnd(w *watch) func(*story.Act) {
	first := once()
	return func(a *story.Act) {
		switch {
		case a.Kind == story.Command && a.Bare && !w.alien && first():
			cite := "RFC 5321 §2.3.8"
			if w.story.Protocol == "pop3" {
				cite = "RFC 1939 §3"
			}
			w.report(Warning, a.At, story.Client, "audit.bare_line_end", words.Args{"Line": brief(masked(a))}, cite)
		case a.Kind == story.Mail && a.Message.Sent.Bare > 0 && len(a.Message.Sent.Lookalikes) == 0:
			w.report(Warning, a.At, story.Client, "audit.bare_line_end_data", words.Args{"Count": a.Message.Sent.Bare}, "RFC 5321 §2.3.8")
		}
	}
}

// smuggling finds dots in mail data that a careless server takes for the end: a
// danger where a command follows, which would then be another message's.
func smuggling(w *watch) func(*story.Act) {
	return func(a *story.Act) {
		if a.Kind != story.Mail {
			return
		}
		for _, l := range a.Message.Sent.Lookalikes {
			at := l.At
			if at == (story.Moment{}) {
				at = a.At
			}
			args := words.Args{"Ends": shown(l.Ends), "Line": shown(l.Behind)}
			switch {
			case smtp.VerbNamed(firstWord(l.Behind)) != smtp.Unknown:
				w.found(at, story.Client, "audit.smuggling", args)
			case l.Ended:
				w.report(Warning, at, story.Server, "audit.smuggling_ended", words.Args{"Ends": shown(l.Ends)})
			default:
				w.report(Warning, at, story.Client, "audit.smuggling_dot", words.Args{"Ends": shown(l.Ends)})
			}
		}
	}
}

func firstWord(line string) string {
	word, _, _ := strings.Cut(strings.TrimSpace(line), " ")
	return word
}

// telnet finds clients that speak telnet, as PuTTY does where it is not told to
// send raw octets.
func telnet(w *watch) func(*story.Act) {
	first := once()
	return func(a *story.Act) {
		text := ""
		switch {
		case a.Kind == story.Note:
			text = a.Text
		case a.Kind == story.Fact:
			if n, ok := a.Event.(event.Note); ok {
				text = n.Text
			}
		}
		if strings.Contains(text, "telnet") && first() {
			w.found(a.At, story.Client, "audit.telnet", nil)
		}
	}
}
