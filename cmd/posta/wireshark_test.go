package main

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"posta/admin"
	"posta/capture"
)

// inPath puts a shell script into PATH, alone where that is asked.
func inPath(t *testing.T, name, script string) (folder string) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("Windows runs no scripts of a shell")
	}
	folder = t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, name), []byte("#!/bin/sh\n"+script), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", folder+string(os.PathListSeparator)+os.Getenv("PATH"))
	return folder
}

// Wireshark is started on a pipe, and told what the listeners' ports speak.
func TestCaptureWireshark(t *testing.T) {
	set := newSetting(t, filepath.Join(t.TempDir(), "data"), "en")
	defer set.serve(t, "quickstart pepito.es --account pepe")()
	c, err := net.Dial("tcp", set.addressOf(t, "smtp"))
	if err != nil {
		t.Fatal(err)
	}
	dialogue(t, c, "EHLO first.example", "QUIT")
	folder := inPath(t, "wireshark", "{ echo \"$@\"; cat; } > \"${0%/*}/shown\"\n")
	if err := exec.Command("mkfifo", filepath.Join(folder, "shown")).Run(); err != nil {
		t.Fatal(err)
	}
	if status, said := set.run(t, "posta capture --wireshark --session 1", ""); status != exitDone || !strings.Contains(said, "Wireshark") {
		t.Fatalf("status %d: %s", status, said)
	}
	all, err := os.ReadFile(filepath.Join(folder, "shown")) // Wireshark goes on when posta has ended
	args, shown, _ := bytes.Cut(all, []byte("\n"))
	_, port, _ := strings.Cut(set.addressOf(t, "smtp"), ":")
	if err != nil || !strings.HasPrefix(string(args), "-k -i - -d tcp.port==") || !strings.Contains(string(args), "-d tcp.port=="+port+",smtp") {
		t.Errorf("it was called with %s (%v)", args, err)
	}
	r, err := capture.NewReader(bytes.NewReader(shown))
	if err != nil {
		t.Fatal(err)
	}
	seen := newSurvey(false)
	if err := capture.Read(t.Context(), r, seen, capture.Limits{}); err != nil || seen.count != 1 {
		t.Errorf("it was shown %d sessions (%v)", seen.count, err)
	}
	status, said := set.run(t, "posta capture --print-command --as-standard-ports", "")
	if status != exitDone || said != "posta capture --as-standard-ports -w - | wireshark -k -i -\n" {
		t.Errorf("status %d: %s", status, said)
	}
	// Who closes Wireshark ends the capture.
	inPath(t, "wireshark", "exec head -c 100 > /dev/null\n")
	if status, said := set.until(t, "posta capture --wireshark --past", regexp.MustCompile("never")); status != exitDone {
		t.Errorf("status %d: %s", status, said)
	}
	t.Setenv("PATH", t.TempDir())
	if status, said := set.run(t, "posta capture --wireshark", ""); status != exitFailed || !strings.Contains(said, "wireshark.org") {
		t.Errorf("without Wireshark: status %d: %s", status, said)
	}
}

// Wireshark is found where its installers put it.
func TestInstalled(t *testing.T) {
	home := t.TempDir()
	t.Setenv("PATH", home)
	getenv := func(name string) string {
		return map[string]string{"ProgramFiles": filepath.Join(home, "Program Files"), "HOME": home}[name]
	}
	for system, path := range map[string]string{
		"windows": filepath.Join(home, "Program Files", "Wireshark", "wireshark.exe"),
		"darwin":  filepath.Join(home, "Applications", "Wireshark.app", "Contents", "MacOS", "Wireshark"),
	} {
		if got := installed(system, "wireshark", getenv); got != "" {
			t.Errorf("%s: %s is no Wireshark", system, got)
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o700); err != nil {
			t.Fatal(err)
		}
		if got := installed(system, "wireshark", getenv); got != path {
			t.Errorf("%s: %q, not %q", system, got, path)
		}
	}
}

func TestDecodeAs(t *testing.T) {
	got := decodeAs([]admin.Listener{{Service: "smtp", TLS: "starttls", Port: 25}, {Service: "smtp", TLS: "none", Port: 2525},
		{Service: "submission", TLS: "implicit", Port: 4650}, {Service: "pop3", TLS: "starttls", Port: 1100}})
	want := strings.Fields("-d tcp.port==2525,smtp -d tcp.port==4650,tls -d tls.port==4650,smtp -d tcp.port==1100,pop")
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}
