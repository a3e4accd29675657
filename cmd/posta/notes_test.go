package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"posta/words"
)

// Every note that a room makes can be said in Spanish.
func TestNotesAreSaid(t *testing.T) {
	w, err := words.New("es")
	if err != nil {
		t.Fatal(err)
	}
	r, err := newRemarker(w)
	if err != nil {
		t.Fatal(err)
	}
	made := notesMade(t)
	if len(made) < 20 {
		t.Fatalf("found only %d notes in the source; has their form changed?", len(made))
	}
	for _, note := range made {
		if note == "[7]" || note == "[TLS: 7]" {
			continue // another note in brackets; the same in both languages
		}
		if said := r.say(note); said == note || strings.Contains(said, "note.") {
			t.Errorf("the note %q is not in remarks(), or not in Spanish: %q", note, said)
		}
	}
	if got := r.say("[TLS: TLSv1.3 X]"); got != "[TLS: TLSv1.3 X]" {
		t.Errorf("%q", got)
	}
	if got := r.say("[in.x was not reached (Nobody fetched it in time); it is known to take b@x: it did so on 2026-11-20]"); got != "[no se pudo preguntar a in.x ("+w.Say("attempt.not_fetched", nil)+"); se sabe que acepta a b@x: lo hizo el 2026-11-20]" {
		t.Errorf("%q", got)
	}
	if got := r.say("[a message stays there, UIDL a, 10 octets, from <>: the mailbox here is full]"); got != "[se queda allí un mensaje, UIDL a, 10 octetos, de <>: "+w.Say("collect.why_full", nil)+"]" {
		t.Errorf("%q", got)
	}
	if got := r.say("[what nobody knows]"); got != "[what nobody knows]" {
		t.Errorf("%q", got)
	}
	if got := r.say("[12 telnet negotiation octets before the first command, refused with DONT and WONT and removed]"); !strings.Contains(got, "12 octetos") {
		t.Errorf("%q", got)
	}
}

// notesMade finds the calls of note in all rooms, with 7 for what they put in.
func notesMade(t *testing.T) []string {
	var out []string
	verbs := regexp.MustCompile(`%[ds]`)
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.Contains(path, "cmd/") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			if f, ok := call.Fun.(*ast.SelectorExpr); !ok || f.Sel.Name != "note" {
				return true
			}
			for _, arg := range call.Args {
				if text, ok := spelled(arg); ok {
					out = append(out, verbs.ReplaceAllString(text, "7"))
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// spelled is the text of an expression that holds a string literal.
func spelled(e ast.Expr) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		text, err := strconv.Unquote(e.Value)
		return text, err == nil && e.Kind == token.STRING
	case *ast.BinaryExpr:
		left, one := spelled(e.X)
		right, two := spelled(e.Y)
		if !one {
			left = "7"
		}
		if !two {
			right = "7"
		}
		return left + right, one || two
	case *ast.CallExpr:
		if f, ok := e.Fun.(*ast.SelectorExpr); ok && f.Sel.Name == "Sprintf" {
			return spelled(e.Args[0])
		}
	}
	return "", false
}
