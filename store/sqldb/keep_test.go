package sqldb_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"posta/store"
	"posta/store/sqldb"
)

// house is a store with two accounts and mail of several sizes, in a folder.
func house(t *testing.T, change ...string) (dir string, ids []int64) {
	t.Helper()
	dir = t.TempDir()
	db := openIn(t, dir, sqldb.Options{})
	ids = accounts(t, db, 2)
	for i := range 300 {
		deliverFor(t, db, fmt.Appendf(nil, "Subject: number %d\r\n\r\n%s\r\n", i, strings.Repeat("a line of it ", 40+i)), ids[i%2])
	}
	deliverFor(t, db, bytes.Repeat([]byte("a large one, line by line\r\n"), 20_000), ids...)
	for _, statement := range change {
		if err := db.Change(statement); err != nil {
			t.Fatal(statement, err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return dir, ids
}

// deliverFor files a message with the lines that mailroom writes before it.
func deliverFor(t *testing.T, db *sqldb.DB, text []byte, to ...int64) {
	t.Helper()
	d := db.Draft(int64(len(text)))
	d.Write(text)
	f := store.Filing{ID: "queueid00001", Draft: d, Received: time.Now()}
	for _, id := range to {
		f.To = append(f.To, store.Delivery{Account: id, Prefix: fmt.Appendf(nil, "Return-Path: <>\r\nDelivered-To: a%d@pepito.es\r\n", id)})
	}
	if err := db.File(t.Context(), f); err != nil {
		t.Error(err)
	}
}

func keeper(t *testing.T, dir string) *sqldb.Keeper {
	t.Helper()
	k, err := sqldb.OpenKeeper(dir, sqldb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { k.Close() })
	return k
}

func kinds(all []store.Trouble) []string {
	var out []string
	for _, one := range all {
		out = append(out, one.Kind)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// readAll fetches every message of an account as POP3 does, and holds it
// against the size that LIST says.
func readAll(t *testing.T, db *sqldb.DB, account int64) (texts []string) {
	t.Helper()
	all, err := db.List(t.Context(), account)
	if err != nil {
		t.Fatal(err)
	}
	r := db.Reader(account)
	defer r.Close()
	for i, e := range all {
		var b bytes.Buffer
		if err := r.WriteTo(t.Context(), &b, e, all[i+1:]); err != nil {
			t.Fatalf("message %d of account %d: %v", e.UID, account, err)
		}
		size := int64(b.Len())
		if e.Traits.NoEOL {
			size += 2
		}
		if size != e.Size {
			t.Errorf("message %d of account %d has %d octets, listed with %d", e.UID, account, size, e.Size)
		}
		texts = append(texts, b.String())
	}
	return texts
}

// What rows can have wrong is found, said, mended in the file, and then right.
func TestMend(t *testing.T) {
	for name, tt := range map[string]struct {
		damage []string
		want   []string
		left   []string
		then   func(t *testing.T, db *sqldb.DB, ids []int64)
	}{
		"sound":    {},
		"counters": {damage: []string{`UPDATE mailbox SET messages = messages + 3, bytes = 7`}, want: []string{"counters"}},
		"next number": {damage: []string{`UPDATE mailbox SET uidnext = 5`}, want: []string{"number"},
			then: func(t *testing.T, db *sqldb.DB, ids []int64) {
				before := len(readAll(t, db, ids[0]))
				deliver(t, db, body, ids[0])
				if n := len(readAll(t, db, ids[0])); n != before+1 {
					t.Errorf("%d messages after one more than %d", n, before)
				}
			}},
		"references": {damage: []string{`UPDATE blob SET refs = refs + 1 WHERE id < 40`}, want: []string{"references"}},
		"body without its message": {damage: []string{`DELETE FROM message WHERE uid = 10`, `UPDATE mailbox SET messages = messages - 1,
			bytes = (SELECT sum(size) FROM message e WHERE e.mailbox_id = mailbox.id)`}, want: []string{"pieces", "unowned"},
			then: func(t *testing.T, db *sqldb.DB, ids []int64) {
				texts := readAll(t, db, rescued(t, db))
				if len(texts) != 2 || !strings.Contains(texts[0], "Subject: number 18") {
					t.Errorf("the account \"rescued\" has %.80q", texts)
				}
			}},
		"lost body": {damage: []string{`DELETE FROM blob_chunk WHERE id / 1048576 = (SELECT blob_id FROM message WHERE uid = 4 LIMIT 1)`},
			want: []string{"body"}, then: hurtIs("0 of", "The text of this message was lost")},
		"lost blob": {damage: []string{`DELETE FROM blob WHERE id = (SELECT blob_id FROM message WHERE uid = 4 LIMIT 1)`},
			want: []string{"body"}},
		"lost blob and body": {damage: []string{
			`DELETE FROM blob_chunk WHERE id / 1048576 = (SELECT blob_id FROM message WHERE uid = 4 LIMIT 1)`,
			`DELETE FROM blob WHERE id = (SELECT blob_id FROM message WHERE uid = 4 LIMIT 1)`},
			want: []string{"body"}, then: hurtIs("0 of", "was lost")},
		"hole in a large body": {damage: []string{`DELETE FROM blob_chunk WHERE id % 1048576 = 3`}, want: []string{"body"},
			then: hurtIs("474464 of 540000", "a large one")},
		"lost prefix": {damage: []string{`DELETE FROM blob_chunk WHERE id = (SELECT prefix / 1048576 * 1048576 FROM message WHERE uid = 4 LIMIT 1)`},
			want: []string{"body"}},
		"sizes":                  {damage: []string{`UPDATE message SET size = size + 5 WHERE uid = 2`}, want: []string{"counters", "size"}},
		"size of a blob":         {damage: []string{`UPDATE blob SET size = size + 5 WHERE id = (SELECT blob_id FROM message WHERE uid = 2 LIMIT 1)`}, want: []string{"body"}},
		"stray":                  {damage: []string{`INSERT INTO blob_chunk (id, data) VALUES (900000 * 1048576, CAST('stray' AS BLOB))`}, want: []string{"pieces"}},
		"account":                {damage: []string{`DELETE FROM account WHERE local = 'a1'`}, want: []string{"account"}},
		"mailbox":                {damage: []string{`DELETE FROM mailbox WHERE id = 1`}, want: []string{"inbox", "mailbox"}},
		"domain":                 {damage: []string{`DELETE FROM domain`}, want: []string{"domain"}},
		"confirmed of no domain": {damage: []string{`INSERT INTO confirmed_recipient VALUES ('gone.example', 'ana', 'w', 1)`}, want: []string{"rows"}},
		"grant of nobody": {damage: []string{`INSERT INTO send_grant VALUES (99, 'x@y.example')`, `INSERT INTO list_member (list_id, address) VALUES (7, 'x@y.example')`},
			want: []string{"rows"}},
		"list":  {damage: []string{`INSERT INTO mailing_list (domain, local_key, address, kind, owner, name, members) VALUES ('pepito.es', 'l', 'l@pepito.es', 'public', '', '', 5)`}, want: []string{"members"}},
		"alias": {damage: []string{`INSERT INTO alias (domain, local_key, address) VALUES ('pepito.es', 'x', 'x@pepito.es')`}, want: []string{"alias"}, left: []string{"alias"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, ids := house(t, tt.damage...)
			k := keeper(t, dir)
			found, err := k.Check(t.Context(), nil)
			k.Close()
			if err != nil || !slices.Equal(kinds(found), tt.want) {
				t.Fatalf("found %v %v, want %v", found, err, tt.want)
			}
			for _, one := range found {
				if strings.HasPrefix(one.What.Error(), "sqldb.") || strings.HasPrefix(one.Repair.Error(), "sqldb.") {
					t.Errorf("nobody says %v, %v", one.What, one.Repair)
				}
			}
			db := openIn(t, dir, sqldb.Options{}) // a server runs
			for range 2 {
				r, err := db.Repair(t.Context(), nil)
				if err != nil || !slices.Equal(kinds(r.Left), tt.left) {
					t.Fatalf("repaired %v, left %v, %v", r.Mended, r.Left, err)
				}
			}
			for _, id := range ids {
				readAll(t, db, id)
			}
			if tt.then != nil {
				tt.then(t, db, ids)
			}
			if err := db.Sweep(); err != nil {
				t.Error(err)
			}
			if found, err := db.Check(t.Context(), nil); err != nil || !slices.Equal(kinds(found), tt.left) {
				t.Errorf("after more use: %v %v", found, err)
			}
		})
	}
}

// hurtIs finds the one message that was damaged.
func hurtIs(saved, text string) func(*testing.T, *sqldb.DB, []int64) {
	return func(t *testing.T, db *sqldb.DB, ids []int64) {
		for _, one := range append(readAll(t, db, ids[0]), readAll(t, db, ids[1])...) {
			if strings.Contains(one, "X-Posta-Damage: "+saved) && strings.Contains(one, text) {
				return
			}
		}
		t.Errorf("no message says X-Posta-Damage: %s", saved)
	}
}

func rescued(t *testing.T, db *sqldb.DB) int64 {
	t.Helper()
	a, err := db.Directory().Account(t.Context(), "rescued", "pepito.es")
	if err != nil || !a.Disabled {
		t.Fatalf("account \"rescued\": %+v %v", a, err)
	}
	return a.ID
}

const page = 4096

// pagesOf gives the numbers of a file's pages of a kind: 13 is a leaf of a
// table, 10 one of an index or of a table without rowid.
func pagesOf(t *testing.T, file string, kind byte) (out []int) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for at := page; at+page <= len(data); at += page {
		if data[at] == kind && binary.BigEndian.Uint16(data[at+3:]) > 5 {
			out = append(out, at/page)
		}
	}
	return out
}

func spoil(t *testing.T, file string, at int, with []byte) {
	t.Helper()
	f, err := os.OpenFile(file, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt(with, int64(at)); err != nil {
		t.Fatal(err)
	}
}

// A file that is really damaged gives a new one with all that could be read;
// the old one stays as it was.
func TestRescue(t *testing.T) {
	noise := bytes.Repeat([]byte{0xa5, 0x0f, 0x99}, page/3)
	for name, tt := range map[string]struct {
		damage func(t *testing.T, file string)
		least  int // messages that must be saved of 302
	}{
		"a leaf of bodies": {func(t *testing.T, file string) {
			leaves := pagesOf(t, file, 13)
			spoil(t, file, leaves[len(leaves)/2]*page, noise)
		}, 290},
		"a leaf of messages": {func(t *testing.T, file string) {
			leaves := pagesOf(t, file, 10)
			spoil(t, file, leaves[len(leaves)-1]*page, noise)
		}, 200},
		"flipped octets": {func(t *testing.T, file string) {
			leaves := pagesOf(t, file, 13)
			for _, n := range leaves[len(leaves)-9 : len(leaves)-5] { // the first are the schema's
				spoil(t, file, n*page+1, []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff})
			}
		}, 280},
		"truncated": {func(t *testing.T, file string) {
			info, err := os.Stat(file)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.Truncate(file, info.Size()*3/4); err != nil {
				t.Fatal(err)
			}
		}, 150},
		"truncated in a page": {func(t *testing.T, file string) {
			if err := os.Truncate(file, 100*page+100); err != nil { // the schema lies in the first 70 or so
				t.Fatal(err)
			}
		}, 280},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, _ := house(t)
			file := filepath.Join(dir, sqldb.File)
			tt.damage(t, file)
			before, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			k := keeper(t, dir)
			found, err := k.Check(t.Context(), nil)
			if err != nil || !slices.Equal(kinds(found), []string{"pages"}) {
				t.Fatalf("found %v %v", found, err)
			}
			if after, err := os.ReadFile(file); err != nil || !bytes.Equal(after, before) {
				t.Fatal("a check has changed the file", err)
			}
			r, err := k.Repair(t.Context(), nil)
			if err != nil || len(r.Left) > 0 || r.Lost == 0 {
				t.Fatalf("repaired %+v %v", r, err)
			}
			t.Logf("%d places lost, %d messages saved: %v", r.Lost, r.Usage.Messages, kinds(r.Mended))
			if kept, err := os.ReadFile(filepath.Join(r.Kept, sqldb.File)); err != nil || !bytes.Equal(kept, before) {
				t.Error("the damaged file was not kept as it was", err)
			}
			if found, err := k.Check(t.Context(), nil); err != nil || len(found) > 0 {
				t.Errorf("the new file: %v %v", found, err)
			}
			k.Close()
			db := openIn(t, dir, sqldb.Options{})
			all, err := db.Directory().Accounts(t.Context(), "")
			if err != nil {
				t.Fatal(err)
			}
			saved := 0
			for _, a := range all {
				saved += len(readAll(t, db, a.ID))
			}
			if saved < tt.least || int64(saved) != r.Usage.Messages {
				t.Errorf("%d messages saved, told %d, want %d", saved, r.Usage.Messages, tt.least)
			}
			left, err := filepath.Glob(filepath.Join(dir, "rescue-*"))
			if err != nil || len(left) > 0 {
				t.Errorf("left behind: %v %v", left, err)
			}
		})
	}
}

// Where nothing can be read, nothing is changed, and that is said.
func TestRescueOfNothing(t *testing.T) {
	dir, _ := house(t)
	file := filepath.Join(dir, sqldb.File)
	spoil(t, file, 0, make([]byte, page))
	k := keeper(t, dir)
	found, err := k.Check(t.Context(), nil)
	if err != nil || !slices.Equal(kinds(found), []string{"pages"}) {
		t.Fatalf("found %v %v", found, err)
	}
	before, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := k.Repair(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "it is as it was") {
		t.Errorf("repaired: %v", err)
	}
	if after, err := os.ReadFile(file); err != nil || !bytes.Equal(after, before) {
		t.Error("the file was changed", err)
	}
}

// While a server has the file, what only a new file can mend is refused.
func TestRescueNeedsQuiet(t *testing.T) {
	dir, _ := house(t)
	file := filepath.Join(dir, sqldb.File)
	leaves := pagesOf(t, file, 13)
	spoil(t, file, leaves[len(leaves)/2]*page, make([]byte, page))
	db := openIn(t, dir, sqldb.Options{})
	if _, err := db.Repair(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "stop the server") {
		t.Errorf("repaired: %v", err)
	}
	if _, err := sqldb.OpenKeeper(dir, sqldb.Options{}); err == nil || !strings.Contains(err.Error(), "another posta") {
		t.Errorf("a second process: %v", err)
	}
}
