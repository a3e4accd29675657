package store

import (
	"context"
	"time"
)

// Confirmation is that a next host took a recipient when it was asked.
type Confirmation struct {
	Domain string // as the directory has it
	Local  string // in lower case
	Way    string // who was asked
	At     time.Time
}

// Confirmations keeps whom next hosts took, for when they cannot be asked.
type Confirmations interface {
	// Confirmed gives when a recipient was last confirmed that way; zero: never,
	// or since then another way. It may be a day less than true.
	Confirmed(ctx context.Context, domain, local, way string) (time.Time, error)

	// Confirm notes confirmations. A recipient has one, the latest. What is known
	// and less than a day older is left as it is; so are domains that are not here.
	Confirm(ctx context.Context, all ...Confirmation) error

	// Unconfirm forgets a recipient, on stable storage. Of one that is not known it
	// costs no write.
	Unconfirm(ctx context.Context, domain, local string) error

	// TrimConfirmed forgets what was confirmed before a time, and the oldest beyond
	// so many.
	TrimConfirmed(ctx context.Context, before time.Time, most int64) error
}
