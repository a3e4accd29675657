//go:build whole && linux

package wine

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
	"time"
)

// reader is a program that reads the pipe behind its -i into the file "shown", as
// Wireshark would.
const reader = `package main

import (
	"io"
	"os"
	"slices"
	"time"
)

func main() {
	name := os.Args[slices.Index(os.Args, "-i")+1]
	pipe, err := os.Open(name)
	for late := time.Now().Add(time.Minute); err != nil && time.Now().Before(late); pipe, err = os.Open(name) {
		time.Sleep(10 * time.Millisecond)
	}
	if err != nil {
		panic(err)
	}
	out, err := os.Create("shown.part")
	if err != nil {
		panic(err)
	}
	io.Copy(out, pipe)
	out.Close()
	os.Rename("shown.part", "shown")
}
`

// pipes shows a session of a running server to a program where Wireshark would be
// installed, and to one that opens a pipe by its name.
func pipes(t *testing.T, m *machine) {
	h := m.quickstart(t)
	typed(t, h.smtp, "220", labLetter...)
	source := filepath.Join(m.dir, "reader.go")
	if err := os.WriteFile(source, []byte(reader), 0o600); err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(m.prefix, "drive_c", "Program Files", "Wireshark")
	build := exec.Command("go", "build", "-o", filepath.Join(folder, "Wireshark.exe"), source)
	build.Env = append(os.Environ(), "GOOS=windows", "GOARCH=amd64", "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	shown := func() {
		t.Helper()
		name := filepath.Join(m.dir, "shown")
		defer os.Remove(name)
		for late := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
			got, err := os.ReadFile(name)
			if err == nil {
				if !bytes.HasPrefix(got, []byte("\x0a\x0d\x0d\x0a")) || !bytes.Contains(got, []byte("luis jaramillo uday\r\n")) {
					t.Errorf("it was shown %d octets: %.100q", len(got), got)
				}
				return
			}
			if time.Now().After(late) {
				t.Fatal("nothing was shown")
			}
		}
	}
	number := regexp.MustCompile(`"id":(\d+),"protocol":"smtp"`).FindStringSubmatch(m.posta(t, "session", "list", "--protocol", "smtp", "--limit", "1", "--json", "--data", "data"))
	if number == nil {
		t.Fatal("the list has no session of SMTP")
	}
	m.posta(t, "capture", "--wireshark", "--session", number[1], "--data", "data")
	shown()
	const name = `\\.\pipe\posta-by-hand`
	byHand := m.command()
	byHand.Args[1] = filepath.Join(folder, "Wireshark.exe")
	byHand.Args = append(byHand.Args, "-k", "-i", name)
	if err := byHand.Start(); err != nil {
		t.Fatal(err)
	}
	m.posta(t, "capture", "-w", name, "--session", number[1], "--data", "data")
	shown()
	_ = byHand.Wait()
	h.interrupt(t)
}
