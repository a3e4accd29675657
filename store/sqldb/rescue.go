package sqldb

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"posta/store"
	"posta/words"
)

// rescue makes a new file of what can be read, and puts the damaged one aside
// in a folder of its own. Until the new one is whole, the old one stays where
// it is; nothing of it is ever written to.
func (k *Keeper) rescue(ctx context.Context, found []store.Trouble, told func(store.Progress)) (store.Repair, error) {
	r := store.Repair{Mended: found}
	// The new file has a log of its own until it is whole, and the server that
	// starts on it then wants its reserve.
	if err := roomFor(k.file(), k.dir, logRoom+k.o.Reserve); err != nil {
		return r, err
	}
	work, err := os.MkdirTemp(k.dir, unfinishedRescue)
	if err != nil {
		return r, words.FailOf(err, "sqldb.no_folder", words.Args{"Folder": k.dir})
	}
	defer os.RemoveAll(work)
	if r.Lost, err = k.salvage(ctx, filepath.Join(work, File), told); err != nil {
		return r, words.FailOf(err, "sqldb.rescue_failed", words.Args{"File": k.file()})
	}
	lock, err := acquire(filepath.Join(work, Lock))
	if err != nil {
		return r, words.FailOf(err, "sqldb.rescue_failed", words.Args{"File": k.file()})
	}
	db, err := openWith(ctx, work, k.o, lock, unswept)
	if err != nil {
		return r, words.FailOf(err, "sqldb.rescue_failed", words.Args{"File": k.file()})
	}
	mended, err := repairOnce(ctx, db, told)
	if err != nil {
		return r, words.FailOf(err, "sqldb.rescue_failed", words.Args{"File": k.file()})
	}
	r.Mended = append(r.Mended, mended.Mended...)
	r.Left, r.Usage = mended.Left, mended.Usage
	if err := k.complete(ctx, filepath.Join(work, File)); err != nil {
		return r, words.FailOf(err, "sqldb.rescue_failed", words.Args{"File": k.file()})
	}
	r.Kept, err = k.exchange(work)
	return r, err
}

// unfinishedRescue is the pattern of folders in which new files are made.
const unfinishedRescue = "rescue-*.unfinished"

// clear removes what rescues have left that were killed. It needs the store's
// lock: nobody else makes one.
func (k *Keeper) clear() {
	entries, err := os.ReadDir(k.dir)
	if err != nil {
		return // whatever is done next says why
	}
	for _, e := range entries {
		if ours, _ := filepath.Match(unfinishedRescue, e.Name()); ours && e.IsDir() {
			_ = os.RemoveAll(filepath.Join(k.dir, e.Name())) // room is all that it costs
		}
	}
}

// salvage copies all rows that can be read into a new file.
func (k *Keeper) salvage(ctx context.Context, target string, told func(store.Progress)) (lost int64, err error) {
	from, err := connect(ctx, k.file(), looking, k.o)
	if err != nil {
		return 0, err
	}
	defer from.close()
	if err := k.begin(target); err != nil {
		return 0, err
	}
	if err := migrate(ctx, target, k.o); err != nil {
		return 0, err
	}
	to, err := connect(ctx, target, writing, k.o)
	if err != nil {
		return 0, err
	}
	defer func() {
		if e := to.close(); err == nil {
			err = e
		}
	}()
	s := &salvor{ctx: ctx, from: from, to: to, told: told}
	if s.told == nil {
		s.told = func(store.Progress) {}
	}
	err = errors.Join(s.all(), s.commit())
	if err == nil && s.rows == 0 {
		err = words.Fail("sqldb.nothing_saved", nil)
	}
	return s.lost, err
}

// begin makes the new file, which is to stand in the store's folder: it belongs
// to whom the folder belongs to, and nobody else may read it. SQLite gives its
// own files the same.
func (k *Keeper) begin(target string) error {
	f, err := os.OpenFile(target, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(handOver(f, k.file()), f.Close())
}

// complete makes sure that a file needs no log beside it any more, and that the
// disk has it. The engine brings the rest of the log into the file when its last
// connection closes, but tells nobody when that fails.
func (k *Keeper) complete(ctx context.Context, file string) error {
	c, err := connect(ctx, file, writing, k.o)
	if err != nil {
		return err
	}
	row, err := copied(c, qTruncate)
	if e := c.close(); err == nil {
		err = e
	}
	if err != nil {
		return err
	}
	if busy, inLog, done := row[0], row[1], row[2]; busy != 0 || inLog != done {
		return fmt.Errorf("%s: %d of %d pages are in the file", file, done, inLog)
	}
	switch info, err := os.Stat(file + "-wal"); {
	case err == nil && info.Size() > 0:
		return fmt.Errorf("%s-wal: %d octets are not in the file", file, info.Size())
	case err != nil && !errors.Is(err, os.ErrNotExist):
		return err
	}
	return syncFile(file)
}

// syncFile brings a file to the disk.
func syncFile(file string) error {
	f, err := os.OpenFile(file, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
