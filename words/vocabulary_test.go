package words

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// vocabulary is what docs/words.md never calls a thing, by language.
func vocabulary(t *testing.T) (never map[string][]string) {
	t.Helper()
	text, err := os.ReadFile("../docs/words.md")
	if err != nil {
		t.Fatal(err)
	}
	never = map[string][]string{}
	for row := range strings.Lines(string(text)) {
		cells := strings.Split(row, "|")
		if len(cells) != 6 || strings.HasPrefix(row, "|--") || strings.Contains(row, "| English |") {
			continue
		}
		english, spanish, both := strings.Cut(cells[4], ";")
		if !both {
			t.Errorf("the row %q does not say which words are English and which Spanish", row)
		}
		for lang, words := range map[string]string{"en": english, "es": spanish} {
			for word := range strings.SplitSeq(words, ",") {
				if word = strings.TrimSpace(word); word != "" {
					never[lang] = append(never[lang], strings.TrimPrefix(word, "to "))
				}
			}
		}
	}
	if len(never["en"]) < 20 || len(never["es"]) < 20 {
		t.Fatalf("the table is not read as it should: %q", never)
	}
	return never
}

// told are the texts that people get, by language, without their code.
func told(t *testing.T) map[string]map[string]string {
	t.Helper()
	out := map[string]map[string]string{"en": {}, "es": {}}
	for lang, names := range map[string][]string{
		"en": {"../README.md", "../docs/admin.md", "../docs/lab.md", "../docs/sink.md", "../docs/log.md", "../docs/outgoing.md", "../docs/talk.md", "../docs/json.md", "../docs/findings.md",
			"../dist/README.txt", "../config/example.toml"},
		"es": {"../README.es.md", "../docs/admin.es.md", "../docs/lab.es.md", "../docs/log.es.md", "../docs/outgoing.es.md", "../docs/talk.es.md", "../docs/findings.es.md", "../dist/LEEME.txt", "../config/example.es.toml"},
	} {
		for _, name := range names {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			out[lang][name] = withoutCode(string(text))
		}
		for id, forms := range catalog(t, lang) {
			for form, text := range forms {
				out[lang][id+"."+form] = text
			}
		}
	}
	return out
}

// withoutCode takes Markdown's code out, in fences, in backquotes or set off.
func withoutCode(text string) string {
	text = regexp.MustCompile("(?ms)^```.*?^```").ReplaceAllString(text, "")
	text = regexp.MustCompile("(?m)^    .*$").ReplaceAllString(text, "")
	return regexp.MustCompile("`[^`]*`").ReplaceAllString(text, "``")
}

// A thing has one name, wherever people read of it.
func TestOneWordForEachThing(t *testing.T) {
	never := vocabulary(t)
	for lang, texts := range told(t) {
		var patterns []*regexp.Regexp
		for _, word := range never[lang] {
			patterns = append(patterns, regexp.MustCompile(`(?i)(?:^|[^\pL\pN-])(`+regexp.QuoteMeta(word)+`(?:e?s)?)(?:[^\pL\pN-]|$)`))
		}
		for name, text := range texts {
			text = otherwise().Replace(text)
			for i, pattern := range patterns {
				for _, hit := range pattern.FindAllStringSubmatch(text, -1) {
					t.Errorf("%s: %s: %q is not what posta calls it (%s, docs/words.md)", lang, name, hit[1], never[lang][i])
				}
			}
		}
	}
}

// otherwise takes away what is meant otherwise: the letters that words are made
// of, the mechanism's name, the order of a number's octets.
func otherwise() *strings.Replacer {
	return strings.NewReplacer("letters", "", "LOGIN", "", "byte order", "")
}
