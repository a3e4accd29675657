package queue

import (
	"crypto/rand"
	"strings"

	"posta/mail"
)

// marked is a question to a host, with the mark that it came here with. Where servers
// name each other in a circle as who may know, each asks the next one and the last asks
// here again, by whatever name and address: the mark goes along as ENVID, and whoever
// sees its own come back knows that all in the circle were asked, and that each only
// asked since the address is not there. A question that came with one waits for nobody
// else's: two of them would wait for each other.
type marked struct {
	question
	mark string // "": it did not come from a server that was asked itself
}

// markPrefix begins a mark. What follows nobody can guess, so that only who was asked
// because of it can bring it back.
const markPrefix = "posta-asks-"

func newMark() string { return markPrefix + rand.Text() }

// markIn is the mark that an ENVID is; "" if it is none.
func markIn(envID string) string {
	if len(envID) != len(markPrefix)+26 || !strings.HasPrefix(envID, markPrefix) {
		return ""
	}
	return envID
}

// cameRound says that a question that came with this mark is being asked by this
// server already, and so has come back in a circle.
func (a *Asker) cameRound(mark string, to mail.Address) bool {
	if mark == "" {
		return false
	}
	address := to.String()
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, one := range a.under {
		if one.mark == mark && strings.EqualFold(one.to, address) {
			return true
		}
	}
	return false
}
