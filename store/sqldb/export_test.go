package sqldb

import (
	"context"
	"errors"
)

// Forget drops what is remembered of mailboxes.
func (db *DB) Forget() {
	db.listings.mu.Lock()
	defer db.listings.mu.Unlock()
	db.listings.init()
	db.listings.entries = 0
}

// Sweep does all housekeeping now.
func (db *DB) Sweep() error { return db.sweeper.round() }

// Number asks a question with one number for an answer.
func (db *DB) Number(ctx context.Context, query string) (n int64, err error) {
	err = db.read(ctx, func(c *conn) error {
		n, err = c.number(query)
		return err
	})
	return n, err
}

// Leases counts what is remembered of the queue's leases.
func (db *DB) Leases() int {
	db.claims.mu.Lock()
	defer db.claims.mu.Unlock()
	return len(db.claims.held) + len(db.claims.lanes) + len(db.claims.freed)
}

// Settling says that the writer is at an item of the queue.
func (db *DB) Settling(item int64) bool {
	db.claims.mu.Lock()
	defer db.claims.mu.Unlock()
	return db.claims.held[item].settling
}

// Change runs a statement as the writer does.
func (db *DB) Change(query string) error {
	return db.writer.change(func(t *tx) error {
		_, err := t.exec(query)
		return err
	})
}

// Damage runs statements on the file of a store that nobody has open, and so
// before any housekeeping of the one that opens it next.
func Damage(ctx context.Context, file string, statements ...string) error {
	c, err := connect(ctx, file, writing, Options{})
	if err != nil {
		return err
	}
	for _, statement := range statements {
		if _, err := c.exec(statement); err != nil {
			return errors.Join(err, c.close())
		}
	}
	return c.close()
}

// Checkpoint has the writer bring the WAL into the file before its next work.
func (db *DB) Checkpoint() error { return db.Logged(checkpointPages) }

// Logged has the writer believe that there are so many pages in the WAL, and
// make a checkpoint before its next work.
func (db *DB) Logged(pages int64) error {
	return db.writer.chore(func(t *tx) error {
		t.db.writer.logged = pages
		return nil
	})
}

// WorthTelling are the pages from which somebody is told.
const WorthTelling = worthTelling

// Writers answers as Number does, on the writer's connection.
func (db *DB) Writers(query string) (n int64, err error) {
	err = db.writer.chore(func(t *tx) (err error) {
		n, err = t.number(query)
		return err
	})
	return n, err
}

// Cramp leaves the writer so little cache that a letter outgrows it.
func (db *DB) Cramp() error {
	return db.writer.chore(func(t *tx) error {
		for _, query := range []string{"PRAGMA cache_size = 10", "PRAGMA cache_spill = 10"} {
			if _, err := t.exec(query); err != nil {
				return err
			}
		}
		return nil
	})
}
