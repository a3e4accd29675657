package audit

import (
	"strings"

	"posta/story"
	"posta/words"
)

// isStart says that a command asks for TLS.
func isStart(verb string) bool { return verb == "STARTTLS" || verb == "STLS" }

// starter is the command that turns TLS on in the session's protocol.
func (d *session) starter() string {
	if d.story.Protocol == "pop3" {
		return "STLS"
	}
	return "STARTTLS"
}

// matters says that a command of the client tells something that TLS would hide.
func matters(a *story.Act) bool {
	if a.Kind != story.Command {
		return false
	}
	switch a.Verb {
	case "AUTH", "MAIL", "USER", "PASS", "APOP":
		return true
	}
	return false
}

// authWithoutTLS finds servers that invite to send a password in the clear.
func authWithoutTLS(w *watch) func(*story.Act) {
	first := once()
	return func(a *story.Act) {
		o := &w.offer
		if a.At != o.at || a.Secure || len(o.mechanisms) == 0 || !o.known || a.Kind != story.Reply && a.Kind != story.List || !first() {
			return
		}
		cites := []string{"RFC 4954 §4"}
		if w.story.Protocol == "pop3" {
			cites = []string{"RFC 5034 §4"}
		}
		w.report(Warning, a.At, story.Server, "audit.auth_without_tls", words.Args{"Mechanisms": strings.Join(o.mechanisms, ", ")}, append(cites, "RFC 2595 §9")...)
	}
}

// tlsUnused finds clients that go on in the clear where TLS was offered.
func tlsUnused(w *watch) func(*story.Act) {
	first := once()
	return func(a *story.Act) {
		if matters(a) && clear(a) && w.offer.known && w.offer.startTLS && !w.tried && first() {
			cite := "RFC 3207 §4"
			if w.story.Protocol == "pop3" {
				cite = "RFC 2595 §4"
			}
			w.report(Warning, a.At, story.Client, "audit.tls_unused", words.Args{"Starter": w.starter(), "Command": a.Verb}, cite, "RFC 8314 §5.2")
		}
	}
}

// tlsNotOffered finds servers that have no TLS to offer.
func tlsNotOffered(w *watch) func(*story.Act) {
	first := once()
	return func(a *story.Act) {
		if matters(a) && clear(a) && w.whole && w.offer.known && !w.offer.startTLS && w.offer.masked == "" && !w.tried && first() {
			w.found(w.offer.at, story.Server, "audit.tls_not_offered", words.Args{"Starter": w.starter()})
		}
	}
}

// tlsStripped finds lists of extensions in which somebody on the way has made
// STARTTLS unreadable, and such that lack it though the same server has it elsewhere.
func tlsStripped(w *watch) func(*story.Act) {
	masked, lacks := once(), once()
	return func(a *story.Act) {
		o := &w.offer
		switch {
		case a.Kind == story.Command && clear(a) && overwritten(a.Text):
			w.found(a.At, story.Client, "audit.tls_stripped_command", words.Args{"Line": shown(a.Text)})
		case !o.known || a.At != o.at || a.Secure || a.Kind != story.Reply && a.Kind != story.List:
		case o.masked != "":
			if masked() {
				w.found(a.At, story.Server, "audit.tls_stripped", words.Args{"Line": shown(o.masked), "Starter": w.starter()})
			}
		case lacks():
			w.compare(a)
		}
	}
}

// overwritten says that a command is nothing but X, as where somebody on the way
// writes over STARTTLS.
func overwritten(line string) bool {
	return len(line) == len("STARTTLS") && strings.Trim(line[:len(line)-1], "X") == ""
}

// compare holds what a server offers against what it offered before.
func (w *watch) compare(a *story.Act) {
	_, end := w.ends()
	s := w.town.servers.of(end)
	lacking := func(w *watch, at story.Moment) {
		s.told = true
		w.report(Warning, at, story.Server, "audit.tls_stripped_here", words.Args{"Starter": w.starter(), "Server": end})
	}
	switch {
	case w.offer.startTLS:
		s.offered = true
		if s.without != nil && !s.told {
			lacking(s.without.w, s.without.at)
		}
		s.without = nil
	case s.offered:
		if !s.told {
			lacking(w, a.At)
		}
	case s.without == nil:
		s.without = &place{w, a.At}
	}
}

// tlsRefused finds clients that go on in the clear after TLS was refused.
func tlsRefused(w *watch) func(*story.Act) {
	var refused *story.Act
	first := once()
	return func(a *story.Act) {
		if a.Kind == story.Reply && isStart(a.Verb) && a.Refused && clear(a) {
			refused = a
		}
		if refused != nil && matters(a) && clear(a) && first() {
			cite := "RFC 3207 §6"
			if w.story.Protocol == "pop3" {
				cite = "RFC 2595 §4"
			}
			w.report(Warning, refused.At, story.Server, "audit.tls_refused", words.Args{"Reply": shown(refused.Text), "Command": a.Verb}, cite)
		}
	}
}

// tlsPrefixed finds lines that were sent behind STARTTLS without waiting for TLS: a
// server that keeps them takes them for said inside. It speaks when the reply has
// come, because a reply that was lost makes all that follows look so.
func tlsPrefixed(w *watch) func(*story.Act) {
	var starter *story.Act // its reply has not come
	var behind []early
	left, ready := 0, false
	return func(a *story.Act) {
		if !w.whole || !w.greeted || a.Kind == story.TLS {
			starter, ready = nil, false
			return
		}
		switch {
		case ready && a.Kind == story.Stray && clear(a):
			id := "audit.tls_prefixed_server"
			if a.From == story.Client {
				id = "audit.tls_prefixed"
			}
			w.report(Danger, a.At, a.From, id, words.Args{"Line": shown(a.Text), "Starter": w.starter()}, "RFC 3207 §4.2", "RFC 2595 §4")
		case a.Kind == story.Command && isStart(a.Verb) && clear(a):
			if starter == nil {
				starter, behind, left = a, nil, 0
			}
		case starter == nil:
		case a.Kind == story.Reply && a.Re == starter:
			for _, one := range behind {
				w.prefixed(one)
			}
			w.auditor.left += left
			starter, ready = nil, !a.Refused
		case a.Kind == story.Reply && (a.Re == nil || a.Re.Index > starter.Index):
			starter = nil
		case a.Kind != story.Command && a.Kind != story.Answer && a.Kind != story.Mail || !clear(a):
		case len(behind) == maxPerSession:
			left++
		default:
			behind = append(behind, early{a.At, shown(a.Text)})
		}
	}
}

// early is a line that came before its time.
type early struct {
	at   story.Moment
	line string
}

// prefixed reports a line that was sent behind STARTTLS.
func (w *watch) prefixed(e early) {
	cites := []string{"RFC 3207 §4", "RFC 3207 §4.2"}
	if w.story.Protocol == "pop3" {
		cites = []string{"RFC 2595 §4"}
	}
	w.report(Danger, e.at, story.Client, "audit.tls_prefixed", words.Args{"Line": e.line, "Starter": w.starter()}, cites...)
}

// tlsWeak finds versions and suites that no longer protect.
func tlsWeak(w *watch) func(*story.Act) {
	first := once()
	return func(a *story.Act) {
		s := w.story.Secured
		if a.Kind != story.TLS || s == nil || !first() {
			return
		}
		args := words.Args{"Version": shown(s.Version), "Cipher": shown(s.Cipher)}
		switch {
		case oldVersion(s.Version):
			w.found(a.At, story.Server, "audit.tls_weak_version", args)
		case brokenCipher(s.Cipher):
			w.report(Warning, a.At, story.Server, "audit.tls_weak_cipher", args, "RFC 3207 §6")
		case strings.HasPrefix(s.Cipher, "TLS_RSA_WITH_"):
			w.report(Note, a.At, story.Server, "audit.tls_weak_forward", args, "RFC 3207 §6")
		}
	}
}

func oldVersion(version string) bool {
	switch strings.ReplaceAll(strings.ToUpper(version), " ", "") {
	case "SSLV2", "SSLV3", "SSL2.0", "SSL3.0", "TLSV1", "TLSV1.0", "TLSV1.1", "TLS1.0", "TLS1.1":
		return true
	}
	return false
}

func brokenCipher(suite string) bool {
	suite = strings.ToUpper(suite)
	for _, part := range []string{"_NULL", "RC4", "_DES", "3DES", "EXPORT", "_ANON", "_RC2", "IDEA", "_MD5"} {
		if strings.Contains(suite, part) {
			return true
		}
	}
	return false
}
