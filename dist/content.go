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
	texts := []struct{ from, to string }{
		{"LICENSE", "LICENSE.txt"}, {"docs/lab.md", "lab-guide.txt"}, {"docs/lab.es.md", "guia-de-la-practica.txt"},
		{"docs/admin.md", "admin-guide.txt"}, {"docs/admin.es.md", "guia-de-administracion.txt"}, {"docs/log.md", "log.txt"}, {"docs/log.es.md", "registro.txt"},
	}
	if system == "linux" {
		for _, name := range []string{"contrib/systemd/posta.service", "contrib/fail2ban/posta.conf", "contrib/fail2ban/jail.conf"} {
			texts = append(texts, struct{ from, to string }{name, name})
		}
	}
	for _, text := range texts {
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
