package main

import (
	"bufio"
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// collect finds the tests that name requirements: "# rfc:" in transcripts and
// "// rfc:" in the comments of Go tests.
func collect(root string) (map[string][]string, error) {
	named := map[string][]string{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name := d.Name(); path != root && (strings.HasPrefix(name, ".") || name == "bin" || name == "testdata") {
				return filepath.SkipDir
			}
			return nil
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		switch {
		case strings.HasSuffix(path, ".talk"):
			return fromTalk(path, rel, named)
		case strings.HasSuffix(path, "_test.go"):
			return fromGo(path, rel, named)
		}
		return nil
	})
	for id := range named {
		slices.Sort(named[id])
		named[id] = slices.Compact(named[id])
	}
	return named, err
}

func fromTalk(path, rel string, named map[string][]string) error {
	src, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	lines := bufio.NewScanner(bytes.NewReader(src))
	for lines.Scan() {
		if text, ok := strings.CutPrefix(lines.Text(), "#"); ok {
			add(text, rel, named)
		}
	}
	return lines.Err()
}

func fromGo(path, rel string, named map[string][]string) error {
	src, err := os.ReadFile(path)
	if err != nil || !bytes.Contains(src, []byte("// rfc:")) {
		return err
	}
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, path, src, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	for _, group := range file.Comments {
		for _, c := range group.List {
			add(strings.TrimPrefix(c.Text, "//"), rel+" "+around(file, c.Pos()), named)
		}
	}
	return nil
}

// around names the function that a comment stands in or before.
func around(file *ast.File, at token.Pos) string {
	for _, decl := range file.Decls {
		f, ok := decl.(*ast.FuncDecl)
		if !ok {
			continue
		}
		from := f.Pos()
		if f.Doc != nil {
			from = f.Doc.Pos()
		}
		if from <= at && at < f.End() {
			return f.Name.Name
		}
	}
	return ""
}

func add(comment, test string, named map[string][]string) {
	ids, ok := strings.CutPrefix(strings.TrimSpace(comment), "rfc:")
	if !ok {
		return
	}
	for id := range strings.FieldsSeq(strings.ReplaceAll(ids, ",", " ")) {
		named[id] = append(named[id], strings.TrimSpace(test))
	}
}
