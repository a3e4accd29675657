package words

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Whatever the grammars of SMTP and POP3 find is said in Spanish, too.
func TestSyntax(t *testing.T) {
	es, err := New("es")
	if err != nil {
		t.Fatal(err)
	}
	said := regexp.MustCompile(`(?:badArg\([^"\n]*|Fault\{[^"\n]*|text :?= |text = |oneAddress = |wrong = |^\s*return )"([^"\n]*)"`)
	count := 0
	for _, room := range []string{"smtp", "pop3"} {
		files, err := filepath.Glob(filepath.Join("..", room, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasSuffix(file, "_test.go") || strings.HasSuffix(file, "listing.go") || strings.HasSuffix(file, "capability.go") {
				continue
			}
			for line := range strings.Lines(string(text)) {
				m := said.FindStringSubmatch(line)
				if m == nil || strings.Contains(m[0], "return") && filepath.Base(file) != "path.go" || strings.HasPrefix(m[1], "A response begins") || !strings.Contains(m[1], " ") {
					continue
				}
				one := m[1]
				switch {
				case one == "Argument ":
					one += "1 of TOP must be a decimal number"
				case strings.HasPrefix(one, " "):
					one = "TOP" + one
				case one == "A colon follows ":
					one += "FROM. Syntax: MAIL FROM:<address>"
				case strings.HasSuffix(one, " "):
					one += "EHLO name"
				}
				if strings.HasSuffix(one, " needs ") {
					one += "2 arguments: TOP msg n"
				}
				if count++; es.Syntax(one) == one {
					t.Errorf("%s: %q is not said in Spanish", file, one)
				}
			}
		}
	}
	if count < 45 {
		t.Errorf("only %d texts were found", count)
	}
	for text, want := range map[string]string{
		"TOP needs 2 arguments: TOP msg n":          "TOP necesita 2 argumentos: TOP msg n",
		"NOOP takes no argument":                    "NOOP no lleva argumentos",
		"A colon follows TO. Syntax: RCPT TO:<a@b>": "detrás de TO van dos puntos: RCPT TO:<a@b>",
		"what nobody knows":                         "what nobody knows",
	} {
		if got := es.Syntax(text); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}
