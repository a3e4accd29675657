package main

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// The commands that the lab guide tells to type are posta's, in both languages,
// and the same ones.
func TestGuideCommands(t *testing.T) {
	command := regexp.MustCompile("`(?:posta|\\./posta|\\.\\\\posta\\.exe) ([^`]+)`")
	count := map[string]int{}
	for _, lang := range []string{"en", "es"} {
		text, err := os.ReadFile(map[string]string{"en": "../../docs/lab.md", "es": "../../docs/lab.es.md"}[lang])
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range command.FindAllSubmatch(text, -1) {
			count[lang]++
			c, rest, err := speaking(t, lang).root().Find(strings.Fields(string(m[1])))
			if err == nil && !c.Runnable() {
				t.Errorf("%s: %s is no whole command", lang, m[0])
			}
			if err == nil {
				err = c.ParseFlags(rest)
			}
			if err == nil {
				err = c.ValidateArgs(c.Flags().Args())
			}
			if err != nil {
				t.Errorf("%s: %s: %v", lang, m[0], err)
			}
		}
	}
	if count["en"] < 10 || count["en"] != count["es"] {
		t.Errorf("commands: %v", count)
	}
}
