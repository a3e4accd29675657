package sqldb

import (
	"context"
	"database/sql/driver"
	"fmt"
	"time"

	"posta/store"
)

var _ store.Confirmations = (*DB)(nil)

const (
	confirmedAnew = 24 * time.Hour // what is less old is not written again
	trimConfirmed = 1000           // rows that go in one transaction
)

const (
	qConfirmed = `SELECT at FROM confirmed_recipient WHERE domain = $1 AND local_key = $2 AND way = $3`
	qConfirm   = `INSERT INTO confirmed_recipient (domain, local_key, way, at)
		SELECT $1, $2, $3, $4 WHERE EXISTS (SELECT 1 FROM domain WHERE name = $1)
		ON CONFLICT (domain, local_key) DO UPDATE SET way = excluded.way, at = excluded.at
		WHERE confirmed_recipient.way <> excluded.way
			OR excluded.at NOT BETWEEN confirmed_recipient.at AND confirmed_recipient.at + $5`
	qIsConfirmed     = `SELECT 1 FROM confirmed_recipient WHERE domain = $1 AND local_key = $2`
	qUnconfirm       = `DELETE FROM confirmed_recipient WHERE domain = $1 AND local_key = $2`
	qConfirmedBefore = `SELECT count(*) FROM confirmed_recipient WHERE at < $1`
	qConfirmedCount  = `SELECT count(*) FROM confirmed_recipient`
	qDropOldest      = `DELETE FROM confirmed_recipient WHERE (domain, local_key) IN
		(SELECT domain, local_key FROM confirmed_recipient ORDER BY at LIMIT $1)`
	qDropConfirmed = `DELETE FROM confirmed_recipient WHERE domain = $1`
	qDropAstray    = `DELETE FROM confirmed_recipient WHERE domain =
		(SELECT name FROM domain WHERE id = $1 AND (kind <> $2 OR relay <> $3 OR callout <> $4))`
)

// Confirmed implements store.Confirmations.
func (db *DB) Confirmed(ctx context.Context, domain, local, way string) (at time.Time, err error) {
	all, err := rows(ctx, db, func(row []driver.Value) time.Time { return asTime(row[0]) }, qConfirmed, domain, local, way)
	if err != nil {
		return at, fmt.Errorf("was a recipient of %s confirmed: %w", domain, err)
	}
	if len(all) > 0 {
		at = all[0]
	}
	return at, nil
}

// Confirm implements store.Confirmations.
func (db *DB) Confirm(_ context.Context, all ...store.Confirmation) error {
	err := db.writer.change(func(t *tx) error {
		for _, c := range all {
			if _, err := t.exec(qConfirm, c.Domain, c.Local, c.Way, c.At.UnixMicro(), confirmedAnew.Microseconds()); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("confirm recipients: %w", err)
	}
	return nil
}

// Unconfirm implements store.Confirmations.
func (db *DB) Unconfirm(ctx context.Context, domain, local string) error {
	known, err := rows(ctx, db, func([]driver.Value) bool { return true }, qIsConfirmed, domain, local)
	if err == nil && len(known) > 0 {
		err = db.writer.change(func(t *tx) error {
			_, err := t.exec(qUnconfirm, domain, local)
			return err
		})
	}
	if err != nil {
		return fmt.Errorf("forget a recipient of %s: %w", domain, err)
	}
	return nil
}

// TrimConfirmed implements store.Confirmations, in small transactions behind
// everybody else.
func (db *DB) TrimConfirmed(_ context.Context, before time.Time, most int64) error {
	for more := true; more; {
		err := db.writer.chore(func(t *tx) error {
			old, err := t.number(qConfirmedBefore, before.UnixMicro())
			if err != nil {
				return err
			}
			all, err := t.number(qConfirmedCount)
			if err != nil {
				return err
			}
			n := max(old, all-most)
			if more = n > trimConfirmed; n > 0 {
				_, err = t.exec(qDropOldest, min(n, trimConfirmed))
			}
			return err
		})
		if err != nil {
			return fmt.Errorf("trim confirmed recipients: %w", err)
		}
	}
	return nil
}
