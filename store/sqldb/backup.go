package sqldb

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"

	"modernc.org/sqlite"

	"posta/store"
	"posta/words"
)

// backupSlice is how many pages are copied in one go: a megabyte.
const backupSlice = 256

// source is a connection that can be copied from.
type source interface {
	NewBackup(target string) (*sqlite.Backup, error)
}

// Backup writes a copy of the store into a new file, and checks the copy. It
// holds every message that was acknowledged before it began. Mail goes on
// meanwhile; only the log beside the file grows until the copy is made.
func (db *DB) Backup(ctx context.Context, target string, told func(store.Progress)) (store.Copy, error) {
	if db.ended() {
		return store.Copy{}, store.ErrClosed
	}
	return backup(ctx, db.file(), target, db.o.Reserve, told)
}

// backup copies a file. reserve is what a server on the file's disk needs to
// take mail.
func backup(ctx context.Context, file, target string, reserve int64, told func(store.Progress)) (store.Copy, error) {
	if told == nil {
		told = func(store.Progress) {}
	}
	target, err := placeFor(target)
	if err != nil {
		return store.Copy{}, err
	}
	rest := int64(leastRoom)
	if sameDisk(filepath.Dir(file), filepath.Dir(target)) {
		rest += reserve + 2*maxOctets
	}
	if err := roomFor(file, filepath.Dir(target), rest); err != nil {
		return store.Copy{}, err
	}
	part, err := unfinished(target)
	if err != nil {
		return store.Copy{}, err
	}
	defer os.Remove(part)
	if err := copyPages(ctx, file, part, told); err != nil {
		return store.Copy{}, words.FailOf(err, "sqldb.backup_failed", words.Args{"File": target})
	}
	out := store.Copy{File: target}
	if out.Troubles, out.Usage, err = inspect(ctx, part, func(p store.Progress) {
		told(store.Progress{Name: "verify", Done: p.Done, Of: p.Of})
	}); err != nil {
		return store.Copy{}, words.FailOf(err, "sqldb.backup_failed", words.Args{"File": target})
	}
	if out.Octets, err = finish(part, target); err != nil {
		return store.Copy{}, err
	}
	return out, nil
}

// placeFor is the file that a target means: in a folder one of the usual name.
// It must not be there.
func placeFor(target string) (string, error) {
	target, err := filepath.Abs(target)
	if err != nil {
		return "", err
	}
	if info, err := os.Stat(target); err == nil && info.IsDir() {
		target = filepath.Join(target, File)
	}
	switch _, err := os.Lstat(target); {
	case err == nil:
		return "", words.FailAs(store.ErrExists, "sqldb.backup_exists", words.Args{"File": target})
	case !errors.Is(err, os.ErrNotExist):
		return "", unwritable(err, target)
	}
	return target, nil
}

// roomFor refuses a copy that the disk has no room for, with so much left beside it.
func roomFor(file, folder string, rest int64) error {
	info, err := os.Stat(file)
	if err != nil {
		return words.FailOf(err, "sqldb.no_file", words.Args{"File": file})
	}
	need := info.Size() + rest
	if log, err := os.Stat(file + "-wal"); err == nil {
		need += log.Size()
	}
	if free, err := freeSpace(folder); err == nil && free < need {
		return words.FailAs(store.ErrFull, "sqldb.backup_room", words.Args{"Folder": folder, "Need": need >> 20, "Free": free >> 20})
	}
	return nil
}

// unfinished makes the file that is written to until the copy is whole. It
// holds mail: nobody else may read it.
func unfinished(target string) (string, error) {
	f, err := os.CreateTemp(filepath.Dir(target), filepath.Base(target)+".part-*")
	if err != nil {
		return "", unwritable(err, target)
	}
	return f.Name(), f.Close()
}

// unwritable says why a copy cannot be written. Who asks a server for one is
// often root, and the server is not.
func unwritable(err error, target string) error {
	if !errors.Is(err, os.ErrPermission) {
		said := words.FailOf(err, "sqldb.backup_failed", words.Args{"File": target})
		if errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) { // the folder
			said.Kind = store.ErrTarget
		}
		return said
	}
	who := strconv.Itoa(os.Geteuid())
	if u, err := user.Current(); err == nil {
		who = u.Username
	}
	return words.FailAs(store.ErrTarget, "sqldb.backup_forbidden", words.Args{"File": target, "User": who})
}

// copyPages copies the file as it is at one moment, a slice at a time.
func copyPages(ctx context.Context, file, target string, told func(store.Progress)) (err error) {
	c, err := connect(ctx, file, looking, Options{})
	if err != nil {
		return err
	}
	defer c.close()
	// An open transaction keeps the moment; without it every commit of the
	// server would begin the copy anew.
	for _, q := range []string{`BEGIN`, `SELECT count(*) FROM instance`} {
		if _, err := c.number(q); err != nil {
			return err
		}
	}
	from, ok := c.raw.(source)
	if !ok {
		return errors.New("the driver cannot copy")
	}
	b, err := from.NewBackup(address(target, nil))
	if err != nil {
		return err
	}
	defer func() {
		if e := b.Finish(); err == nil {
			err = e
		}
	}()
	for more := true; more; {
		if err := ctx.Err(); err != nil {
			return err
		}
		if more, err = b.Step(backupSlice); err != nil {
			return err
		}
		told(store.Progress{Name: "copy", Done: int64(b.PageCount() - b.Remaining()), Of: int64(b.PageCount())})
	}
	return nil
}

// inspect checks a file that nobody else has open, and counts what it holds.
func inspect(ctx context.Context, file string, told func(store.Progress)) (all []store.Trouble, held store.Usage, err error) {
	c, err := connect(ctx, file, looking, Options{})
	if damaged(err) {
		var ts troubles
		ts.add(store.Rescue, "sqldb.trouble_pages", words.Args{"What": err.Error()})
		return ts.all(), held, nil
	}
	if err != nil {
		return nil, held, err
	}
	defer c.close()
	if err := known(c, file); err != nil {
		return nil, held, err
	}
	all, err = examine(ctx, c, told)
	if err != nil || needsRescue(all) {
		return all, held, err
	}
	row, err := c.one(qTotals)
	if err == nil && row != nil {
		held = store.Usage{Messages: asInt(row[1]), Bytes: asInt(row[2])}
	}
	return all, held, err
}

// finish brings a file to the disk and under its name, which nobody must have
// taken meanwhile.
func finish(part, target string) (int64, error) {
	fail := func(err error) error { return words.FailOf(err, "sqldb.backup_failed", words.Args{"File": target}) }
	for _, left := range []string{"-wal", "-shm"} {
		_ = os.Remove(part + left) // empty: nothing was written through it
	}
	f, err := os.OpenFile(part, os.O_RDWR, 0)
	if err != nil {
		return 0, fail(err)
	}
	info, err := f.Stat()
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		return 0, fail(err)
	}
	if _, err := os.Lstat(target); err == nil {
		return 0, words.FailAs(store.ErrExists, "sqldb.backup_exists", words.Args{"File": target})
	}
	if err := os.Rename(part, target); err != nil {
		return 0, fail(err)
	}
	if err := syncFolder(filepath.Dir(target)); err != nil {
		return 0, fmt.Errorf("%s: %w", target, err)
	}
	return info.Size(), nil
}
