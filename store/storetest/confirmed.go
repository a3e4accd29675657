package storetest

import (
	"fmt"
	"testing"
	"time"

	"posta/store"
)

const dayLong = 24 * time.Hour

// testConfirmed: a recipient is known by the way that it was confirmed, until it
// is refused.
func testConfirmed(_ *testing.T, b *bench) {
	confirm := func(local, way string, after time.Duration) {
		b.Helper()
		b.must(b.Confirm(b.ctx(), store.Confirmation{Domain: Domain, Local: local, Way: way, At: b.now.Add(after)}))
	}
	known := func(local, way string, after time.Duration) {
		b.Helper()
		at, err := b.Confirmed(b.ctx(), Domain, local, way)
		b.must(err)
		want := b.now.Add(after)
		if after < 0 {
			want = time.Time{}
		}
		if !at.Equal(want) {
			b.Errorf("%s by %s: %v, want %v", local, way, at, want)
		}
	}
	const never = -1
	known("ana", "in.example", never)
	confirm("ana", "in.example", 0)
	known("ana", "in.example", 0)
	known("ana", "other.example", never)
	known("luis", "in.example", never)
	confirm("ana", "in.example", dayLong-1000) // not worth a write
	known("ana", "in.example", 0)
	confirm("ana", "in.example", dayLong+1000)
	known("ana", "in.example", dayLong+1000)
	confirm("ana", "in.example", time.Hour) // the clock was wrong
	known("ana", "in.example", time.Hour)
	confirm("ana", "other.example", 2*time.Hour)
	known("ana", "other.example", 2*time.Hour)
	known("ana", "in.example", never)
	confirm("luis", "in.example", 0)
	b.must(b.Unconfirm(b.ctx(), Domain, "ana"))
	b.must(b.Unconfirm(b.ctx(), Domain, "nobody"))
	known("ana", "other.example", never)
	known("luis", "in.example", 0)

	b.must(b.Confirm(b.ctx(), store.Confirmation{Domain: "not.here.example", Local: "ana", Way: "w", At: b.now}))
	if at, err := b.Confirmed(b.ctx(), "not.here.example", "ana", "w"); err != nil || !at.IsZero() {
		b.Errorf("of a domain that is not here: %v, %v", at, err)
	}
}

// testConfirmedBounds: what is old goes, and the oldest of too many.
func testConfirmedBounds(_ *testing.T, b *bench) {
	var all []store.Confirmation
	for i := range 2500 {
		all = append(all, store.Confirmation{Domain: Domain, Local: fmt.Sprint(i), Way: "w", At: b.now.Add(time.Duration(i) * time.Second)})
	}
	b.must(b.Confirm(b.ctx(), all...))
	first := func(want int) {
		b.Helper()
		for i := range all {
			at, err := b.Confirmed(b.ctx(), Domain, all[i].Local, "w")
			b.must(err)
			if at.IsZero() != (i < want) {
				b.Fatalf("number %d: %v; the first kept should be %d", i, at, want)
			}
		}
	}
	b.must(b.TrimConfirmed(b.ctx(), b.now, 2500))
	first(0)
	b.must(b.TrimConfirmed(b.ctx(), b.now.Add(30*time.Second), 2500))
	first(30)
	b.must(b.TrimConfirmed(b.ctx(), b.now, 200))
	first(2300)
	b.must(b.TrimConfirmed(b.ctx(), b.now.Add(dayLong), 200))
	first(2500)
}
