package sqldb

import (
	"context"
	"database/sql/driver"
	"fmt"
	"slices"
	"strings"

	"posta/directory"
)

// Grants implements directory.Store.
func (db *DB) Grants(ctx context.Context, account int64) ([]string, error) {
	all, err := rows(ctx, db, func(row []driver.Value) string { return asString(row[0]) }, qGrants, account)
	if err != nil {
		return nil, fmt.Errorf("grants of account %d: %w", account, err)
	}
	slices.SortFunc(all, byAddress)
	return all, nil
}

// byAddress orders by domain, then local key, as the lists of a domain come.
func byAddress(a, b string) int {
	la, da := directory.Split(a)
	lb, db := directory.Split(b)
	if da != db {
		return strings.Compare(da, db)
	}
	return strings.Compare(la, lb)
}

// AddGrant implements directory.Store.
func (db *DB) AddGrant(_ context.Context, account int64, address string) error {
	key, domain := directory.Split(address)
	return db.alter(fmt.Sprintf("grant of %s to account %d", address, account), func(t *tx) error {
		to, err := t.one(qAccountByID, account)
		if err != nil {
			return err
		}
		taken, err := t.number(qAddressTaken, domain, key)
		if err != nil {
			return err
		}
		if to == nil || taken == 0 {
			return directory.ErrNotFound
		}
		_, err = t.exec(qAddGrant, account, address)
		if unique(err) {
			return directory.ErrExists
		}
		return err
	})
}

// RemoveGrant implements directory.Store.
func (db *DB) RemoveGrant(_ context.Context, account int64, address string) error {
	return db.alter(fmt.Sprintf("grant of %s to account %d", address, account), func(t *tx) error {
		return must(t.exec(qDropGrant, account, address))
	})
}
