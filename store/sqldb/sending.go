package sqldb

import (
	"context"
	"database/sql/driver"
	"fmt"

	"posta/check"
	"posta/directory"
)

var _ check.SendingStore = (*DB)(nil)

const (
	qSentCounts   = `SELECT account_id, hour, recipients FROM sent_count WHERE hour >= $1 ORDER BY account_id, hour`
	qSetSentCount = `INSERT INTO sent_count (account_id, hour, recipients)
		SELECT $1, $2, $3 WHERE EXISTS (SELECT 1 FROM account WHERE id = $1)
		ON CONFLICT (account_id, hour) DO UPDATE SET recipients = excluded.recipients`
	qDropSentCounts  = `DELETE FROM sent_count WHERE hour < $1`
	qSendingLimits   = `SELECT account_id, per_day FROM sending_limit`
	qSetSendingLimit = `INSERT INTO sending_limit (account_id, per_day)
		SELECT $1, $2 WHERE EXISTS (SELECT 1 FROM account WHERE id = $1)
		ON CONFLICT (account_id) DO UPDATE SET per_day = excluded.per_day`
	qDropSendingLimit = `DELETE FROM sending_limit WHERE account_id = $1`
	qDropSentOf       = `DELETE FROM sent_count WHERE account_id = $1`
)

// SentCounts implements check.SendingStore.
func (db *DB) SentCounts(ctx context.Context, from int64) ([]check.SentCount, error) {
	all, err := rows(ctx, db, func(row []driver.Value) check.SentCount {
		return check.SentCount{Account: asInt(row[0]), Hour: asInt(row[1]), Recipients: int(asInt(row[2]))}
	}, qSentCounts, from)
	if err != nil {
		return nil, fmt.Errorf("sent counts: %w", err)
	}
	return all, nil
}

// SetSentCounts implements check.SendingStore.
func (db *DB) SetSentCounts(_ context.Context, counts []check.SentCount, from int64) error {
	err := db.writer.change(func(t *tx) error {
		if _, err := t.exec(qDropSentCounts, from); err != nil {
			return err
		}
		for _, c := range counts {
			if _, err := t.exec(qSetSentCount, c.Account, c.Hour, int64(c.Recipients)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("sent counts: %w", err)
	}
	return nil
}

// SendingLimits implements check.SendingStore.
func (db *DB) SendingLimits(ctx context.Context) (map[int64]int, error) {
	out := map[int64]int{}
	_, err := rows(ctx, db, func(row []driver.Value) struct{} {
		out[asInt(row[0])] = int(asInt(row[1]))
		return struct{}{}
	}, qSendingLimits)
	if err != nil {
		return nil, fmt.Errorf("sending limits: %w", err)
	}
	return out, nil
}

// SetSendingLimit implements check.SendingStore.
func (db *DB) SetSendingLimit(_ context.Context, account int64, limit *int) error {
	err := db.writer.change(func(t *tx) error {
		if limit == nil {
			_, err := t.exec(qDropSendingLimit, account)
			return err
		}
		n, err := affected(t.exec(qSetSendingLimit, account, int64(*limit)))
		if err == nil && n == 0 {
			err = directory.ErrNotFound
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("sending limit of account %d: %w", account, err)
	}
	return nil
}
