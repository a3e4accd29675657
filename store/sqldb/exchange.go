package sqldb

import (
	"errors"
	"os"
	"path/filepath"

	"posta/words"
)

// rescuedFile is a new file that is whole and on its way into its place. From
// when the disk has this name the damaged file is not opened any more: its log
// may be gone.
const rescuedFile = File + ".rescued"

// exchange keeps the damaged file, with its log, under names in a folder of
// its own, and puts the new one in its place. The old one is linked or copied
// before its name is taken: there is no moment without it. Whatever ends the
// process, whoever opens the store next finds the old file with its log, or
// finishes.
func (k *Keeper) exchange(work string) (string, error) {
	kept := filepath.Join(k.dir, "damaged-"+k.o.Clock().Format("20060102-150405"))
	if err := os.Mkdir(kept, 0o700); err != nil {
		return "", words.FailOf(err, "sqldb.no_folder", words.Args{"Folder": kept})
	}
	for _, name := range []string{File, File + "-wal"} {
		err := preserve(filepath.Join(k.dir, name), filepath.Join(kept, name))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return "", words.FailOf(err, "sqldb.no_keep", words.Args{"Folder": kept})
		}
	}
	for _, folder := range []string{kept, k.dir} {
		if err := syncFolder(folder); err != nil {
			return "", words.FailOf(err, "sqldb.no_keep", words.Args{"Folder": kept})
		}
	}
	err := os.Rename(filepath.Join(work, File), filepath.Join(k.dir, rescuedFile))
	if err == nil {
		err = finishExchange(k.dir)
	}
	if err != nil {
		return "", words.FailOf(err, "sqldb.no_exchange", words.Args{"Folder": kept, "File": k.file()})
	}
	return kept, nil
}

// finishExchange puts a rescued file in its place, if there is one. Each step is
// on the disk before the next: the log of the old file beside the new one would
// be read into it. It needs the store's lock.
func finishExchange(dir string) error {
	rescued := filepath.Join(dir, rescuedFile)
	switch _, err := os.Lstat(rescued); {
	case errors.Is(err, os.ErrNotExist):
		return nil
	case err != nil:
		return err
	}
	if err := syncFolder(dir); err != nil {
		return err
	}
	for _, name := range []string{File + "-wal", File + "-shm"} {
		if err := os.Remove(filepath.Join(dir, name)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	if err := syncFolder(dir); err != nil {
		return err
	}
	if err := os.Rename(rescued, filepath.Join(dir, File)); err != nil {
		return err
	}
	return syncFolder(dir)
}

// take gets the right to a store, and finishes an exchange of its file that was
// broken off.
func take(dir string) (*lockFile, error) {
	lock, err := acquire(filepath.Join(dir, Lock))
	if err != nil {
		return nil, err // says all
	}
	if err := finishExchange(dir); err != nil {
		err = words.FailOf(err, "sqldb.unexchanged", words.Args{"New": filepath.Join(dir, rescuedFile), "File": filepath.Join(dir, File)})
		return nil, errors.Join(err, lock.release())
	}
	return lock, nil
}

// preserve gives a file a second name, or copies it where that cannot be.
func preserve(from, to string) error {
	if _, err := os.Stat(from); err != nil {
		return err
	}
	if os.Link(from, to) == nil {
		return nil
	}
	return copyFile(from, to)
}

func copyFile(from, to string) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = out.ReadFrom(in)
	if err == nil {
		err = out.Sync()
	}
	if e := out.Close(); err == nil {
		err = e
	}
	return err
}
