package sqldb

import (
	"context"
	"database/sql/driver"
	"fmt"

	"posta/directory"
)

func scanAlias(row []driver.Value) directory.Alias {
	return directory.Alias{ID: asInt(row[0]), Address: asString(row[1])}
}

// aliases reads aliases with their targets, on one connection.
func (db *DB) aliases(ctx context.Context, query string, args ...driver.Value) ([]directory.Alias, error) {
	var out []directory.Alias
	err := db.read(ctx, func(c *conn) error {
		err := c.query(func(row []driver.Value) error {
			out = append(out, scanAlias(row))
			return nil
		}, query, args...)
		for i := range out {
			if err != nil {
				return err
			}
			err = c.query(func(row []driver.Value) error {
				out[i].Targets = append(out[i].Targets, asString(row[0]))
				return nil
			}, qTargets, out[i].ID)
		}
		return err
	})
	return out, err
}

// Aliases implements directory.Store.
func (db *DB) Aliases(ctx context.Context, domain string) (out []directory.Alias, err error) {
	if domain == "" {
		out, err = db.aliases(ctx, qAllAliases)
	} else {
		out, err = db.aliases(ctx, qAliases, domain)
	}
	if err != nil {
		return nil, fmt.Errorf("aliases: %w", err)
	}
	return out, nil
}

// Alias implements directory.Store.
func (db *DB) Alias(ctx context.Context, localKey, domain string) (directory.Alias, error) {
	out, err := db.aliases(ctx, qAlias, domain, localKey)
	if err == nil && len(out) == 0 {
		err = directory.ErrNotFound
	}
	if err != nil {
		return directory.Alias{}, fmt.Errorf("alias %s@%s: %w", localKey, domain, err)
	}
	return out[0], nil
}

// AddAlias implements directory.Store.
func (db *DB) AddAlias(_ context.Context, a directory.Alias) (directory.Alias, error) {
	key, domain := directory.Split(a.Address)
	err := db.alter("add alias "+a.Address, func(t *tx) error {
		if err := t.claim(key, domain); err != nil {
			return err
		}
		id, err := t.number(qAddAlias, domain, key, a.Address)
		if err != nil {
			return err
		}
		a.ID = id
		return t.setTargets(id, a.Targets)
	})
	if err != nil {
		return directory.Alias{}, err
	}
	return a, nil
}

func (t *tx) setTargets(alias int64, targets []string) error {
	if _, err := t.exec(qDropTargets, alias); err != nil {
		return err
	}
	for i, target := range targets {
		if _, err := t.exec(qAddTarget, alias, int64(i), target); err != nil {
			return err
		}
	}
	return nil
}

// SetAlias implements directory.Store.
func (db *DB) SetAlias(_ context.Context, a directory.Alias) error {
	return db.alter("change alias "+a.Address, func(t *tx) error {
		found, err := t.number(qHasAlias, a.ID)
		if err != nil {
			return err
		}
		if found == 0 {
			return directory.ErrNotFound
		}
		return t.setTargets(a.ID, a.Targets)
	})
}

// RemoveAlias implements directory.Store.
func (db *DB) RemoveAlias(_ context.Context, id int64) error {
	return db.alter(fmt.Sprintf("remove alias %d", id), func(t *tx) error { return t.removeAlias(id) })
}

func (t *tx) removeAlias(id int64) error {
	if _, err := t.exec(qDropAliasGrants, id); err != nil {
		return err
	}
	if err := must(t.exec(qDropAlias, id)); err != nil {
		return err
	}
	_, err := t.exec(qDropTargets, id)
	return err
}
