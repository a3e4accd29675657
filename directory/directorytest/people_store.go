package directorytest

import (
	"context"
	"errors"
	"slices"

	"posta/directory"
	"posta/sasl"
)

func (m *memory) Accounts(_ context.Context, domain string) ([]directory.Account, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []directory.Account
	for _, a := range m.accounts {
		if domain == "" || a.Domain == domain {
			out = append(out, a.Account)
		}
	}
	slices.SortFunc(out, func(a, b directory.Account) int { return byAddress(a.Address, b.Address) })
	return out, nil
}

func (m *memory) Account(_ context.Context, localKey, domain string) (directory.Account, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, a := range m.accounts {
		if l, d := directory.Split(a.Address); l == localKey && d == domain {
			return a.Account, nil
		}
	}
	return directory.Account{}, directory.ErrNotFound
}

func (m *memory) AccountByID(_ context.Context, id int64) (directory.Account, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	a, ok := m.accounts[id]
	if !ok {
		return directory.Account{}, directory.ErrNotFound
	}
	return a.Account, nil
}

func (m *memory) Credentials(_ context.Context, id int64) (directory.Credentials, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	a, ok := m.accounts[id]
	if !ok {
		return directory.Credentials{}, directory.ErrNotFound
	}
	return clone(a.credentials), nil
}

func clone(c directory.Credentials) directory.Credentials {
	c.SCRAM = sasl.Verifier{Salt: slices.Clone(c.SCRAM.Salt), Iterations: c.SCRAM.Iterations,
		StoredKey: slices.Clone(c.SCRAM.StoredKey), ServerKey: slices.Clone(c.SCRAM.ServerKey)}
	return c
}

func (m *memory) AddAccount(_ context.Context, a directory.Account, c directory.Credentials) (directory.Account, error) {
	err := m.change(func() error {
		if err := m.free(a.Address); err != nil {
			return err
		}
		if err := m.fits(a); err != nil {
			return err
		}
		a.ID, a.Version, a.APOP = m.id(), 1, false
		m.accounts[a.ID] = &person{Account: a, credentials: clone(c)}
		return nil
	})
	return a, err
}

// fits holds an account, new or changed, against its domain's limits.
func (m *memory) fits(a directory.Account) error {
	d, err := m.domain(a.Domain)
	if err != nil {
		return err
	}
	count, granted := int64(0), int64(0)
	for id, other := range m.accounts {
		if other.Domain == a.Domain && id != a.ID {
			count++
			granted += other.Quota
		}
	}
	if a.ID == 0 && d.MaxAccounts > 0 && count >= d.MaxAccounts {
		return directory.ErrLimit
	}
	if d.MaxBytes > 0 && (a.Quota == 0 || granted+a.Quota > d.MaxBytes) {
		return directory.ErrLimit
	}
	return nil
}

func (m *memory) SetAccount(_ context.Context, a directory.Account) error {
	return m.change(func() error {
		have, ok := m.accounts[a.ID]
		if !ok {
			return directory.ErrNotFound
		}
		next := have.Account
		next.Name, next.Quota, next.Disabled = a.Name, a.Quota, a.Disabled
		if next.Quota != have.Quota {
			if err := m.fits(next); err != nil {
				return err
			}
		}
		have.Account = next
		return nil
	})
}

func (m *memory) SetCredentials(_ context.Context, id int64, c directory.Credentials) error {
	return m.change(func() error {
		a, ok := m.accounts[id]
		if !ok {
			return directory.ErrNotFound
		}
		a.credentials = clone(c)
		a.Version++
		return nil
	})
}

func (m *memory) RemoveAccount(_ context.Context, id int64) error {
	return m.change(func() error {
		if _, ok := m.accounts[id]; !ok {
			return directory.ErrNotFound
		}
		m.forget(id)
		return nil
	})
}

// forget drops an account with its memberships.
func (m *memory) forget(id int64) {
	address := m.accounts[id].Address
	delete(m.accounts, id)
	m.ungrant(address)
	for _, l := range m.lists {
		l.drop(address)
	}
}

func (m *memory) APOPSecret(_ context.Context, id int64) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	a, ok := m.accounts[id]
	if !ok || a.secret == nil {
		return nil, directory.ErrNotFound
	}
	return slices.Clone(a.secret), nil
}

func (m *memory) SetAPOPSecret(_ context.Context, id int64, secret []byte) error {
	return m.change(func() error {
		a, ok := m.accounts[id]
		if !ok {
			return directory.ErrNotFound
		}
		a.secret = slices.Clone(secret)
		a.APOP = secret != nil
		a.Version++
		return nil
	})
}

func (m *memory) HasAPOPSecrets(context.Context) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, a := range m.accounts {
		if a.APOP {
			return true, nil
		}
	}
	return false, nil
}

func (m *memory) Grants(_ context.Context, account int64) ([]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	a, ok := m.accounts[account]
	if !ok {
		return nil, nil
	}
	return slices.Clone(a.grants), nil
}

func (m *memory) AddGrant(_ context.Context, account int64, address string) error {
	return m.change(func() error {
		a, ok := m.accounts[account]
		if !ok || !errors.Is(m.free(address), directory.ErrExists) {
			return directory.ErrNotFound
		}
		at, there := slices.BinarySearchFunc(a.grants, address, byAddress)
		if there {
			return directory.ErrExists
		}
		a.grants = slices.Insert(a.grants, at, address)
		return nil
	})
}

func (m *memory) RemoveGrant(_ context.Context, account int64, address string) error {
	return m.change(func() error {
		a, ok := m.accounts[account]
		if !ok || !slices.Contains(a.grants, address) {
			return directory.ErrNotFound
		}
		a.grants = without(a.grants, address)
		return nil
	})
}

// ungrant ends all grants of an address that is nobody's any more.
func (m *memory) ungrant(address string) {
	for _, a := range m.accounts {
		a.grants = without(a.grants, address)
	}
}

func without(all []string, one string) []string {
	return slices.DeleteFunc(all, func(s string) bool { return s == one })
}
