package sqldb_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"unsafe"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

// disk is a layer between SQLite and the system's files that can make syncs
// fail and knows what was written and not synced. SQLite calls it through C
// pointers to functions, which cannot be closures: so there is one a process.
type disk struct {
	once    sync.Once
	name    string
	open    uintptr
	mu      sync.Mutex
	methods map[uintptr]uintptr // the system's table → ours
	systems map[uintptr]uintptr // and back
	dirty   map[uintptr]bool    // files with writes that no sync followed
	main    map[uintptr]bool    // database files, not their logs
	failing atomic.Bool         // every sync fails
	stale   atomic.Bool         // those of database files fail
	full    atomic.Bool         // database files take no more writes
	syncs   atomic.Int64
}

var theDisk = disk{name: "faulty", methods: map[uintptr]uintptr{}, systems: map[uintptr]uintptr{}, dirty: map[uintptr]bool{}, main: map[uintptr]bool{}}

// faulty registers the layer and puts it into a healthy state.
func faulty(t testing.TB) *disk {
	t.Helper()
	d := &theDisk
	d.once.Do(func() {
		tls := libc.NewTLS()
		defer tls.Close()
		if sqlite3.Xsqlite3_initialize(tls) != sqlite3.SQLITE_OK {
			t.Fatal("SQLite does not start")
		}
		system := at[sqlite3.Tsqlite3_vfs](sqlite3.Xsqlite3_vfs_find(tls, 0))
		p := libc.Xmalloc(tls, libc.Tsize_t(unsafe.Sizeof(*system)))
		own := at[sqlite3.Tsqlite3_vfs](p)
		*own = *system
		name, err := libc.CString(d.name)
		if err != nil {
			t.Fatal(err)
		}
		d.open, own.FzName, own.FpNext = system.FxOpen, name, 0
		own.FxOpen = pointer(diskOpen)
		if rc := sqlite3.Xsqlite3_vfs_register(tls, p, 0); rc != sqlite3.SQLITE_OK {
			t.Fatalf("register: %d", rc)
		}
	})
	d.failing.Store(false)
	d.stale.Store(false)
	d.full.Store(false)
	d.mu.Lock()
	clear(d.dirty) // of stores that failed, whose files nobody closes
	d.mu.Unlock()
	return d
}

// unsynced counts the files that hold something no sync has followed.
func (d *disk) unsynced() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := 0
	for _, dirty := range d.dirty {
		if dirty {
			n++
		}
	}
	return n
}

func at[T any](p uintptr) *T { return *(**T)(unsafe.Pointer(&p)) }

// pointer makes a C pointer of a function, function calls one.
func pointer[T any](f T) uintptr { return *(*uintptr)(unsafe.Pointer(&f)) }

func function[T any](p uintptr) T { return *(*T)(unsafe.Pointer(&p)) }

func diskOpen(tls *libc.TLS, vfs, name, file uintptr, flags int32, out uintptr) int32 {
	d := &theDisk
	open := function[func(*libc.TLS, uintptr, uintptr, uintptr, int32, uintptr) int32](d.open)
	rc := open(tls, vfs, name, file, flags, out)
	f := at[sqlite3.Tsqlite3_file](file)
	if rc != sqlite3.SQLITE_OK || f.FpMethods == 0 {
		return rc
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.main[file] = flags&sqlite3.SQLITE_OPEN_MAIN_DB != 0
	if d.methods[f.FpMethods] == 0 {
		system := at[sqlite3.Tsqlite3_io_methods](f.FpMethods)
		p := libc.Xmalloc(tls, libc.Tsize_t(unsafe.Sizeof(*system)))
		own := at[sqlite3.Tsqlite3_io_methods](p)
		*own = *system
		own.FxSync, own.FxWrite, own.FxClose = pointer(diskSync), pointer(diskWrite), pointer(diskClose)
		d.methods[f.FpMethods], d.systems[p] = p, f.FpMethods
	}
	f.FpMethods = d.methods[f.FpMethods]
	return rc
}

func (d *disk) isMain(file uintptr) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.main[file]
}

// system gives the system's methods of a file, and notes its state.
func (d *disk) system(file uintptr, dirty bool) *sqlite3.Tsqlite3_io_methods {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.dirty[file] = dirty
	return at[sqlite3.Tsqlite3_io_methods](d.systems[at[sqlite3.Tsqlite3_file](file).FpMethods])
}

func diskWrite(tls *libc.TLS, file, data uintptr, n int32, off sqlite3.Tsqlite3_int64) int32 {
	if theDisk.full.Load() && theDisk.isMain(file) {
		return sqlite3.SQLITE_FULL
	}
	write := function[func(*libc.TLS, uintptr, uintptr, int32, sqlite3.Tsqlite3_int64) int32](theDisk.system(file, true).FxWrite)
	return write(tls, file, data, n, off)
}

func diskSync(tls *libc.TLS, file uintptr, flags int32) int32 {
	if theDisk.failing.Load() || theDisk.stale.Load() && theDisk.isMain(file) {
		return sqlite3.SQLITE_IOERR | 4<<8 // SQLITE_IOERR_FSYNC
	}
	theDisk.syncs.Add(1)
	return function[func(*libc.TLS, uintptr, int32) int32](theDisk.system(file, false).FxSync)(tls, file, flags)
}

func diskClose(tls *libc.TLS, file uintptr) int32 {
	rc := function[func(*libc.TLS, uintptr) int32](theDisk.system(file, false).FxClose)(tls, file)
	return rc
}
