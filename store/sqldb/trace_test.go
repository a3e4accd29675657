package sqldb_test

import (
	"bytes"
	"testing"
	"time"

	"posta/store/sqldb"
	story "posta/trace"
)

// Slices come back in order and after a restart, from the one that holds a
// time; old ones go, and the oldest of a kind beyond a size.
func TestTraces(t *testing.T) {
	dir := t.TempDir()
	db, err := sqldb.Open(t.Context(), dir, sqldb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	began := time.UnixMicro(1_700_000_000_000_001)
	at := func(i int) time.Time { return began.Add(time.Duration(i) * time.Minute) }
	const n = 200
	for i := range n {
		s := story.Slice{Kind: story.Kind(i % 2), First: at(i), Last: at(i).Add(time.Second), Data: bytes.Repeat([]byte{byte(i)}, 100)}
		if err := db.AddTrace(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if db, err = sqldb.Open(t.Context(), dir, sqldb.Options{}); err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	read := func(since time.Time) (all []story.Slice) {
		t.Helper()
		after, err := db.TraceBefore(t.Context(), since)
		if err != nil {
			t.Fatal(err)
		}
		for {
			some, err := db.Traces(t.Context(), after, 16)
			if err != nil {
				t.Fatal(err)
			}
			if len(some) == 0 {
				return all
			}
			all = append(all, some...)
			after = some[len(some)-1].ID
		}
	}
	all := read(time.Time{})
	if len(all) != n {
		t.Fatalf("%d slices", len(all))
	}
	for i, s := range all {
		if s.Kind != story.Kind(i%2) || !s.First.Equal(at(i)) || !s.Last.Equal(at(i).Add(time.Second)) || len(s.Data) != 100 || s.Data[0] != byte(i) {
			t.Errorf("slice %d: %+v", i, s)
		}
	}
	for since, want := range map[time.Duration]int{0: n, time.Second: n, 2 * time.Second: n - 1, 90 * time.Minute: n - 90, n * time.Minute: 0} {
		if got := len(read(began.Add(since))); got != want {
			t.Errorf("%d slices since %v, want %d", got, since, want)
		}
	}
	if err := db.TrimTraces(t.Context(), 0, at(180), 1<<20); err != nil { // 90 of that kind are older
		t.Fatal(err)
	}
	if all = read(time.Time{}); len(all) != n-90 || len(read(at(180))) != 20 {
		t.Errorf("%d slices after trimming", len(all))
	}
	if err := db.TrimTraces(t.Context(), 1, time.Time{}, 1050); err != nil { // ten of that kind stay
		t.Fatal(err)
	}
	if all = read(time.Time{}); len(all) != 20 || !all[0].First.Equal(at(180)) {
		t.Errorf("%d slices, from %v", len(all), all[0].First)
	}
	if err := db.AddTrace(t.Context(), story.Slice{First: began, Last: began, Data: []byte{1}}); err != nil {
		t.Fatal(err)
	}
	if all = read(time.Time{}); all[len(all)-1].ID != n+1 {
		t.Errorf("an id was given twice: %d", all[len(all)-1].ID)
	}
}
