package main

import (
	"os"
	"path/filepath"
	"testing"

	"posta/server"
)

// What a killed sink left goes; what somebody has, keeps or has just begun stays.
func TestSweep(t *testing.T) {
	temp, elsewhere := t.TempDir(), t.TempDir()
	file := func(folder, name string) {
		t.Helper()
		if err := os.MkdirAll(folder, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	folder := func(name string) string { return filepath.Join(temp, ephemeralFolder+name) }
	for _, name := range []string{"killed", "running"} {
		file(folder(name), ephemeralMark)
		file(folder(name), "posta.lock")
		file(folder(name), "posta.db")
	}
	file(folder("kept"), "posta.lock")
	file(folder("begun"), ephemeralMark)
	file(filepath.Join(temp, "other"), ephemeralMark)
	file(filepath.Join(temp, "other"), "posta.lock")
	file(elsewhere, ephemeralMark)
	file(elsewhere, "posta.lock")
	linked := os.Symlink(elsewhere, folder("link")) == nil // Windows has a right for it
	_, leave, err := server.Keep(folder("running"))
	if err != nil {
		t.Fatal(err)
	}
	sweep(temp)
	for name, want := range map[string]bool{
		folder("killed"): false, folder("running"): true, folder("kept"): true, folder("begun"): true,
		filepath.Join(temp, "other"): true, filepath.Join(elsewhere, "posta.lock"): true, folder("link"): linked,
	} {
		if _, err := os.Stat(name); (err == nil) != want {
			t.Errorf("%s is there: %v", name, err == nil)
		}
	}
	if err := leave(); err != nil {
		t.Fatal(err)
	}
	sweep(temp)
	if _, err := os.Stat(folder("running")); err == nil {
		t.Error("what nobody has any more is still there")
	}
}
