package main

import (
	"bytes"
	_ "embed"
	"os"
)

//go:embed README.txt
var readme string

//go:embed LEEME.txt
var leeme string

// file is one file of an archive.
type file struct {
	name   string
	octets []byte
	mode   os.FileMode
}

// content is what an archive holds. Texts for Windows have its line ends, and
// the mark by which its Notepad of all ages knows UTF-8.
func content(system, program string) ([]file, error) {
	octets, err := os.ReadFile(program)
	if err != nil {
		return nil, err
	}
	name := "posta"
	if system == "windows" {
		name = "posta.exe"
	}
	files := []file{{name, octets, 0o755}, {"README.txt", []byte(readme), 0o644}, {"LEEME.txt", []byte(leeme), 0o644}}
	for _, text := range []struct{ from, to string }{
		{"LICENSE", "LICENSE.txt"}, {"docs/lab.en.md", "lab-guide.txt"}, {"docs/lab.es.md", "guia-de-la-practica.txt"},
	} {
		octets, err := os.ReadFile(text.from)
		if err != nil {
			return nil, err
		}
		files = append(files, file{text.to, octets, 0o644})
	}
	if system == "windows" {
		for i := 1; i < len(files); i++ {
			files[i].octets = append([]byte("\ufeff"), bytes.ReplaceAll(files[i].octets, []byte("\n"), []byte("\r\n"))...)
		}
	}
	return files, nil
}
