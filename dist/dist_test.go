package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// An archive holds the program and the texts, as its system wants them, and is
// the same octets each time.
func TestArchives(t *testing.T) {
	t.Chdir("..")
	dir := t.TempDir()
	program := filepath.Join(dir, "program")
	if err := os.WriteFile(program, []byte("\x7fELF\n\r\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"dist/README.txt", "dist/LEEME.txt", "docs/lab.md", "docs/lab.es.md"} {
		for row := range strings.Lines(string(read(t, name))) { // Notepad and more break none
			if utf8.RuneCountInString(row) > 80 {
				t.Errorf("%s: a line wider than a screen: %s", name, row)
			}
		}
	}
	at := time.Unix(1_800_000_000, 0).UTC()
	all := "x/posta x/README.txt x/LEEME.txt x/LICENSE.txt x/lab-guide.txt x/guia-de-la-practica.txt " +
		"x/admin-guide.txt x/guia-de-administracion.txt x/log.txt x/registro.txt"
	for system, write := range map[string]func(string, string, []file, time.Time) error{"windows": writeZip, "linux": writeTar} {
		files, err := content(system, program)
		if err != nil {
			t.Fatal(err)
		}
		one, two := filepath.Join(dir, system+"1"), filepath.Join(dir, system+"2")
		for _, name := range []string{one, two} {
			if err := write(name, "x", files, at); err != nil {
				t.Fatal(err)
			}
		}
		if a, b := read(t, one), read(t, two); !bytes.Equal(a, b) {
			t.Errorf("%s: two archives of the same files differ", system)
		}
		names, texts := unpack(t, system, one)
		want := all
		if system == "linux" {
			want += " x/contrib/systemd/posta.service x/contrib/fail2ban/posta.conf x/contrib/fail2ban/jail.conf"
		}
		if got := strings.ReplaceAll(strings.Join(names, " "), ".exe", ""); got != want {
			t.Errorf("%s: %s", system, got)
		}
		if string(texts[0]) != "\x7fELF\n\r\n" {
			t.Errorf("%s: the program is %q", system, texts[0])
		}
		for i, text := range texts[1:] {
			lines, crlf := bytes.Count(text, []byte("\n")), bytes.Count(text, []byte("\r\n"))
			marked := bytes.HasPrefix(text, []byte("\ufeff"))
			if windows := system == "windows"; lines < 10 || marked != windows || windows && crlf != lines || !windows && crlf != 0 {
				t.Errorf("%s: %s has %d lines, %d with CR LF, mark %v", system, names[i+1], lines, crlf, marked)
			}
		}
	}
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	octets, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return octets
}

func unpack(t *testing.T, system, name string) (names []string, texts [][]byte) {
	t.Helper()
	keep := func(name string, r io.Reader, mode os.FileMode) {
		octets, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		names, texts = append(names, name), append(texts, octets)
		if (mode&0o111 != 0) != (len(names) == 1) {
			t.Errorf("%s has the mode %v", name, mode)
		}
	}
	if system == "windows" {
		z, err := zip.OpenReader(name)
		if err != nil {
			t.Fatal(err)
		}
		defer z.Close()
		for _, f := range z.File {
			r, err := f.Open()
			if err != nil {
				t.Fatal(err)
			}
			keep(f.Name, r, f.Mode())
		}
		return names, texts
	}
	g, err := gzip.NewReader(bytes.NewReader(read(t, name)))
	if err != nil {
		t.Fatal(err)
	}
	for r := tar.NewReader(g); ; {
		h, err := r.Next()
		if err == io.EOF {
			return names, texts
		}
		if err != nil {
			t.Fatal(err)
		}
		keep(h.Name, r, h.FileInfo().Mode())
	}
}
