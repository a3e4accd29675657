package sqldb_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"posta/store"
	"posta/store/sqldb"
)

// A backup made while mail comes in holds all that was acknowledged before it
// began, is whole, and becomes a store by being copied to its place.
func TestBackupUnderLoad(t *testing.T) {
	dir := t.TempDir()
	db := openIn(t, dir, sqldb.Options{})
	ids := accounts(t, db, 2)
	large := bytes.Repeat([]byte("many lines of it\r\n"), 40_000)
	for range 10 {
		deliver(t, db, large, ids...)
	}
	ctx, stop := context.WithCancel(t.Context())
	var wait sync.WaitGroup
	var lock sync.Mutex
	acknowledged := map[string]bool{}
	count := func() int { lock.Lock(); defer lock.Unlock(); return len(acknowledged) }
	for s := range 4 {
		wait.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				text := fmt.Sprintf("Subject: letter %d of session %d\r\n\r\nx\r\n", n, s)
				deliver(t, db, []byte(text), ids[s%2])
				lock.Lock()
				acknowledged[text] = true
				lock.Unlock()
			}
		})
	}
	for count() < 50 {
		if ctx.Err() != nil {
			t.Fatal("stopped")
		}
	}
	lock.Lock()
	before := make([]string, 0, len(acknowledged))
	for text := range acknowledged {
		before = append(before, text)
	}
	lock.Unlock()
	target := filepath.Join(t.TempDir(), "copy.db")
	steps := 0
	made, err := db.Backup(t.Context(), target, func(store.Progress) { steps++ })
	after := count()
	stop()
	wait.Wait()
	if err != nil || len(made.Troubles) > 0 || made.File != target || steps < 10 {
		t.Fatalf("%+v after %d steps: %v", made, steps, err)
	}
	if after <= len(before) {
		t.Errorf("no letter was taken while the copy was made: %d before, %d after", len(before), after)
	}
	restored := t.TempDir()
	data, err := os.ReadFile(target)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(restored, sqldb.File), data, 0o600); err != nil {
		t.Fatal(err)
	}
	k := keeper(t, restored)
	if found, err := k.Check(t.Context(), nil); err != nil || len(found) > 0 {
		t.Errorf("the restored store: %v %v", found, err)
	}
	k.Close()
	copied := openIn(t, restored, sqldb.Options{})
	var all strings.Builder
	for _, id := range ids {
		for _, text := range readAll(t, copied, id) {
			all.WriteString(text)
		}
	}
	for _, text := range before {
		if !strings.Contains(all.String(), text) {
			t.Errorf("the copy has not %q", text)
		}
	}
	if _, err := db.Backup(t.Context(), target, nil); err == nil || !strings.Contains(err.Error(), "is there already") {
		t.Errorf("a second copy in its place: %v", err)
	}
	rest, err := os.ReadDir(filepath.Dir(target))
	if err != nil || len(rest) != 1 {
		t.Errorf("beside the copy: %v %v", rest, err)
	}
}

// A stopped store gives copies too, also after a process that was killed and
// left a log; a folder gets the usual name, and nothing else is written.
func TestBackupOfStopped(t *testing.T) {
	dir, ids := house(t)
	db := openIn(t, dir, sqldb.Options{})
	deliver(t, db, []byte("Subject: only in the log\r\n\r\nx\r\n"), ids[0])
	killed := t.TempDir()
	for _, name := range []string{sqldb.File, sqldb.File + "-wal"} { // as kill -9 leaves them
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(killed, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	to := t.TempDir()
	k := keeper(t, killed)
	made, err := k.Backup(t.Context(), to, nil)
	if err != nil || made.File != filepath.Join(to, sqldb.File) || len(made.Troubles) > 0 || made.Usage.Messages != 303 {
		t.Fatalf("%+v %v", made, err)
	}
	texts := readAll(t, openIn(t, to, sqldb.Options{}), ids[0])
	if last := texts[len(texts)-1]; !strings.Contains(last, "only in the log") {
		t.Errorf("the copy ends with %q", last)
	}
	if info, err := os.Stat(made.File); err != nil || info.Mode().Perm()&0o077 != 0 {
		t.Errorf("others may read the copy: %v %v", info.Mode(), err)
	}
	if _, err := k.Backup(t.Context(), filepath.Join(to, "no", "such", "place.db"), nil); err == nil {
		t.Error("a copy in a folder that is not there")
	}
}
