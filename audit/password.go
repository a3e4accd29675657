package audit

import (
	"strings"

	"posta/story"
	"posta/words"
)

// passwordClear finds passwords, and tokens that are as good, that anybody could
// read. posta may have left them out of its own recording: they passed all the same.
func passwordClear(w *watch) func(*story.Act) {
	return logins(func(l *story.Login, secure bool) {
		if secure || !sendsPassword(l.Mechanism) || !l.Readable && !l.Masked {
			return
		}
		args := words.Args{"User": named(l.User), "Mechanism": l.Mechanism, "Password": shown(l.Password), "Outcome": outcome(l)}
		cites := []string{"RFC 4954 §4", "RFC 8314 §4.1"}
		if w.story.Protocol == "pop3" {
			cites = []string{"RFC 1939 §13", "RFC 8314 §4.1"}
		}
		if l.Mechanism == "PLAIN" {
			cites = append(cites, "RFC 2595 §9")
		}
		id := "audit.password_clear"
		switch {
		case l.Masked:
			id, args = "audit.password_clear_masked", words.Args{"User": named(l.User), "Mechanism": l.Mechanism, "Outcome": outcome(l)}
			if l.User == "" { // it stood in what was left out
				id, args = "audit.password_clear_unknown", words.Args{"Mechanism": l.Mechanism, "Outcome": outcome(l)}
			}
		case l.Base64:
			id = "audit.password_clear_base64"
		}
		w.report(Danger, l.At, story.Client, id, args, cites...)
	})
}

// outcome says how a log-in ended.
func outcome(l *story.Login) error {
	switch {
	case l.OK:
		return words.Fail("audit.outcome_ok", nil)
	case l.Done:
		return words.Fail("audit.outcome_refused", nil)
	}
	return words.Fail("audit.outcome_none", nil)
}

// passwordCrackable finds log-ins of which challenge and answer passed in the
// clear: enough to try passwords at home.
func passwordCrackable(w *watch) func(*story.Act) {
	return logins(func(l *story.Login, secure bool) {
		args := words.Args{"User": named(l.User), "Mechanism": l.Mechanism}
		switch {
		case secure, l.At == (story.Moment{}):
		case strings.HasPrefix(l.Mechanism, "SCRAM-"):
			w.report(Note, l.At, story.Client, "audit.password_crackable_slow", args, "RFC 5802 §9")
		case l.Mechanism == "APOP":
			w.found(l.At, story.Client, "audit.password_crackable", args)
		case l.Mechanism == "CRAM-MD5" || l.Mechanism == "DIGEST-MD5" || l.Mechanism == "NTLM":
			w.report(Warning, l.At, story.Client, "audit.password_crackable", args, "RFC 4954 §9")
		}
	})
}

// loginFailed finds log-ins that were refused, inside TLS too where it was read.
func loginFailed(w *watch) func(*story.Act) {
	return func(a *story.Act) {
		l := a.Login
		if a.Kind != story.Reply || l == nil || l.OK || !answered(a) {
			return
		}
		cite := "RFC 4954 §6"
		if w.story.Protocol == "pop3" {
			cite = "RFC 1939 §7"
		}
		w.report(Note, a.At, story.Client, "audit.login_failed", words.Args{"User": named(l.User), "Mechanism": l.Mechanism, "Reply": shown(a.Text)}, cite)
	}
}

// answered says that a reply judges what was told in a log-in, and does not refuse
// the command as such.
func answered(a *story.Act) bool {
	return a.Login.Done && a.Login.At != (story.Moment{}) && a.Code != 503 && a.Code != 504
}

// The bounds of guessing: so many log-ins fail of one address, and no two of
// them so far apart.
const (
	guessed    = 5
	maxGuessed = 1000 // user names that are told apart
)

// guessing finds addresses of which log-in after log-in fails. It tells of the
// fifth, the fiftieth, and so on.
func guessing(w *watch) func(*story.Act) {
	return func(a *story.Act) {
		l := a.Login
		if a.Kind != story.Reply || l == nil || !answered(a) {
			return
		}
		g := w.town.guessers.of(w.peer())
		if !g.last.IsZero() && a.At.Time.Sub(g.last) > patience {
			*g = guesser{}
		}
		if l.OK {
			if g.failed >= guessed {
				w.found(a.At, story.Client, "audit.guessing_hit", words.Args{"Count": g.failed, "User": named(l.User), "Address": w.peer()})
			}
			*g = guesser{}
			return
		}
		if g.failed == 0 {
			g.first = a.At.Time
		}
		g.failed, g.last = g.failed+1, a.At.Time
		g.user(l.User)
		for n := guessed; n <= g.failed; n *= 10 {
			if n == g.failed {
				w.found(a.At, story.Client, "audit.guessing", words.Args{"Count": g.failed, "Users": len(g.users), "Address": w.peer(),
					"Seconds": seconds(g.last.Sub(g.first))})
			}
		}
	}
}

// user notes a name that was tried.
func (g *guesser) user(name string) {
	for _, one := range g.users {
		if one == name {
			return
		}
	}
	if len(g.users) < maxGuessed {
		g.users = append(g.users, name)
	}
}
