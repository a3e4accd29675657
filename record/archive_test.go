package record

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"posta/event"
)

// keeping is a ring with an archive; end writes what has ended.
type keeping struct {
	*Ring
	archive *Archive
	end     func()
}

func keep(t *testing.T, o Options, ao ArchiveOptions) *keeping {
	t.Helper()
	a, err := OpenArchive(ao)
	if err != nil {
		t.Fatal(err)
	}
	k := &keeping{Ring: lab(o), archive: a}
	k.follow(t)
	return k
}

func (k *keeping) follow(t *testing.T) {
	k.Keep(k.archive)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); k.archive.Follow(ctx, k.Ring) }()
	k.end = func() {
		cancel()
		<-done
		k.Close()
		if err := k.archive.Close(); err != nil {
			t.Error(err)
		}
	}
}

func numbersOf(all []Session) (ids []uint64) {
	for _, s := range all {
		ids = append(ids, s.ID)
	}
	return ids
}

// What has ended is there after a restart, as it was: masked or clear, with keys.
func TestArchive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "record")
		k := keep(t, Options{}, ArchiveOptions{Dir: dir})
		dialogue(k.Ring, 1, "lab")
		dialogue(k.Ring, 2, "strict")
		p := connect(k.Ring, 3, "lab")
		p.told = true
		p.say(event.FromDialer, event.Wire, event.Command, clientHello(1))
		_, _ = io.WriteString(k.KeyLog(), keyLine(1))
		p.em.Fact(event.Secure, event.Secured{})
		p.say(event.FromDialer, event.Wire, event.Command, "sealed")
		p.close()
		connect(k.Ring, 4, "lab") // is open for ever
		want := k.Sessions()[:3]
		said := played(t, k.Ring, 1, 2, 3)
		k.end()

		k = keep(t, Options{}, ArchiveOptions{Dir: dir})
		got := k.Sessions()
		if len(got) != 3 {
			t.Fatalf("after a restart there are %+v", got)
		}
		for i := range got {
			w := want[i]
			if g := got[i]; g.ID != w.ID || g.Opened != w.Opened || !g.Began.Equal(w.Began) || !g.Closed.Equal(w.Closed) || g.Clear != w.Clear || g.Keys != w.Keys || g.Dropped != w.Dropped || g.Octets() < w.Octets() {
				t.Errorf("%+v\nnot\n%+v", g, w)
			}
		}
		said = strings.Replace(said, "3 open lab\n", "3 open lab\n3 keys \"CL\"×176\n", 1)
		if again := played(t, k.Ring, 3, 1, 2); again != said {
			t.Errorf("it is played\n%s\nnot\n%s", again, said)
		}
		all, err := filepath.Glob(filepath.Join(dir, "*"))
		if err != nil || len(all) != 1 {
			t.Fatal(all, err)
		}
		raw, err := os.ReadFile(all[0])
		if err != nil || bytes.Count(raw, []byte("geheim")) != 1 || bytes.Count(raw, []byte("brief")) != 1 {
			t.Errorf("of the masked session there is more than masks (%v)", err)
		}
		// Sessions of now stand beside them, and whoever follows hears of both.
		dialogue(k.Ring, 5, "lab")
		f := following(t, k.Ring, Following{Past: true}, nil)
		if got := f.heard(); got != said+"\n"+played(t, k.Ring, 5) {
			t.Errorf("followed, it is\n%s", got)
		}
		f.stop()
		one := following(t, k.Ring, Following{IDs: []uint64{2, 5}}, nil)
		if <-one.done; one.err != nil || one.heard() != played(t, k.Ring, 2, 5) {
			t.Errorf("of two: %v\n%s", one.err, one.heard())
		}
		k.end()
	})
}

// Whatever befalls a file, what is whole is found, and nothing else.
func TestArchiveDamaged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		k := keep(t, Options{}, ArchiveOptions{Dir: dir})
		for id := range uint64(3) {
			dialogue(k.Ring, id+1, "lab")
		}
		k.end()
		all, _ := filepath.Glob(filepath.Join(dir, "*"))
		raw, err := os.ReadFile(all[0])
		if err != nil {
			t.Fatal(err)
		}
		check := func(what string, octets []byte, want ...uint64) {
			t.Helper()
			if err := os.WriteFile(all[0], octets, 0o600); err != nil {
				t.Fatal(err)
			}
			var troubles int
			a, err := OpenArchive(ArchiveOptions{Dir: dir, Trouble: func(error) { troubles++ }})
			if err != nil {
				t.Fatalf("%s: %v", what, err)
			}
			var out told
			if err := a.Play(t.Context(), []uint64{1, 2, 3}, &out); err != nil {
				t.Fatal(err)
			}
			closed := 0
			for _, line := range out.lines {
				if strings.HasSuffix(line, "close") {
					closed++
				}
			}
			if !bytes.HasPrefix(octets, []byte(segmentHead)) {
				if troubles != 1 {
					t.Errorf("%s: it tells of %d troubles", what, troubles)
				}
				troubles = 0
			}
			if got := numbersOf(a.Sessions()); len(got)-troubles != len(want) || closed != len(want) {
				t.Errorf("%s: it has %v, plays %d and tells of %d troubles", what, got, closed, troubles)
			}
		}
		check("whole", raw, 1, 2, 3)
		for n := range raw { // cut off anywhere: what is before is there
			whole := slices.Repeat([]uint64{1}, max(0, (n-len(segmentHead))*3/(len(raw)-len(segmentHead))))
			check("cut off", raw[:n], whole...)
		}
		odd := slices.Clone(raw)
		odd[len(segmentHead)+200] ^= 1 // in the first session's records
		check("altered", odd, 2, 3)
		check("zeros", append(slices.Clone(raw), make([]byte, 100)...), 1, 2, 3)
		check("nothing", nil)
		check("something else", []byte("Hello, this is a file\n"))
	})
}

// Files make room for one another, by size and by age, those of earlier runs too.
func TestArchiveBounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		o := ArchiveOptions{Dir: dir, Size: leastArchive, KeepFor: 16 * time.Hour}
		size := func() (n int64) {
			all, _ := os.ReadDir(dir)
			for _, one := range all {
				info, err := one.Info()
				if err != nil {
					t.Fatal(err)
				}
				n += info.Size()
			}
			return n
		}
		id := uint64(0)
		for range 2 {
			k := keep(t, Options{KeepFor: time.Minute}, o)
			for range 40 {
				for range 4 {
					id++
					p := connect(k.Ring, id, "lab")
					p.body(strings.Repeat("x", 200_000))
					p.close()
				}
				time.Sleep(2 * linger)
			}
			k.end()
			if n := size(); n > leastArchive || n < leastArchive/2 {
				t.Errorf("behind session %d the files have %d octets", id, n)
			}
		}
		k := keep(t, Options{KeepFor: time.Minute}, o)
		got := numbersOf(k.Sessions())
		if len(got) < 40 || got[len(got)-1] != id || got[0] != id-uint64(len(got))+1 {
			t.Errorf("there are %v", got)
		}
		if !strings.Contains(played(t, k.Ring, id), "×32768") {
			t.Error("the last is not whole")
		}
		// Many small ones are bounded by their number.
		for range 3 * leastArchive / leastSession {
			id++
			connect(k.Ring, id, "strict").close()
			if id%500 == 0 {
				time.Sleep(2 * linger)
			}
		}
		time.Sleep(2 * linger)
		if n := len(k.archive.Sessions()); n > leastArchive/leastSession*2 {
			t.Errorf("%d sessions are kept", n)
		}
		time.Sleep(8 * time.Hour)
		id++
		dialogue(k.Ring, id, "lab")
		time.Sleep(8*time.Hour + time.Minute)
		if got := numbersOf(k.Sessions()); !slices.Equal(got, []uint64{id}) {
			t.Errorf("after 16 hours there are %d: %v", len(got), got[:min(len(got), 3)])
		}
		time.Sleep(8 * time.Hour)
		if len(k.Sessions()) != 0 {
			t.Error("what is too old is still there")
		}
		time.Sleep(2 * time.Hour)
		if n := size(); n != 0 {
			t.Errorf("%d octets are on the disk, too old", n)
		}
		k.end()
	})
}

// A disk that takes nothing is told of once, and costs the archive alone.
func TestArchiveFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "record")
		var troubles []error
		k := keep(t, Options{}, ArchiveOptions{Dir: dir, Trouble: func(err error) { troubles = append(troubles, err) }})
		if err := os.Remove(dir); err != nil {
			t.Fatal(err)
		}
		for id := range uint64(3) {
			dialogue(k.Ring, id+1, "lab")
			time.Sleep(2 * linger)
		}
		if len(troubles) != 1 || !errors.Is(troubles[0], os.ErrNotExist) {
			t.Errorf("it tells of %v", troubles)
		}
		if played(t, k.Ring, 2) == "" {
			t.Error("the ring has nothing")
		}
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		dialogue(k.Ring, 9, "lab")
		time.Sleep(maxPause)
		if got := slices.Sorted(slices.Values(numbersOf(k.archive.Sessions()))); !slices.Equal(got, []uint64{1, 2, 3, 9}) {
			t.Errorf("once it takes something again, it has %v", got)
		}
		k.end()
	})
}

// Of a session that the ring has not whole, the files have what it has, and gaps.
func TestArchiveBroken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		o := Options{Size: 128 << 10, PerSession: 64 << 10}
		k := keep(t, o, ArchiveOptions{Dir: dir})
		long := connect(k.Ring, 1, "lab")
		long.command("EHLO x\r\n")
		for id := range uint64(40) {
			p := connect(k.Ring, 100+id, "lab")
			p.body(strings.Repeat("y", 4000))
			p.close()
			time.Sleep(2 * linger)
		}
		long.command("QUIT\r\n")
		long.close()
		large := connect(k.Ring, 2, "lab")
		for range 30 {
			large.body(strings.Repeat("z", 4000))
		}
		large.close()
		want := played(t, k.Ring, 2) + "\n" + played(t, k.Ring, 1)
		if strings.Count(want, "gap") != 2 {
			t.Fatalf("the ring has\n%s", want)
		}
		k.end()
		k = keep(t, o, ArchiveOptions{Dir: dir})
		if got := played(t, k.Ring, 2) + "\n" + played(t, k.Ring, 1); got != want {
			t.Errorf("the files have\n%s\nnot\n%s", got, want)
		}
		if n := len(k.Sessions()); n != 42 {
			t.Errorf("there are %d", n)
		}
		k.end()
	})
}

// Where the ring passes while an archive copies, sessions are played instead.
func TestArchivePassed(t *testing.T) {
	r := lab(Options{Size: 64 << 10, PerSession: 64 << 10})
	defer r.Close()
	a, err := OpenArchive(ArchiveOptions{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	dialogue(r, 1, "lab")
	p := connect(r, 2, "lab")
	for range 10 {
		p.body(strings.Repeat("y", 4000))
	}
	p.close()
	ended := r.endedSince(0).ended
	for id := range uint64(8) {
		p := connect(r, 10+id, "lab")
		p.body(strings.Repeat("x", 4000))
		p.close()
	}
	if err := a.write(r, ended); err != nil {
		t.Fatal(err)
	}
	var out told
	if err := a.Play(t.Context(), []uint64{1, 2}, &out); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(out.lines, "\n"); strings.Count(got, "gap") == 0 || !strings.HasSuffix(got, "2 close") || !strings.HasPrefix(got, "2 open lab") {
		t.Errorf("it has\n%s", got)
	}
}
