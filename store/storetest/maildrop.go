package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"posta/store"
)

func testLeases(t *testing.T, b *bench) {
	id, other := b.NewAccount(t, 0), b.NewAccount(t, 0)
	first := b.lock(id)
	if first.Account != id || first.Token == 0 {
		t.Errorf("lease %+v", first)
	}
	_, err := b.Lock(b.ctx(), id, "second", time.Hour)
	b.want(err, store.ErrInUse)
	b.must(b.Unlock(b.ctx(), b.lock(other)))
	b.must(b.Renew(b.ctx(), first, time.Hour))
	b.must(b.Unlock(b.ctx(), first))
	b.want(b.Unlock(b.ctx(), first), store.ErrLost)
	b.want(b.Renew(b.ctx(), first, time.Hour), store.ErrLost)
	second := b.lock(id)
	if second.Token <= first.Token {
		t.Errorf("token %d after %d: it must grow", second.Token, first.Token)
	}
	b.want(b.Unlock(b.ctx(), first), store.ErrLost)
	b.must(b.Renew(b.ctx(), second, time.Hour))
	_, err = b.Lock(b.ctx(), 1<<40, "x", time.Hour)
	b.want(err, store.ErrNotFound)

	b.EndAccount(t, id)
	b.want(b.Renew(b.ctx(), second, time.Hour), store.ErrLost)
}

func testLeaseTime(t *testing.T, b *bench) {
	id := b.NewAccount(t, 0)
	first, err := b.Lock(b.ctx(), id, "first", time.Minute)
	b.must(err)
	b.now = b.now.Add(50 * time.Second)
	b.must(b.Renew(b.ctx(), first, time.Minute))
	b.now = b.now.Add(50 * time.Second)
	_, err = b.Lock(b.ctx(), id, "second", time.Minute)
	b.want(err, store.ErrInUse)
	b.now = b.now.Add(11 * time.Second)
	second, err := b.Lock(b.ctx(), id, "second", 0)
	b.must(err)
	if second.Token <= first.Token {
		t.Errorf("token %d after %d: it must grow", second.Token, first.Token)
	}
	b.want(b.Renew(b.ctx(), first, time.Minute), store.ErrLost)
	b.want(b.Unlock(b.ctx(), first), store.ErrLost)
	b.now = b.now.Add(10000 * time.Hour)
	_, err = b.Lock(b.ctx(), id, "third", time.Minute)
	b.want(err, store.ErrInUse) // without ttl a lease stays
}

// Who lost the lease deletes nothing, whatever it still believes.
func testFencing(t *testing.T, b *bench) {
	id := b.NewAccount(t, 0)
	b.file(b.filing("one", id), b.filing("two", id))
	first, err := b.Lock(b.ctx(), id, "first", time.Minute)
	b.must(err)
	b.now = b.now.Add(2 * time.Minute)
	second := b.lock(id)
	b.want(b.Remove(b.ctx(), first, []uint32{1}), store.ErrLost)
	b.count(id, 2)
	b.must(b.Remove(b.ctx(), second, []uint32{1}))
	b.must(b.Unlock(b.ctx(), second))
	b.want(b.Remove(b.ctx(), second, []uint32{2}), store.ErrLost)
	other := b.NewAccount(t, 0)
	b.want(b.Remove(b.ctx(), store.Lease{Account: id, Token: b.lock(other).Token}, []uint32{2}), store.ErrLost)
	b.count(id, 1)
}

func testRemove(t *testing.T, b *bench) {
	id := b.NewAccount(t, 0)
	b.file(b.filing("1", id), b.filing("2", id), b.filing("3", id))
	l := b.lock(id)
	snapshot := b.list(id)
	b.file(b.filing("4", id))
	b.must(b.Remove(b.ctx(), l, []uint32{3, 1, 3}))
	if got := uids(b.list(id)); !slices.Equal(got, []uint32{2, 4}) {
		t.Errorf("UIDs %v are left, want 2 and 4", got)
	}
	if !slices.Equal(uids(snapshot), []uint32{1, 2, 3}) {
		t.Error("a listing changed in its owner's hands")
	}
	b.must(b.Remove(b.ctx(), l, nil))
	b.must(b.Remove(b.ctx(), l, []uint32{1, 2, 99})) // 1 went before
	b.must(b.Remove(b.ctx(), l, []uint32{1}))
	if got := uids(b.list(id)); !slices.Equal(got, []uint32{4}) {
		t.Errorf("UIDs %v are left, want 4", got)
	}
	b.file(b.filing("5", id))
	if got := uids(b.list(id)); !slices.Equal(got, []uint32{4, 5}) {
		t.Errorf("UIDs %v, want 4 and 5: none is given twice", got)
	}
	b.must(b.Remove(b.ctx(), l, []uint32{4, 5}))
	b.count(id, 0)
	b.file(b.filing("6", id))
	if got := uids(b.list(id)); !slices.Equal(got, []uint32{6}) {
		t.Errorf("UIDs %v after all had gone, want 6", got)
	}
	if got := b.read(id, b.list(id)[0]); !bytes.HasSuffix(got, []byte("6")) {
		t.Errorf("message 6 is %q", got)
	}
}

// Whatever is chosen goes, and nothing else, with mail coming in meanwhile.
func testRemovePatterns(t *testing.T, b *bench) {
	r := rand.New(rand.NewPCG(1, 2))
	id, other := b.NewAccount(t, 0), b.NewAccount(t, 0)
	var want []uint32
	next := uint32(1)
	for round := range 30 {
		var fs []store.Filing
		for range 20 {
			fs = append(fs, b.filing("x", id, other))
			want = append(want, next)
			next++
		}
		b.file(fs...)
		var gone, left []uint32
		for _, uid := range want {
			if r.IntN(100) < []int{5, 50, 95, 100}[round%4] {
				gone = append(gone, uid)
			} else {
				left = append(left, uid)
			}
		}
		if round%3 == 0 {
			b.list(id)
		}
		r.Shuffle(len(gone), func(i, j int) { gone[i], gone[j] = gone[j], gone[i] })
		b.must(b.Remove(b.ctx(), store.Lease{Account: id}, gone))
		want = left
		if got := uids(b.list(id)); !slices.Equal(got, want) {
			t.Fatalf("round %d: UIDs %v are left, want %v", round, got, want)
		}
	}
	b.count(other, 600)
	b.bodies(600)
}

func testRemoveAdmin(t *testing.T, b *bench) {
	id := b.NewAccount(t, 0)
	b.file(b.filing("1", id), b.filing("2", id))
	l := b.lock(id)
	admin := store.Lease{Account: id}
	b.want(b.Remove(b.ctx(), admin, []uint32{1, 3}), store.ErrNotFound)
	b.count(id, 2)
	b.must(b.Remove(b.ctx(), admin, []uint32{1})) // whatever session is open
	b.must(b.Remove(b.ctx(), l, []uint32{1, 2}))
	b.count(id, 0)
	b.want(b.Remove(b.ctx(), store.Lease{Account: 1 << 40}, []uint32{1}), store.ErrNotFound)
}

// A listing is what is there, however it was remembered.
func testListing(t *testing.T, b *bench) {
	id, other := b.NewAccount(t, 0), b.NewAccount(t, 0)
	b.count(id, 0)
	var snapshots [][]store.Entry
	for i := range 20 {
		b.file(b.filing(fmt.Sprint(i), id))
		snapshots = append(snapshots, b.list(id))
		b.list(other)
	}
	for i, s := range snapshots {
		if len(s) != i+1 {
			t.Errorf("snapshot %d has grown to %d", i+1, len(s))
		}
		for j, e := range s {
			if e != snapshots[19][j] {
				t.Errorf("entry %d differs: %+v and %+v", j, e, snapshots[19][j])
			}
		}
	}
	_, err := b.List(b.ctx(), 1<<40)
	b.want(err, store.ErrNotFound)
}

// Messages come in any order, with and without foresight.
func testReader(t *testing.T, b *bench) {
	id, other := b.NewAccount(t, 0), b.NewAccount(t, 0)
	sizes := []int{3, 900, 0, 40_000, 70_000, 5, 300_000, 12, 8192}
	const n = 120
	for i := range n {
		b.file(store.Filing{ID: "q", Draft: b.draft(octets(uint64(i), sizes[i%len(sizes)]), 1<<15),
			To: []store.Delivery{{Account: id, Prefix: fmt.Appendf(nil, "N: %d\r\n", i)}, {Account: other}}})
	}
	gone := []uint32{10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 50}
	b.must(b.Remove(b.ctx(), store.Lease{Account: id}, gone))
	es := b.list(id)
	rng := rand.New(rand.NewPCG(3, 4))
	orders := map[string][]int{"forward": nil, "backward": nil, "twice": nil, "every third": nil, "any": rng.Perm(len(es))}
	for i := range es {
		orders["forward"] = append(orders["forward"], i)
		orders["backward"] = append(orders["backward"], len(es)-1-i)
		orders["twice"] = append(orders["twice"], i, i)
		if i%3 == 0 {
			orders["every third"] = append(orders["every third"], i)
		}
	}
	for name, order := range orders {
		for _, foresight := range []int{0, 1, n} {
			r := b.Reader(id)
			for _, i := range order {
				next := es[i+1:]
				next = next[:min(len(next), foresight)]
				var out bytes.Buffer
				b.must(r.WriteTo(b.ctx(), &out, es[i], next))
				k := int(es[i].UID) - 1
				want := append(fmt.Appendf(nil, "N: %d\r\n", k), octets(uint64(k), sizes[k%len(sizes)])...)
				if !bytes.Equal(out.Bytes(), want) {
					t.Fatalf("%s, foresight %d: message %d came back as something else", name, foresight, es[i].UID)
				}
			}
			r.Close()
		}
	}
}

func testReaderGone(t *testing.T, b *bench) {
	id := b.NewAccount(t, 0)
	b.file(b.filing("1", id), b.filing("2", id), store.Filing{Draft: b.draft(octets(1, 1<<20), 1<<16),
		To: []store.Delivery{{Account: id}}}, b.filing("4", id))
	es := b.list(id)
	b.must(b.Remove(b.ctx(), store.Lease{Account: id}, []uint32{1, 3}))
	b.Bodies(t)
	r := b.Reader(id)
	defer r.Close()
	for i, want := range []error{store.ErrNotFound, nil, store.ErrNotFound, nil} {
		var out bytes.Buffer
		err := r.WriteTo(b.ctx(), &out, es[i], es[i+1:])
		if !errors.Is(err, want) {
			t.Errorf("message %d: %v, want %v", i+1, err, want)
		}
		if err != nil && out.Len() > 0 {
			t.Errorf("message %d: %d octets of a removed one", i+1, out.Len())
		}
	}
	nobody := b.Reader(1 << 40)
	defer nobody.Close()
	b.want(nobody.WriteTo(b.ctx(), io.Discard, es[1], nil), store.ErrNotFound)
}

func testReaderWriter(t *testing.T, b *bench) {
	id := b.NewAccount(t, 0)
	for _, size := range []int{1000, 1 << 20} {
		b.file(store.Filing{Draft: b.draft(octets(1, size), 1<<16), To: []store.Delivery{{Account: id, Prefix: []byte("X: y\r\n")}}})
	}
	r := b.Reader(id)
	defer r.Close()
	for i, e := range b.list(id) {
		for _, left := range []int{0, 10, 200_000} {
			if left > int(e.Size) {
				continue
			}
			b.want(r.WriteTo(b.ctx(), &failing{left}, e, nil), io.ErrClosedPipe)
		}
		var out bytes.Buffer
		b.must(r.WriteTo(b.ctx(), &out, e, nil))
		if int64(out.Len()) != e.Size {
			t.Errorf("message %d: %d octets after failures, want %d", i, out.Len(), e.Size)
		}
	}
}
