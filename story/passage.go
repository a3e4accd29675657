package story

import (
	"fmt"
	"strings"

	"posta/imf"
)

// Passage is a message that passed in a session.
type Passage struct {
	Session *Session
	Act     *Act // of kind Mail
}

// Passages finds the messages that passed more than once: sent in a session and
// fetched or passed on in another. They are known by their Message-ID, or by the
// id that a server's reply gives them and that stands in the Received field it adds
// (RFC 5321 §4.4); posta's own also where their octets were left out, by the queue
// id and by the mailboxes' copies. They come in the order in which they were first seen.
func Passages(all []*Session) [][]Passage {
	j := joiner{known: map[string]int{}}
	for _, s := range all {
		for _, a := range s.Acts {
			if a.Kind == Mail && a.Message != nil {
				j.add(Passage{s, a})
			}
		}
	}
	var found [][]Passage
	for _, group := range j.groups {
		if len(group) > 1 {
			found = append(found, group)
		}
	}
	return found
}

// maxNames is how many names of one message are looked at.
const maxNames = 50

type joiner struct {
	groups [][]Passage
	known  map[string]int // the group of each name
}

// add puts a passage to the first group that knows one of its names.
func (j *joiner) add(p Passage) {
	own, sought := p.names()
	at := -1
	for _, name := range sought {
		if g, ok := j.known[name]; ok {
			at = g
			break
		}
	}
	if at < 0 {
		at = len(j.groups)
		j.groups = append(j.groups, nil)
	}
	j.groups[at] = append(j.groups[at], p)
	for _, name := range own {
		if _, ok := j.known[name]; !ok {
			j.known[name] = at
		}
	}
}

// names are what a message is known by, and under which names it may be known.
// A word of a reply is an id only where a Received field has it too: two replies
// may share a time of day, or a process.
func (p Passage) names() (own, sought []string) {
	m := p.Act.Message
	if m.MessageID != "" {
		own = append(own, "<"+m.MessageID)
		sought = append(sought, "<"+m.MessageID)
	}
	if m.Queue != "" {
		own, sought = append(own, "queue "+m.Queue), append(sought, "queue "+m.Queue)
	}
	for _, c := range m.Copies[:min(len(m.Copies), maxNames)] {
		name := fmt.Sprintf("copy %d of %d", c.UID, c.Account)
		own, sought = append(own, name), append(sought, name)
	}
	for _, id := range received(m.Octets) {
		own = append(own, "received "+id)
		sought = append(sought, "received "+id, "reply "+id)
	}
	if r := p.Act.Answered; r != nil && !r.Refused {
		for _, word := range strings.FieldsFunc(r.Text, func(c rune) bool { return strings.ContainsRune(" <>()[];,:=", c) }) {
			if len(own) < maxNames && isID(word) {
				own = append(own, "reply "+word)
				sought = append(sought, "received "+word)
			}
		}
	}
	return own, sought
}

// isID says whether a word of a reply may be an id: long enough that two
// servers hardly have given the same, and no word of a language.
func isID(word string) bool {
	return len(word) >= 8 && strings.ContainsAny(word, "0123456789") && !strings.Contains(word, "@")
}

// received are the ids of a message's Received fields.
func received(octets []byte) (ids []string) {
	s := imf.Scanner{Max: imf.Usual().Header}
	if s.Scan(octets) == imf.More {
		s.Finish()
	}
	for _, f := range s.Fields() {
		if !strings.EqualFold(string(f.Name(octets)), "received") || len(ids) == maxNames {
			continue
		}
		words := strings.Fields(f.Text(octets))
		for i := 1; i < len(words); i++ {
			if id := strings.Trim(words[i], "<>;()"); strings.EqualFold(words[i-1], "id") && isID(id) {
				ids = append(ids, id)
				break
			}
		}
	}
	return ids
}
