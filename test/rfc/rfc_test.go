package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const root = "../.."

// Each requirement has a test or a reason; nothing unknown is named.
func TestRequirements(t *testing.T) {
	_, complaints, err := load(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range complaints {
		t.Error(c)
	}
}

func TestPageIsFresh(t *testing.T) {
	all, _, err := load(root)
	if err != nil {
		t.Fatal(err)
	}
	chosen, err := readChoices(root)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(root, page))
	if err != nil || !bytes.Equal(bytes.ReplaceAll(got, []byte("\r\n"), []byte("\n")), render(all, chosen)) {
		t.Errorf("%s is stale (%v); run: go run ./test/rfc", page, err)
	}
}

// The tests that the choices speak of are there.
func TestChoicesAreTested(t *testing.T) {
	chosen, err := readChoices(root)
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile(`[a-z0-9_/-]+(\.talk|_test\.go)`).FindAllString(string(chosen), -1)
	if len(named) < 7 {
		t.Errorf("only %q", named)
	}
	for _, test := range named {
		if _, err := os.Stat(filepath.Join(root, filepath.FromSlash(test))); err != nil {
			t.Error(err)
		}
	}
}

func TestComplaints(t *testing.T) {
	rows := []requirement{
		{id: "1-1-1", level: "MUST", says: "x"},
		{id: "1-1-2", level: "MUST NOT", says: "x", excuse: "too hard"},
		{id: "1-1-4", level: "MAY", says: "x", excuse: "not used"},
		{id: "1-1-5", level: "MAY", says: "x", excuse: "not used"},
		{id: "1-1-6", level: "MAY"},
		{id: "1-1-7", level: "SHOULD", says: "x"},
		{id: "1-1-8", level: "MUST", says: "x", excuse: foreign},
		{id: "2595-3.2-2", level: "MUST", says: "x", excuse: foreign},
	}
	got := strings.Join(join(rows, map[string][]string{
		"1-1-5": {"t"}, "1-1-7": {"t"}, "9-9-9": {"t"},
	}), "\n")
	for _, want := range []string{"1-1-1 (MUST): x: no test", "1-1-2 (MUST NOT): x: a choice", "1-1-8 (MUST): x: a choice", "1-1-5 (MAY): x: is excused",
		"1-1-6 (MAY): : has no wording", "t names 9-9-9"} {
		if !strings.Contains(got, want) {
			t.Errorf("no complaint %q in\n%s", want, got)
		}
	}
	if n := strings.Count(got, "\n") + 1; n != 6 {
		t.Errorf("%d complaints in\n%s", n, got)
	}
}

func TestSummary(t *testing.T) {
	var b bytes.Buffer
	summary(&b, []requirement{
		{id: "1-1-1", level: "MUST", tests: []string{"t"}},
		{id: "1-1-2", level: "MUST NOT", tests: []string{"t"}},
		{id: "1-1-3", level: "MAY", excuse: foreign},
		{id: "1-1-4", level: "MUST"},
		{id: "2-1-1", level: "SHOULD", excuse: "not used"},
		{id: "2-1-2", level: "MUST", excuse: foreign},
	})
	_, rows, _ := strings.Cut(b.String(), "|---|---|---|---|\n")
	if want := "| 1 | 2 | 1 | 0 |\n| 2 | 0 | 1 | 1 |\n| all | 2 | 2 | 1 |\n| of them MUST and MUST NOT | 2 | 1 | 0 |\n"; rows != want {
		t.Errorf("got %s\nwant %s", rows, want)
	}
}

func TestCollect(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"a.talk":    "# rfc: 1-1-1, 1-1-2\nengine: server\n",
		"b_test.go": "package b\n\n// Test does.\n// rfc: 1-1-2\nfunc TestX() {\n\t// rfc: 1-1-3\n}\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	named, err := collect(dir)
	if err != nil {
		t.Fatal(err)
	}
	if got := named["1-1-2"]; len(got) != 2 || got[0] != "a.talk" || got[1] != "b_test.go TestX" {
		t.Errorf("1-1-2 is named by %q", got)
	}
	if len(named["1-1-1"]) != 1 || named["1-1-3"][0] != "b_test.go TestX" {
		t.Errorf("collect() = %q", named)
	}
}
