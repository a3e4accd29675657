package record

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// disk may be full, at a file's head or behind it, and not even cut a file off.
type disk struct {
	headless, stuck bool

	mu    sync.Mutex
	full  bool
	tries int
}

// fill makes it full or not, and says how much was tried.
func (d *disk) fill(full bool) (tries int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.full = full
	return d.tries
}

type diskFile struct {
	file
	disk *disk
}

var errFull = errors.New("no space left")

func (d *disk) create(path string) (file, error) {
	f, err := create(path)
	return diskFile{f, d}, err
}

func (f diskFile) WriteAt(b []byte, off int64) (int, error) {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	if !f.disk.full || off == 0 && !f.disk.headless {
		return f.file.WriteAt(b, off)
	}
	f.disk.tries++
	n, _ := f.file.WriteAt(b[:len(b)/2], off)
	return n, errFull
}

func (f diskFile) Truncate(n int64) error {
	if f.disk.stuck {
		return errFull
	}
	return f.file.Truncate(n)
}

// A full disk costs nothing of what is there: no file makes room for one that
// holds nothing, it is told of once, tried ever less often, and what has waited
// in the ring is written once there is room.
func TestArchiveFull(t *testing.T) {
	for name, d := range map[string]*disk{"cut off": {}, "not cut off": {stuck: true}, "head": {headless: true}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				dir := t.TempDir()
				var troubles []error
				o := ArchiveOptions{Dir: dir, KeepFor: 160 * time.Hour, Trouble: func(err error) { troubles = append(troubles, err) }}
				k := keep(t, Options{KeepFor: 300 * time.Hour}, o)
				k.archive.mu.Lock()
				k.archive.create = d.create
				k.archive.mu.Unlock()
				want := []uint64{}
				one := func() {
					want = append(want, uint64(len(want)+1))
					dialogue(k.Ring, want[len(want)-1], "lab")
					time.Sleep(2 * linger)
				}
				for range 5 { // each in a file of its own
					one()
					time.Sleep(11 * time.Hour)
				}
				good, _ := filepath.Glob(filepath.Join(dir, "*"))
				d.fill(true)
				for range 200 {
					one()
				}
				synctest.Wait()
				files, _ := filepath.Glob(filepath.Join(dir, "*"))
				if len(good) != 5 || len(files) > 6 || !slices.Equal(files[:5], good) {
					t.Errorf("of %q there are %q", good, files)
				}
				if len(troubles) != 1 || !errors.Is(troubles[0], errFull) {
					t.Errorf("it tells of %v", troubles)
				}
				found, err := OpenArchive(ArchiveOptions{Dir: dir, KeepFor: o.KeepFor, Trouble: func(err error) { t.Error(err) }})
				if err != nil || len(found.Sessions()) != 5 {
					t.Errorf("after a crash there are %v (%v)", numbersOf(found.Sessions()), err)
				}
				tries := d.fill(false)
				if tries > 20 {
					t.Errorf("it tried %d times", tries)
				}
				time.Sleep(maxPause)
				one()
				k.end()
				k = keep(t, Options{}, o)
				if got := numbersOf(k.Sessions()); !slices.Equal(got, want) {
					t.Errorf("there are %v", got)
				}
				k.end()
				if len(troubles) != 1 {
					t.Errorf("it tells of %v", troubles)
				}
			})
		})
	}
}

// Files without a session go before any that has one, and a file that could not
// be removed is in nobody's way.
func TestArchiveRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		k := keep(t, Options{}, ArchiveOptions{Dir: dir})
		dialogue(k.Ring, 1, "lab")
		k.end()
		path := func(name string) string { return filepath.Join(dir, name+segmentEnd) }
		for i := range 2 * segments {
			if err := os.WriteFile(path("00000001"+string(rune('0'+i/10))+string(rune('0'+i%10))), []byte(segmentHead), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		k = keep(t, Options{}, ArchiveOptions{Dir: dir})
		if err := os.WriteFile(path("0000000132"), nil, 0o600); err != nil { // since it looked
			t.Fatal(err)
		}
		dialogue(k.Ring, 2, "lab")
		k.end()
		k = keep(t, Options{}, ArchiveOptions{Dir: dir})
		if got := numbersOf(k.Sessions()); !slices.Equal(got, []uint64{1, 2}) {
			t.Errorf("there are %v", got)
		}
		if _, err := os.Stat(path("0000000133")); err != nil {
			t.Error(err)
		}
		k.end()
	})
}

// A burst is written before the ring forgets it.
func TestArchiveBurst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, o := range map[string]Options{"sessions": {Sessions: 10}, "octets": {Size: 64 << 10, PerSession: 64 << 10}} {
			k := keep(t, o, ArchiveOptions{Dir: t.TempDir(), Trouble: func(err error) { t.Error(err) }})
			for id := range uint64(40) {
				p := connect(k.Ring, id+1, "lab")
				p.body(strings.Repeat("y", 4000))
				p.close()
				synctest.Wait()
			}
			k.end()
			if n := len(k.archive.Sessions()); n != 40 {
				t.Errorf("%s: there are %d", name, n)
			}
		}
	})
}

// It tells how many it has missed.
func TestArchiveMissed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var troubles []string
		a, err := OpenArchive(ArchiveOptions{Dir: t.TempDir(), Trouble: func(err error) { troubles = append(troubles, err.Error()) }})
		if err != nil {
			t.Fatal(err)
		}
		r := lab(Options{Sessions: 10})
		burst := func(from uint64) {
			for id := range uint64(40) {
				dialogue(r, from+id, "lab")
			}
		}
		burst(1)
		k := &keeping{Ring: r, archive: a}
		k.follow(t)
		synctest.Wait()
		if len(troubles) != 1 || !strings.Contains(troubles[0], " 30 sessions") || len(a.Sessions()) != 10 {
			t.Errorf("it has %v and tells %q", numbersOf(a.Sessions()), troubles)
		}
		k.end()
	})
}

// Where the files have their fill, a full disk takes none of them either.
func TestArchiveFullToo(t *testing.T) {
	for name, d := range map[string]*disk{"behind the head": {stuck: true}, "head": {headless: true}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k := keep(t, Options{KeepFor: time.Hour}, ArchiveOptions{Dir: t.TempDir(), Size: leastArchive})
				k.archive.mu.Lock()
				k.archive.create = d.create
				k.archive.mu.Unlock()
				id := uint64(0)
				some := func(n int) {
					for range n {
						id++
						p := connect(k.Ring, id, "lab")
						p.body(strings.Repeat("x", 300_000))
						p.close()
						time.Sleep(2 * linger)
					}
				}
				some(80)
				before := slices.Sorted(slices.Values(numbersOf(k.archive.Sessions())))
				if len(before) == 80 || len(before) < 40 {
					t.Fatalf("there are %v", before)
				}
				d.fill(true)
				some(20)
				if after := slices.Sorted(slices.Values(numbersOf(k.archive.Sessions()))); !slices.Equal(after, before) {
					t.Errorf("of %v there are %v", before, after)
				}
				d.fill(false)
				time.Sleep(maxPause)
				k.end()
				if after := slices.Sorted(slices.Values(numbersOf(k.archive.Sessions()))); after[len(after)-1] != 100 || after[0] <= before[0] || k.archive.size > leastArchive {
					t.Errorf("once there is room, there are %v in %d octets", after, k.archive.size)
				}
			})
		})
	}
}
