package sqldb_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"posta/directory"
	"posta/store"
	"posta/store/sqldb"
	"posta/words"
)

// another makes one more account.
func another(t testing.TB, db *sqldb.DB, local string) int64 {
	t.Helper()
	local = strings.ReplaceAll(local, " ", "-")
	a, err := db.Directory().AddAccount(t.Context(), directory.Account{Address: local + "@pepito.es", Local: local,
		Domain: "pepito.es"}, directory.Credentials{})
	if err != nil {
		t.Fatal(err)
	}
	return a.ID
}

func TestOneProcess(t *testing.T) {
	dir := t.TempDir()
	db := openIn(t, dir, sqldb.Options{})
	_, err := sqldb.Open(t.Context(), dir, sqldb.Options{})
	if !errors.Is(err, sqldb.ErrBusy) {
		t.Errorf("a second Open gives %v, want ErrBusy", err)
	}
	holds := filepath.Join(dir, sqldb.Lock) + ")"
	for lang, want := range map[string]string{
		"en": "another posta, process " + strconv.Itoa(os.Getpid()) + ", has the store open (it holds " + holds,
		"es": "otro posta, el proceso " + strconv.Itoa(os.Getpid()) + ", tiene abierto el almacén (retiene " + holds,
	} {
		w, bad := words.New(lang)
		if bad != nil {
			t.Fatal(bad)
		}
		if got := w.Error(err); got != want {
			t.Errorf("%s: a second Open says %q, want %q", lang, got, want)
		}
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
	if err := db.Close(); err != nil {
		t.Errorf("the second Close: %v", err)
	}
	openIn(t, dir, sqldb.Options{})
}

func TestPrivate(t *testing.T) {
	if runtime.GOOS == "windows" {
		return // there the profile's rights are inherited
	}
	dir := filepath.Join(t.TempDir(), "deep", "data #1?x=%41")
	db := openIn(t, dir, sqldb.Options{})
	accounts(t, db, 1)
	files, err := os.ReadDir(dir)
	if err != nil || len(files) < 3 {
		t.Fatal(files, err)
	}
	for _, f := range files {
		if info, err := f.Info(); err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v, %v", f.Name(), info.Mode(), err)
		}
	}
}

func TestPragmas(t *testing.T) {
	db := open(t, sqldb.Options{})
	for query, want := range map[string]int64{
		"PRAGMA page_size": 4096, "PRAGMA auto_vacuum": 2, "PRAGMA synchronous": 2, "PRAGMA query_only": 1,
		"PRAGMA wal_autocheckpoint": 1024, "PRAGMA busy_timeout": 10000, "PRAGMA temp_store": 2,
		"PRAGMA cache_size": -8192, "PRAGMA journal_size_limit": 67108864,
	} {
		if n, err := db.Number(t.Context(), query); err != nil || n != want {
			t.Errorf("%s: %d, %v; want %d", query, n, err, want)
		}
	}
	for query, want := range map[string]int64{
		"PRAGMA synchronous": 2, "PRAGMA query_only": 0, "PRAGMA wal_autocheckpoint": 0, "PRAGMA cache_size": -65536,
		"PRAGMA journal_size_limit": 67108864, "PRAGMA auto_vacuum": 2,
	} {
		if n, err := db.Writers(query); err != nil || n != want {
			t.Errorf("the writer's %s: %d, %v; want %d", query, n, err, want)
		}
	}
}

// What was true stays true; leases and half-written bodies of the process
// before do not.
func TestReopen(t *testing.T) {
	dir := t.TempDir()
	db := openIn(t, dir, sqldb.Options{})
	id := accounts(t, db, 1)[0]
	deliver(t, db, body, id)
	lease, err := db.Lock(t.Context(), id, "before", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	half := db.Draft(0)
	half.Write(make([]byte, 2<<20)) // and never ended
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	half.Discard()

	db = openIn(t, dir, sqldb.Options{})
	if _, err := db.Lock(t.Context(), id, "after", time.Hour); err != nil {
		t.Errorf("the lease of a process that ended: %v", err)
	}
	if err := db.Unlock(t.Context(), lease); !errors.Is(err, store.ErrLost) {
		t.Errorf("Unlock with the old token: %v", err)
	}
	if err := db.Sweep(); err != nil {
		t.Fatal(err)
	}
	if n, err := db.Number(t.Context(), `SELECT count(*) FROM blob`); err != nil || n != 1 {
		t.Errorf("%d bodies, %v; the half-written one should have gone", n, err)
	}
	deliver(t, db, []byte("second\r\n"), id)
	es, err := db.List(t.Context(), id)
	if err != nil || len(es) != 2 {
		t.Fatal(es, err)
	}
	var out bytes.Buffer
	r := db.Reader(id)
	defer r.Close()
	for i, e := range es {
		if err := r.WriteTo(t.Context(), &out, e, es[i+1:]); err != nil {
			t.Error(err)
		}
	}
	if want := string(trace) + string(body) + string(trace) + "second\r\n"; out.String() != want {
		t.Errorf("%d octets came back, want %d", out.Len(), len(want))
	}
}

// A file of a newer program is left alone.
func TestNewerSchema(t *testing.T) {
	dir := t.TempDir()
	db := openIn(t, dir, sqldb.Options{})
	if err := db.Change(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (999, 1)`); err != nil {
		t.Fatal(err)
	}
	db.Close()
	_, err := sqldb.Open(t.Context(), dir, sqldb.Options{})
	if err == nil || !strings.Contains(err.Error(), "newer posta") {
		t.Errorf("error %v", err)
	}
}

func TestStats(t *testing.T) {
	db := open(t, sqldb.Options{})
	ids := accounts(t, db, 2)
	deliver(t, db, body, ids...)
	s, err := db.Stats(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if s.Letters != 1 || s.Batches < 3 || s.Commit <= 0 || s.Usage.Messages != 2 || s.Octets == 0 ||
		s.Usage.Bytes != 2*int64(len(body)+len(trace)) {
		t.Errorf("figures %+v", s)
	}
}

// Room that much mail has left goes back to the disk.
func TestGivesRoomBack(t *testing.T) {
	db := open(t, sqldb.Options{})
	id := accounts(t, db, 1)[0]
	const letters = 400
	uids := make([]uint32, letters)
	for i := range uids {
		uids[i] = uint32(i + 1)
		if err := file(t, db, make([]byte, 64<<10), id); err != nil {
			t.Fatal(err)
		}
	}
	full, err := db.Number(t.Context(), "PRAGMA page_count")
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Remove(t.Context(), store.Lease{Account: id}, uids); err != nil {
		t.Fatal(err)
	}
	if err := db.Sweep(); err != nil {
		t.Fatal(err)
	}
	left, err := db.Number(t.Context(), "PRAGMA page_count")
	if err != nil || left > full*3/4 {
		t.Errorf("of %d pages %d are left, %v", full, left, err)
	}
}

// A listing that is remembered serves only as long as nothing has gone.
func TestListingIsTrue(t *testing.T) {
	db := open(t, sqldb.Options{})
	id := accounts(t, db, 1)[0]
	for range 3 {
		deliver(t, db, body, id)
	}
	if es, err := db.List(t.Context(), id); err != nil || len(es) != 3 {
		t.Fatal(es, err)
	}
	for _, query := range []string{`DELETE FROM message WHERE uid = 2`, `UPDATE mailbox SET modseq = modseq + 1, messages = 2`} {
		if err := db.Change(query); err != nil {
			t.Fatal(err)
		}
	}
	if es, err := db.List(t.Context(), id); err != nil || len(es) != 2 || es[1].UID != 3 {
		t.Errorf("%+v, %v", es, err)
	}
}
