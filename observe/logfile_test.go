package observe

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// diary is a log file with a clock that the test turns.
type diary struct {
	*testing.T
	dir  string
	now  time.Time
	file *LogFile
	said []error
}

func newDiary(t *testing.T, o FileOptions) *diary {
	t.Helper()
	d := &diary{T: t, dir: filepath.Join(t.TempDir(), "log"),
		now: time.Date(2026, 11, 20, 10, 0, 0, 0, time.FixedZone("ECT", -5*3600))}
	o.Path, o.Now = filepath.Join(d.dir, "posta.log"), func() time.Time { return d.now }
	o.Trouble = func(err error) { d.said = append(d.said, err) }
	d.open(o)
	t.Cleanup(func() { _ = d.file.Close() })
	return d
}

func (d *diary) open(o FileOptions) {
	d.Helper()
	var err error
	if d.file, err = OpenLogFile(o); err != nil {
		d.Fatal(err)
	}
}

func (d *diary) write(line string) {
	d.Helper()
	if n, err := d.file.Write([]byte(line)); err != nil || n != len(line) {
		d.Fatalf("wrote %d of %q: %v", n, line, err)
	}
}

// has holds the folder's files and their content against name=content …
func (d *diary) has(want ...string) {
	d.Helper()
	var got []string
	entries, err := os.ReadDir(d.dir)
	if err != nil {
		d.Fatal(err)
	}
	for _, e := range entries {
		text, err := os.ReadFile(filepath.Join(d.dir, e.Name()))
		if err != nil {
			d.Fatal(err)
		}
		got = append(got, e.Name()+"="+string(text))
	}
	slices.Sort(got)
	if slices.Sort(want); !slices.Equal(got, want) {
		d.Errorf("the folder has\n%q\nwant\n%q", got, want)
	}
}

func TestLogFileDays(t *testing.T) {
	d := newDiary(t, FileOptions{Daily: true})
	d.write("a\n")
	d.now = d.now.Add(13*time.Hour + 59*time.Minute) // 23:59 where it is; tomorrow in UTC
	d.write("b\n")
	d.now = d.now.Add(2 * time.Minute)
	d.write("c\n")
	d.now = d.now.AddDate(0, 0, 2)
	d.write("d\n")
	d.has("posta-2026-11-20.log=a\nb\n", "posta-2026-11-21.log=c\n", "posta.log=d\n")
	info, err := os.Stat(d.file.o.Path)
	if err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

// The days on which clocks are changed have 25 and 23 hours, in one file each.
func TestLogFileClockChange(t *testing.T) {
	madrid, err := time.LoadLocation("Europe/Madrid") // Go's own tree has it where the system has none
	if err != nil {
		t.Fatal(err)
	}
	for _, day := range []struct {
		began time.Time
		hours time.Duration
		aside string
	}{
		{time.Date(2026, 10, 25, 0, 30, 0, 0, madrid), 25, "posta-2026-10-25.log"},
		{time.Date(2026, 3, 29, 0, 30, 0, 0, madrid), 23, "posta-2026-03-29.log"},
	} {
		d := newDiary(t, FileOptions{Daily: true})
		d.now = day.began
		want := ""
		for range day.hours {
			line := d.now.Format(time.RFC3339) + "\n"
			d.write(line)
			want += line
			d.now = d.now.Add(time.Hour)
		}
		d.write("next\n")
		d.has(day.aside+"="+want, "posta.log=next\n")
		if strings.Count(want, "T02:30:00") != int(day.hours-23) {
			t.Errorf("half past two came otherwise in\n%s", want)
		}
	}
}

// A day that ended while posta was not running is put aside too, under the
// name of its last line's day; an empty file is not.
func TestLogFileOverNight(t *testing.T) {
	d := newDiary(t, FileOptions{Daily: true})
	d.write("a\n")
	o := d.file.o
	if err := errors.Join(d.file.Close(), os.Chtimes(o.Path, d.now, d.now)); err != nil {
		t.Fatal(err)
	}
	d.now = d.now.AddDate(0, 0, 3)
	d.open(o)
	d.write("b\n")
	d.has("posta-2026-11-20.log=a\n", "posta.log=b\n")
}

func TestLogFileSizes(t *testing.T) {
	d := newDiary(t, FileOptions{MaxSize: 10, Keep: 2})
	for _, line := range []string{"1234\n", "5678\n", "9\n", "a line longer than all\n", "b\n"} {
		d.write(line)
	}
	d.has("posta-2026-11-20.1.log=9\n", "posta-2026-11-20.2.log=a line longer than all\n", "posta.log=b\n")
}

// Only what the log itself put aside is removed, and by number, not by letter.
func TestLogFileKeeps(t *testing.T) {
	d := newDiary(t, FileOptions{Daily: true, Keep: 3, KeepFor: 30 * 24 * time.Hour})
	for _, name := range []string{"posta-2026-10-19.log", "posta-2026-10-21.log", "posta-2026-11-18.9.log", "posta-2026-11-18.10.log",
		"posta-2026-11-18.log", "posta-2026-11-18.01.log", "posta-2026-11-31.log", "posta-old.log", "other-2020-01-01.log", "posta-2020-01-01.log.gz"} {
		if err := os.WriteFile(filepath.Join(d.dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	o := d.file.o
	o.Keep = 0
	_ = d.file.Close()
	d.open(o)
	all, err := d.file.aside.list()
	if err != nil || len(all) != 4 || all[0].day != "2026-10-21" || all[3].number != 10 {
		t.Fatalf("%v, %v", all, err)
	}
	_ = d.file.Close()
	o.Keep = 2
	d.open(o)
	d.has("posta-2026-11-18.9.log=", "posta-2026-11-18.10.log=", "posta-2026-11-18.01.log=", "posta-2026-11-31.log=",
		"posta-old.log=", "other-2020-01-01.log=", "posta-2020-01-01.log.gz=", "posta.log=")
}

// A file that somebody else moved away, or removed with its folder, is begun anew.
func TestLogFileReopens(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("nobody can move an open file there")
	}
	d := newDiary(t, FileOptions{})
	d.write("a\n")
	if err := os.Rename(d.file.o.Path, d.file.o.Path+".1"); err != nil {
		t.Fatal(err)
	}
	d.write("b\n") // within the second
	d.now = d.now.Add(lookEvery)
	d.write("c\n")
	d.has("posta.log.1=a\nb\n", "posta.log=c\n")
	if err := os.RemoveAll(d.dir); err != nil {
		t.Fatal(err)
	}
	d.now = d.now.Add(lookEvery)
	d.write("d\n")
	d.has("posta.log=d\n")
}

// The half line of a process that was killed does not swallow the next one.
func TestLogFileTorn(t *testing.T) {
	d := newDiary(t, FileOptions{})
	d.write("a\nhalf a l")
	o := d.file.o
	_ = d.file.Close()
	d.open(o)
	d.write("b\n")
	d.has("posta.log=a\nhalf a l\nb\n")
}

// What cannot be renamed is copied and emptied; what cannot even be copied
// goes on, and is tried again later.
func TestLogFileHeld(t *testing.T) {
	d := newDiary(t, FileOptions{Daily: true})
	d.write("a\n")
	to := filepath.Join(d.dir, "copy")
	if err := copyAway(d.file.o.Path, to); err != nil {
		t.Fatal(err)
	}
	d.has("copy=a\n", "posta.log=")
	d.write("b\n")
	if err := copyAway(d.file.o.Path, to); !errors.Is(err, os.ErrExist) {
		t.Errorf("over another file: %v", err)
	}
	if err := os.Mkdir(filepath.Join(d.dir, "posta-2026-11-20.log"), 0o700); err != nil { // nothing can be put there
		t.Fatal(err)
	}
	d.now = d.now.AddDate(0, 0, 1)
	d.write("c\n")
	d.now = d.now.Add(time.Second)
	d.write("d\n")
	if len(d.said) != 1 || !strings.Contains(d.said[0].Error(), "putting the log aside") {
		t.Errorf("it said %v", d.said)
	}
	if err := os.Remove(filepath.Join(d.dir, "posta-2026-11-20.log")); err != nil {
		t.Fatal(err)
	}
	d.has("copy=a\n", "posta.log=b\nc\nd\n")
	d.now = d.now.Add(retryEvery)
	d.write("e\n")
	// Its last line is of the 21st: that is its day by now.
	d.has("copy=a\n", "posta.log=b\nc\nd\ne\n")
	d.now = d.now.AddDate(0, 0, 1)
	d.write("f\n")
	d.has("copy=a\n", "posta-2026-11-21.log=b\nc\nd\ne\n", "posta.log=f\n")
}

// Somebody reads the file while it is put aside: an editor on Windows, which
// lets nobody rename what it has open.
func TestLogFileRead(t *testing.T) {
	d := newDiary(t, FileOptions{Daily: true})
	d.write("a\n")
	reader, err := os.Open(d.file.o.Path)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	d.now = d.now.AddDate(0, 0, 1)
	d.write("b\n")
	d.has("posta-2026-11-20.log=a\n", "posta.log=b\n")
	if len(d.said) != 0 {
		t.Errorf("it said %v", d.said)
	}
}

func TestLogFileCannot(t *testing.T) {
	dir := t.TempDir()
	if _, err := OpenLogFile(FileOptions{Path: dir}); err == nil {
		t.Error("a folder was opened as a file")
	}
	if _, err := OpenLogFile(FileOptions{Path: filepath.Join(dir, "x\x00", "posta.log")}); err == nil {
		t.Error("a folder of no name was made")
	}
}

// full is an output that takes nothing for a while.
type full struct {
	strings.Builder
	taken int // octets that still fit
}

func (f *full) Write(p []byte) (int, error) {
	n := min(len(p), f.taken)
	f.taken -= n
	f.Builder.Write(p[:n])
	if n < len(p) {
		return n, errors.New("disk full")
	}
	return n, nil
}

// Lines that the disk does not take are counted, and told of once it takes some.
func TestWriterDiskFull(t *testing.T) {
	out := &full{}
	lost := func(n uint64) []byte { return []byte("lost " + strings.Repeat("I", int(n)) + "\n") }
	w := newWriter(out, 100, lost)
	w.write([]byte("a\nb\n"), 0)
	out.taken = 2
	w.write([]byte("c\nd\n"), 0)
	out.taken = 100
	if w.Dropped() != 3 {
		t.Errorf("%d dropped", w.Dropped())
	}
	_, _ = w.Write([]byte("e\n"))
	w.Close(time.Second)
	if want := "c\ne\nlost III\n"; out.String() != want {
		t.Errorf("written %q, want %q", out.String(), want)
	}
}
