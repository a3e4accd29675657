package main

import (
	"strings"

	"posta/words"
)

// collectFailure says in the user's language what went wrong when mail was
// collected. What the other server said of it stays as it is.
func collectFailure(w *words.Words, text string) string {
	for _, one := range []struct{ prefix, id string }{
		{"log-in refused: ", "collect.why_login"},
		{"no connection: ", "collect.why_connection"},
		{"the certificate is no proof: ", "collect.why_certificate"},
		{"no TLS: ", "collect.why_tls"},
		{"what came was refused here: ", "collect.why_away"},
		{"not released there: ", "collect.why_unreleased"},
		{"broken off here: ", "collect.why_broken"},
	} {
		if what, ok := strings.CutPrefix(text, one.prefix); ok {
			return w.Say(one.id, words.Args{"What": collectReason(w, what)})
		}
	}
	return collectReason(w, text)
}

func collectReason(w *words.Words, text string) string {
	if id := collectReasons()[text]; id != "" {
		return w.Say(id, nil)
	}
	return ownText(w, text) // of TLS, or the other server's
}

func collectReasons() map[string]string {
	return map[string]string{
		"nobody known has signed it":          "collect.why_signer",
		"it is for another name":              "collect.why_name",
		"it has expired, or is not valid yet": "collect.why_expired",
		"it was filed, but is not deleted: another one there has the same unique-id": "collect.why_twin",
		"it is not valid":                                                   "collect.why_invalid",
		"it is larger than what is taken here":                              "collect.why_large",
		"the mailbox here is full":                                          "collect.why_full",
		"the disk here is full":                                             "collect.why_disk",
		"it has gone round in a circle: it was here before":                 "collect.why_circle", // as it was kept once
		"it goes round in a circle, or came through too many servers":       "collect.why_circle",
		"the account here takes no mail":                                    "collect.why_account",
		"connection refused":                                                "collect.why_refused",
		"the host cannot be reached":                                        "collect.why_unreachable",
		"no greeting came; perhaps that port begins with TLS: tls implicit": "collect.why_ungreeted",
		"no answer in time":                                                 "collect.why_silent",
		"posta is shutting down":                                            "collect.why_shutdown",
		"it was interrupted":                                                "collect.why_interrupted",
		"it was changed or removed meanwhile":                               "collect.why_changed",
		"the other side closed the connection":                              "collect.why_closed",
		"the server offers no way to log in that posta has":                 "collect.why_mechanism",
		"the server offers no way to log in that keeps the secret":          "collect.why_secret",
		"the server wants the password in clear text; tls none allows that": "collect.why_clear",
		"the server offers no TLS, and tls is required":                     "collect.why_no_tls",
		"the server offers no log-in":                                       "collect.why_no_login",
		"the server offers neither ATRN nor a log-in":                       "collect.why_no_atrn",
		"the server wants TLS before a log-in, and tls is none":             "collect.why_tls_first",
		"the server answers as an SMTP server":                              "collect.why_smtp",
		"the server answers as a POP3 server":                               "collect.why_pop3",
		"what the other side answered makes no sense":                       "collect.why_strange",
	}
}
