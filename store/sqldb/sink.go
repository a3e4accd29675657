package sqldb

import (
	"context"
	"errors"
	"fmt"

	"posta/store"
)

// sinkAccount is the number under which the sink's mailbox is kept. The
// directory counts its accounts from 1 and never comes so far.
const sinkAccount = 1 << 62

// sinkNumber is sinkAccount in a statement: to be without an account is no
// fault there.
const sinkNumber = `4611686018427387904`

// Sink implements sink.Store: it gives the mailbox that is no account's, or
// ErrNotFound where there is none and it may not be made.
func (db *DB) Sink(ctx context.Context, mayMake bool) (account int64, err error) {
	if _, err := db.inbox(ctx, sinkAccount); !mayMake || !errors.Is(err, store.ErrNotFound) {
		return sinkAccount, err
	}
	err = db.writer.change(func(t *tx) error {
		_, err := t.exec(qOpenBox, int64(sinkAccount), db.now().Unix())
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("the mailbox of the sink: %w", err)
	}
	return sinkAccount, nil
}
