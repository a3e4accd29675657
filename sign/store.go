package sign

import (
	"context"
	"errors"
)

var (
	ErrNotFound = errors.New("sign: not found")
	ErrExists   = errors.New("sign: exists already")
)

// Store keeps the keys. Changes are on stable storage when they return. Keys
// of a removed domain go with it.
type Store interface {
	// SigningKeys lists a domain's keys, or all with "", in order of domain and id.
	SigningKeys(ctx context.Context, domain string) ([]Key, error)

	// ChangeKeys adds keys, sets State and Changed of others by ID, and removes
	// others by ID, all in one transaction. A selector that the domain has is ErrExists.
	ChangeKeys(ctx context.Context, c KeyChange) error

	// Generation grows with every change, without a query.
	Generation() uint64
}

// KeyChange is what changes among the keys at once.
type KeyChange struct {
	Add    []Key
	Set    []Key
	Remove []int64
}
