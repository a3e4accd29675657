// Command mutate negates the code behind requirements, one after another, in a
// copy of the last commit, and sees whether the test that names the requirement
// notices. mutations.csv has the requirements, drawn at random among the tested
// ones, and for each a place in the code and what to put there.
//
//	go run ./test/rfc/mutate     writes docs/mutation.md
package main

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "mutate:", err)
		os.Exit(1)
	}
}

// mutation is one row: old stands once or more in file, its first is replaced.
type mutation struct{ id, file, old, new, test string }

func run() error {
	all, err := read("test/rfc/mutate/mutations.csv")
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "mutate")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	commit, err := checkout(dir)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	killed := 0
	for _, m := range all {
		outcome := m.try(dir)
		fmt.Println(m.id, outcome)
		if outcome == "noticed" {
			killed++
		}
		fmt.Fprintf(&b, "| %s | `%s` | %s | %s |\n", m.id, m.file, m.test, outcome)
	}
	page := fmt.Sprintf("# Requirements whose code was negated\n\n"+
		"Made by `go run ./test/rfc/mutate` on commit %s: %d of %d were noticed by the test that names them.\n\n"+
		"| requirement | changed | test | outcome |\n|---|---|---|---|\n%s", commit, killed, len(all), &b)
	return os.WriteFile("docs/mutation.md", []byte(page), 0o644)
}

func read(path string) ([]mutation, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return nil, err
	}
	var all []mutation
	for _, r := range rows[1:] {
		all = append(all, mutation{r[0], r[1], r[2], r[3], r[4]})
	}
	return all, nil
}

// checkout puts the last commit's files into dir.
func checkout(dir string) (commit string, err error) {
	tree, err := exec.Command("git", "archive", "HEAD").Output()
	if err != nil {
		return "", fmt.Errorf("git archive: %w", err)
	}
	untar := exec.Command("tar", "-x", "-C", dir)
	untar.Stdin = bytes.NewReader(tree)
	if err := untar.Run(); err != nil {
		return "", fmt.Errorf("tar: %w", err)
	}
	id, err := exec.Command("git", "rev-parse", "--short", "HEAD").Output()
	return strings.TrimSpace(string(id)), err
}

// try changes the code, runs the test, and puts the code back.
func (m mutation) try(dir string) string {
	path := filepath.Join(dir, filepath.FromSlash(m.file))
	src, err := os.ReadFile(path)
	if err != nil || !bytes.Contains(src, []byte(m.old)) {
		return "**the code is not there any more**"
	}
	changed := bytes.Replace(src, []byte(m.old), []byte(m.new), 1)
	if err := os.WriteFile(path, changed, 0o644); err != nil {
		return err.Error()
	}
	defer os.WriteFile(path, src, 0o644)
	test := exec.Command("go", "test", "-count=1", "./test/talk", "-run", "TestTranscripts/"+m.test+".talk")
	test.Dir = dir
	out, err := test.CombinedOutput()
	switch {
	case err == nil:
		return "**not noticed**"
	case bytes.Contains(out, []byte("--- FAIL: TestTranscripts/"+m.test)) || bytes.Contains(out, []byte("panic: ")):
		return "noticed"
	}
	return "**did not compile**"
}
