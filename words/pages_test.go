package words

import (
	"cmp"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// pages are what students and administrators read, in English and in Spanish.
// What is for developers (docs/json.md, docs/sink.md, the house's own papers)
// is in English only.
func pages() map[string]string {
	return map[string]string{
		"README.md":        "README.es.md",
		"docs/admin.md":    "docs/admin.es.md",
		"docs/diagrams.md": "docs/diagrams.es.md",
		"docs/lab.md":      "docs/lab.es.md",
		"docs/findings.md": "docs/findings.es.md",
		"docs/log.md":      "docs/log.es.md",
		"docs/outgoing.md": "docs/outgoing.es.md",
		"docs/talk.md":     "docs/talk.es.md",
		"dist/README.txt":  "dist/LEEME.txt",
	}
}

// typedOtherwise are the lines of code that are themselves in a language.
func typedOtherwise() map[string]string {
	return map[string]string{
		"    Subject: Hello":                        "    Subject: Hola",
		"    My first message by hand.":             "    Mi primer mensaje a mano.",
		"    PASS (luis's password, from the card)": "    PASS (la contraseña de luis, de la tarjeta)",
		`name = "scanners"`:                         `name = "escáneres"`,
	}
}

// A page in Spanish has what the English one has: the headings, the code to the
// octet apart from comments, the rows of the tables and what they name, the list's points, what it
// links to; and each page names the other, but those that travel in archives
// under other names.
func TestPagesAgree(t *testing.T) {
	for en, es := range pages() {
		english, spanish := page(t, en), page(t, es)
		if a, b := headings(english), headings(spanish); !slices.Equal(a, b) {
			t.Errorf("%s has the headings %q, %s %q", en, a, es, b)
		}
		if a, b := code(english), code(spanish); strings.HasSuffix(en, ".md") && !slices.Equal(a, b) {
			t.Errorf("the code of %s is not that of %s:\n%s", en, es, firstDifference(a, b))
		}
		for what, pattern := range map[string]string{"rows of tables": `(?m)^\|`, "points": `(?m)^(- |\d+\. )`} {
			p := regexp.MustCompile(pattern)
			if a, b := len(p.FindAllString(english, -1)), len(p.FindAllString(spanish, -1)); a != b {
				t.Errorf("%s has %d %s, %s %d", en, a, what, es, b)
			}
		}
		names := regexp.MustCompile("(?m)^\\| (`[^`]+` \\| (?:debug|info|warn|error) \\| [^|]*|`[^`]+`) \\|")
		if a, b := names.FindAllString(english, -1), names.FindAllString(spanish, -1); !slices.Equal(a, b) {
			t.Errorf("the tables of %s and %s name other things:\n%s", en, es, firstDifference(a, b))
		}
		if a, b := links(en, english), links(es, spanish); !slices.Equal(a, b) {
			t.Errorf("%s links to %q, %s to %q", en, a, es, b)
		}
		if travels := strings.Contains(en, "lab") || strings.HasPrefix(en, "dist"); !travels && (!strings.Contains(english, filepath.Base(es)+")") || !strings.Contains(spanish, filepath.Base(en)+")")) {
			t.Errorf("%s and %s do not name each other", en, es)
		}
	}
}

func page(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// headings are the depths of a page's headings.
func headings(text string) (depths []string) {
	for _, m := range regexp.MustCompile(`(?m)^(#+) `).FindAllStringSubmatch(withoutCode(text), -1) {
		depths = append(depths, m[1])
	}
	return depths
}

// code is what of a page is typed or read by programs, line by line.
func code(text string) (lines []string) {
	comment := regexp.MustCompile(`(^|\s+)#( .*)?$`)
	fenced := false
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		switch {
		case strings.HasPrefix(line, "```"):
			fenced = !fenced
			lines = append(lines, line)
		case fenced:
			lines = append(lines, translated(comment.ReplaceAllString(line, "")))
		case strings.HasPrefix(line, "    "):
			lines = append(lines, translated(line))
		}
	}
	return lines
}

func translated(line string) string { return cmp.Or(typedOtherwise()[line], line) }

// links are where a page leads, in no order. One to a page of the other
// language counts as one to that of its own.
func links(name, text string) (targets []string) {
	own := map[string]string{}
	for en, es := range pages() {
		own[es] = en
	}
	for _, m := range regexp.MustCompile(`\]\(([^)]+)\)`).FindAllStringSubmatch(text, -1) {
		target := filepath.Join(filepath.Dir(name), m[1])
		if en := own[target]; en != "" {
			target = en
		}
		targets = append(targets, target)
	}
	slices.Sort(targets)
	return slices.Compact(targets)
}

func firstDifference(a, b []string) string {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return a[i] + "\n" + b[i]
		}
	}
	return strings.Join(slices.Concat(a[min(len(a), len(b)):], b[min(len(a), len(b)):]), "\n")
}

// Every page that a page leads to is there.
func TestLinksLeadSomewhere(t *testing.T) {
	for en, es := range pages() {
		for _, name := range []string{en, es} {
			for _, target := range links(name, page(t, name)) {
				if strings.Contains(target, "://") || strings.HasPrefix(target, "http") {
					continue
				}
				if _, err := os.Stat(filepath.Join("..", target)); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
		}
	}
}
