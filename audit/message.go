package audit

import (
	"cmp"
	"strings"

	"posta/story"
	"posta/words"
)

// envelope is that of the message at hand, for what a header leaves out.
type envelope struct{ to []string }

// heard follows the recipients that the server took.
func (e *envelope) heard(a *story.Act) {
	switch {
	case a.Kind == story.Command && a.Verb == "MAIL":
		e.to = nil
	case a.Kind == story.Reply && a.Verb == "RCPT" && !a.Refused && a.Re != nil && len(e.to) < maxNames:
		e.to = append(e.to, a.Re.Arg)
	}
}

// ends are from and to of a message, as its header has them, else the envelope.
func (e *envelope) ends(a *story.Act) (from, to string) {
	from, to = a.Message.From, a.Message.To
	if a.From != story.Client { // fetched
		return from, to
	}
	if from == "" && a.Before.Sender {
		from = cmp.Or(a.Before.From, "<>")
	}
	if to == "" {
		to = strings.Join(e.to, ", ")
	}
	return from, to
}

// messageReadable finds messages that anybody could read.
func messageReadable(w *watch) func(*story.Act) {
	var env envelope
	return func(a *story.Act) {
		env.heard(a)
		if a.Kind != story.Mail || a.Secure {
			return
		}
		cites := []string{"RFC 3207 §1", "RFC 8314 §4.1"}
		if w.story.Protocol == "pop3" {
			cites = []string{"RFC 1939 §13", "RFC 8314 §4.1"}
		}
		m := a.Message
		from, to := env.ends(a)
		args := words.Args{"Size": m.Size, "From": named(from), "To": named(to), "Subject": flat(m.Subject)}
		who := story.Client
		if w.story.Protocol == "pop3" {
			who = story.Server
		}
		if m.From == "" && m.To == "" && m.Subject == "" {
			w.report(Warning, a.At, who, "audit.message_readable_bare", words.Args{"Size": m.Size}, cites...)
			return
		}
		w.report(Warning, a.At, who, "audit.message_readable", args, cites...)
	}
}

// noSeparation finds messages of which the header runs into the text.
func noSeparation(w *watch) func(*story.Act) {
	return func(a *story.Act) {
		if a.Kind != story.Mail || a.From != story.Client || len(a.Message.Octets) == 0 || a.Message.Separated {
			return
		}
		w.found(a.At, story.Client, "audit.no_separation", nil)
	}
}

// headerIncomplete finds messages that lack what every one must have. What was
// not recorded lacks nothing.
func headerIncomplete(w *watch) func(*story.Act) {
	return func(a *story.Act) {
		if a.Kind != story.Mail || a.From != story.Client || len(a.Message.Octets) == 0 {
			return
		}
		id := ""
		switch m := a.Message; {
		case m.From == "" && m.Date == "":
			id = "audit.header_incomplete_both"
		case m.From == "":
			id = "audit.header_incomplete_from"
		case m.Date == "":
			id = "audit.header_incomplete_date"
		default:
			return
		}
		w.found(a.At, story.Client, id, nil)
	}
}
