package sqldb

import (
	"errors"
	"io/fs"
	"os"
	"os/user"
	"strings"
	"testing"

	"posta/store"
)

// Root, who asks a server of another user for a copy, hears whose folder it
// must be.
func TestUnwritableCopy(t *testing.T) {
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	err = unwritable(&fs.PathError{Op: "open", Path: "/root/x.db", Err: os.ErrPermission}, "/root/x.db")
	if !errors.Is(err, store.ErrTarget) || !strings.Contains(err.Error(), "/root/x.db") || !strings.Contains(err.Error(), me.Username) {
		t.Errorf("got %v", err)
	}
	if err := unwritable(os.ErrClosed, "x"); errors.Is(err, store.ErrTarget) || !strings.Contains(err.Error(), os.ErrClosed.Error()) {
		t.Errorf("got %v", err)
	}
}
