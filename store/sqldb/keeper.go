package sqldb

import (
	"context"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"posta/store"
	"posta/words"
)

// Keeper looks after the file of a store that no server has open, however
// damaged it is. It needs neither a sound schema nor a sound file. It belongs
// to one goroutine.
type Keeper struct {
	dir  string
	o    Options
	lock *lockFile // nil: released
}

// OpenKeeper gives the Keeper of the store in dir, which nobody else can open
// until Close. It gives ErrBusy while another process has it.
func OpenKeeper(dir string, o Options) (*Keeper, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	lock, err := take(dir)
	if err != nil {
		return nil, err
	}
	k := &Keeper{dir: dir, o: o.withDefaults(), lock: lock}
	k.clear()
	return k, nil
}

// Close lets others open the store.
func (k *Keeper) Close() error {
	if k.lock == nil {
		return nil
	}
	lock := k.lock
	k.lock = nil
	return lock.release()
}

func (k *Keeper) file() string { return filepath.Join(k.dir, File) }

// Check says what is wrong with the file, and changes nothing.
func (k *Keeper) Check(ctx context.Context, told func(store.Progress)) ([]store.Trouble, error) {
	all, _, err := inspect(ctx, k.file(), told)
	return all, err
}

// Backup writes a copy into a new file.
func (k *Keeper) Backup(ctx context.Context, target string, told func(store.Progress)) (store.Copy, error) {
	return backup(ctx, k.file(), target, k.o.Reserve, told)
}

// Repair mends the file, or makes a new one of what can be read of it and puts
// the damaged one aside. The Keeper can do nothing more after it.
func (k *Keeper) Repair(ctx context.Context, told func(store.Progress)) (store.Repair, error) {
	found, usage, err := inspect(ctx, k.file(), told)
	switch {
	case err != nil:
		return store.Repair{}, err
	case len(found) == 0:
		return store.Repair{Usage: usage}, nil
	case needsRescue(found):
		return k.rescue(ctx, found, told)
	}
	lock := k.lock
	k.lock = nil
	db, err := openWith(ctx, k.dir, k.o, lock, unswept)
	if err != nil {
		return store.Repair{}, err
	}
	return repairOnce(ctx, db, told)
}

// repairOnce mends a sound file, and closes it.
func repairOnce(ctx context.Context, db *DB, told func(store.Progress)) (store.Repair, error) {
	r, err := db.Repair(ctx, told)
	if e := db.Close(); err == nil {
		err = e
	}
	return r, err
}

// known refuses a file of a newer program. A version that cannot be read is no
// reason: the check says why.
func known(c *conn, file string) error {
	have, err := c.number(qSchema)
	if err != nil {
		return nil
	}
	want, err := newest()
	if err == nil && have > want {
		err = words.Fail("sqldb.newer", words.Args{"File": file, "Schema": have, "Known": want})
	}
	return err
}

const qSchema = `SELECT max(version_id) FROM goose_db_version WHERE is_applied`

// older says that a file is of an earlier schema.
func older(c *conn) bool {
	have, err := c.number(qSchema)
	want, bad := newest()
	return err == nil && bad == nil && have < want
}

// newest is the schema that this program writes.
func newest() (last int64, err error) {
	all, err := sqliteMigrations.ReadDir("migrations/sqlite")
	if err != nil {
		return 0, err
	}
	for _, m := range all {
		digits, _, _ := strings.Cut(m.Name(), "_")
		n, err := strconv.ParseInt(digits, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("migration %s: %w", m.Name(), err)
		}
		last = max(last, n)
	}
	return last, nil
}
