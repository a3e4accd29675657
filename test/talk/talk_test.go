// Package talk_test plays the transcripts of test/talk against the whole house.
// Each *.talk file says which requirements it proves; docs/testing.md describes
// the format. The file to start with is lab/first.talk.
package talk_test

import (
	"context"
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"posta/talk"
)

// transcript is a parsed file.
type transcript struct {
	path string
	file *talk.File
}

func transcripts(t *testing.T) []transcript {
	t.Helper()
	var all []transcript
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".talk") {
			return err
		}
		src, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		f, err := talk.Parse(src)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			return nil
		}
		if got := string(talk.Format(f)); got != strings.ReplaceAll(string(src), "\r\n", "\n") {
			t.Errorf("%s is not in the canonical form", path)
		}
		all = append(all, transcript{filepath.ToSlash(path), f})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func runner(t *testing.T, path string) *talk.Runner {
	t.Helper()
	certificate, err := selfSigned()
	if err != nil {
		t.Fatal(err)
	}
	return &talk.Runner{Build: builder(t.TempDir, certificate), Files: os.DirFS(filepath.Dir(path))}
}

// Every transcript is played in each of its ways.
func TestTranscripts(t *testing.T) {
	for _, tr := range transcripts(t) {
		for _, way := range tr.file.Ways() {
			t.Run(tr.path+"/"+string(way), func(t *testing.T) {
				r := runner(t, tr.path)
				synctest.Test(t, func(t *testing.T) {
					report(t, tr.path, r.Play(context.Background(), tr.file, way))
				})
			})
		}
	}
}

func report(t *testing.T, path string, err error) {
	t.Helper()
	var failed *talk.Error
	switch {
	case errors.As(err, &failed):
		t.Errorf("%s:%d: %s", path, failed.Line, failed.Text)
	case err != nil:
		t.Errorf("%s: %v", path, err)
	}
}

// The example in docs/testing.md is a transcript too.
func TestDocumentedExample(t *testing.T) {
	page, err := os.ReadFile("../../docs/testing.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(strings.ReplaceAll(string(page), "\r\n", "\n"), "\n```\n")
	example, _, _ := strings.Cut(rest, "```\n")
	f, err := talk.Parse([]byte(example))
	if err != nil {
		t.Fatalf("docs/testing.md: the example's %v", err)
	}
	r := runner(t, ".")
	synctest.Test(t, func(t *testing.T) {
		report(t, "docs/testing.md, in the example", r.Play(context.Background(), f, talk.Lines))
	})
}

// mutants says how many alterations of each transcript are tried.
var mutants = flag.Int("mutants", 1, "how many altered expectations of each transcript must fail; -1: all")

// An altered expectation must fail, in the line that was altered: otherwise
// the transcript proves nothing.
func TestMutants(t *testing.T) {
	for i, tr := range transcripts(t) {
		n, err := talk.Mutants(tr.file)
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range sample(n, i) {
			t.Run(tr.path, func(t *testing.T) {
				r := runner(t, tr.path)
				synctest.Test(t, func(t *testing.T) {
					report(t, tr.path, r.PlayMutant(context.Background(), tr.file, k))
				})
			})
		}
	}
}

// sample chooses which of n mutants are tried: spread out, other ones in each
// file, always the same ones.
func sample(n, seed int) []int {
	k := *mutants
	if k < 0 || k > n {
		k = n
	}
	var out []int
	for i := range k {
		out = append(out, (i*n/k+seed*7)%n)
	}
	return out
}
