package story

import (
	"strings"

	"posta/imf"
)

// maxParts is how many parts of a message are told.
const maxParts = 100

// read makes out what a message is. octets are kept; there may be fewer of
// them than size.
func read(octets []byte, size int64, all bool) *Message {
	m := &Message{Octets: octets, Size: size, Whole: all}
	if all { // as sent, it has dots that are not its own
		m.Size = int64(len(octets))
	}
	if len(octets) == 0 {
		return m
	}
	whole := imf.Parse(octets, imf.Usual())
	m.header(octets)
	m.leaves(&whole, 0)
	return m
}

func (m *Message) header(octets []byte) {
	head := octets
	s := imf.Scanner{Max: imf.Usual().Header}
	verdict := s.Scan(head)
	if verdict == imf.More {
		verdict = s.Finish()
	}
	m.Separated = verdict != imf.Stray
	for _, f := range s.Fields() {
		into := (*string)(nil)
		switch strings.ToLower(string(f.Name(head))) {
		case "from":
			into = &m.From
		case "to":
			into = &m.To
		case "subject":
			into = &m.Subject
		case "date":
			into = &m.Date
		case "message-id":
			into = &m.MessageID
		}
		if into != nil && *into == "" {
			*into = clip(imf.DecodeWords(strings.TrimSpace(f.Text(head))))
		}
	}
	m.MessageID = strings.TrimSuffix(strings.TrimPrefix(m.MessageID, "<"), ">")
}

// leaves lists the parts that have none of their own.
func (m *Message) leaves(p *imf.Part, depth int) {
	if len(p.Parts) == 0 && len(m.Parts) < maxParts {
		m.Parts = append(m.Parts, Part{Type: p.Type, Name: p.Name, Size: p.Body.End - p.Body.Start, Depth: depth})
	}
	for i := range p.Parts {
		m.leaves(&p.Parts[i], depth+1)
	}
}
