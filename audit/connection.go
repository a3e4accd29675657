package audit

import (
	"time"

	"posta/story"
	"posta/words"
)

// patience is how long two failed log-ins of one address may lie apart and
// still be one attempt.
const patience = 15 * time.Minute

// long is how long nobody may say anything before it is told.
const long = time.Minute

// longest is how long a session can be silent: beyond it the recording was put
// together of several, and its times tell nothing.
const longest = 24 * time.Hour

// software finds greetings that tell which version of which program answers.
func software(w *watch) func(*story.Act) {
	return func(a *story.Act) {
		if a.Kind != story.Greeting {
			return
		}
		if found := w.town.version.FindString(w.banner()); found != "" {
			w.found(a.At, story.Server, "audit.software", words.Args{"What": shown(found)})
		}
	}
}

// torn finds sessions that end without a QUIT.
func torn(w *watch) func(*story.Act) {
	unknown, last := false, story.Moment{}
	return func(a *story.Act) {
		at := last
		last = a.Until
		unknown = unknown || a.Kind == story.Cipher || a.Kind == story.Reply && isStart(a.Verb) && !a.Refused
		if a.Kind == story.TLS {
			unknown = false
		}
		if a.Kind != story.Over || a.Text == stillOpen || a.Text == "the capture ended" || unknown || !w.whole || !w.greeted || a.Before.Quit {
			return
		}
		cites := []string{"RFC 5321 §4.1.1.10"}
		if w.story.Protocol == "pop3" {
			cites = []string{"RFC 1939 §6"}
		}
		switch s := a.Before; {
		case s.Data || s.Sender:
			w.report(Warning, at, story.Client, "audit.torn_message", nil, cites...)
		case s.Deleted > 0:
			w.report(Warning, at, story.Client, "audit.torn_deleted", words.Args{"Count": s.Deleted}, cites...)
		default:
			w.report(Note, at, story.Client, "audit.torn", nil, cites...)
		}
	}
}

// silence finds long times in which nobody says anything.
func silence(w *watch) func(*story.Act) {
	var last story.Moment
	return func(a *story.Act) {
		before := last
		switch a.Kind {
		case story.Fact, story.Note, story.Gap, story.Over:
			return
		}
		last = a.Until
		waited := a.At.Time.Sub(before.Time)
		if before.Time.IsZero() || waited < long || waited > longest {
			return
		}
		cite := "RFC 5321 §4.5.3.2"
		if w.story.Protocol == "pop3" {
			cite = "RFC 1939 §3"
		}
		w.report(Note, a.At, a.From, "audit.silence", words.Args{"Seconds": seconds(waited)}, cite)
	}
}

// octetsLost sums up what the recording does not have.
func octetsLost(w *watch) func(*story.Act) {
	var first *story.Act
	var who story.Role
	return func(a *story.Act) {
		switch {
		case a.Kind == story.Turned:
			who = 1 - who
		case a.Kind == story.Gap && first == nil:
			first, who = a, a.From
		case a.Kind == story.Over && first != nil:
			lost := w.story.Lost[0] + w.story.Lost[1]
			if lost == 0 {
				w.found(first.At, who, "audit.octets_lost_some", nil)
			} else {
				w.found(first.At, who, "audit.octets_lost", words.Args{"Count": lost})
			}
		}
	}
}
