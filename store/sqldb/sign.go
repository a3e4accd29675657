package sqldb

import (
	"context"
	"database/sql/driver"
	"fmt"

	"posta/sign"
)

var _ sign.Store = (*DB)(nil)

const (
	qSigningKeys = `SELECT id, domain, selector, algorithm, private, state, created, changed
		FROM signing_key WHERE $1 = '' OR domain = $1 ORDER BY domain, id`
	qAddSigningKey = `INSERT INTO signing_key (domain, selector, algorithm, private, state, created, changed)
		SELECT $1, $2, $3, $4, $5, $6, $7 WHERE EXISTS (SELECT 1 FROM domain WHERE name = $1)`
	qSetSigningKey   = `UPDATE signing_key SET state = $1, changed = $2 WHERE id = $3`
	qDropSigningKey  = `DELETE FROM signing_key WHERE id = $1`
	qDropSigningKeys = `DELETE FROM signing_key WHERE domain = $1`
)

// SigningKeys implements sign.Store.
func (db *DB) SigningKeys(ctx context.Context, domain string) ([]sign.Key, error) {
	all, err := rows(ctx, db, func(row []driver.Value) sign.Key {
		return sign.Key{ID: asInt(row[0]), Domain: asString(row[1]), Selector: asString(row[2]), Algorithm: sign.Algorithm(asString(row[3])),
			Private: asBytes(row[4]), State: sign.State(asString(row[5])), Created: asTime(row[6]), Changed: asTime(row[7])}
	}, qSigningKeys, domain)
	if err != nil {
		return nil, fmt.Errorf("signing keys of %q: %w", domain, err)
	}
	return all, nil
}

// ChangeKeys implements sign.Store.
func (db *DB) ChangeKeys(_ context.Context, c sign.KeyChange) error {
	return db.alter("signing keys", func(t *tx) error {
		for _, k := range c.Add {
			n, err := affected(t.exec(qAddSigningKey, k.Domain, k.Selector, string(k.Algorithm), k.Private, string(k.State),
				k.Created.UnixMicro(), k.Changed.UnixMicro()))
			switch {
			case unique(err):
				return sign.ErrExists
			case err != nil:
				return err
			case n == 0:
				return sign.ErrNotFound
			}
		}
		for _, k := range c.Set {
			if err := oneKey(t.exec(qSetSigningKey, string(k.State), k.Changed.UnixMicro(), k.ID)); err != nil {
				return err
			}
		}
		for _, id := range c.Remove {
			if err := oneKey(t.exec(qDropSigningKey, id)); err != nil {
				return err
			}
		}
		return nil
	})
}

// oneKey turns a change of no key into ErrNotFound.
func oneKey(r driver.Result, err error) error {
	n, err := affected(r, err)
	if err == nil && n == 0 {
		err = sign.ErrNotFound
	}
	return err
}
