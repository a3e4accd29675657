package sqldb

import (
	"context"
	"fmt"
	"sync"
	"time"

	"posta/store"
)

// leases are the rights to maildrops. One process has the store to itself, so
// they live in its memory: a log-in costs no fsync, and what a dead process
// held is free at once. The fencing number still only grows, because its high
// half counts how often the store was opened.
type leases struct {
	mu   sync.Mutex
	held map[int64]lease
	last int64 // token given last
}

type lease struct {
	token   int64
	owner   string
	expires time.Time // zero: never
}

func (ls *leases) init(opened int64) {
	ls.held = map[int64]lease{}
	ls.last = opened << 32
}

func (l lease) expired(now time.Time) bool { return !l.expires.IsZero() && now.After(l.expires) }

func deadline(now time.Time, ttl time.Duration) time.Time {
	if ttl <= 0 {
		return time.Time{}
	}
	return now.Add(ttl)
}

// Lock implements store.Maildrops.
func (db *DB) Lock(ctx context.Context, account int64, owner string, ttl time.Duration) (store.Lease, error) {
	if _, err := db.inbox(ctx, account); err != nil {
		return store.Lease{}, fmt.Errorf("lock the maildrop of account %d: %w", account, err)
	}
	now := db.now()
	ls := &db.leases
	ls.mu.Lock()
	defer ls.mu.Unlock()
	if have, ok := ls.held[account]; ok && !have.expired(now) {
		return store.Lease{}, fmt.Errorf("account %d, by %s: %w", account, have.owner, store.ErrInUse)
	}
	ls.last++
	ls.held[account] = lease{token: ls.last, owner: owner, expires: deadline(now, ttl)}
	return store.Lease{Account: account, Token: ls.last}, nil
}

// Renew implements store.Maildrops. A lease that has run out can be renewed
// while nobody else has taken the maildrop.
func (db *DB) Renew(_ context.Context, l store.Lease, ttl time.Duration) error {
	if db.ended() {
		return store.ErrClosed
	}
	ls := &db.leases
	ls.mu.Lock()
	defer ls.mu.Unlock()
	have, ok := ls.held[l.Account]
	if !ok || have.token != l.Token {
		return fmt.Errorf("account %d: %w", l.Account, store.ErrLost)
	}
	have.expires = deadline(db.now(), ttl)
	ls.held[l.Account] = have
	return nil
}

// Unlock implements store.Maildrops.
func (db *DB) Unlock(_ context.Context, l store.Lease) error {
	ls := &db.leases
	ls.mu.Lock()
	defer ls.mu.Unlock()
	if have, ok := ls.held[l.Account]; !ok || have.token != l.Token {
		return fmt.Errorf("account %d: %w", l.Account, store.ErrLost)
	}
	delete(ls.held, l.Account)
	return nil
}

// valid says that a lease is still the newest of its maildrop.
func (ls *leases) valid(l store.Lease) bool {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	have, ok := ls.held[l.Account]
	return ok && have.token == l.Token
}

// end takes the lease of an account that has gone.
func (ls *leases) end(account int64) {
	ls.mu.Lock()
	delete(ls.held, account)
	ls.mu.Unlock()
}
