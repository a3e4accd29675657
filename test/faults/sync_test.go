//go:build whole && linux

package faults

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"posta/test/notes"
)

// isQueued and isGone know the answers that promise something.
func isQueued(_, said string) bool { return strings.Contains(said, "250 2.0.0 OK: queued as") }

func isGone(heard, said string) bool {
	return strings.Contains(heard, `QUIT\r\n`) && strings.Contains(said, `"+OK`)
}

// strace sees a sync between a letter's last octet and its 250, and before the
// +OK of a QUIT that deletes.
func TestSyncBeforePromise(t *testing.T) {
	strace := need(t, "strace", "strace")
	dir := t.TempDir()
	s := setting{Data: filepath.Join(dir, "data"), Accounts: accounts(people)}
	start(t, s).stop(t) // makes the accounts
	trace := filepath.Join(dir, "trace")
	h := start(t, s, traced(strace, trace)...)
	sent := sendTraced(t, h, 4, 25)
	quits := deleteTraced(t, h)
	h.stop(t)
	calls, err := readTrace(trace)
	if err != nil {
		t.Fatal(err)
	}
	queued := promises(calls, isQueued)
	if len(queued) != 100 {
		t.Errorf("the trace shows %d letters acknowledged, want 100", len(queued))
	}
	for _, p := range queued {
		l := sent[p.peer][p.n]
		if !synced(calls, p.heard, p.answered) {
			t.Errorf("letter %d (%d octets): no sync between its last octet (line %d) and its 250 (line %d)", l.id, l.size, p.heard, p.answered)
		}
		if at := written(calls, l.marker()); at == 0 || !synced(calls, at, p.answered) {
			t.Errorf("letter %d (%d octets): written in line %d, and no sync before its 250 (line %d)", l.id, l.size, at, p.answered)
		}
	}
	gone := promises(calls, isGone)
	if len(gone) != quits {
		t.Errorf("the trace shows %d QUITs, want %d", len(gone), quits)
	}
	for _, p := range gone {
		if !synced(calls, p.heard, p.answered) {
			t.Errorf("a QUIT that deletes (line %d) got its +OK (line %d) without a sync", p.heard, p.answered)
		}
	}
	notes.Add(t, "%d letters and %d QUITs: a sync before every promise", len(queued), len(gone))
}

// sendTraced sends letters of all sizes in all ways, and gives those of each
// connection in order.
func sendTraced(t *testing.T, h *house, connections, each int) map[string][]letter {
	t.Helper()
	l := newLedger()
	sent := map[string][]letter{}
	var mu sync.Mutex
	var all sync.WaitGroup
	for i := range connections {
		all.Go(func() {
			s, err := newSender(h.SMTP)
			if err != nil {
				t.Error(err)
				return
			}
			defer s.close()
			for n := range each {
				m := l.write([]int{800, 3000, 64 << 10, 300 << 10, 1500}[n%5], i%people)
				if err := s.send(m, way(n%int(ways))); err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				sent[s.conn.LocalAddr().String()] = append(sent[s.conn.LocalAddr().String()], m)
				mu.Unlock()
			}
		})
	}
	all.Wait()
	if t.Failed() {
		t.FailNow()
	}
	return sent
}

// deleteTraced deletes letters in several sessions and counts them.
func deleteTraced(t *testing.T, h *house) int {
	t.Helper()
	sessions := 0
	for who := range people {
		for n := range 3 {
			f, err := newFetcher(h.POP3, who)
			for i := 1; i <= 1+2*n && err == nil; i++ {
				_, err = f.ask(fmt.Sprintf("DELE %d", i))
			}
			if err == nil {
				_, err = f.ask("QUIT")
			}
			if err != nil {
				t.Fatal(err)
			}
			f.close()
			sessions++
		}
	}
	return sessions
}

// When a write or a sync fails, nobody gets a 250 for what it was to keep, and
// the process ends, even if the next sync would succeed: that one would say
// nothing about the lost pages.
func TestSyncFails(t *testing.T) {
	strace := need(t, "strace", "strace")
	for name, inject := range map[string]string{
		"every sync":       "fsync,fdatasync:error=EIO:when=1+",
		"one sync":         "fsync,fdatasync:error=EIO:when=1",
		"a write":          "pwrite64:error=EIO:when=1",
		"a write, no room": "pwrite64:error=ENOSPC:when=1",
	} {
		t.Run(name, func(t *testing.T) { breakDisk(t, strace, inject) })
	}
}

func breakDisk(t *testing.T, strace, inject string) {
	s := setting{Data: filepath.Join(t.TempDir(), "data"), Accounts: accounts(people)}
	h := start(t, s)
	l := newLedger()
	random := rand.New(rand.NewPCG(seed(t), 3))
	wait := load(t, h, l, random.Uint64(), 4)
	l.await(h, 100)
	trace := filepath.Join(t.TempDir(), "trace")
	detached := attach(t, h, append(traced(strace, trace), "-e", "inject="+inject))
	if code := h.wait(t); code != exitStore {
		t.Errorf("the process ends with status %d, want %d\n%s", code, exitStore, h.errors)
	}
	wait()
	detached()
	calls, err := readTrace(trace)
	if err != nil {
		t.Fatal(err)
	}
	failed, after := 0, 0
	for _, c := range calls {
		if strings.HasSuffix(c.result, "(INJECTED)") && failed == 0 {
			failed = c.end
		}
	}
	if failed == 0 {
		t.Fatal("no failure was injected")
	}
	for _, p := range promises(calls, isQueued) {
		if p.heard == 0 || p.answered < failed {
			continue
		}
		after++
		if !synced(calls, p.heard, p.answered) {
			t.Errorf("a 250 (line %d) after the failure (line %d) without a sync of what came in line %d", p.answered, failed, p.heard)
		}
	}
	h = start(t, s)
	l.check(t, h, people)
	h.stop(t)
	notes.Add(t, "%s: ended with status %d; %d earlier 250s were still under way; %d acknowledged, 0 lost", inject, exitStore, after, l.acked)
}

// attach starts a strace of the whole process and returns when it sees it. The
// gift waits until it has written all, which it does when the process ends.
func attach(t *testing.T, h *house, argv []string) func() {
	t.Helper()
	argv = append(argv, "-p", strconv.Itoa(h.PID))
	for i, a := range argv {
		if a == "--seccomp-bpf" { // only for what strace starts itself
			argv = append(argv[:i], argv[i+1:]...)
			break
		}
	}
	cmd := exec.Command(argv[0], argv[1:]...)
	said, err := cmd.StderrPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(said)
	line, err := lines.ReadString('\n')
	if err != nil || !strings.Contains(line, "attached") {
		t.Fatalf("strace does not attach: %q, %v", line, err)
	}
	detached := sync.OnceFunc(func() {
		_, _ = io.Copy(io.Discard, lines)
		_ = cmd.Wait()
	})
	t.Cleanup(func() {
		h.kill()
		detached()
	})
	return detached
}
