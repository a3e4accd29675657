package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// catalogue is mutants.toml.
type catalogue struct {
	Draw    draw
	Mutants []mutant `toml:"mutant"`
}

// mutant is one alteration of the code.
type mutant struct {
	ID      string // the requirement's
	Negated string // what the code no longer does, or does now
	File    string
	Old     string // stands once in File
	New     string // stands in its place
	Test    string // "smtp/size", a transcript, or "pop3/pop3server TestAuth"
	Since   string // how the test was strengthened, if the mutant survived at first
}

func load(root string) (catalogue, error) {
	var c catalogue
	src, err := os.ReadFile(filepath.Join(root, "test", "mutants", "mutants.toml"))
	if err != nil {
		return c, err
	}
	err = toml.NewDecoder(bytes.NewReader(src)).DisallowUnknownFields().Decode(&c)
	return c, err
}

func (m mutant) path(root string) string { return filepath.Join(root, filepath.FromSlash(m.File)) }

// apply gives the altered file.
func (m mutant) apply(root string) ([]byte, error) {
	src, err := os.ReadFile(m.path(root))
	if err != nil {
		return nil, err
	}
	src = bytes.ReplaceAll(src, []byte("\r\n"), []byte("\n"))
	switch n := bytes.Count(src, []byte(m.Old)); {
	case m.Old == "" || m.Old == m.New:
		return nil, errors.New("it alters nothing")
	case n != 1:
		return nil, fmt.Errorf("its old text stands %d times in %s, not once", n, m.File)
	}
	return bytes.Replace(src, []byte(m.Old), []byte(m.New), 1), nil
}

// transcripts is the room that plays them.
const transcripts = "test/talk"

// named is a test as the go command knows it.
type named struct {
	room    string // its package's folder
	name    string // as it is reported, "TestTranscripts/smtp/size.talk"
	pattern string // for -run
}

func (m mutant) named() (named, error) {
	room, function, isGo := strings.Cut(m.Test, " ")
	switch {
	case isGo:
		return named{room, function, "^" + function + "$"}, nil
	case strings.Count(m.Test, "/") == 1:
		folder, file, _ := strings.Cut(m.Test, "/")
		return named{transcripts, "TestTranscripts/" + m.Test + ".talk", "^TestTranscripts$/^" + folder + "$/^" + file + `\.talk$`}, nil
	}
	return named{}, fmt.Errorf("%s: no test is called %q", m.ID, m.Test)
}

// names says whether the test names the mutant's requirement.
func (m mutant) names(root string) (bool, error) {
	test, err := m.named()
	if err != nil {
		return false, err
	}
	if test.room == transcripts {
		src, err := os.ReadFile(filepath.Join(root, transcripts, filepath.FromSlash(m.Test)+".talk"))
		return mentions(string(src), "# rfc:", m.ID), err
	}
	files, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(test.room), "*_test.go"))
	if err != nil {
		return false, err
	}
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			return false, err
		}
		before, body, found := strings.Cut(string(src), "\nfunc "+test.name+"(")
		if !found {
			continue
		}
		body, _, _ = strings.Cut(body, "\n}\n")
		_, comment, _ := cutLast(before, "\n\n")
		return mentions(comment+"\n"+body, "// rfc:", m.ID), nil
	}
	return false, nil
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return "", s, false
	}
	return s[:i], s[i+len(sep):], true
}

// mentions says whether a comment of requirements has the id.
func mentions(text, mark, id string) bool {
	for line := range strings.Lines(text) {
		ids, ok := strings.CutPrefix(strings.TrimSpace(line), mark)
		if !ok {
			continue
		}
		for word := range strings.FieldsSeq(strings.ReplaceAll(ids, ",", " ")) {
			if word == id {
				return true
			}
		}
	}
	return false
}
