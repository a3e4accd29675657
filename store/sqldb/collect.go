package sqldb

import (
	"context"
	"database/sql/driver"
	"fmt"
	"slices"
	"strings"
	"time"

	"posta/collect"
	"posta/directory"
)

// The statements about what is collected elsewhere, in the dialect that SQLite
// and PostgreSQL share.
const (
	entryColumns = `id, way, host, tls, user, domains, account, keep, every, created, next, at, took, messages, unfiled, session, failure, ca, nothing_waits, total, again, erased, apart`
	qEntries     = `SELECT ` + entryColumns + ` FROM collected ORDER BY id`
	qEntry       = `SELECT ` + entryColumns + ` FROM collected WHERE id = $1`
	qApart       = `SELECT apart FROM collected WHERE id = $1`
	qHasEntry    = `SELECT 1 FROM collected WHERE id = $1`
	qEntrySecret = `SELECT secret FROM collected_secret WHERE entry_id = $1`
	qAddEntry    = `INSERT INTO collected (way, host, tls, user, domains, account, keep, every, created, next, at, took, messages, unfiled, session, failure, ca)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, 0, 0, 0, 0, '', $11) RETURNING id`
	qAddEntrySecret  = `INSERT INTO collected_secret (entry_id, secret) VALUES ($1, $2)`
	qSettleEntry     = `UPDATE collected SET at = $1, took = $2, messages = $3, unfiled = $4, session = $5, failure = $6, next = $7, nothing_waits = $8, again = $9, total = total + CASE WHEN way = 'pop3' THEN 0 ELSE $3 END, erased = $11, apart = $12 WHERE id = $10`
	qChangeEntry     = `UPDATE collected SET host = $1, tls = $2, user = $3, domains = $4, account = $5, keep = $6, every = $7, ca = $8, next = $9 WHERE id = $10`
	qSetEntrySecret  = `UPDATE collected_secret SET secret = $1 WHERE entry_id = $2`
	qDropEntry       = `DELETE FROM collected WHERE id = $1`
	qDropEntrySecret = `DELETE FROM collected_secret WHERE entry_id = $1`
	qSeen            = `SELECT uidl FROM collected_seen WHERE entry_id = $1 ORDER BY uidl`
	qSaw             = `INSERT INTO collected_seen (entry_id, uidl) VALUES ($1, $2) ON CONFLICT (entry_id, uidl) DO NOTHING`
	qCame            = `UPDATE collected SET total = total + 1 WHERE id = $1`
	qForget          = `DELETE FROM collected_seen WHERE entry_id = $1 AND uidl = $2`
	qStays           = `SELECT uidl, octets, author, why FROM collected_stay WHERE collected_id = $1 ORDER BY place`
	qAddStay         = `INSERT INTO collected_stay (collected_id, place, uidl, octets, author, why) VALUES ($1, $2, $3, $4, $5, $6)`
	qDropStays       = `DELETE FROM collected_stay WHERE collected_id = $1`
	qForgetAll       = `DELETE FROM collected_seen WHERE entry_id = $1`
	qCountAnew       = `UPDATE collected SET total = 0 WHERE id = $1`
)

// Collected gives the store of what is collected elsewhere.
func (db *DB) Collected() collect.Store { return collected{db} }

type collected struct{ *DB }

// microTime is a time that may be zero, and stamp its way into a row.
func microTime(v driver.Value) time.Time {
	if asInt(v) == 0 {
		return time.Time{}
	}
	return asTime(v)
}

func stamp(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func scanEntry(row []driver.Value) collect.Entry {
	return collect.Entry{ID: asInt(row[0]), Way: collect.Way(asString(row[1])), Host: asString(row[2]), TLS: collect.Security(asString(row[3])),
		User: asString(row[4]), Domains: fields(asString(row[5])), Account: asString(row[6]), Keep: asBool(row[7]),
		Every: time.Duration(asInt(row[8])) * time.Microsecond, Created: asTime(row[9]), Next: microTime(row[10]),
		Last: collect.Result{At: microTime(row[11]), Took: time.Duration(asInt(row[12])) * time.Microsecond, Messages: int(asInt(row[13])),
			Left: int(asInt(row[14])), Session: uint64(asInt(row[15])), Failure: asString(row[16]), Nothing: asBool(row[18]), Again: int(asInt(row[20])),
			Erased: int(asInt(row[21])), Apart: time.Duration(asInt(row[22])) * time.Microsecond}, CA: asString(row[17]), Total: asInt(row[19])}
}

func scanStay(row []driver.Value) collect.Stay {
	return collect.Stay{UIDL: asString(row[0]), Octets: asInt(row[1]), From: asString(row[2]), Why: asString(row[3])}
}

// fields takes a list apart; nil where it is empty.
func fields(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Fields(s)
}

// missing puts collect's name on a row that is not there.
func missing(err error) error {
	if err == directory.ErrNotFound {
		return collect.ErrNotFound
	}
	return err
}

// Entries implements collect.Store.
func (db collected) Entries(ctx context.Context) ([]collect.Entry, error) {
	all, err := rows(ctx, db.DB, scanEntry, qEntries)
	if err != nil {
		return nil, fmt.Errorf("what is collected: %w", err)
	}
	return all, nil
}

// Entry implements collect.Store.
func (db collected) Entry(ctx context.Context, id int64) (collect.Entry, error) {
	e, err := row(ctx, db.DB, scanEntry, qEntry, id)
	if err == nil {
		e.Password, err = row(ctx, db.DB, func(row []driver.Value) string { return asString(row[0]) }, qEntrySecret, id)
	}
	if err == nil {
		e.Last.Stayed, err = rows(ctx, db.DB, scanStay, qStays, id)
	}
	if err != nil {
		return collect.Entry{}, fmt.Errorf("what is collected, %d: %w", id, missing(err))
	}
	return e, nil
}

// AddEntry implements collect.Store.
func (db collected) AddEntry(_ context.Context, e collect.Entry) (collect.Entry, error) {
	e.Created, e.Last, e.Total = db.created(e.Created), collect.Result{}, 0
	err := db.writer.change(func(t *tx) (err error) {
		e.ID, err = t.number(qAddEntry, string(e.Way), e.Host, string(e.TLS), e.User, strings.Join(e.Domains, " "), e.Account,
			boolValue(e.Keep), e.Every.Microseconds(), e.Created.UnixMicro(), stamp(e.Next), e.CA)
		if err == nil {
			_, err = t.exec(qAddEntrySecret, e.ID, e.Password)
		}
		return err
	})
	if err != nil {
		return collect.Entry{}, fmt.Errorf("add what is collected: %w", err)
	}
	return e, nil
}

// ChangeEntry implements collect.Store.
func (db collected) ChangeEntry(_ context.Context, e collect.Entry, begins collect.Anew) error {
	return db.about(e.ID, func(t *tx) error {
		_, err := t.exec(qChangeEntry, e.Host, string(e.TLS), e.User, strings.Join(e.Domains, " "), e.Account,
			boolValue(e.Keep), e.Every.Microseconds(), e.CA, stamp(e.Next), e.ID)
		if err == nil {
			_, err = t.exec(qSetEntrySecret, e.Password, e.ID)
		}
		if err != nil {
			return err
		}
		switch begins {
		case collect.ResultAnew:
			apart, err := t.number(qApart, e.ID)
			if err != nil {
				return err
			}
			return t.settleEntry(e.ID, collect.Result{Apart: time.Duration(apart) * time.Microsecond}, e.Next)
		case collect.AllAnew:
			return t.forgetEntry(e.ID, e.Next)
		}
		return nil
	})
}

// forgetEntry leaves nothing of what became of an entry.
func (t *tx) forgetEntry(id int64, next time.Time) error {
	for _, q := range []string{qForgetAll, qCountAnew} {
		if _, err := t.exec(q, id); err != nil {
			return err
		}
	}
	return t.settleEntry(id, collect.Result{}, next)
}

// RemoveEntry implements collect.Store.
func (db collected) RemoveEntry(_ context.Context, id int64) error {
	return db.about(id, func(t *tx) error {
		for _, q := range []string{qDropEntry, qDropEntrySecret, qForgetAll, qDropStays} {
			if _, err := t.exec(q, id); err != nil {
				return err
			}
		}
		return nil
	})
}

// about runs a change of an entry that is there.
func (db collected) about(id int64, fn func(*tx) error) error {
	err := db.writer.change(func(t *tx) error {
		there, err := t.number(qHasEntry, id)
		if err == nil && there == 0 {
			err = collect.ErrNotFound
		}
		if err != nil {
			return err
		}
		return fn(t)
	})
	if err != nil {
		return fmt.Errorf("what is collected, %d: %w", id, err)
	}
	return nil
}

// Settle implements collect.Store.
func (db collected) Settle(_ context.Context, id int64, last collect.Result, next time.Time) error {
	return db.about(id, func(t *tx) error { return t.settleEntry(id, last, next) })
}

func (t *tx) settleEntry(id int64, last collect.Result, next time.Time) error {
	_, err := t.exec(qSettleEntry, stamp(last.At), last.Took.Microseconds(), int64(last.Messages), int64(last.Left),
		int64(last.Session), last.Failure, stamp(next), boolValue(last.Nothing), int64(last.Again), id, int64(last.Erased), last.Apart.Microseconds())
	if err == nil {
		_, err = t.exec(qDropStays, id)
	}
	for place, s := range last.Stayed {
		if err == nil {
			_, err = t.exec(qAddStay, id, int64(place), s.UIDL, s.Octets, s.From, s.Why)
		}
	}
	return err
}

// Seen implements collect.Store.
func (db collected) Seen(ctx context.Context, id int64) ([]string, error) {
	all, err := rows(ctx, db.DB, func(row []driver.Value) string { return asString(row[0]) }, qSeen, id)
	if err != nil {
		return nil, fmt.Errorf("unique-ids of what is collected, %d: %w", id, err)
	}
	return all, nil
}

// Saw implements collect.Store.
func (db collected) Saw(_ context.Context, id int64, uidls ...string) error {
	return db.about(id, func(t *tx) error { return t.unique(qSaw, id, uidls) })
}

// Came implements collect.Store.
func (db collected) Came(_ context.Context, id int64, uidl string) error {
	return db.about(id, func(t *tx) error {
		_, err := t.exec(qCame, id)
		if err == nil {
			_, err = t.exec(qSaw, id, uidl)
		}
		return err
	})
}

// Forget implements collect.Store.
func (db collected) Forget(_ context.Context, id int64, uidls ...string) error {
	for slice := range slices.Chunk(uidls, memberSlice) { // letters wait for each
		if err := db.about(id, func(t *tx) error { return t.unique(qForget, id, slice) }); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) unique(query string, id int64, uidls []string) error {
	for _, one := range uidls {
		if _, err := t.exec(query, id, one); err != nil {
			return err
		}
	}
	return nil
}
