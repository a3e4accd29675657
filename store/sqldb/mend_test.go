package sqldb_test

import (
	"path/filepath"
	"strings"
	"testing"

	"posta/store/sqldb"
)

// A repair of a stopped store mends references before anything is taken away
// for having none: what a message needs is still there after it and the sweep.
func TestMendBeforeSweep(t *testing.T) {
	const large = `(SELECT blob_id FROM message ORDER BY size DESC LIMIT 1)` // both accounts have it
	for name, damage := range map[string][]string{
		"no references noted": {`UPDATE blob SET refs = 0`},
		// The first account's message was removed and not swept yet.
		"lost blob of a removed message": {
			`INSERT INTO trash (pairs) SELECT unhex(printf('%016x%016x', blob_id, 0)) FROM message WHERE mailbox_id = 1 ORDER BY size DESC LIMIT 1`,
			`DELETE FROM message WHERE mailbox_id = 1 AND blob_id = ` + large,
			`UPDATE mailbox SET messages = messages - 1, bytes = (SELECT sum(size) FROM message WHERE mailbox_id = 1) WHERE id = 1`,
			`DELETE FROM blob WHERE id = ` + large},
	} {
		t.Run(name, func(t *testing.T) {
			dir, _ := house(t)
			if err := sqldb.Damage(t.Context(), filepath.Join(dir, sqldb.File), damage...); err != nil {
				t.Fatal(err)
			}
			k := keeper(t, dir)
			if r, err := k.Repair(t.Context(), nil); err != nil || len(r.Mended) == 0 || len(r.Left) > 0 {
				t.Fatalf("repaired %+v %v", r, err)
			}
			k.Close()
			db := openIn(t, dir, sqldb.Options{})
			if err := db.Sweep(); err != nil {
				t.Fatal(err)
			}
			texts := readAll(t, db, 2)
			if len(texts) != 151 || len(texts[len(texts)-1]) < 500_000 {
				t.Errorf("%d messages, the last of %d octets", len(texts), len(texts[len(texts)-1]))
			}
			for i, text := range texts {
				if strings.Contains(text, "The text of this message was lost") {
					t.Errorf("message %d was swept away", i+1)
				}
			}
		})
	}
}
