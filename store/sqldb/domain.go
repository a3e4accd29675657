package sqldb

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"

	"posta/directory"
)

// Generation implements directory.Store.
func (db *DB) Generation() uint64 { return db.generation.Load() }

// alter changes the directory: fn in a transaction, and then all that is
// remembered of the directory is void.
func (db *DB) alter(what string, fn func(*tx) error) error {
	if err := db.writer.change(fn); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	db.generation.Add(1)
	return nil
}

// rows reads what a query gives, each row through scan.
func rows[T any](ctx context.Context, db *DB, scan func([]driver.Value) T, query string, args ...driver.Value) ([]T, error) {
	var out []T
	err := db.read(ctx, func(c *conn) error {
		return c.query(func(row []driver.Value) error {
			out = append(out, scan(row))
			return nil
		}, query, args...)
	})
	return out, err
}

// row reads the one row of a query, or gives directory.ErrNotFound.
func row[T any](ctx context.Context, db *DB, scan func([]driver.Value) T, query string, args ...driver.Value) (T, error) {
	var zero T
	all, err := rows(ctx, db, scan, query, args...)
	if err != nil {
		return zero, err
	}
	if len(all) == 0 {
		return zero, directory.ErrNotFound
	}
	return all[0], nil
}

// must turns a statement that changed nothing into directory.ErrNotFound.
func must(r driver.Result, err error) error {
	n, err := affected(r, err)
	if err == nil && n == 0 {
		err = directory.ErrNotFound
	}
	return err
}

func scanDomain(row []driver.Value) directory.Domain {
	return directory.Domain{ID: asInt(row[0]), Name: asString(row[1]), AliasOf: asString(row[2]),
		CatchAll: asString(row[3]), Plus: asBool(row[4]), MaxAccounts: asInt(row[5]), MaxMessage: asInt(row[6]),
		MaxBytes: asInt(row[7]), Created: asTime(row[8]), SenderCheck: directory.SenderCheck(asString(row[9])),
		Kind: directory.Kind(asString(row[10])), Relay: asString(row[11]), Callout: asBool(row[12]), Site: asString(row[13]),
		MaxAge: time.Duration(asInt(row[14])) * time.Microsecond, AnyRecipient: asBool(row[15])}
}

func asTime(v driver.Value) time.Time { return time.UnixMicro(asInt(v)).UTC() }

// created is the time that a new row gets.
func (db *DB) created(t time.Time) time.Time {
	if t.IsZero() {
		t = db.now()
	}
	return t.Round(0).Truncate(time.Microsecond)
}

// Domains implements directory.Store.
func (db *DB) Domains(ctx context.Context) ([]directory.Domain, error) {
	out, err := rows(ctx, db, scanDomain, qDomains)
	if err != nil {
		return nil, fmt.Errorf("domains: %w", err)
	}
	return out, nil
}

// Domain implements directory.Store.
func (db *DB) Domain(ctx context.Context, name string) (directory.Domain, error) {
	d, err := row(ctx, db, scanDomain, qDomain, name)
	if err != nil {
		return d, fmt.Errorf("domain %q: %w", name, err)
	}
	return d, nil
}

// AddDomain implements directory.Store.
func (db *DB) AddDomain(_ context.Context, d directory.Domain) (directory.Domain, error) {
	d.Created = db.created(d.Created)
	err := db.alter("add domain "+d.Name, func(t *tx) error {
		id, err := t.number(qAddDomain, d.Name, d.AliasOf, d.CatchAll, boolValue(d.Plus),
			d.MaxAccounts, d.MaxMessage, d.MaxBytes, d.Created.UnixMicro(), string(d.SenderCheck),
			string(d.Kind), d.Relay, boolValue(d.Callout), d.Site, d.MaxAge.Microseconds(), boolValue(d.AnyRecipient))
		if unique(err) {
			return directory.ErrExists
		}
		d.ID = id
		return err
	})
	if err != nil {
		return directory.Domain{}, err
	}
	return d, nil
}

// SetDomain implements directory.Store.
func (db *DB) SetDomain(_ context.Context, d directory.Domain) error {
	return db.alter("change domain "+d.Name, func(t *tx) error {
		if _, err := t.exec(qDropAstray, d.ID, string(d.Kind), d.Relay, boolValue(d.Callout)); err != nil {
			return err
		}
		return must(t.exec(qSetDomain, d.AliasOf, d.CatchAll, boolValue(d.Plus),
			d.MaxAccounts, d.MaxMessage, d.MaxBytes, string(d.SenderCheck),
			string(d.Kind), d.Relay, boolValue(d.Callout), d.Site, d.MaxAge.Microseconds(), boolValue(d.AnyRecipient), d.ID))
	})
}

// RemoveDomain implements directory.Store.
func (db *DB) RemoveDomain(_ context.Context, name string, force bool) error {
	var gone []int64
	err := db.alter("remove domain "+name, func(t *tx) error {
		var err error
		gone, err = t.removeDomain(name, force)
		return err
	})
	db.left(err, gone...)
	return err
}

// removeDomain gives the accounts that went with it.
func (t *tx) removeDomain(name string, force bool) ([]int64, error) {
	if err := must(t.exec(qDropDomain, name)); err != nil {
		return nil, err
	}
	for _, bound := range []string{qUnbindSites, qUnbindQueues, qDropAllKnown, qDropConfirmed, qDropSigningKeys} {
		if _, err := t.exec(bound, name); err != nil {
			return nil, err
		}
	}
	if !force {
		used, err := t.number(qDomainInUse, name)
		if err == nil && used != 0 {
			err = directory.ErrInUse
		}
		return nil, err
	}
	accounts, err := t.each(qDomainAccounts, name, t.removeAccount)
	if err != nil {
		return nil, err
	}
	if _, err := t.each(qDomainAliases, name, t.removeAlias); err != nil {
		return nil, err
	}
	_, err = t.each(qDomainLists, name, t.removeList)
	return accounts, err
}

// each calls fn for the ids that a query gives for a name.
func (t *tx) each(query, name string, fn func(id int64) error) ([]int64, error) {
	var ids []int64
	err := t.query(func(row []driver.Value) error {
		ids = append(ids, asInt(row[0]))
		return nil
	}, query, name)
	for _, id := range ids {
		if err == nil {
			err = fn(id)
		}
	}
	return ids, err
}

// claim takes an address for something new: its domain must be there, and no
// account, alias or list may have it.
func (t *tx) claim(localKey, domain string) error {
	found, err := t.one(qDomain, domain)
	if err != nil {
		return err
	}
	if found == nil {
		return fmt.Errorf("domain %q: %w", domain, directory.ErrNotFound)
	}
	taken, err := t.number(qAddressTaken, domain, localKey)
	if err == nil && taken != 0 {
		err = directory.ErrExists
	}
	return err
}

// Setting implements directory.Store.
func (db *DB) Setting(ctx context.Context, name string) ([]byte, error) {
	v, err := row(ctx, db, func(row []driver.Value) []byte { return asBytes(row[0]) }, qSetting, name)
	if err != nil {
		return nil, fmt.Errorf("setting %s: %w", name, err)
	}
	return v, nil
}

// SetSetting implements directory.Store.
func (db *DB) SetSetting(_ context.Context, name string, value []byte) error {
	if len(value) == 0 {
		return errors.New("a setting without a value is not kept")
	}
	return db.alter("setting "+name, func(t *tx) error {
		_, err := t.exec(qSetSetting, name, value)
		return err
	})
}
