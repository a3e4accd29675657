package posta_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The administrators' guide tells the same to do in both languages: what is
// typed and what stands in files differs in remarks and names only.
func TestGuidesAgree(t *testing.T) {
	blocks := func(file string) []string {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var all []string
		for i, part := range strings.Split(string(text), "```") {
			if i%2 == 1 {
				part = regexp.MustCompile(`(?m) *#[^!\[].*$`).ReplaceAllString(part, "")
				all = append(all, strings.NewReplacer("escáneres", "scanners").Replace(part))
			}
		}
		return all
	}
	en, es := blocks("docs/admin.md"), blocks("docs/admin.es.md")
	if len(en) < 8 || !slices.Equal(en, es) {
		for i := range min(len(en), len(es)) {
			if en[i] != es[i] {
				t.Errorf("in English\n%s\nin Spanish\n%s", en[i], es[i])
			}
		}
		t.Errorf("%d blocks in English, %d in Spanish", len(en), len(es))
	}
	headings := func(file string) int {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return strings.Count(string(text), "\n## ")
	}
	if a, b := headings("docs/admin.md"), headings("docs/admin.es.md"); a != b {
		t.Errorf("%d headings in English, %d in Spanish", a, b)
	}
}
