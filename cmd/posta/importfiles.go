package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"posta/roster"
	"posta/words"
)

// importFiles are where the result of an import goes: a list for the teacher
// and cards for the students. Only their owner reads them: passwords stand there.
type importFiles struct{ csv, cards *os.File }

// open makes both files anew. No file is ever written over: it may be the only
// place where an earlier import's passwords stand.
func (i *importer) open(list string) (*importFiles, error) {
	dir, base := filepath.Split(list)
	base = strings.TrimSuffix(base, filepath.Ext(base))
	if list == "-" {
		dir, base = "", "posta"
	}
	out := &importFiles{}
	var err error
	if out.csv, err = fresh(i.csv, dir+base+"-"+i.say("import.csv_name", nil), ".csv"); err != nil {
		return nil, err
	}
	if out.cards, err = fresh(i.cards, dir+base+"-"+i.say("import.cards_name", nil), ".html"); err != nil {
		out.discard()
		return nil, err
	}
	return out, nil
}

// mostNames bounds the numbers tried for a name that is taken.
const mostNames = 1000

// fresh makes the file that was asked for, or else one of a like name that
// nobody has yet.
func fresh(asked, stem, suffix string) (*os.File, error) {
	const flags = os.O_WRONLY | os.O_CREATE | os.O_EXCL
	if asked != "" {
		f, err := os.OpenFile(asked, flags, 0o600)
		if errors.Is(err, fs.ErrExist) {
			return nil, words.Fail("fail.file_exists", words.Args{"File": asked})
		}
		if err != nil {
			return nil, words.FailOf(err, "fail.unwritable", words.Args{"File": asked})
		}
		return f, nil
	}
	name := stem + suffix
	for n := 2; ; n++ {
		f, err := os.OpenFile(name, flags, 0o600)
		if errors.Is(err, fs.ErrExist) && n < mostNames {
			name = fmt.Sprintf("%s-%d%s", stem, n, suffix)
			continue
		}
		if err != nil {
			return nil, words.FailOf(err, "fail.unwritable", words.Args{"File": name})
		}
		return f, nil
	}
}

// write fills both files and sees to it that they are on the disk. Where
// nobody's password is known there are no cards.
func (f *importFiles) write(i *importer, list roster.List, done []imported) error {
	written := sealed(f.csv, roster.Write(f.csv, list.Comma, i.columns(done)))
	if !slices.ContainsFunc(done, imported.hasCard) {
		unwanted := &importFiles{cards: f.cards}
		unwanted.discard()
		f.cards = nil
		return written
	}
	return errors.Join(written, sealed(f.cards, i.writeCards(f.cards, done)))
}

// sealed closes a file that was written, after a sync.
func sealed(f *os.File, err error) error {
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return words.FailOf(err, "fail.unwritable", words.Args{"File": f.Name()})
	}
	return nil
}

// discard removes what was opened and is not needed.
func (f *importFiles) discard() {
	for _, one := range []*os.File{f.csv, f.cards} {
		if one != nil {
			_ = one.Close()
			_ = os.Remove(one.Name())
		}
	}
}

// tell says where the files are; on standard error, so that --json stays clean.
func (f *importFiles) tell(i *importer) {
	if f.cards == nil {
		_, _ = fmt.Fprintln(i.Err, i.broken(i.Err, i.say("import.no_cards", words.Args{"CSV": f.csv.Name()})))
		return
	}
	_, _ = fmt.Fprintln(i.Err, i.broken(i.Err, i.say("import.files", words.Args{"CSV": f.csv.Name(), "Cards": f.cards.Name()})))
	if i.alone() {
		_, _ = fmt.Fprintln(i.Err, i.say("import.alone", nil))
	}
}
