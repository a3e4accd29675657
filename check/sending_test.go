package check

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"posta/mail"
)

// ledger is a SendingStore in memory.
type ledger struct {
	mu     sync.Mutex
	counts map[[2]int64]int // account and hour
	limits map[int64]int
	broken error
}

func (l *ledger) SentCounts(_ context.Context, from int64) (out []SentCount, _ error) {
	for k, n := range l.counts {
		if k[1] >= from {
			out = append(out, SentCount{k[0], k[1], n})
		}
	}
	return out, nil
}

func (l *ledger) SetSentCounts(_ context.Context, counts []SentCount, from int64) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.broken != nil {
		return l.broken
	}
	maps.DeleteFunc(l.counts, func(k [2]int64, _ int) bool { return k[1] < from })
	for _, c := range counts {
		l.counts[[2]int64{c.Account, c.Hour}] = c.Recipients
	}
	return nil
}

func (l *ledger) SendingLimits(context.Context) (map[int64]int, error) {
	return maps.Clone(l.limits), nil
}

func (l *ledger) SetSendingLimit(_ context.Context, account int64, limit *int) error {
	delete(l.limits, account)
	if limit != nil {
		l.limits[account] = *limit
	}
	return nil
}

func TestSendingLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Now().Truncate(time.Hour).Add(time.Hour))) // an hour begins
		var told []SendingAlarm
		store := &ledger{counts: map[[2]int64]int{}, limits: map[int64]int{}}
		o := SendingOptions{Store: store, Hour: 10, Day: 50, Exceeded: func(a SendingAlarm) { told = append(told, a) }}
		s, err := NewSending(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		pepe, ana := mail.Login{Account: 1, Address: "pepe@pepito.es"}, mail.Login{Account: 2}
		send := func(who mail.Login, n int, want bool) {
			t.Helper()
			err := s.May(who, n)
			var refused *mail.Error
			if (err == nil) != want || err != nil && !errors.As(err, &refused) {
				t.Errorf("%d more: %v", n, err)
			}
			if e := s.Take(who, n); (e == nil) != want {
				t.Errorf("%d taken: %v", n, e)
			}
		}
		send(pepe, 10, true)
		send(pepe, 1, false)
		send(ana, 5, true) // another's sending is no business of hers
		synctest.Wait()
		if len(told) != 1 || told[0] != (SendingAlarm{pepe, 11, 10, time.Hour}) {
			t.Errorf("told %+v", told)
		}
		time.Sleep(90 * time.Minute) // half of the first hour is still in the last 60 minutes
		send(pepe, 6, false)
		send(pepe, 5, true)
		for range 3 {
			time.Sleep(2 * time.Hour)
			send(pepe, 10, true)
		}
		time.Sleep(2 * time.Hour)
		send(pepe, 6, false) // 45 today
		send(pepe, 5, true)
		if sent, limit := s.Today(1); sent != 50 || limit != 50 {
			t.Errorf("%d of %d", sent, limit)
		}
		synctest.Wait()
		if len(told) != 1 {
			t.Errorf("told again on the same day: %+v", told)
		}
		time.Sleep(17 * time.Hour) // of the first letters a day
		send(pepe, 10, true)
		time.Sleep(48 * time.Hour)
		if sent, _ := s.Today(1); sent != 0 {
			t.Errorf("%d after two days", sent)
		}
		// Accounts with a limit of their own.
		hundred, never, free := 100, 0, -1
		for who, limit := range map[int64]*int{1: &hundred, 2: &never, 3: &free} {
			if err := s.SetLimit(t.Context(), who, limit); err != nil {
				t.Fatal(err)
			}
		}
		send(pepe, 100, true)
		send(pepe, 1, false)
		send(ana, 1, false)
		send(mail.Login{Account: 3}, 100_000, true)
		if err := s.SetLimit(t.Context(), 2, nil); err != nil {
			t.Fatal(err)
		}
		send(ana, 1, true)
		synctest.Wait()
		if len(told) != 2 || told[1].Limit != 100 || told[1].Window != 24*time.Hour {
			t.Errorf("told %+v", told)
		}
	})
}

// take counts what meets no limit.
func take(s *Sending, who mail.Login, n int) {
	if err := s.Take(who, n); err != nil {
		panic(err)
	}
}

// Counts outlive the process, but for its last minute.
func TestSendingIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &ledger{counts: map[[2]int64]int{}, limits: map[int64]int{2: 7}}
		open := func() (*Sending, func()) {
			s, err := NewSending(t.Context(), SendingOptions{Store: store, Day: 50})
			if err != nil {
				t.Fatal(err)
			}
			ctx, end := context.WithCancel(t.Context())
			done := make(chan struct{})
			go func() { defer close(done); s.Run(ctx, func(error) {}) }()
			return s, func() { end(); <-done }
		}
		s, end := open()
		take(s, mail.Login{Account: 1}, 3)
		time.Sleep(2 * time.Hour)
		take(s, mail.Login{Account: 1}, 4)
		take(s, mail.Login{Account: 2}, 5)
		store.mu.Lock()
		store.broken = errors.New("the disk is full")
		store.mu.Unlock()
		time.Sleep(61 * time.Minute)
		take(s, mail.Login{Account: 1}, 1)
		store.mu.Lock()
		store.broken = nil
		store.mu.Unlock()
		end()
		s, end = open()
		for account, want := range map[int64][2]int{1: {8, 50}, 2: {5, 7}, 3: {0, 50}} {
			if sent, limit := s.Today(account); sent != want[0] || limit != want[1] {
				t.Errorf("account %d: %d of %d, want %v", account, sent, limit, want)
			}
		}
		time.Sleep(30 * time.Hour)
		take(s, mail.Login{Account: 3}, 1)
		end()
		if got, _ := store.SentCounts(t.Context(), 0); !slices.Equal(got, []SentCount{{3, got[0].Hour, 1}}) || len(got) != 1 {
			t.Errorf("a day later: %v", got)
		}
	})
}

// What is given back is forgotten in the store, too, also when the hour has ended.
func TestSendingGivenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Now().Truncate(time.Hour).Add(time.Hour - 10*time.Second)))
		store := &ledger{counts: map[[2]int64]int{}, limits: map[int64]int{}}
		s, err := NewSending(t.Context(), SendingOptions{Store: store, Day: 50})
		if err != nil {
			t.Fatal(err)
		}
		save := func(want ...int) {
			t.Helper()
			if err := s.save(t.Context()); err != nil {
				t.Fatal(err)
			}
			again, err := NewSending(t.Context(), SendingOptions{Store: store, Day: 50})
			if err != nil {
				t.Fatal(err)
			}
			for i, n := range want {
				now, _ := s.Today(int64(i + 1))
				if kept, _ := again.Today(int64(i + 1)); now != n || kept != n {
					t.Errorf("account %d: %d, and %d kept, want %d", i+1, now, kept, n)
				}
			}
		}
		ana, pepe := mail.Login{Account: 1}, mail.Login{Account: 2}
		take(s, ana, 7)
		take(s, pepe, 5)
		save(7, 5)
		take(s, ana, -7)
		save(0, 5)
		take(s, ana, 3)
		save(3, 5)
		time.Sleep(20 * time.Second) // the hour has ended
		take(s, pepe, 2)
		take(s, pepe, -6) // all of this hour's, and four of those before
		take(s, ana, -3)
		save(0, 1)
		take(s, pepe, -100) // more than there is
		save(0, 0)
	})
}
