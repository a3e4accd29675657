//go:build whole && linux

package faults

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"posta/test/notes"
)

const (
	people  = 4
	senders = 8
)

// seed makes the moments; FAULTS_SEED repeats those of another run.
func seed(t *testing.T) uint64 {
	t.Helper()
	if s := os.Getenv("FAULTS_SEED"); s != "" {
		n, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if soak() {
		return uint64(time.Now().UnixNano())
	}
	return 2026
}

// kill -9 under load: every acknowledged letter is there once and whole,
// others once or not at all; deletions as the ledger says.
// rfc: 5321-6.1-1
func TestKill(t *testing.T) {
	rounds := 5
	if soak() {
		rounds = 50
	}
	n := seed(t)
	random := rand.New(rand.NewPCG(n, 1))
	s := setting{Data: filepath.Join(t.TempDir(), "data"), Accounts: accounts(people)}
	l := newLedger()
	h := start(t, s)
	acked, deleted := 0, int64(0)
	for range rounds {
		goal := l.acked + 100 + random.IntN(900)
		hurry := time.Duration(random.IntN(20_000)) * time.Microsecond
		wait := load(t, h, l, random.Uint64(), senders)
		l.await(h, goal)
		<-time.After(hurry)
		h.kill()
		deleted += wait()
		if random.IntN(3) == 0 { // and once more while it comes up
			again := start(t, s)
			again.kill()
		}
		h = start(t, s)
		l.check(t, h, people)
		if t.Failed() {
			t.Fatalf("FAULTS_SEED=%d", n)
		}
		acked = l.acked
	}
	h.stop(t)
	notes.Add(t, "%d rounds, %d acknowledged and %d deleted under load, 0 lost, 0 twice, 0 torn", rounds, acked, deleted)
}

// load sends and fetches until the house is gone. The gift waits for the end
// and gives the number of deletions that were acknowledged.
func load(t *testing.T, h *house, l *ledger, seed uint64, senders int) func() int64 {
	var all sync.WaitGroup
	var deleted atomic.Int64
	for i := range senders {
		random := rand.New(rand.NewPCG(seed, uint64(i)))
		all.Go(func() { sendAll(h, l, random) })
	}
	for i := range people {
		random := rand.New(rand.NewPCG(seed, uint64(1000+i)))
		all.Go(func() {
			for h.running() {
				n, err := fetchSome(h, l, i, random)
				deleted.Add(int64(n))
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	return func() int64 {
		all.Wait()
		return deleted.Load()
	}
}

// sendAll sends over one connection after the other until nobody answers.
func sendAll(h *house, l *ledger, random *rand.Rand) {
	for h.running() {
		s, err := newSender(h.SMTP)
		if err != nil {
			continue
		}
		for n := 1 + random.IntN(200); n > 0 && err == nil; n-- {
			m := l.write(anySize(random), anyPeople(random)...)
			if err = s.send(m, way(random.IntN(int(ways)))); err == nil {
				l.acknowledged(m)
			}
		}
		s.close()
	}
}

// anySize is mostly small; some are held in memory, some written ahead.
func anySize(random *rand.Rand) int {
	switch random.IntN(60) {
	case 0:
		return 300 << 10
	case 1, 2:
		return 64 << 10
	}
	return 300 + random.IntN(5000)
}

// anyPeople is one person, or several.
func anyPeople(random *rand.Rand) []int {
	order := random.Perm(people)
	if random.IntN(4) == 0 {
		return order[:2+random.IntN(people-1)]
	}
	return order[:1]
}

// fetchSome is one POP3 session: it looks at some letters, deletes some, and
// quits, thinks better of it, or hangs up. An error is posta's fault; that the
// connection ends is not.
func fetchSome(h *house, l *ledger, who int, random *rand.Rand) (int, error) {
	f, err := newFetcher(h.POP3, who)
	if err != nil {
		return 0, nil
	}
	defer f.close()
	n, err := f.count()
	if err != nil {
		return 0, nil
	}
	var deleted []uint64
	for i := 1; i <= min(n, 60) && len(deleted) < 30; i += 1 + random.IntN(3) {
		text, err := f.retr(i)
		if err != nil {
			return 0, nil
		}
		id, err := recognise(text)
		if err == nil {
			err = l.known(who, id, "")
		}
		if err != nil {
			return 0, err
		}
		if random.IntN(2) == 0 {
			continue
		}
		if _, err := f.ask(fmt.Sprintf("DELE %d", i)); err != nil {
			return 0, nil
		}
		deleted = append(deleted, id)
	}
	switch random.IntN(8) {
	case 0:
		return 0, nil // hangs up: nothing is deleted
	case 1:
		if _, err := f.ask("RSET"); err != nil {
			return 0, nil
		}
		deleted = nil
	}
	said := l.quitting(who, deleted)
	_, err = f.ask("QUIT")
	said(err)
	if err != nil {
		return 0, nil
	}
	return len(deleted), nil
}
