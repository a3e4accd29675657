package sqldb_test

import (
	"testing"

	"posta/directory"
	"posta/directory/directorytest"
	"posta/store/sqldb"
)

// open gives a new store that ends with the test.
func open(t testing.TB, o sqldb.Options) *sqldb.DB {
	t.Helper()
	return openIn(t, t.TempDir(), o)
}

func openIn(t testing.TB, dir string, o sqldb.Options) *sqldb.DB {
	t.Helper()
	db, err := sqldb.Open(t.Context(), dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func TestDirectory(t *testing.T) {
	directorytest.Run(t, func(t *testing.T) directory.Store { return open(t, sqldb.Options{}).Directory() })
}
