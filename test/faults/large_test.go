//go:build whole && linux

package faults

import (
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"posta/test/notes"
)

// huge is the size of the letter that others must not notice.
const huge = 50 << 20

// A 50 MB delivery delays no other 250 by more than 100 ms and one fsync. What
// else the machine does delays them too, so the best of some tries counts, and
// the quietest of the times without it: a store that lets others wait does so
// every time.
func TestLargeDelaysNobody(t *testing.T) {
	s := setting{Data: filepath.Join(t.TempDir(), "data"), Accounts: accounts(people)}
	h := start(t, s)
	var tries []string
	quiet := patience
	for range 12 {
		sync := slowestSync(t, s.Data)
		alone := slowest(t, h, func() { <-time.After(500 * time.Millisecond) })
		beside := slowest(t, h, func() {
			if err := sendHuge(h); err != nil {
				t.Error(err)
			}
		})
		quiet = min(quiet, alone)
		allowed := quiet + 100*time.Millisecond + sync
		tries = append(tries, fmt.Sprintf("slowest 250 alone %v, beside 50 MB %v, one fsync %v", alone, beside, sync))
		if beside <= allowed {
			notes.Add(t, "%s", tries[len(tries)-1])
			h.stop(t)
			return
		}
		if t.Failed() {
			return
		}
	}
	t.Errorf("others wait for a 50 MB letter:\n%s", strings.Join(tries, "\n"))
}

// slowest sends small letters from two connections while something is done,
// and gives the longest that one took from its last octet to its 250.
func slowest(t *testing.T, h *house, during func()) time.Duration {
	t.Helper()
	end := make(chan struct{})
	results := make(chan time.Duration, 2)
	for range cap(results) {
		go func() {
			most, err := timeSmall(h, end)
			if err != nil {
				t.Error(err)
			}
			results <- most
		}()
	}
	during()
	close(end)
	return max(<-results, <-results)
}

func timeSmall(h *house, end <-chan struct{}) (time.Duration, error) {
	s, err := newSender(h.SMTP)
	if err != nil {
		return 0, err
	}
	defer s.close()
	text := letter{id: 1, size: 4096}.stuffed()
	var most time.Duration
	for {
		select {
		case <-end:
			return most, nil
		default:
		}
		err := s.ask("MAIL FROM:<a@elsewhere.test>\r\nRCPT TO:<u1@"+domain+">\r\nDATA\r\n", "250", "250", "354")
		if err != nil {
			return most, err
		}
		before := time.Now()
		if err := s.ask(string(text), "250"); err != nil {
			return most, err
		}
		most = max(most, time.Since(before))
	}
}

// slowestSync is what the disk itself needs.
func slowestSync(t *testing.T, dir string) time.Duration {
	t.Helper()
	f, err := os.Create(filepath.Join(dir, "sync"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var all []time.Duration
	for range 20 {
		if _, err := f.Write(make([]byte, 64<<10)); err != nil {
			t.Fatal(err)
		}
		before := time.Now()
		if err := f.Sync(); err != nil {
			t.Fatal(err)
		}
		all = append(all, time.Since(before))
	}
	return slices.Max(all)
}

// sendHuge delivers one huge letter without holding it.
func sendHuge(h *house) error {
	s, err := newSender(h.SMTP)
	if err != nil {
		return err
	}
	defer s.close()
	err = s.ask("MAIL FROM:<a@elsewhere.test>\r\nRCPT TO:<u0@"+domain+">\r\nDATA\r\n", "250", "250", "354")
	if err != nil {
		return err
	}
	if err := hugeText(s.conn); err != nil {
		return err
	}
	return s.ask(".\r\n", "250")
}

func hugeText(conn net.Conn) error {
	line := strings.Repeat("posta", 15) + "\r\n"
	block := []byte(strings.Repeat(line, 400))
	if _, err := io.WriteString(conn, "From: <sender@elsewhere.test>\r\nSubject: huge\r\n\r\n"); err != nil {
		return err
	}
	for sent := 0; sent < huge; sent += len(block) {
		if _, err := conn.Write(block); err != nil {
			return err
		}
	}
	return nil
}

// fetchHuge retrieves the letters of the first account and counts the octets.
func fetchHuge(h *house) (octets int64, err error) {
	f, err := newFetcher(h.POP3, 0)
	if err != nil {
		return 0, err
	}
	defer f.close()
	n, err := f.count()
	for i := 1; i <= n && err == nil; i++ {
		if _, err = f.ask(fmt.Sprintf("RETR %d", i)); err == nil {
			err = f.lines(func(line []byte) { octets += int64(len(line)) })
		}
	}
	return octets, err
}

// bound is how much more may be live on the heap for a letter of any size.
const bound = 4 << 20

// recorded is how much of the sessions is kept in memory beside that.
const recorded = 1 << 20

// A 50 MB letter is never whole in memory, coming or going. What is made while
// a collection runs counts as live, and on a busy machine a collection takes
// long, so the best of some tries counts: a letter that is held whole is there
// every time.
func TestLargeIsStreamed(t *testing.T) {
	s := setting{Data: filepath.Join(t.TempDir(), "data"), Accounts: accounts(people), Gauge: true}
	h := start(t, s)
	small := func() error { return sendSmall(h) }
	send := func() error { return sendHuge(h) }
	measure(t, h, "the first letter", small)
	idle := measure(t, h, "a small letter", small)
	sent := streamed(t, h, idle, "sending 50 MB", send)
	fetched := streamed(t, h, idle, "fetching 50 MB", func() error {
		n, err := fetchHuge(h)
		if err == nil && n < huge {
			err = fmt.Errorf("%d octets came back", n)
		}
		return err
	})
	full := measure(t, h, "sending 50 MB again", send)
	again := streamed(t, h, idle, "sending 50 MB once more", send)
	// Once the engine's bounded cache is full, more letters need no more memory.
	if again.Resident > full.Resident+2*bound {
		t.Errorf("a third 50 MB: %d KiB resident, %d before", again.Resident>>10, full.Resident>>10)
	}
	notes.Add(t, "KiB live on the heap: %d idle, %d sending 50 MB, %d fetching it, %d sending again; resident %d, %d, %d, %d",
		idle.Live>>10, sent.Live>>10, fetched.Live>>10, again.Live>>10,
		idle.Resident>>10, sent.Resident>>10, fetched.Resident>>10, again.Resident>>10)
	h.stop(t)
}

// measure gives what the child's gauge saw while something was done.
func measure(t *testing.T, h *house, what string, do func() error) memory {
	t.Helper()
	var before, after memory
	if err := h.tell("memory", &before); err != nil {
		t.Fatal(err)
	}
	if err := do(); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	if err := h.tell("memory", &after); err != nil {
		t.Fatal(err)
	}
	return after
}

// streamed is the first try of something that kept the bound.
func streamed(t *testing.T, h *house, idle memory, what string, do func() error) memory {
	t.Helper()
	var tries []string
	for range 6 {
		m := measure(t, h, what, do)
		if m.Live <= idle.Live+bound+recorded {
			return m
		}
		tries = append(tries, fmt.Sprint(m.Live>>10))
	}
	t.Fatalf("%s: %s KiB live on the heap, %d before", what, strings.Join(tries, ", "), idle.Live>>10)
	return memory{}
}

func sendSmall(h *house) error {
	s, err := newSender(h.SMTP)
	if err != nil {
		return err
	}
	defer s.close()
	return s.send(letter{id: 1, size: 4096, to: []int{1}}, byData)
}
