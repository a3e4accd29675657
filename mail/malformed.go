package mail

import (
	"fmt"
	"strconv"
	"strings"
)

// Malformed says to a person what is wrong with an address, a domain or a
// status. It knows its sentence in English, and by which id a catalog may have
// it in other languages. It is no reply: engines answer peers in their own texts.
type Malformed struct {
	id   string
	text string // English, with {{.Name}} where an argument stands
	args map[string]any
}

func malformed(id, text string, args map[string]any) error { return &Malformed{id, text, args} }

// Error says it in English.
func (m *Malformed) Error() string {
	_, args := m.Words()
	pairs := make([]string, 0, 2*len(args))
	for name, v := range args {
		pairs = append(pairs, "{{."+name+"}}", fmt.Sprint(v))
	}
	return strings.NewReplacer(pairs...).Replace(m.text)
}

// Words gives the sentence's id and what stands in its places, fit to be shown.
func (m *Malformed) Words() (id string, args map[string]any) {
	args = make(map[string]any, len(m.args))
	for name, v := range m.args {
		if s, ok := v.(string); ok {
			v = Shown(s)
		}
		args[name] = v
	}
	return m.id, args
}

// Shown gives s as it can be shown to a person: what cannot be printed, and
// what is not UTF-8, is written as Go writes it.
func Shown(s string) string {
	quoted := strconv.Quote(s)
	return strings.NewReplacer(`\"`, `"`, `\\`, `\`).Replace(quoted[1 : len(quoted)-1])
}
