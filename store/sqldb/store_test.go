package sqldb_test

import (
	"fmt"
	"testing"

	"posta/directory"
	"posta/store/sqldb"
	"posta/store/storetest"
)

func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T, o storetest.Options) storetest.Engine {
		db := open(t, sqldb.Options{Clock: o.Clock})
		if _, err := db.Directory().AddDomain(t.Context(), directory.Domain{Name: storetest.Domain}); err != nil {
			t.Fatal(err)
		}
		return &engine{DB: db}
	})
}

// engine is a DB as the suite wants it.
type engine struct {
	*sqldb.DB
	accounts int
}

func (e *engine) NewAccount(t *testing.T, quota int64) int64 {
	t.Helper()
	e.accounts++
	local := fmt.Sprintf("a%d", e.accounts)
	a, err := e.Directory().AddAccount(t.Context(), directory.Account{Address: local + "@" + storetest.Domain, Local: local,
		Domain: storetest.Domain, Quota: quota}, directory.Credentials{})
	if err != nil {
		t.Fatal(err)
	}
	return a.ID
}

func (e *engine) EndAccount(t *testing.T, id int64) {
	t.Helper()
	if err := e.Directory().RemoveAccount(t.Context(), id); err != nil {
		t.Fatal(err)
	}
}

// Bodies also looks for chunks that belong to nothing, and for what the sweep
// should have emptied. A draft under way counts as nothing.
func (e *engine) Bodies(t *testing.T) int {
	t.Helper()
	if err := e.Sweep(); err != nil {
		t.Fatal(err)
	}
	for what, query := range map[string]string{
		"chunks of nothing": `SELECT count(*) FROM blob_chunk c
			WHERE NOT EXISTS (SELECT 1 FROM blob b WHERE b.id = c.id / 1048576)
			AND NOT EXISTS (SELECT 1 FROM message m WHERE m.prefix / 1048576 = c.id / 1048576)
			AND NOT EXISTS (SELECT 1 FROM outgoing o WHERE o.prefix / 1048576 = c.id / 1048576)`,
		"blobs whose size is wrong": `SELECT count(*) FROM blob b WHERE refs > 0 AND size <>
			(SELECT coalesce(sum(length(data)), 0) FROM blob_chunk c WHERE c.id BETWEEN b.id * 1048576 AND b.id * 1048576 + 1048575)`,
		"blobs whose references are wrong": `SELECT count(*) FROM blob b WHERE refs <>
			(SELECT count(*) FROM message m WHERE m.blob_id = b.id) + (SELECT count(*) FROM expansion x WHERE x.blob_id = b.id)
			+ (SELECT count(*) FROM outgoing o WHERE o.blob_id = b.id)`,
		"attempts of nothing":           `SELECT count(*) FROM attempt a WHERE NOT EXISTS (SELECT 1 FROM recipient r WHERE r.id = a.recipient_id)`,
		"rows of trash":                 `SELECT count(*) FROM trash`,
		"mailboxes of removed accounts": `SELECT count(*) FROM mailbox WHERE account_id < 0`,
	} {
		if n := e.number(t, query); n != 0 {
			t.Errorf("%d %s", n, what)
		}
	}
	return int(e.number(t, `SELECT count(*) FROM blob WHERE refs > 0`))
}

func (e *engine) number(t *testing.T, query string) int64 {
	t.Helper()
	n, err := e.Number(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
