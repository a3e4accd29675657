package audit

import (
	"posta/story"
	"posta/words"
)

// outOfOrder finds commands that the state of the dialogue does not allow. It
// speaks only where the session was seen from its begin; in a pipelined group
// those behind a refused command are no mistake (RFC 2920 §3.1).
func outOfOrder(w *watch) func(*story.Act) {
	asked := false // a RCPT in this transaction
	return func(a *story.Act) {
		if a.Kind == story.Command {
			switch a.Verb {
			case "RCPT":
				asked = true
			case "MAIL", "RSET", "HELO", "EHLO":
				asked = false
			}
		}
		c := a.Re
		if a.Kind != story.Reply || c == nil || c.Kind != story.Command || !w.whole || c.Grouped || c.Answered != a && c.Verb != "AUTH" {
			return
		}
		why, cite := w.misplaced(c, &a.Before, asked)
		if why == "" {
			return
		}
		args := words.Args{"Line": shown(masked(c)), "Why": words.Fail(why, nil), "Reply": shown(a.Text)}
		if a.Refused {
			w.report(Note, c.At, story.Client, "audit.out_of_order_refused", args, cite)
		} else {
			w.report(Warning, c.At, story.Client, "audit.out_of_order_accepted", args, cite)
		}
	}
}

// masked is a command line without the secret that may stand in it.
func masked(c *story.Act) string {
	switch c.Verb {
	case "PASS", "APOP", "AUTH":
		return c.Verb
	}
	return c.Text
}

// misplaced says why a command may not come in a state, "" where it may.
func (w *watch) misplaced(c *story.Act, s *story.State, asked bool) (why, cite string) {
	if w.story.Protocol == "pop3" {
		return misplacedPOP(c, s)
	}
	const order = "RFC 5321 §4.1.4"
	switch c.Verb {
	case "MAIL":
		switch {
		case !w.hello:
			return "audit.needs_hello", order
		case s.Sender:
			return "audit.needs_no_sender", order
		}
	case "RCPT":
		if !s.Sender {
			return "audit.needs_sender", order
		}
	case "DATA", "BDAT":
		switch {
		case !s.Sender:
			return "audit.needs_sender", order
		case s.Recipients == 0 && !asked:
			return "audit.needs_recipient", order
		}
	case "AUTH":
		switch {
		case s.User != "":
			return "audit.needs_no_user", "RFC 4954 §4"
		case s.Sender:
			return "audit.needs_no_sender", "RFC 4954 §4"
		}
	case "STARTTLS":
		if s.Secure {
			return "audit.needs_no_tls", "RFC 3207 §4.2"
		}
	}
	return "", ""
}

// misplacedPOP is misplaced for POP3, whose QUIT, CAPA and NOOP may come early
// or are harmless there.
func misplacedPOP(c *story.Act, s *story.State) (why, cite string) {
	switch c.Verb {
	case "STAT", "LIST", "RETR", "DELE", "RSET", "TOP", "UIDL":
		if s.User == "" {
			return "audit.needs_user", "RFC 1939 §4"
		}
	case "USER", "PASS", "APOP", "AUTH":
		if s.User != "" {
			return "audit.needs_no_user", "RFC 1939 §4"
		}
		if c.Verb == "PASS" && c.Login != nil && c.Login.User == "" {
			return "audit.needs_name", "RFC 1939 §7"
		}
	case "STLS":
		if s.User != "" || s.Secure {
			return "audit.needs_no_tls", "RFC 2595 §4"
		}
	}
	return "", ""
}

// tooEarly finds clients that speak before the server has greeted, as programs do
// that care for nothing but getting rid of mail.
func tooEarly(w *watch) func(*story.Act) {
	first := once()
	return func(a *story.Act) {
		if a.Kind == story.Greeting && w.early != nil && w.early.At.Time.Before(a.At.Time) && !w.alien && first() && w.story.Protocol == "smtp" {
			w.found(w.early.At, story.Client, "audit.too_early", words.Args{"Line": brief(masked(w.early))})
		}
	}
}

// turn finds TURN, with which anybody could fetch anybody's mail.
func turn(w *watch) func(*story.Act) {
	return func(a *story.Act) {
		if a.Kind != story.Reply || a.Verb != "TURN" {
			return
		}
		if a.Refused {
			w.report(Note, a.At, story.Client, "audit.turn_refused", words.Args{"Reply": shown(a.Text)})
		} else if a.Before.User == "" {
			w.found(a.At, story.Server, "audit.turn", nil)
		}
	}
}
