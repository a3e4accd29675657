package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"posta/pop3/pop3client"
	"posta/wire/wiretest"
)

// Lines become this machine's wherever the pieces are cut, and a CR alone stays.
func TestLocalEnds(t *testing.T) {
	const in, want = "a\r\n\r\nb\rc\n\r\r\nd\r", "a\n\nb\rc\n\r\nd\r"
	for i := range len(in) {
		for j := i; j <= len(in); j++ {
			var out bytes.Buffer
			l := &localEnds{to: &out}
			for _, piece := range []string{in[:i], in[i:j], in[j:]} {
				if n, err := l.Write([]byte(piece)); n != len(piece) || err != nil {
					t.Fatal(n, err)
				}
			}
			if err := l.end(); err != nil || out.String() != want {
				t.Fatalf("cut at %d and %d: %q, %v", i, j, out.String(), err)
			}
		}
	}
}

func text(s string) func(writer) error {
	return func(w writer) error {
		for i := range len(s) {
			if _, err := w.Write([]byte(s[i : i+1])); err != nil {
				return err
			}
		}
		return nil
	}
}

// An mbox quotes what looks like its own lines, and what breaks off leaves no
// trace.
func TestMbox(t *testing.T) {
	name := filepath.Join(t.TempDir(), "x.mbox")
	b, err := openMbox(name, syncFolder)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.put(waiting{}, text("A: b\r\n\r\nFrom me\r\n>>From you\r\nnot From\r\nend")); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("broken")
	if _, err := b.put(waiting{}, func(w writer) error { return errors.Join(text("half")(w), broken) }); !errors.Is(err, broken) {
		t.Error(err)
	}
	if _, err := b.put(waiting{}, text("C: d\r\n")); err != nil {
		t.Fatal(err)
	}
	if err := b.end(); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for line := range strings.Lines(string(got)) {
		if strings.HasPrefix(line, "From posta@localhost ") {
			line = "FROM\n"
		}
		lines = append(lines, line)
	}
	if want := "FROM\nA: b\n\n>From me\n>>>From you\nnot From\nend\n\nFROM\nC: d\n\n"; strings.Join(lines, "") != want {
		t.Errorf("%q", lines)
	}
}

// A file has its name only when it is whole.
func TestFolder(t *testing.T) {
	dir := t.TempDir()
	f := folder{dir, dir, plainName, syncFolder}
	if _, err := f.put(waiting{Number: 1, UIDL: "a/../b"}, func(w writer) error { return io.ErrUnexpectedEOF }); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error(err)
	}
	if all, _ := filepath.Glob(filepath.Join(dir, "*")); len(all) != 0 {
		t.Errorf("%q was left", all)
	}
	name, err := f.put(waiting{Number: 1, UIDL: "a/../b"}, text("A: b\r\n"))
	if err != nil || filepath.Dir(name) != dir || filepath.Base(name) != "0001-a_.._b.eml" {
		t.Errorf("%q, %v", name, err)
	}
	if got, err := os.ReadFile(name); string(got) != "A: b\n" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
}

// What lies in a folder stays, though another message would have its name.
func TestFolderKeepsWhatIsThere(t *testing.T) {
	dir := t.TempDir()
	f := folder{dir, dir, plainName, syncFolder}
	said := map[string]string{}
	for id, content := range map[string]string{"a/b": "1", "a:b": "2", "a_b": "3"} {
		name, err := f.put(waiting{Number: 1, UIDL: id}, text(content+"\r\n"))
		if err != nil {
			t.Fatal(err)
		}
		said[filepath.Base(name)] = content + "\n"
	}
	for _, name := range []string{"0001-a_b.eml", "0001-a_b-2.eml", "0001-a_b-3.eml"} {
		if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(got) != said[name] {
			t.Errorf("%s is %q, not %q: %v", name, got, said[name], err)
		}
	}
	if all, err := filepath.Glob(filepath.Join(dir, "*")); len(all) != 3 || err != nil {
		t.Errorf("%q, %v", all, err)
	}
}

// A message counts as kept only when the disk has its name too.
func TestFolderIsSynced(t *testing.T) {
	dir := t.TempDir()
	broken := errors.New("broken")
	var there []string
	sync := func(of string) error {
		there, _ = filepath.Glob(filepath.Join(of, "*.eml"))
		return broken
	}
	if _, err := (folder{dir, dir, plainName, sync}).put(waiting{Number: 1, UIDL: "a"}, text("A: b\r\n")); !errors.Is(err, broken) || len(there) != 1 {
		t.Error(there, err)
	}
	if _, err := openMbox(filepath.Join(dir, "x.mbox"), sync); !errors.Is(err, broken) {
		t.Error(err)
	}
}

// A terminal obeys nothing in a message; a program gets its octets.
func TestScreen(t *testing.T) {
	for terminal, want := range map[bool]string{true: "A: \\x1b]0;b\\x07\nñ\\x9b\n", false: "A: \x1b]0;b\x07\nñ\x9b\n"} {
		var out bytes.Buffer
		if _, err := (screen{&out, terminal}).put(waiting{}, text("A: \x1b]0;b\x07\r\nñ\x9b\r\n")); err != nil || out.String() != want {
			t.Errorf("terminal %v: %q, %v", terminal, out.String(), err)
		}
	}
}

// A message that is larger than it may be, or than the server said, stays on
// the server; the others come.
func TestFetchIsBounded(t *testing.T) {
	long := strings.Repeat("S: "+strings.Repeat("a", 1000)+"\n", 1100)
	script := "S: +OK\nC: LIST\nS: +OK\nS: 1 3000000\nS: 2 10\nS: 3 6\nS: .\nC: UIDL\nS: +OK\nS: 1 a\nS: 2 b\nS: 3 c\nS: .\n" +
		"C: RETR 2\nS: +OK\n" + long + "S: .\nC: RETR 3\nS: +OK\nS: A: b\nS: .\nC: DELE 3\nS: +OK\nC: QUIT\nS: +OK\nclosed"
	near, played := wiretest.Play(script, nil)
	m := &maildrop{a: &app{json: true, terminal: terminal{Out: io.Discard}}, c: pop3client.New(near, pop3client.Options{})}
	if err := m.c.Greeting(t.Context()); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	o := &fetchOptions{dir: filepath.Join(dir, "got"), uidl: filepath.Join(dir, "uidl"), delete: true, maxSize: 2}
	f, err := m.fetch(t.Context(), o)
	if err = errors.Join(err, m.c.Quit(t.Context()), <-played); err != nil || f != (fetched{1, 3, 2}) {
		t.Error(f, err)
	}
	if ids, err := os.ReadFile(o.uidl); string(ids) != "c\n" || err != nil {
		t.Errorf("%q, %v", ids, err)
	}
	if all, err := filepath.Glob(filepath.Join(o.dir, "*")); len(all) != 1 || err != nil {
		t.Errorf("%q, %v", all, err)
	}
}

// Messages that a server gives one id are not taken for each other.
// rfc: 1939-7.UIDL-6
func TestDropTwins(t *testing.T) {
	all := []waiting{{UIDL: "a"}, {UIDL: "b"}, {UIDL: "a"}, {}}
	if dropTwins(all); !slices.Equal(all, []waiting{{}, {UIDL: "b"}, {}, {}}) {
		t.Errorf("%+v", all)
	}
}

// What was fetched stays known, and what has left the server is forgotten.
func TestSeen(t *testing.T) {
	name := filepath.Join(t.TempDir(), "uidl")
	s, err := openSeen(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.add("a"), s.add("b")); err != nil {
		t.Fatal(err)
	}
	if again, err := openSeen(name); err != nil || !again.has("a") || !again.has("b") || again.has("c") { // before the session's end
		t.Error(again, err)
	}
	if err := s.keep([]waiting{{UIDL: "b"}, {UIDL: "c"}, {}}); err != nil {
		t.Fatal(err)
	}
	if again, err := openSeen(name); err != nil || again.has("a") || !again.has("b") || again.has("c") {
		t.Error(again, err)
	}
}
