//go:build unix

package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"posta/words"
)

// Whoever has no right to data hears whose they are: those of the file that stands
// in the way, else of the folder, or of what holds the folder that is not there.
func TestDataOfOthers(t *testing.T) {
	dir, theirs := "/", filepath.Join("/", "there-is-none")
	id := "fail.of_root"
	if os.Geteuid() == 0 { // root's own folders are its own
		dir = t.TempDir()
		theirs = filepath.Join(dir, "posta.lock")
		if err := os.WriteFile(theirs, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(os.Chown(theirs, 65534, 65534), os.Chown(dir, 65534, 65534)); err != nil {
			t.Fatal(err)
		}
		id = "fail.of_others"
	}
	said := func(err error, data string) (string, any) {
		var e *words.Error
		if !errors.As(ofOthers(err, data), &e) {
			return "", nil
		}
		return e.ID, e.Args["Path"]
	}
	if os.Geteuid() != 0 {
		theirs = dir
	}
	if got, path := said(&fs.PathError{Path: theirs, Err: fs.ErrPermission}, dir); got != id || path != theirs {
		t.Errorf("%q of %v", got, path)
	}
	if got, path := said(fs.ErrPermission, filepath.Join(dir, "new", "folder")); got != id || path != dir {
		t.Errorf("%q of %v", got, path)
	}
	if got, path := said(fs.ErrPermission, t.TempDir()); got != "" {
		t.Errorf("this user's own: %q of %v", got, path)
	}
	if got, path := said(fs.ErrNotExist, dir); got != "" {
		t.Errorf("%q of %v", got, path)
	}
}
