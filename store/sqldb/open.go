package sqldb

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"posta/directory"
	"posta/store"
	"posta/words"
)

// Names below the data directory.
const (
	File = "posta.db"
	Lock = "posta.lock"
)

// defaultReserve is kept free on the disk, so that a full disk shows before a
// transaction and not in the middle of its COMMIT, and people can still fetch
// and delete their mail.
const defaultReserve = 32 << 20

// Options tune a DB. The zero value is for production.
type Options struct {
	Clock func() time.Time // nil: time.Now

	// OnFatal is told, once, that a COMMIT or fsync failed. What the disk
	// holds is unknown then: the process must end and open the store anew.
	// Every call of this DB gives store.ErrClosed from here on.
	OnFatal func(error)

	// Trouble is told of what goes wrong, costs nobody's mail and needs a person
	// if it lasts. It must not wait: the writer calls it. Nil: nobody is told.
	Trouble func(error)

	Readers int   // connections that read; 0: as many as cores, 2 to 8
	Reserve int64 // octets of disk left free; 0: 32 MiB; below 0: none

	// For tests.
	VFS      string             // a registered SQLite VFS
	MaxPages int64              // limit of the file's pages: a small disk
	Fault    func(string) error // asked before "begin" and "commit"; its error stands for the engine's
}

func (o Options) withDefaults() Options {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.OnFatal == nil {
		o.OnFatal = func(error) {}
	}
	if o.Trouble == nil {
		o.Trouble = func(error) {}
	}
	if o.Readers <= 0 {
		o.Readers = min(max(runtime.GOMAXPROCS(0), 2), 8)
	}
	switch {
	case o.Reserve == 0:
		o.Reserve = defaultReserve
	case o.Reserve < 0:
		o.Reserve = 0
	}
	if o.Fault == nil {
		o.Fault = func(string) error { return nil }
	}
	return o
}

// DB is an open store. It is safe for concurrent use.
type DB struct {
	o    Options
	dir  string
	lock *lockFile

	writer  *writer
	readers chan *conn // those at rest
	closed  chan struct{}
	closing sync.Once

	buffers    buffers
	blobs      atomic.Int64 // id given last
	live       live
	leases     leases
	claims     claims
	listings   listings
	sweeper    sweeper
	generation atomic.Uint64
}

var (
	_ store.Mail      = (*DB)(nil)
	_ store.Maildrops = (*DB)(nil)
	_ directory.Store = people{}
)

// people is the directory's face of a DB: there List finds a mailing list.
type people struct{ *DB }

// Directory gives the store of domains, accounts, aliases and lists.
func (db *DB) Directory() directory.Store { return people{db} }

// Open opens the store in dir, which it makes when it is not there. It gives
// ErrBusy while another process has it.
func Open(ctx context.Context, dir string, o Options) (*DB, error) {
	o = o.withDefaults()
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("open the store: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, words.FailOf(err, "sqldb.no_folder", words.Args{"Folder": dir})
	}
	lock, err := take(dir)
	if err != nil {
		return nil, err
	}
	return openWith(ctx, dir, o, lock, swept)
}

// housekeeping says whether a DB takes away what has no references. One that is
// opened to be repaired must not before its references are right, or bodies go
// that messages need.
type housekeeping bool

const (
	swept   housekeeping = true
	unswept housekeeping = false
)

// openWith opens a store whose lock is held already; it releases it.
func openWith(ctx context.Context, dir string, o Options, lock *lockFile, h housekeeping) (*DB, error) {
	db := &DB{o: o, dir: dir, lock: lock, closed: make(chan struct{}), readers: make(chan *conn, o.Readers)}
	if err := db.start(ctx, h); err != nil {
		db.writer.abandon()
		db.closeReaders(len(db.readers))
		lock.release()
		return nil, words.FailOf(err, "sqldb.unopened", words.Args{"Folder": dir})
	}
	return db, nil
}

// start opens the connections, which creates the file with nobody else's eyes
// on it, and begins the work.
func (db *DB) start(ctx context.Context, h housekeeping) error {
	file := db.file()
	f, err := openOwn(file)
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := migrate(ctx, file, db.o); err != nil {
		return err
	}
	c, err := connect(ctx, file, writing, db.o)
	if err != nil {
		return err
	}
	db.writer = newWriter(db, c)
	if _, err := c.exec(qNoAuto); err != nil { // it checkpoints itself
		return err
	}
	for range db.o.Readers {
		r, err := connect(ctx, file, reading, db.o)
		if err != nil {
			return err
		}
		db.readers <- r
	}
	if err := db.recover(c); err != nil {
		return err
	}
	if err := db.writer.prepare(); err != nil {
		return err
	}
	db.listings.init()
	db.sweeper.init(db)
	go db.writer.loop()
	if h == swept {
		db.sweeper.start()
	}
	return nil
}

// recover takes up where an earlier process ended: its leases are void, and
// no blob id of its is given again.
func (db *DB) recover(c *conn) error {
	for _, q := range []string{qBegin, qOpened, qCommit} {
		if _, err := c.exec(q); err != nil {
			return fmt.Errorf("begin to use it: %w", err)
		}
	}
	opened, err := c.number(qInstance)
	if err != nil {
		return err
	}
	last, err := c.number(qLastBlob)
	if err != nil {
		return err
	}
	db.leases.init(opened)
	db.claims.init(opened)
	db.live.init()
	db.blobs.Store(last)
	return nil
}

// Close lets what was handed over become true, and ends. Calls after it give
// store.ErrClosed.
func (db *DB) Close() error {
	var err error
	db.closing.Do(func() {
		db.sweeper.stop()
		fatal := db.writer.stop()
		close(db.closed)
		if fatal != nil {
			// To close the last connection would write the log into the file,
			// on a disk that has just lost something. The end of the process
			// is the only clean one; until then the lock stays, too.
			err = fmt.Errorf("close the store: %w", fatal)
			return
		}
		err = errors.Join(db.closeReaders(db.o.Readers), db.writer.c.close(), db.lock.release())
	})
	return err
}

// closeReaders closes n readers, waiting for those at work.
func (db *DB) closeReaders(n int) error {
	var errs []error
	for range n {
		c := <-db.readers
		errs = append(errs, c.close())
	}
	return errors.Join(errs...)
}

// read lends a reading connection to fn.
func (db *DB) read(ctx context.Context, fn func(*conn) error) error {
	c, err := db.reader(ctx)
	if err != nil {
		return err
	}
	defer func() { db.readers <- c }()
	return fn(c)
}

func (db *DB) reader(ctx context.Context) (*conn, error) {
	if db.ended() {
		return nil, store.ErrClosed
	}
	select {
	case c := <-db.readers:
		if db.ended() {
			db.readers <- c
			return nil, store.ErrClosed
		}
		return c, nil
	default:
	}
	select {
	case c := <-db.readers:
		return c, nil
	case <-db.closed:
		return nil, store.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// ended says that no call may succeed any more.
func (db *DB) ended() bool {
	select {
	case <-db.closed:
		return true
	default:
		return db.writer.failed.Load()
	}
}

func (db *DB) file() string { return filepath.Join(db.dir, File) }

func (db *DB) now() time.Time { return db.o.Clock() }
