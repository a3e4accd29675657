package main

import (
	"strings"

	"posta/words"
)

// ended says in the user's language why a session ended, as event.Closed has it.
// What another server, or a library, said of it stays as it is.
func ended(w *words.Words, reason string) string {
	if id := usualEnds()[reason]; id != "" {
		return w.Say(id, nil)
	}
	for _, one := range []struct{ prefix, id string }{
		{"refused: octets behind ", "session.ended_behind"},
		{"refused: ", "session.ended_refused"},
		{"no TLS: ", "session.ended_tls"},
		{"tls: ", "session.ended_tls"},
		{"connection failed: ", "session.ended_failed"},
		{"message could not be read to its end: ", "session.ended_unreadable"},
		{"broken off: ", "session.ended_broken"},
		{"peer closed: ", "session.ended_peer_said"},
		{"collect: ", "session.ended_collect"},
	} {
		if what, ok := strings.CutPrefix(reason, one.prefix); ok {
			if one.id == "session.ended_collect" {
				what = collectFailure(w, what)
			}
			return w.Say(one.id, words.Args{"What": replyText(w, strings.TrimPrefix(what, "wire: "))})
		}
	}
	return reason
}

// brokeOff says that a session came to its end before its time, for a reason that
// neither side has said.
func brokeOff(reason string) bool {
	for _, prefix := range []string{"broken off: ", "no TLS: ", "tls: ", "collect: "} {
		if strings.HasPrefix(reason, prefix) {
			return true
		}
	}
	return false
}

// usualEnds are the usual reasons, and what they are called.
func usualEnds() map[string]string {
	return map[string]string{
		"quit":                                   "session.ended_quit",
		"peer closed":                            "session.ended_peer",
		"connection lost":                        "session.ended_lost",
		"timeout":                                "session.ended_timeout",
		"timeout: the session lasted too long":   "session.ended_too_long",
		"shutdown":                               "session.ended_shutdown",
		"closed by a fault":                      "session.ended_fault",
		"both sides finished":                    "session.ended_both",
		"reset":                                  "session.ended_reset",
		"the capture ended":                      "session.ended_capture",
		"its ports were used again":              "session.ended_again",
		"session ended":                          "session.ended_over",
		"failed":                                 "session.ended_broken_off",
		"lost":                                   "session.ended_lost",
		"too slow":                               "session.ended_slow",
		"stopped":                                "session.ended_shutdown",
		"done":                                   "session.ended_over",
		"no more":                                "session.ended_broken_off",
		"the message was refused before its end": "session.ended_cut_short",
		"internal error":                         "session.ended_internal",
		"maildrop lease lost":                    "session.ended_lease",
		"the message could not be read":          "session.ended_unread",
		"refused: HTTP":                          "session.ended_http",
		"refused: an HTTP request":               "session.ended_http",
		"refused: the peer talked before the greeting": "session.ended_early",
		"refused: too many errors":                     "session.ended_errors",
		"refused: too many failed log-ins":             "session.ended_logins",
		"refused: input without an end":                "session.ended_endless",
		"refused: bare CR or LF in a message":          "session.ended_bare",
		"tls: no certificate is configured":            "session.ended_no_certificate",
	}
}
