//go:build whole && linux

package faults

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"posta/test/notes"
)

// A full disk: everybody is told so with 452, POP3 goes on, and mail comes in
// again when there is room. What another program leaves may be a little, or
// nothing at all.
func TestFullDisk(t *testing.T) {
	point := filepath.Join(t.TempDir(), "mnt")
	if err := os.Mkdir(point, 0o700); err != nil {
		t.Fatal(err)
	}
	s := setting{
		Data: filepath.Join(point, "data"), Accounts: accounts(people),
		Mount: []string{"-t", "tmpfs", "-o", "size=160m", "tmpfs", point},
	}
	h, err := tryStart(s)
	if err != nil {
		notes.Add(t, "this machine mounts no small disk for us (%v): TestFullStore stands for it", err)
		return
	}
	defer h.kill()
	l := newLedger()
	fill(t, h, l, 50, 0)
	b := ballast{h.inside(filepath.Join(point, "ballast"))}
	for _, left := range []int64{20 << 20, 0} {
		b.leave(t, left)
		fill(t, h, l, 0, 4)
		fetchAndDelete(t, h, l)
		if !h.running() {
			t.Fatalf("with %d octets left posta ended\n%s", left, h.errors)
		}
		b.remove(t)
		fill(t, h, l, 20, 0)
	}
	l.check(t, h, people)
	notes.Add(t, "20 MiB left, and nothing: 452 to everybody, POP3 goes on; %d acknowledged, 0 lost", l.acked)
}

// ballast is another program's file.
type ballast struct{ file string }

// leave fills the disk until so many octets are free.
func (b ballast) leave(t *testing.T, octets int64) {
	t.Helper()
	f, err := os.OpenFile(b.file, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	size := int64(0)
	for block := make([]byte, 64<<10); len(block) > 0; {
		n, err := f.Write(block)
		size += int64(n)
		if err != nil {
			block = block[:len(block)/2]
		}
	}
	if err := f.Truncate(max(size-octets, 0)); err != nil {
		t.Fatal(err)
	}
}

func (b ballast) remove(t *testing.T) {
	t.Helper()
	if err := os.Remove(b.file); err != nil {
		t.Fatal(err)
	}
}

// fill sends from four connections at once, each as many letters as must be
// taken, and then as many as must be refused because there is no room.
func fill(t *testing.T, h *house, l *ledger, taken, full int) {
	t.Helper()
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			s, err := newSender(h.SMTP)
			if err != nil {
				t.Error(err)
				return
			}
			defer s.close()
			for n := range taken {
				m := l.write(800+n*400, i)
				if err := s.send(m, way(n%int(ways))); err != nil {
					t.Errorf("letter %d: %v", m.id, err)
					return
				}
				l.acknowledged(m)
			}
			for n := range full {
				m := l.write(800+n%2*(300<<10), i)
				var no refused
				err := s.send(m, way(n%int(ways)))
				if !errors.As(err, &no) || !strings.HasPrefix(no.reply, "452 4.3.1") {
					t.Errorf("letter %d on a full disk: %v, want 452 4.3.1", m.id, err)
					return
				}
			}
		})
	}
	all.Wait()
	if t.Failed() {
		t.Fatalf("the house said: %s", h.errors)
	}
}

// fetchAndDelete reads all, and deletes half of it from a full disk: it gets
// +OK and they are gone, or -ERR [SYS/TEMP] and they are there.
func fetchAndDelete(t *testing.T, h *house, l *ledger) {
	t.Helper()
	for who := range people {
		f, err := newFetcher(h.POP3, who)
		if err != nil {
			t.Fatal(err)
		}
		n, err := f.count()
		if err != nil {
			t.Fatal(err)
		}
		var deleted []uint64
		for i := 1; i <= n; i++ {
			text, err := f.retr(i)
			if err != nil {
				t.Fatal(err)
			}
			id, err := recognise(text)
			if err == nil {
				err = l.known(who, id, "")
			}
			if err == nil && i%2 == 0 {
				deleted = append(deleted, id)
				_, err = f.ask(fmt.Sprintf("DELE %d", i))
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		said := l.quitting(who, deleted)
		_, err = f.ask("QUIT")
		said(err)
		f.close()
		var no refused
		if err != nil && (!errors.As(err, &no) || !strings.HasPrefix(no.reply, "-ERR [SYS/TEMP]")) {
			t.Errorf("QUIT on a full disk: %v", err)
		}
		t.Logf("QUIT on a full disk: %v", err)
	}
}

// The engine itself finds no room in the middle of a COMMIT: no 250, the
// process ends, and with more room nothing acknowledged is missing.
func TestFullStore(t *testing.T) {
	s := setting{Data: filepath.Join(t.TempDir(), "data"), Accounts: accounts(people), Capacity: 8 << 20}
	h := start(t, s)
	l := newLedger()
	wait := load(t, h, l, seed(t), 4)
	if code := h.wait(t); code != exitStore {
		t.Errorf("the process ends with status %d, want %d\n%s", code, exitStore, h.errors)
	}
	wait()
	_, _ = io.Copy(io.Discard, h.out)
	s.Capacity = 0
	h = start(t, s)
	l.check(t, h, people)
	h.stop(t)
	notes.Add(t, "no room in COMMIT: ended with status %d; %d acknowledged, 0 lost", exitStore, l.acked)
}
