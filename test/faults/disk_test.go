//go:build whole && linux

package faults

import (
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"unsafe"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

// What a power cut keeps of the octets that no sync covered.
const (
	keepsNone = "none"
	keepsSome = "some" // sector by sector, as chance has it
)

const sector = 512

// memoryDisk is a layer between SQLite and its files that remembers what each
// sector held at the file's last sync. A cut puts that back: what a machine
// without power forgets. It can also be full.
type memoryDisk struct {
	mu       sync.Mutex
	keeps    string
	random   *rand.Rand
	capacity int64
	vfs      sqlite3.Tsqlite3_vfs
	open     openFunc
	remove   deleteFunc
	name     []byte
	files    map[string]*platter
	handles  map[uintptr]*handle
	held     []any // functions that only the engine points to
}

// platter is one file, under all its handles.
type platter struct {
	synced map[int64][]byte // by sector, what differs now
	size   int64            // at the last sync
	length int64            // now
}

// handle is an open file: the system's methods with ours among them.
type handle struct {
	*platter
	methods sqlite3.Tsqlite3_io_methods
	real    *sqlite3.Tsqlite3_io_methods
}

type (
	openFunc   = func(tls *libc.TLS, vfs, name, file uintptr, flags int32, out uintptr) int32
	deleteFunc = func(tls *libc.TLS, vfs, name uintptr, sync int32) int32
	octetsFunc = func(tls *libc.TLS, file, buf uintptr, n int32, off int64) int32
	sizeFunc   = func(tls *libc.TLS, file uintptr, size int64) int32
	flagsFunc  = func(tls *libc.TLS, file uintptr, flags int32) int32
	closeFunc  = func(tls *libc.TLS, file uintptr) int32
)

// address gives the engine's word for a Go function, which must be held.
func address[F any](d *memoryDisk, f F) uintptr {
	d.held = append(d.held, f)
	return *(*uintptr)(unsafe.Pointer(&f))
}

// function gives the Go function behind the engine's word for it.
func function[F any](p uintptr) F { return *(*F)(unsafe.Pointer(&p)) }

// at looks at the engine's memory.
func at[T any](p uintptr) *T { return *(**T)(unsafe.Pointer(&p)) }

// installDisk makes the layer every connection's.
func installDisk(s setting) (*memoryDisk, error) {
	tls := libc.NewTLS()
	system := sqlite3.Xsqlite3_vfs_find(tls, 0)
	if system == 0 {
		return nil, fmt.Errorf("SQLite has no file system")
	}
	d := &memoryDisk{
		keeps: s.Cut, capacity: s.Capacity, random: rand.New(rand.NewPCG(s.Seed, 7)), vfs: *at[sqlite3.Tsqlite3_vfs](system),
		name: []byte("memory\x00"), files: map[string]*platter{}, handles: map[uintptr]*handle{},
	}
	d.open = function[openFunc](d.vfs.FxOpen)
	d.remove = function[deleteFunc](d.vfs.FxDelete)
	d.vfs.FxOpen = address[openFunc](d, d.xOpen)
	d.vfs.FxDelete = address[deleteFunc](d, d.xDelete)
	d.vfs.FzName = uintptr(unsafe.Pointer(&d.name[0]))
	if rc := sqlite3.Xsqlite3_vfs_register(tls, uintptr(unsafe.Pointer(&d.vfs)), 1); rc != 0 {
		return nil, fmt.Errorf("the file layer was refused: %d", rc)
	}
	return d, nil
}

func (d *memoryDisk) xOpen(tls *libc.TLS, vfs, name, file uintptr, flags int32, out uintptr) int32 {
	rc := d.open(tls, vfs, name, file, flags, out)
	const lasting = sqlite3.SQLITE_OPEN_MAIN_DB | sqlite3.SQLITE_OPEN_WAL | sqlite3.SQLITE_OPEN_MAIN_JOURNAL
	if rc != sqlite3.SQLITE_OK || name == 0 || flags&lasting == 0 {
		return rc
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	path := libc.GoString(name)
	p := d.files[path]
	if p == nil {
		p = &platter{synced: map[int64][]byte{}}
		if info, err := os.Stat(path); err == nil {
			p.size, p.length = info.Size(), info.Size()
		}
		d.files[path] = p
	}
	methods := &at[sqlite3.Tsqlite3_file](file).FpMethods
	h := &handle{platter: p, real: at[sqlite3.Tsqlite3_io_methods](*methods)}
	h.methods = *h.real
	h.methods.FxWrite = address[octetsFunc](d, d.xWrite)
	h.methods.FxTruncate = address[sizeFunc](d, d.xTruncate)
	h.methods.FxSync = address[flagsFunc](d, d.xSync)
	h.methods.FxClose = address[closeFunc](d, d.xClose)
	*methods = uintptr(unsafe.Pointer(&h.methods))
	d.handles[file] = h
	return rc
}

// xDelete counts as lasting at once; posta deletes only what is checkpointed.
func (d *memoryDisk) xDelete(tls *libc.TLS, vfs, name uintptr, sync int32) int32 {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.files, libc.GoString(name))
	return d.remove(tls, vfs, name, sync)
}

func (d *memoryDisk) xClose(tls *libc.TLS, file uintptr) int32 {
	d.mu.Lock()
	defer d.mu.Unlock()
	h := d.handles[file]
	delete(d.handles, file)
	return function[closeFunc](h.real.FxClose)(tls, file)
}

func (d *memoryDisk) xWrite(tls *libc.TLS, file, buf uintptr, n int32, off int64) int32 {
	d.mu.Lock()
	defer d.mu.Unlock()
	h := d.handles[file]
	if end := off + int64(n); end > h.length {
		if d.capacity > 0 && d.used()+end-h.length > d.capacity {
			return sqlite3.SQLITE_FULL
		}
	}
	if rc := h.remember(tls, file, off, off+int64(n)); rc != sqlite3.SQLITE_OK {
		return rc
	}
	h.length = max(h.length, off+int64(n))
	return function[octetsFunc](h.real.FxWrite)(tls, file, buf, n, off)
}

func (d *memoryDisk) xTruncate(tls *libc.TLS, file uintptr, size int64) int32 {
	d.mu.Lock()
	defer d.mu.Unlock()
	h := d.handles[file]
	if rc := h.remember(tls, file, size, h.length); rc != sqlite3.SQLITE_OK {
		return rc
	}
	h.length = size
	return function[sizeFunc](h.real.FxTruncate)(tls, file, size)
}

func (d *memoryDisk) xSync(tls *libc.TLS, file uintptr, flags int32) int32 {
	d.mu.Lock()
	defer d.mu.Unlock()
	h := d.handles[file]
	rc := function[flagsFunc](h.real.FxSync)(tls, file, flags)
	if rc == sqlite3.SQLITE_OK {
		clear(h.synced)
		h.size = h.length
	}
	return rc
}

// used counts the octets of all files.
func (d *memoryDisk) used() int64 {
	sum := int64(0)
	for _, p := range d.files {
		sum += p.length
	}
	return sum
}

// remember keeps the sectors of a range as they were synced.
func (h *handle) remember(tls *libc.TLS, file uintptr, from, to int64) int32 {
	for s := from / sector; s*sector < to; s++ {
		if _, ok := h.synced[s]; ok {
			continue
		}
		old := make([]byte, min(max(h.length-s*sector, 0), sector))
		if len(old) > 0 {
			read := function[octetsFunc](h.real.FxRead)
			if rc := read(tls, file, uintptr(unsafe.Pointer(&old[0])), int32(len(old)), s*sector); rc != sqlite3.SQLITE_OK {
				return rc
			}
		}
		h.synced[s] = old
	}
	return sqlite3.SQLITE_OK
}

// cut takes the power away: no call comes back any more, and the files are
// what had been synced. The caller ends the process.
func (d *memoryDisk) cut() {
	d.mu.Lock()
	for path, p := range d.files {
		if err := p.revert(path, func() bool { return d.keeps == keepsSome && d.random.IntN(2) == 0 }); err != nil {
			fmt.Fprintln(os.Stderr, "cut:", err)
			os.Exit(1)
		}
	}
}

func (p *platter) revert(path string, keep func() bool) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	lost := 0
	for s, old := range p.synced {
		if keep() {
			continue
		}
		lost++
		whole := make([]byte, sector)
		copy(whole, old)
		if _, err := f.WriteAt(whole[:min(sector, max(p.size, p.length)-s*sector)], s*sector); err != nil {
			return err
		}
	}
	fmt.Fprintf(os.Stderr, "cut: %s: %d of %d unsynced sectors thrown away\n", path, lost, len(p.synced))
	if p.length > p.size && keep() {
		return f.Close()
	}
	return f.Truncate(p.size)
}
