package sink

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"posta/store"
)

// List implements store.Maildrops: what is kept for a recipient, or for
// Everyone, oldest first.
func (s *Sink) List(ctx context.Context, account int64) ([]store.Entry, error) {
	_, shown, err := s.split(ctx)
	if err != nil || account == Everyone {
		return shown, err
	}
	mine, view := []store.Entry{}, viewOf(account)
	for i := range shown {
		if strings.HasPrefix(shown[i].UIDL, view) {
			mine = append(mine, shown[i])
		}
	}
	return mine, nil
}

// split gives what lies in the store: what has gone already, and is only not
// removed yet, and what is shown.
func (s *Sink) split(ctx context.Context) (gone, shown []store.Entry, err error) {
	all, err := s.Store.List(ctx, s.account)
	if err != nil {
		return nil, nil, err
	}
	n := max(len(all)-s.Max, 0)
	return all[:n], all[n:], nil
}

// Reader implements store.Maildrops.
func (s *Sink) Reader(int64) store.Reader { return s.Store.Reader(s.account) }

// Remove implements store.Maildrops. What has gone by itself meanwhile, being
// the oldest, is no failure of a session's.
func (s *Sink) Remove(ctx context.Context, l store.Lease, uids []uint32) error {
	if l.Token != 0 && !s.leases.valid(l) {
		return fmt.Errorf("sink: %w", store.ErrLost)
	}
	asked := slices.Sorted(slices.Values(uids)) // may be as many as there are messages
	for {
		mine, err := s.List(ctx, l.Account)
		if err != nil {
			return err
		}
		gone, _, err := s.split(ctx)
		if err != nil {
			return err
		}
		there := slices.DeleteFunc(uidsOf(mine), func(uid uint32) bool {
			_, wanted := slices.BinarySearch(asked, uid)
			return !wanted
		})
		if l.Token == 0 && len(there) < len(uids) {
			return fmt.Errorf("sink: %d of %d messages: %w", len(uids)-len(there), len(uids), store.ErrNotFound)
		}
		if len(there) == 0 {
			return nil
		}
		// With them goes what has gone already, or it would be shown again.
		err = s.Store.Remove(ctx, store.Lease{Account: s.account}, append(uidsOf(gone), there...))
		if !errors.Is(err, store.ErrNotFound) {
			return err
		}
	}
}

// Lock implements store.Maildrops.
func (s *Sink) Lock(_ context.Context, account int64, owner string, ttl time.Duration) (store.Lease, error) {
	return s.leases.take(account, owner, ttl)
}

// Renew implements store.Maildrops.
func (s *Sink) Renew(_ context.Context, l store.Lease, ttl time.Duration) error {
	return s.leases.renew(l, ttl)
}

// Unlock implements store.Maildrops.
func (s *Sink) Unlock(_ context.Context, l store.Lease) error { return s.leases.end(l) }

// leases are the rights to views: one session each (RFC 1939 §4). They live as
// long as the process, whose sessions have them.
type leases struct {
	mu   sync.Mutex
	held map[int64]lease
	last int64
}

type lease struct {
	token   int64
	owner   string
	expires time.Time
}

func (ls *leases) init() { ls.held = map[int64]lease{} }

func (ls *leases) take(account int64, owner string, ttl time.Duration) (store.Lease, error) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	now := time.Now()
	if have, ok := ls.held[account]; ok && now.Before(have.expires) {
		return store.Lease{}, fmt.Errorf("sink: the maildrop, by %s: %w", have.owner, store.ErrInUse)
	}
	ls.last++
	ls.held[account] = lease{ls.last, owner, now.Add(ttl)}
	return store.Lease{Account: account, Token: ls.last}, nil
}

func (ls *leases) renew(l store.Lease, ttl time.Duration) error {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	have, ok := ls.held[l.Account]
	if !ok || have.token != l.Token {
		return fmt.Errorf("sink: %w", store.ErrLost)
	}
	have.expires = time.Now().Add(ttl)
	ls.held[l.Account] = have
	return nil
}

func (ls *leases) end(l store.Lease) error {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	if have, ok := ls.held[l.Account]; !ok || have.token != l.Token {
		return fmt.Errorf("sink: %w", store.ErrLost)
	}
	delete(ls.held, l.Account)
	return nil
}

func (ls *leases) valid(l store.Lease) bool {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	have, ok := ls.held[l.Account]
	return ok && have.token == l.Token
}
