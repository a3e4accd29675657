package sign

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"posta/words"
)

const (
	// lookAgain is how often Run looks after the keys.
	lookAgain = time.Hour

	// keepOld is how long an old key's record should stay: longer than mail waits
	// in queues (RFC 5321 §4.5.4.1 has 4 to 5 days) before somebody verifies it.
	keepOld = 10 * 24 * time.Hour

	maxSelectors = 26 // of one day
)

var (
	ErrNoNext = errors.New("sign: there is no next key")
	ErrNext   = errors.New("sign: there is a next key already")
)

// Keys lists the keys of a domain in the order in which they were made.
func (s *Signer) Keys(ctx context.Context, domain string) ([]Key, error) {
	return s.cfg.Store.SigningKeys(ctx, domain)
}

// Ensure gives a domain without keys its first ones, which sign at once: until
// their records are published the signatures do nobody any good, and no harm
// (RFC 6376 §6.1).
func (s *Signer) Ensure(ctx context.Context, domain string) ([]Key, error) {
	have, err := s.Keys(ctx, domain)
	if err != nil || len(have) > 0 {
		return have, err
	}
	made, err := s.make(domain, have)
	if err != nil {
		return nil, err
	}
	for i := range made {
		made[i].State = Active
	}
	err = s.cfg.Store.ChangeKeys(ctx, KeyChange{Add: made})
	if err != nil && !errors.Is(err, ErrExists) { // somebody else was faster
		return nil, fmt.Errorf("sign: keys of %s: %w", domain, err)
	}
	return s.Keys(ctx, domain)
}

// Prepare makes the next keys of a domain. They sign after Activate.
func (s *Signer) Prepare(ctx context.Context, domain string) ([]Key, error) {
	have, err := s.Ensure(ctx, domain)
	if err != nil {
		return nil, err
	}
	if of(have, Next) != nil {
		return nil, ErrNext
	}
	made, err := s.make(domain, have)
	if err != nil {
		return nil, err
	}
	if err := s.cfg.Store.ChangeKeys(ctx, KeyChange{Add: made}); err != nil {
		return nil, fmt.Errorf("sign: next keys of %s: %w", domain, err)
	}
	return s.Keys(ctx, domain)
}

// Activate lets the next keys of a domain sign in the place of the active ones.
func (s *Signer) Activate(ctx context.Context, domain string) ([]Key, error) {
	have, err := s.Keys(ctx, domain)
	if err != nil {
		return nil, err
	}
	next := of(have, Next)
	if next == nil {
		return nil, ErrNoNext
	}
	now := s.now()
	var c KeyChange
	for _, k := range of(have, Active) {
		k.State, k.Changed = Old, now
		c.Set = append(c.Set, k)
	}
	for _, k := range next {
		k.State, k.Changed = Active, now
		c.Set = append(c.Set, k)
	}
	if err := s.cfg.Store.ChangeKeys(ctx, c); err != nil {
		return nil, fmt.Errorf("sign: keys of %s: %w", domain, err)
	}
	return s.Keys(ctx, domain)
}

// of gives the keys in a state.
func of(keys []Key, state State) (out []Key) {
	for _, k := range keys {
		if k.State == state {
			out = append(out, k)
		}
	}
	return out
}

func (s *Signer) now() time.Time { return s.cfg.Now().UTC().Truncate(time.Second) }

// make makes a key of each algorithm under selectors that the domain has not.
func (s *Signer) make(domain string, have []Key) ([]Key, error) {
	now := s.now()
	day := now.Format("20060102")
	for n := range maxSelectors {
		stem := "-" + day + string(rune('a'+n))
		if slices.ContainsFunc(have, func(k Key) bool { return strings.HasSuffix(k.Selector, stem) }) {
			continue
		}
		var made []Key
		for _, a := range Algorithms() {
			k, err := newKey(domain, string(a)+stem, a, now)
			if err != nil {
				return nil, err
			}
			made = append(made, k)
		}
		return made, nil
	}
	return nil, words.Fail("sign.too_many", words.Args{"Domain": domain, "Most": maxSelectors})
}

// Run looks after the keys until ctx is done: next keys sign as soon as their
// records can be seen, old ones go, and what is too old gets a next.
func (s *Signer) Run(ctx context.Context) error {
	ticker := time.NewTicker(lookAgain)
	defer ticker.Stop()
	for ctx.Err() == nil {
		if err := s.Tend(ctx); err != nil && ctx.Err() == nil {
			s.cfg.Tell(err)
		}
		select {
		case <-ctx.Done():
		case <-ticker.C:
		}
	}
	return nil
}

// Tend looks after the keys once.
func (s *Signer) Tend(ctx context.Context) error {
	all, err := s.Keys(ctx, "")
	if err != nil {
		return fmt.Errorf("sign: %w", err)
	}
	var bad error
	for len(all) > 0 && ctx.Err() == nil {
		n := slices.IndexFunc(all, func(k Key) bool { return k.Domain != all[0].Domain })
		if n < 0 {
			n = len(all)
		}
		bad = errors.Join(bad, s.tend(ctx, all[0].Domain, all[:n]))
		all = all[n:]
	}
	return bad
}

func (s *Signer) tend(ctx context.Context, domain string, keys []Key) error {
	now := s.now()
	var gone KeyChange
	for _, k := range of(keys, Old) {
		if now.After(k.until()) {
			gone.Remove = append(gone.Remove, k.ID)
		}
	}
	if len(gone.Remove) > 0 {
		if err := s.cfg.Store.ChangeKeys(ctx, gone); err != nil {
			return fmt.Errorf("sign: old keys of %s: %w", domain, err)
		}
	}
	next, active := of(keys, Next), of(keys, Active)
	switch {
	case next != nil && s.published(ctx, next):
		if _, err := s.Activate(ctx, domain); err != nil {
			return err
		}
		s.cfg.Tell(words.Fail("sign.activated", words.Args{"Domain": domain, "Selector": next[0].Selector}))
	case next == nil && s.cfg.Rotate > 0 && len(active) > 0 && now.Sub(active[0].Changed) > s.cfg.Rotate:
		if _, err := s.Prepare(ctx, domain); err != nil {
			return err
		}
		s.cfg.Tell(words.Fail("sign.publish", words.Args{"Domain": domain}))
	}
	return nil
}

// published says that all the keys' records can be seen in DNS.
func (s *Signer) published(ctx context.Context, keys []Key) bool {
	if s.cfg.TXT == nil {
		return false
	}
	for i := range keys {
		found, err := s.cfg.TXT(ctx, keys[i].Name())
		if err != nil || !slices.ContainsFunc(found, keys[i].Publishes) {
			return false
		}
	}
	return true
}
