package sqldb

import (
	"context"
	"database/sql/driver"
	"fmt"

	"posta/directory"
	"posta/sasl"
)

func scanAccount(row []driver.Value) directory.Account {
	return directory.Account{ID: asInt(row[0]), Address: asString(row[1]), Local: asString(row[2]),
		Domain: asString(row[3]), Name: asString(row[4]), Quota: asInt(row[5]), Disabled: asBool(row[6]),
		Version: asInt(row[7]), Created: asTime(row[8]), APOP: asBool(row[9])}
}

// Accounts implements directory.Store.
func (db *DB) Accounts(ctx context.Context, domain string) (out []directory.Account, err error) {
	if domain == "" {
		out, err = rows(ctx, db, scanAccount, qAllAccounts)
	} else {
		out, err = rows(ctx, db, scanAccount, qAccounts, domain)
	}
	if err != nil {
		return nil, fmt.Errorf("accounts: %w", err)
	}
	return out, nil
}

// Account implements directory.Store.
func (db *DB) Account(ctx context.Context, localKey, domain string) (directory.Account, error) {
	a, err := row(ctx, db, scanAccount, qAccount, domain, localKey)
	if err != nil {
		return a, fmt.Errorf("account %s@%s: %w", localKey, domain, err)
	}
	return a, nil
}

// AccountByID implements directory.Store.
func (db *DB) AccountByID(ctx context.Context, id int64) (directory.Account, error) {
	a, err := row(ctx, db, scanAccount, qAccountByID, id)
	if err != nil {
		return a, fmt.Errorf("account %d: %w", id, err)
	}
	return a, nil
}

// Credentials implements directory.Store.
func (db *DB) Credentials(ctx context.Context, id int64) (directory.Credentials, error) {
	c, err := row(ctx, db, func(row []driver.Value) directory.Credentials {
		return directory.Credentials{Hash: asString(row[0]), SCRAM: sasl.Verifier{Salt: asBytes(row[1]),
			Iterations: int(asInt(row[2])), StoredKey: asBytes(row[3]), ServerKey: asBytes(row[4])}}
	}, qCredentials, id)
	if err != nil {
		return c, fmt.Errorf("credentials of account %d: %w", id, err)
	}
	return c, nil
}

// AddAccount implements directory.Store.
func (db *DB) AddAccount(_ context.Context, a directory.Account, c directory.Credentials) (directory.Account, error) {
	a.ID, a.Version, a.APOP = 0, 1, false
	a.Created = db.created(a.Created)
	key, domain := directory.Split(a.Address)
	err := db.alter("add account "+a.Address, func(t *tx) error {
		if err := t.claim(key, domain); err != nil {
			return err
		}
		if err := t.fits(a); err != nil {
			return err
		}
		id, err := t.number(qAddAccount, a.Domain, key, a.Local, a.Address, a.Name, a.Quota, boolValue(a.Disabled),
			a.Created.UnixMicro(), c.Hash, bytesValue(c.SCRAM.Salt), int64(c.SCRAM.Iterations),
			bytesValue(c.SCRAM.StoredKey), bytesValue(c.SCRAM.ServerKey))
		if err != nil {
			return err
		}
		a.ID = id
		_, err = t.exec(qNewBox, id, a.Created.Unix())
		return err
	})
	if err != nil {
		return directory.Account{}, err
	}
	return a, nil
}

// fits holds an account, new or changed, against its domain's limits.
func (t *tx) fits(a directory.Account) error {
	found, err := t.one(qDomain, a.Domain)
	if err != nil {
		return err
	}
	if found == nil {
		return fmt.Errorf("domain %q: %w", a.Domain, directory.ErrNotFound)
	}
	d := scanDomain(found)
	sums, err := t.one(qGranted, a.Domain, a.ID)
	if err != nil {
		return err
	}
	others, granted := asInt(sums[0]), asInt(sums[1])
	if a.ID == 0 && d.MaxAccounts > 0 && others >= d.MaxAccounts {
		return fmt.Errorf("%d accounts in %s: %w", d.MaxAccounts, d.Name, directory.ErrLimit)
	}
	if d.MaxBytes > 0 && (a.Quota == 0 || a.Quota > d.MaxBytes-granted) {
		return fmt.Errorf("quotas of %d octets in %s: %w", d.MaxBytes, d.Name, directory.ErrLimit)
	}
	return nil
}

// SetAccount implements directory.Store.
func (db *DB) SetAccount(_ context.Context, a directory.Account) error {
	return db.alter(fmt.Sprintf("change account %d", a.ID), func(t *tx) error {
		found, err := t.one(qAccountByID, a.ID)
		if err != nil {
			return err
		}
		if found == nil {
			return directory.ErrNotFound
		}
		next := scanAccount(found)
		if next.Quota != a.Quota {
			next.Quota = a.Quota
			if err := t.fits(next); err != nil {
				return err
			}
		}
		return must(t.exec(qSetAccount, a.Name, a.Quota, boolValue(a.Disabled), a.ID))
	})
}

// SetCredentials implements directory.Store.
func (db *DB) SetCredentials(_ context.Context, id int64, c directory.Credentials) error {
	return db.alter(fmt.Sprintf("credentials of account %d", id), func(t *tx) error {
		return must(t.exec(qSetCredentials, c.Hash, bytesValue(c.SCRAM.Salt), int64(c.SCRAM.Iterations),
			bytesValue(c.SCRAM.StoredKey), bytesValue(c.SCRAM.ServerKey), id))
	})
}

// RemoveAccount implements directory.Store. Its mail cannot be reached from
// here on; the sweep takes it away.
func (db *DB) RemoveAccount(_ context.Context, id int64) error {
	err := db.alter(fmt.Sprintf("remove account %d", id), func(t *tx) error { return t.removeAccount(id) })
	db.left(err, id)
	return err
}

// left ends what removed accounts had in memory and on disk.
func (db *DB) left(err error, accounts ...int64) {
	if err != nil {
		return
	}
	for _, id := range accounts {
		db.leases.end(id)
	}
	db.sweeper.stir()
}

func (t *tx) removeAccount(id int64) error {
	found, err := t.one(qAccountByID, id)
	if err != nil {
		return err
	}
	if found == nil {
		return directory.ErrNotFound
	}
	address := scanAccount(found).Address
	for _, s := range []struct {
		query string
		arg   driver.Value
	}{
		{qDropAccount, id}, {qDropSecret, id}, {qDropSendingLimit, id}, {qDropSentOf, id}, {qDropForward, id}, {qDropForwardTargets, id}, {qDropGrantsTo, id}, {qDropGrantsOf, address}, {qLeaveBoxes, id}, {qLeaveLists, address}, {qDropMemberships, address},
	} {
		if _, err := t.exec(s.query, s.arg); err != nil {
			return err
		}
	}
	return nil
}

// APOPSecret implements directory.Store.
func (db *DB) APOPSecret(ctx context.Context, id int64) ([]byte, error) {
	v, err := row(ctx, db, func(row []driver.Value) []byte { return asBytes(row[0]) }, qSecret, id)
	if err != nil {
		return nil, fmt.Errorf("APOP secret of account %d: %w", id, err)
	}
	return v, nil
}

// SetAPOPSecret implements directory.Store.
func (db *DB) SetAPOPSecret(_ context.Context, id int64, secret []byte) error {
	return db.alter(fmt.Sprintf("APOP secret of account %d", id), func(t *tx) error {
		if err := must(t.exec(qGrowVersion, id)); err != nil {
			return err
		}
		var err error
		if len(secret) == 0 {
			_, err = t.exec(qDropSecret, id)
		} else {
			_, err = t.exec(qSetSecret, id, secret)
		}
		return err
	})
}

// HasAPOPSecrets implements directory.Store.
func (db *DB) HasAPOPSecrets(ctx context.Context) (bool, error) {
	found, err := rows(ctx, db, func([]driver.Value) bool { return true }, qAnySecret)
	if err != nil {
		return false, fmt.Errorf("APOP secrets: %w", err)
	}
	return len(found) > 0, nil
}
