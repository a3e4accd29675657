//go:build whole && linux

package faults

import (
	"fmt"
	"slices"
	"sync"
	"testing"
)

// ledger knows of every letter what was said about it, and so what may have
// become of it: acknowledged ones are there once and whole, others once or
// not at all, for all recipients alike; deleted ones are gone when QUIT was
// answered, all or none of them when it was not.
type ledger struct {
	mu      sync.Mutex
	last    uint64
	letters map[uint64]*entry
	quits   []*quit
	uidls   map[string]uint64 // of all time: none is given twice
	acked   int
	dark    bool       // the power is being cut: what is said now, no machine says
	news    *sync.Cond // acked grew, or a house ended
}

type entry struct {
	letter
	acked  bool
	copies map[int]*duplicate // by account
}

// duplicate is one recipient's copy of a letter.
type duplicate struct {
	gone  bool
	quit  *quit // a deletion whose answer never came
	count int   // found
	uidl  string
}

// quit is a QUIT that was sent with deletions.
type quit struct {
	account int
	ids     []uint64
}

func newLedger() *ledger {
	l := &ledger{letters: map[uint64]*entry{}, uidls: map[string]uint64{}}
	l.news = sync.NewCond(&l.mu)
	return l
}

// write begins a letter.
func (l *ledger) write(size int, to ...int) letter {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last++
	e := &entry{letter: letter{id: l.last, size: size, to: to}, copies: map[int]*duplicate{}}
	for _, a := range to {
		e.copies[a] = &duplicate{}
	}
	l.letters[e.id] = e
	return e.letter
}

// acknowledged notes a 250.
func (l *ledger) acknowledged(m letter) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.dark {
		return
	}
	l.letters[m.id].acked = true
	l.acked++
	l.news.Broadcast()
}

// darken says that the power goes now. An ext4 that is shut down lets an fsync that
// is under way succeed, and forgets what it was for: in one of nine cuts (Linux 6.18).
// Without power nobody would have heard of it.
func (l *ledger) darken() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.dark = true
}

// await returns when n letters are acknowledged in all, or the house ended.
func (l *ledger) await(h *house, n int) {
	go func() {
		<-h.ended
		l.mu.Lock() // so that nobody is between his look and his wait
		defer l.mu.Unlock()
		l.news.Broadcast()
	}()
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.acked < n && h.running() {
		l.news.Wait()
	}
}

// quitting notes that a QUIT will be sent; the gift notes what was said.
func (l *ledger) quitting(account int, ids []uint64) func(error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	q := &quit{account, ids}
	for _, id := range ids {
		l.letters[id].copies[account].quit = q
	}
	l.quits = append(l.quits, q)
	return func(err error) { l.answered(q, err) }
}

func (l *ledger) answered(q *quit, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err != nil || l.dark {
		return // nobody knows: with -ERR, too, a COMMIT may have failed behind the fact
	}
	for _, id := range q.ids {
		c := l.letters[id].copies[q.account]
		c.gone, c.quit = true, nil
	}
	l.quits = slices.DeleteFunc(l.quits, func(other *quit) bool { return other == q })
}

// known says that a message that was found is one that may be there.
func (l *ledger) known(account int, id uint64, uidl string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.letters[id]
	if e == nil || e.copies[account] == nil {
		return fmt.Errorf("letter %d came back to %s from an earlier round", id, accountName(account))
	}
	c := e.copies[account]
	if c.gone {
		return fmt.Errorf("letter %d came back to %s: QUIT had said that it was deleted", id, accountName(account))
	}
	if uidl == "" {
		return nil
	}
	if other, ok := l.uidls[uidl]; ok && c.uidl != uidl {
		return fmt.Errorf("letters %d and %d have the same unique id %s", other, id, uidl)
	}
	if c.uidl != "" && c.uidl != uidl {
		return fmt.Errorf("letter %d had the unique id %s and now has %s", id, c.uidl, uidl)
	}
	c.uidl, l.uidls[uidl] = uidl, id
	return nil
}

func accountName(i int) string { return account(i) + "@" + domain }

// check looks at every maildrop, empties it, and settles the round.
func (l *ledger) check(t *testing.T, h *house, accounts int) {
	t.Helper()
	for a := range accounts {
		if err := l.look(h, a); err != nil {
			t.Fatal(err)
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, q := range l.quits {
		l.settle(t, q)
	}
	lost := 0
	for _, e := range l.letters {
		if err := e.judge(); err != nil {
			lost++
			if lost <= 20 {
				t.Error(err)
			}
		}
	}
	if lost > 20 {
		t.Errorf("and %d more", lost-20)
	}
	l.letters, l.quits, l.dark = map[uint64]*entry{}, nil, false
}

// look finds what is in a maildrop and deletes it.
func (l *ledger) look(h *house, who int) error {
	f, err := newFetcher(h.POP3, who)
	if err != nil {
		return err
	}
	defer f.close()
	ids, err := f.uidls()
	if err != nil {
		return err
	}
	for i, uidl := range ids {
		text, err := f.retr(i + 1)
		if err != nil {
			return err
		}
		id, err := recognise(text)
		if err == nil {
			err = l.known(who, id, uidl)
		}
		if err != nil {
			return err
		}
		l.mu.Lock()
		l.letters[id].copies[who].count++
		l.mu.Unlock()
		if _, err := f.ask(fmt.Sprintf("DELE %d", i+1)); err != nil {
			return err
		}
	}
	_, err = f.ask("QUIT")
	return err
}

// settle wants all or none of a QUIT without answer, and notes which.
func (l *ledger) settle(t *testing.T, q *quit) {
	t.Helper()
	there := 0
	for _, id := range q.ids {
		there += min(l.letters[id].copies[q.account].count, 1)
	}
	if there != 0 && there != len(q.ids) {
		t.Errorf("a QUIT without answer deleted %d of %d letters of %s", len(q.ids)-there, len(q.ids), accountName(q.account))
	}
	for _, id := range q.ids {
		c := l.letters[id].copies[q.account]
		c.gone, c.quit = there == 0, nil
	}
}

// judge says what is wrong with what became of a letter.
func (e *entry) judge() error {
	arrived := 0
	for a, c := range e.copies {
		if c.count > 1 {
			return fmt.Errorf("letter %d is %d times in the maildrop of %s", e.id, c.count, accountName(a))
		}
		if c.count == 1 || c.gone {
			arrived++
		}
	}
	if e.acked && arrived < len(e.copies) {
		return fmt.Errorf("letter %d (%d octets) was acknowledged and is lost for %d of %d", e.id, e.size, len(e.copies)-arrived, len(e.copies))
	}
	if arrived != 0 && arrived != len(e.copies) {
		return fmt.Errorf("letter %d reached %d of its %d recipients", e.id, arrived, len(e.copies))
	}
	return nil
}
