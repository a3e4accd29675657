package words

import (
	"regexp"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// Again says a text in this language that was said and kept in English, in a
// queue or a trace: a text of a section of the catalog, "attempt". Placeholders
// that are such texts too, as a reason, are said anew with it. What is none, as
// a peer's words or a text of another posta, stays as it is, with false.
func (w *Words) Again(section, text string) (string, bool) {
	return w.again(w.sayings(section), text, deepest)
}

// deepest bounds how far texts stand within each other.
const deepest = 3

func (w *Words) again(known []saying, text string, depth int) (string, bool) {
	if depth == 0 {
		return text, false
	}
	for i := range known {
		s := &known[i]
		found := s.pattern.FindStringSubmatch(text)
		if found == nil {
			continue
		}
		args := Args{}
		for i, name := range s.holes {
			args[name], _ = w.again(known, found[i+1], depth-1)
		}
		return w.Say(s.id, args), true
	}
	return text, false
}

// saying is a text of the English catalog as a pattern.
type saying struct {
	id      string
	holes   []string // in their order
	pattern *regexp.Regexp
	plain   int // octets that are no holes
}

// sayings are the texts of a section, those that say most first: what fits a
// text with holes may be another word for word.
func (w *Words) sayings(section string) []saying {
	w.mu.Lock()
	defer w.mu.Unlock()
	if known, ok := w.known[section]; ok {
		return known
	}
	known := []saying{}
	for name, text := range sectionOf(section) {
		if text, ok := text.(string); ok { // a plural is nothing that is kept
			known = append(known, sayingOf(section+"."+name, text))
		}
	}
	slices.SortFunc(known, func(a, b saying) int {
		if a.plain != b.plain {
			return b.plain - a.plain
		}
		return strings.Compare(a.id, b.id)
	})
	if w.known == nil {
		w.known = map[string][]saying{}
	}
	w.known[section] = known
	return known
}

// sectionOf reads a section of the English catalog, which New has read before.
func sectionOf(section string) map[string]any {
	var tree map[string]any
	raw, err := catalogs.ReadFile("active." + Fallback + ".toml")
	if err != nil || toml.Unmarshal(raw, &tree) != nil {
		return nil
	}
	texts, _ := tree[section].(map[string]any)
	return texts
}

func sayingOf(id, text string) saying {
	s := saying{id: id}
	hole := regexp.MustCompile(`\{\{\.(\w+)\}\}`)
	var b strings.Builder
	last := 0
	for _, at := range hole.FindAllStringSubmatchIndex(text, -1) {
		b.WriteString(regexp.QuoteMeta(text[last:at[0]]) + "(.*)")
		s.holes = append(s.holes, text[at[2]:at[3]])
		s.plain += at[0] - last
		last = at[1]
	}
	s.plain += len(text) - last
	s.pattern = regexp.MustCompile("^" + b.String() + regexp.QuoteMeta(text[last:]) + "$")
	return s
}
