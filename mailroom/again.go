package mailroom

import (
	"bytes"
	"slices"
	"strings"

	"posta/mail"
)

// filedBefore are the mailboxes that have the message from its first time here:
// those that keep what they send on, by which this server has sent it on. A
// Delivered-To of another server proves nothing: it may have stood in a mailbox that
// is fetched, or come from where the address was before.
func (l *letter) filedBefore() (all []string) {
	for i := range l.targets {
		address := l.targets[i].Address
		sentOn := slices.ContainsFunc(l.onward, func(o onward) bool { return o.Kept && o.Via == address })
		if sentOn && slices.ContainsFunc(l.head.sentHere, func(s string) bool { return strings.EqualFold(s, address) }) {
			all = append(all, address)
		}
	}
	return all
}

// stampedBy says that a header goes on with a host's time stamp, as what the host
// sends on has it below its Delivered-To (see outgoing.begin).
func stampedBy(head []byte, host string) bool {
	const named, stamp = "Delivered-To:", "Received:"
	first := true
	for line := range bytes.Lines(head) {
		switch {
		case first && hasPrefixFold(line, named): // of a list that a member sends on
			continue
		case first && hasPrefixFold(line, stamp):
			first, line = false, line[len(stamp):]
		case first || line[0] != ' ' && line[0] != '\t':
			return false
		}
		words := bytes.Fields(line)
		for i := range words[:max(len(words)-1, 0)] {
			if string(words[i]) == "by" {
				return strings.EqualFold(string(words[i+1]), host)
			}
		}
	}
	return false
}

func hasPrefixFold(line []byte, prefix string) bool {
	return len(line) >= len(prefix) && strings.EqualFold(string(line[:len(prefix)]), prefix)
}

// dropped is the receipt of a message that all its mailboxes have, or had, already.
func (l *letter) dropped() mail.Receipt {
	id, _ := l.identity()
	return mail.Receipt{ID: id, MessageID: l.head.idText, Missed: l.missed(), Notes: l.notes, Again: l.from.Fetched, Foreign: l.foreign}
}
