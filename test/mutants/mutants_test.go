package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const root = "../.."

func catalogued(t *testing.T) catalogue {
	t.Helper()
	all, err := load(root)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// What was drawn has its mutants, and nothing else has.
func TestDraw(t *testing.T) {
	all := catalogued(t)
	rows, err := requirements(root)
	if err != nil {
		t.Fatal(err)
	}
	drawn := all.Draw.draw(all.Draw.urn(rows))
	if len(drawn) != 40 {
		t.Errorf("%d requirements are drawn, not 40", len(drawn))
	}
	for _, id := range drawn {
		if !slices.ContainsFunc(all.Mutants, func(m mutant) bool { return m.ID == id }) {
			t.Errorf("%s is drawn and has no mutant; write one into mutants.toml", id)
		}
	}
	for _, m := range all.Mutants {
		if !slices.Contains(drawn, m.ID) {
			t.Errorf("%s has a mutant and is not drawn", m.ID)
		}
	}
}

// The code has not moved away from under the mutants, and each one's test
// names its requirement.
func TestMutantsFit(t *testing.T) {
	for _, m := range catalogued(t).Mutants {
		if _, err := m.apply(root); err != nil {
			t.Errorf("%s: %v", m.ID, err)
		}
		switch names, err := m.names(root); {
		case err != nil:
			t.Errorf("%s: %v", m.ID, err)
		case !names:
			t.Errorf("%s is not named by %s", m.ID, m.Test)
		}
		if m.Negated == "" || strings.Contains(m.Negated+m.Since, "\n") {
			t.Errorf("%s: one line says what was negated", m.ID)
		}
	}
}

// The page is that of this catalogue, with nothing that survived. Whether the
// tests still kill is for the whole run to say.
func TestPageIsFresh(t *testing.T) {
	all := catalogued(t)
	says, err := wordings(root)
	if err != nil {
		t.Fatal(err)
	}
	var want []result
	for _, m := range all.Mutants {
		want = append(want, result{mutant: m, fate: wasKilled})
	}
	got, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(page)))
	if err != nil || strings.ReplaceAll(string(got), "\r\n", "\n") != string(render(all, says, want)) {
		t.Errorf("%s is stale, or a mutant survived (%v); run: go run ./test/mutants", page, err)
	}
}

func TestDrawIsSteady(t *testing.T) {
	rows := []requirement{
		{id: "1-1-1", level: "MUST", role: "server"}, {id: "1-1-2", level: "MUST NOT", role: "both"},
		{id: "1-1-3", level: "SHOULD", role: "server"}, {id: "1-1-4", level: "SHOULD NOT", role: "server"},
		{id: "1-1-5", level: "MAY", role: "server"}, {id: "1-1-6", level: "MUST", role: "client"},
		{id: "1-1-7", level: "MUST", role: "server", excuse: "x"}, {id: "2-1-1", level: "MUST", role: "server"},
	}
	d := draw{Seed: "x", Count: 2, RFCs: []string{"1"}}
	urn := d.urn(rows)
	if want := []string{"1-1-1", "1-1-2", "1-1-3", "1-1-4"}; !slices.Equal(urn, want) {
		t.Fatalf("the urn holds %q", urn)
	}
	one := d.draw(urn)
	slices.Reverse(urn)
	if two := d.draw(urn); len(one) != 2 || !slices.Equal(one, two) {
		t.Errorf("drew %q and then %q", one, two)
	}
	d.Seed = "y"
	d.Count = 9
	if all := d.draw(urn); len(all) != 4 {
		t.Errorf("drew %q of four", all)
	}
}

func TestApply(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.go"), []byte("one two two"), 0o600); err != nil {
		t.Fatal(err)
	}
	for old, want := range map[string]string{"one": "three two two", "two": "", "four": "", "": "", "three": ""} {
		got, err := mutant{File: "a.go", Old: old, New: "three"}.apply(dir)
		if string(got) != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v", old, got, err)
		}
	}
}

// A compiler's or another test's failure is not the named test's.
func TestFailed(t *testing.T) {
	test := named{name: "TestTranscripts/smtp/size.talk"}
	for out, want := range map[string]bool{
		"=== RUN   TestTranscripts/smtp/size.talk/lines\n    --- FAIL: TestTranscripts/smtp/size.talk/lines (0.1s)\n": true,
		"=== RUN   TestTranscripts/smtp/size.talk\n\npanic: test timed out\n":                                         true,
		"=== RUN   TestTranscripts/smtp/size.talk\n\nfatal error: all goroutines are asleep\n":                        true,
		"./size.go:3:1: undefined: x\nFAIL\tposta/test/talk [build failed]\n":                                         false,
		"--- FAIL: TestTranscripts (0.1s)\n    talk_test.go:31: lab/x.talk: bad\n":                                    false,
		"\npanic: in TestMain\n": false,
	} {
		if failed([]byte(out), test) != want {
			t.Errorf("failed(%q) = %v", out, !want)
		}
	}
}
