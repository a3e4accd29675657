package sqldb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"posta/store"
	"posta/words"
)

// What only SQLite understands: pragmas, error codes, placeholders, schema and
// the statements that have no common spelling.

//go:embed migrations/sqlite/*.sql
var sqliteMigrations embed.FS

const (
	qBegin      = `BEGIN IMMEDIATE`
	qCommit     = `COMMIT`
	qRollback   = `ROLLBACK`
	qSavepoint  = `SAVEPOINT item`
	qRelease    = `RELEASE item`
	qRollbackTo = `ROLLBACK TO item`

	qCheckpoint = `PRAGMA wal_checkpoint(PASSIVE)`
	qTruncate   = `PRAGMA wal_checkpoint(TRUNCATE)`
	qNoAuto     = `PRAGMA wal_autocheckpoint = 0`
	qVacuum     = `PRAGMA incremental_vacuum(256)`
	qFreePages  = `PRAGMA freelist_count`
	qPages      = `PRAGMA page_count`
	qIntegrity  = `PRAGMA integrity_check(100)`
)

const pageSize = 4096

// logRoom is what the log beside a file may keep of its size, in octets.
const logRoom = 64 << 20

// role says what a connection is for.
type role string

const (
	writing role = "writer"
	reading role = "reader"
	looking role = "looker" // at a file that may be damaged: changes nothing, not even the log beside it
)

// dsn names the file with the pragmas of a role. The first two only count
// before the first table is made, and WAL must come after them.
func dsn(file string, r role, o Options) string {
	if r == looking {
		// writable_schema lets a file be read that is shorter than it says.
		return address(file, url.Values{"mode": {"ro"}, "_error_rc": {"1"},
			"_pragma": {"writable_schema(1)", "busy_timeout(10000)", "query_only(1)", "temp_store(MEMORY)"}})
	}
	pragmas := []string{
		"page_size(" + strconv.Itoa(pageSize) + ")",
		"auto_vacuum(INCREMENTAL)",
		"busy_timeout(10000)",
		"journal_mode(WAL)",
		"synchronous(FULL)",
		"wal_autocheckpoint(1024)",
		"journal_size_limit(" + strconv.Itoa(logRoom) + ")",
		"temp_store(MEMORY)",
	}
	if runtime.GOOS == "darwin" { // there fsync alone does not reach the disk
		pragmas = append(pragmas, "fullfsync(1)", "checkpoint_fullfsync(1)")
	}
	if r == writing {
		pragmas = append(pragmas, "cache_size(-65536)")
		if o.MaxPages > 0 {
			pragmas = append(pragmas, "max_page_count("+strconv.FormatInt(o.MaxPages, 10)+")")
		}
	} else {
		pragmas = append(pragmas, "cache_size(-8192)", "query_only(1)")
	}
	query := url.Values{"_pragma": pragmas, "_dqs": {"0"}, "_error_rc": {"1"}}
	if o.VFS != "" {
		query.Set("vfs", o.VFS)
	}
	return address(file, query)
}

// address is a file as SQLite's URI, with what is asked of it.
func address(file string, query url.Values) string {
	path := filepath.ToSlash(file)
	if !strings.HasPrefix(path, "/") { // C:/…
		path = "/" + path
	}
	return (&url.URL{Scheme: "file", Path: path, RawQuery: query.Encode()}).String()
}

// connect opens a connection for a role.
func connect(ctx context.Context, file string, r role, o Options) (*conn, error) {
	connector, err := sqlite.NewConnector(dsn(file, r, o))
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", file, err)
	}
	raw, err := connector.Connect(ctx)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", file, err)
	}
	return newConn(raw), nil
}

// migrate brings the schema to this program's state.
func migrate(ctx context.Context, file string, o Options) error {
	connector, err := sqlite.NewConnector(dsn(file, writing, o))
	if err != nil {
		return fmt.Errorf("open %s: %w", file, err)
	}
	db := sql.OpenDB(connector)
	defer db.Close()
	db.SetMaxOpenConns(1)
	dir, err := fs.Sub(sqliteMigrations, "migrations/sqlite")
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, db, dir)
	if err != nil {
		return fmt.Errorf("schema of %s: %w", file, err)
	}
	have, want, err := p.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("schema of %s: %w", file, err)
	}
	if have > want {
		return words.Fail("sqldb.newer", words.Args{"File": file, "Schema": have, "Known": want})
	}
	if have == want {
		return nil
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("schema of %s: %w", file, err)
	}
	return nil
}

// placeholders turns $1 … $n into SQLite's nameless ?, where they stand in
// order and once each: the driver looks every name up for every execution.
func placeholders(query string) string {
	var b strings.Builder
	rest, n := query, 0
	for {
		at := strings.IndexByte(rest, '$')
		if at < 0 {
			b.WriteString(rest)
			return b.String()
		}
		n++
		number := strconv.Itoa(n)
		tail, ok := strings.CutPrefix(rest[at+1:], number)
		if !ok || tail != "" && tail[0] >= '0' && tail[0] <= '9' {
			return query
		}
		b.WriteString(rest[:at])
		b.WriteByte('?')
		rest = tail
	}
}

// outside says that an error comes from the disk, memory or file below the
// engine: it concerns every item of a batch alike.
func outside(err error) bool {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return false
	}
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_MISMATCH, sqlite3.SQLITE_TOOBIG, sqlite3.SQLITE_RANGE:
		return false
	}
	return true
}

// unsynced says that a sync failed. The system has told of it once and takes
// the lost pages for written: no later sync will speak of them.
func unsynced(err error) bool {
	var e *sqlite.Error
	return errors.As(err, &e) && (e.Code() == sqlite3.SQLITE_IOERR_FSYNC || e.Code() == sqlite3.SQLITE_IOERR_DIR_FSYNC)
}

// logged counts the pages that a connection has written to the WAL since it
// was asked last.
func logged(c driver.Conn) (int64, error) {
	d, ok := c.(sqlite.DBStatus)
	if !ok {
		return 0, errors.New("the driver's connections have no counters")
	}
	n, _, err := d.Status(sqlite.DBStatusCacheWrite, true)
	return int64(n), err
}

// unique says that an error is a value that may exist only once.
func unique(err error) bool {
	var e *sqlite.Error
	return errors.As(err, &e) && e.Code()&0xff == sqlite3.SQLITE_CONSTRAINT
}

// classify puts the contract's name on an engine's error.
func classify(err error) error {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return err
	}
	if e.Code()&0xff == sqlite3.SQLITE_FULL {
		return fmt.Errorf("%w: %w", store.ErrFull, err)
	}
	return err
}
