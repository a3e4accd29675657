package story

import (
	"strings"

	"posta/event"
)

// Masked is the act's text with the secret in it masked, as a stranger who
// looks over somebody's shoulder may see it: passwords, what answers a challenge,
// APOP's digest. Names of users stay, where they are not in base64.
func (a *Act) Masked() string {
	switch {
	case a.Kind == Answer && a.Text != "*":
		return event.Masked
	case a.Kind != Command || a.Login == nil && a.Verb != "PASS" && a.Verb != "APOP" && a.Verb != "AUTH":
		return a.Text
	}
	keep := map[string]int{"PASS": 1, "APOP": 2, "AUTH": 2}[a.Verb]
	fields := strings.SplitN(a.Text, " ", keep+1)
	if len(fields) <= keep {
		return a.Text
	}
	fields[keep] = event.Masked
	return strings.Join(fields, " ")
}
