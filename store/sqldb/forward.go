package sqldb

import (
	"context"
	"database/sql/driver"
	"fmt"

	"posta/directory"
)

// Forward implements directory.Store.
func (db *DB) Forward(ctx context.Context, account int64) (directory.Forward, error) {
	f, found := directory.Forward{Account: account}, false
	err := db.read(ctx, func(c *conn) error {
		err := c.query(func(row []driver.Value) error {
			f.Keep, found = asBool(row[0]), true
			return nil
		}, qForward, account)
		if err != nil || !found {
			return err
		}
		return c.query(func(row []driver.Value) error {
			f.To = append(f.To, asString(row[0]))
			return nil
		}, qForwardTargets, account)
	})
	if err == nil && !found {
		return directory.Forward{}, directory.ErrNotFound // asked for at every account: not worth a sentence
	}
	if err != nil {
		return directory.Forward{}, fmt.Errorf("forward of account %d: %w", account, err)
	}
	return f, nil
}

// SetForward implements directory.Store.
func (db *DB) SetForward(_ context.Context, f directory.Forward) error {
	return db.alter(fmt.Sprintf("forward of account %d", f.Account), func(t *tx) error {
		found, err := t.one(qAccountByID, f.Account)
		if err != nil {
			return err
		}
		if found == nil {
			return directory.ErrNotFound
		}
		for _, drop := range []string{qDropForward, qDropForwardTargets} {
			if _, err := t.exec(drop, f.Account); err != nil {
				return err
			}
		}
		if len(f.To) == 0 {
			return nil
		}
		if _, err := t.exec(qAddForward, f.Account, boolValue(f.Keep)); err != nil {
			return err
		}
		for i, to := range f.To {
			if _, err := t.exec(qAddForwardTarget, f.Account, int64(i), to); err != nil {
				return err
			}
		}
		return nil
	})
}
