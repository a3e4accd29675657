package sqldb

import (
	"context"
	"database/sql/driver"
	"fmt"

	"posta/directory"
)

// Recipients implements directory.Store.
func (db *DB) Recipients(ctx context.Context, domain, after string, limit int) ([]string, error) {
	out, err := rows(ctx, db, func(row []driver.Value) string { return asString(row[0]) }, qKnown, domain, after, int64(limit))
	if err != nil {
		return nil, fmt.Errorf("recipients of %s: %w", domain, err)
	}
	return out, nil
}

// IsRecipient implements directory.Store.
func (db *DB) IsRecipient(ctx context.Context, domain, localKey string) (bool, error) {
	found, err := rows(ctx, db, func([]driver.Value) bool { return true }, qIsKnown, domain, localKey)
	if err != nil {
		return false, fmt.Errorf("recipients of %s: %w", domain, err)
	}
	return len(found) > 0, nil
}

// AddRecipients implements directory.Store. Many go in several transactions;
// an error leaves those before it added.
func (db *DB) AddRecipients(_ context.Context, domain string, localKeys []string) (added int, err error) {
	return db.recipients(domain, localKeys, qAddKnown)
}

// RemoveRecipients implements directory.Store, likewise.
func (db *DB) RemoveRecipients(_ context.Context, domain string, localKeys []string) (removed int, err error) {
	return db.recipients(domain, localKeys, qDropKnown)
}

// recipients runs a statement for each name and counts what it changed.
func (db *DB) recipients(domain string, localKeys []string, query string) (total int, err error) {
	for first := true; first || len(localKeys) > 0; first = false { // the domain must be there though nobody is named
		slice := localKeys[:min(len(localKeys), memberSlice)]
		localKeys = localKeys[len(slice):]
		changed := 0
		err := db.alter("recipients of "+domain, func(t *tx) (err error) {
			changed, err = t.recipients(domain, slice, query)
			return err
		})
		if err != nil {
			return total, err
		}
		total += changed
	}
	return total, nil
}

func (t *tx) recipients(domain string, localKeys []string, query string) (changed int, err error) {
	found, err := t.one(qDomain, domain)
	if err != nil {
		return 0, err
	}
	if found == nil {
		return 0, directory.ErrNotFound
	}
	for _, key := range localKeys {
		n, err := affected(t.exec(query, domain, key))
		if err != nil {
			return 0, err
		}
		changed += int(n)
	}
	return changed, nil
}
