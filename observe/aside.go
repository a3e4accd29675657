package observe

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// asides are the files that a log's file left behind: for posta.log those
// called posta-2026-11-20.log, posta-2026-11-20.1.log and so on. Files with
// other names are somebody else's and stay.
type asides struct{ dir, stem, ext string }

// aside is one of them.
type aside struct {
	name   string
	day    string
	number int // within the day
}

func newAsides(path string) asides {
	dir, name := filepath.Split(path)
	ext := filepath.Ext(name)
	return asides{filepath.Clean(cmp.Or(dir, ".")), strings.TrimSuffix(name, ext), ext}
}

// next is the path of one more of a day.
func (a asides) next(day string) (string, error) {
	all, err := a.list()
	if err != nil {
		return "", err
	}
	number := 0
	for _, one := range all {
		if one.day == day {
			number = max(number, one.number+1)
		}
	}
	name := a.stem + "-" + day
	if number > 0 {
		name += "." + strconv.Itoa(number)
	}
	return filepath.Join(a.dir, name+a.ext), nil
}

// list gives them, oldest first.
func (a asides) list() ([]aside, error) {
	entries, err := os.ReadDir(a.dir)
	if err != nil {
		return nil, err
	}
	var all []aside
	for _, e := range entries {
		if one, ok := a.parse(e.Name()); ok && e.Type().IsRegular() {
			all = append(all, one)
		}
	}
	slices.SortFunc(all, func(x, y aside) int {
		return cmp.Or(strings.Compare(x.day, y.day), cmp.Compare(x.number, y.number))
	})
	return all, nil
}

func (a asides) parse(name string) (aside, bool) {
	rest, ok := strings.CutPrefix(name, a.stem+"-")
	rest, whole := strings.CutSuffix(rest, a.ext)
	day, number, numbered := strings.Cut(rest, ".")
	one := aside{name: name, day: day}
	if _, err := time.Parse(time.DateOnly, day); err != nil || !ok || !whole {
		return one, false
	}
	if numbered {
		n, err := strconv.Atoi(number)
		if err != nil || n < 1 || strconv.Itoa(n) != number {
			return one, false
		}
		one.number = n
	}
	return one, true
}

// prune keeps the newest so many, and none whose day ended longer ago; zeros
// are no bound. A file that another program holds stays for the next time.
func (a asides) prune(keep int, keepFor time.Duration, now time.Time) error {
	all, err := a.list()
	if err != nil {
		return err
	}
	var errs []error
	for i, one := range all {
		tooMany := keep > 0 && len(all)-i > keep
		day, err := time.ParseInLocation(time.DateOnly, one.day, now.Location())
		tooOld := err == nil && keepFor > 0 && now.Sub(day.AddDate(0, 0, 1)) > keepFor
		if !tooMany && !tooOld {
			continue
		}
		if err := os.Remove(filepath.Join(a.dir, one.name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
