package sqldb_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"posta/store"
	"posta/store/sqldb"
)

// house with mail that leaves: two recipients of a message that an account has
// too, one of a large message, and two of small ones.
func queuedHouse(t *testing.T, damage ...string) (dir string) {
	t.Helper()
	dir, ids := house(t)
	db := openIn(t, dir, sqldb.Options{})
	d := db.Draft(0)
	d.Write([]byte("Subject: here and there\r\n\r\nx\r\n"))
	err := db.File(t.Context(), store.Filing{ID: "both", Draft: d, Received: time.Now(), To: []store.Delivery{{Account: ids[0]}},
		Out: []store.Outgoing{outgoing("both", "uno.example", "dos.example")}})
	if err != nil {
		t.Fatal(err)
	}
	enqueue(t, db, bytes.Repeat([]byte("a large one that leaves\r\n"), 20_000), outgoing("large", "uno.example"))
	enqueue(t, db, []byte("Subject: small\r\n\r\nx\r\n"), outgoing("small", "dos.example"))
	enqueue(t, db, []byte("Subject: tried\r\n\r\nx\r\n"), outgoing("tried", "tres.example"))
	one := claimed(t, db, "tres.example")[0]
	tried := store.Settlement{Item: one.ID, Token: one.Token, Due: time.Now(), Attempt: &store.Attempt{Code: 451}}
	if err := db.Queue().Settle(t.Context(), tried); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if err := sqldb.Damage(t.Context(), filepath.Join(dir, sqldb.File), damage...); err != nil {
		t.Fatal(err)
	}
	return dir
}

// What the queue's rows can have wrong is found, said, and mended.
func TestMendQueue(t *testing.T) {
	const of = `(SELECT id FROM outgoing WHERE queue = 'small')`
	for name, tt := range map[string]struct {
		damage []string
		want   []string
		items  string // addresses that are tried afterwards, and how often "held" stands for one
		then   func(t *testing.T, db *sqldb.DB)
	}{
		"sound":       {items: "both:uno both:dos large:uno small:dos tried:tres"},
		"lost lane":   {damage: []string{`DELETE FROM lane WHERE domain = 'uno.example'`}, want: []string{"lanes"}, items: "both:uno both:dos large:uno small:dos tried:tres"},
		"lane ahead":  {damage: []string{`UPDATE lane SET turn = turn + 1000000`}, want: []string{"lanes"}, items: "both:uno both:dos large:uno small:dos tried:tres"},
		"wrong lane":  {damage: []string{`INSERT INTO lane VALUES ('x', 'y', 5)`}, want: []string{"lanes"}, items: "both:uno both:dos large:uno small:dos tried:tres"},
		"depth":       {damage: []string{`UPDATE depth SET held = 9`}, want: []string{"depth"}, items: "both:uno both:dos large:uno small:dos tried:tres"},
		"no depth":    {damage: []string{`DELETE FROM depth`}, want: []string{"depth"}, items: "both:uno both:dos large:uno small:dos tried:tres"},
		"references":  {damage: []string{`UPDATE blob SET refs = 0 WHERE id IN (SELECT blob_id FROM outgoing)`}, want: []string{"references"}, items: "both:uno both:dos large:uno small:dos tried:tres"},
		"size":        {damage: []string{`UPDATE outgoing SET size = size + 1 WHERE queue = 'small'`}, want: []string{"depth", "size_queued"}, items: "both:uno both:dos large:uno small:dos tried:tres"},
		"no message":  {damage: []string{`DELETE FROM outgoing WHERE queue = 'tried'`}, want: []string{"depth", "pieces", "rows", "unowned"}, items: "both:uno both:dos large:uno small:dos"},
		"attempts":    {damage: []string{`INSERT INTO attempt SELECT 77, number, began, took, host, addr, tls, verb, code, status, reply, session, as_of, before FROM attempt`}, want: []string{"rows"}, items: "both:uno both:dos large:uno small:dos tried:tres"},
		"nobody":      {damage: []string{`DELETE FROM recipient WHERE id / 100000 = ` + of}, want: []string{"depth", "nobody", "unowned"}, items: "both:uno both:dos large:uno tried:tres", then: rescuedHas("Subject: small")},
		"shared":      {damage: []string{`DELETE FROM recipient WHERE id / 100000 = (SELECT id FROM outgoing WHERE queue = 'both')`}, want: []string{"depth", "lanes", "nobody", "references"}, items: "large:uno small:dos tried:tres"},
		"body":        {damage: []string{`DELETE FROM blob_chunk WHERE id / 1048576 = (SELECT blob_id FROM outgoing WHERE queue = 'small')`}, want: []string{"body_queued"}, items: "both:uno both:dos large:uno small:held tried:tres", then: queuedSays("small", "0 of 21 octets", "was lost")},
		"blob":        {damage: []string{`DELETE FROM blob WHERE id = (SELECT blob_id FROM outgoing WHERE queue = 'small')`}, want: []string{"body_queued"}, items: "both:uno both:dos large:uno small:held tried:tres", then: queuedSays("small", "Subject: small", "")},
		"both":        {damage: []string{`DELETE FROM blob_chunk WHERE id / 1048576 = (SELECT blob_id FROM outgoing WHERE queue = 'both')`, `DELETE FROM blob WHERE id = (SELECT blob_id FROM outgoing WHERE queue = 'both')`}, want: []string{"body", "body_queued"}, items: "both:held both:held large:uno small:dos tried:tres", then: queuedSays("both", "0 of 30 octets", "was lost")},
		"hole":        {damage: []string{`DELETE FROM blob_chunk WHERE id = (SELECT blob_id FROM outgoing WHERE queue = 'large') * 1048576 + 3`}, want: []string{"body_queued"}, items: "both:uno both:dos large:held small:dos tried:tres", then: queuedSays("large", "434464 of 500000 octets", "a large one")},
		"lost prefix": {damage: []string{`DELETE FROM blob_chunk WHERE id = (SELECT prefix / 1048576 * 1048576 FROM outgoing WHERE queue = 'small')`}, want: []string{"body_queued"}, items: "both:uno both:dos large:uno small:held tried:tres"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := queuedHouse(t, tt.damage...)
			k := keeper(t, dir)
			found, err := k.Check(t.Context(), nil)
			if err != nil || !slices.Equal(kinds(found), tt.want) {
				t.Fatalf("found %v %v, want %v", kinds(found), err, tt.want)
			}
			for _, one := range found {
				if strings.HasPrefix(one.What.Error(), "sqldb.") || strings.HasPrefix(one.Repair.Error(), "sqldb.") {
					t.Errorf("nobody says %v, %v", one.What, one.Repair)
				}
			}
			if r, err := k.Repair(t.Context(), nil); err != nil || len(r.Left) > 0 {
				t.Fatalf("repaired %v, left %v, %v", r.Mended, r.Left, err)
			}
			k.Close()
			db := openIn(t, dir, sqldb.Options{})
			if got := queueOf(t, db); got != tt.items {
				t.Errorf("the queue has %q, want %q", got, tt.items)
			}
			if tt.then != nil {
				tt.then(t, db)
			}
			settleAll(t, db)
			if found, err := db.Check(t.Context(), nil); err != nil || len(found) > 0 {
				t.Errorf("after more use: %v %v", found, err)
			}
		})
	}
}

// queueOf says where each recipient goes, in order of ids.
func queueOf(t *testing.T, db *sqldb.DB) string {
	t.Helper()
	items, err := db.Queue().Items(t.Context(), store.Pick{})
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, i := range items {
		to := strings.TrimSuffix(i.Domain, ".example")
		if i.Held {
			to = "held"
		}
		out = append(out, i.Out.Queue+":"+to)
	}
	return strings.Join(out, " ")
}

// settleAll releases, claims, reads and settles all that the queue has.
func settleAll(t *testing.T, db *sqldb.DB) {
	t.Helper()
	if _, err := db.Queue().Change(t.Context(), store.Pick{}, store.Release, time.Now()); err != nil {
		t.Fatal(err)
	}
	for _, domain := range []string{"uno.example", "dos.example", "tres.example"} {
		items := claimed(t, db, domain)
		for _, i := range items {
			if text := contentOf(t, db, i.Out); int64(len(text)) != i.Out.Size {
				t.Errorf("%s has %d octets of %d", i.Out.Queue, len(text), i.Out.Size)
			}
		}
		if err := db.Queue().Settle(t.Context(), settled(items)...); err != nil {
			t.Error(err)
		}
	}
	if got := queueOf(t, db); got != "" {
		t.Errorf("left in the queue: %s", got)
	}
	if err := db.Sweep(); err != nil {
		t.Error(err)
	}
}

func rescuedHas(text string) func(*testing.T, *sqldb.DB) {
	return func(t *testing.T, db *sqldb.DB) {
		t.Helper()
		if texts := readAll(t, db, rescued(t, db)); len(texts) != 1 || !strings.Contains(texts[0], text) {
			t.Errorf("the account \"rescued\" has %.80q", texts)
		}
	}
}

func queuedSays(queue string, texts ...string) func(*testing.T, *sqldb.DB) {
	return func(t *testing.T, db *sqldb.DB) {
		t.Helper()
		items, err := db.Queue().Items(t.Context(), store.Pick{Queue: queue})
		if err != nil || len(items) == 0 {
			t.Fatal(items, err)
		}
		got := contentOf(t, db, items[0].Out)
		for _, text := range texts {
			if !strings.Contains(got, text) {
				t.Errorf("message %s is %.300q, without %q", queue, got, text)
			}
		}
	}
}

// A rescue brings the queue along, and a copy of it is whole.
func TestRescueQueue(t *testing.T) {
	dir := queuedHouse(t)
	file := filepath.Join(dir, sqldb.File)
	// A leaf of message rows: what leaves lies elsewhere.
	leaves := pagesOf(t, file, 10)
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	leaves = slices.DeleteFunc(leaves, func(n int) bool { return !bytes.Contains(data[n*page:(n+1)*page], []byte("queueid00001")) })
	spoil(t, file, leaves[len(leaves)/2]*page, bytes.Repeat([]byte{0xa5}, page))
	k := keeper(t, dir)
	r, err := k.Repair(t.Context(), nil)
	if err != nil || len(r.Left) > 0 || r.Lost == 0 {
		t.Fatalf("repaired %+v %v", r, err)
	}
	to := t.TempDir()
	k.Close()
	if k, err = sqldb.OpenKeeper(dir, sqldb.Options{}); err != nil {
		t.Fatal(err)
	}
	if made, err := k.Backup(t.Context(), to, nil); err != nil || len(made.Troubles) > 0 {
		t.Fatalf("%+v %v", made, err)
	}
	k.Close()
	for _, dir := range []string{dir, to} {
		db := openIn(t, dir, sqldb.Options{})
		if got := queueOf(t, db); got != "both:uno both:dos large:uno small:dos tried:tres" {
			t.Errorf("the queue has %q", got)
		}
		story, err := db.Queue().Story(t.Context(), claimed(t, db, "tres.example")[0].ID)
		if err != nil || len(story) != 1 || story[0].Code != 451 {
			t.Errorf("story %+v %v", story, err)
		}
		db.Close()
	}
}

// A copy that a program without a queue has made is no damaged one.
func TestCheckBeforeQueue(t *testing.T) {
	dir := queuedHouse(t, `DROP TABLE outgoing`, `DROP TABLE recipient`, `DROP TABLE attempt`, `DROP TABLE lane`, `DROP TABLE depth`,
		`DELETE FROM blob WHERE id > (SELECT max(blob_id) FROM message WHERE queue = 'queueid00001') AND id NOT IN (SELECT blob_id FROM message)`,
		`DELETE FROM blob_chunk WHERE id / 1048576 NOT IN (SELECT id FROM blob) AND id NOT IN (SELECT prefix / 1048576 * 1048576 FROM message)`,
		`UPDATE blob SET refs = 1 WHERE id IN (SELECT blob_id FROM message WHERE queue = 'both')`,
		`DELETE FROM goose_db_version WHERE version_id >= 5`)
	if found, err := keeper(t, dir).Check(t.Context(), nil); err != nil || len(found) > 0 {
		t.Errorf("found %v %v", found, err)
	}
}
