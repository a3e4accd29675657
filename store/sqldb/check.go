package sqldb

import (
	"context"
	"database/sql/driver"
	"fmt"
	"time"

	"posta/store"
)

// Check reads the whole store and says what is wrong with it, in words. No
// words mean that nothing is.
func (db *DB) Check(ctx context.Context) ([]string, error) {
	var wrong []string
	note := func(words func(row []driver.Value) string) func([]driver.Value) error {
		return func(row []driver.Value) error {
			if s := words(row); s != "" {
				wrong = append(wrong, s)
			}
			return ctx.Err()
		}
	}
	questions := []struct {
		query string
		words func(row []driver.Value) string
	}{
		{qQuickCheck, func(row []driver.Value) string {
			if s := asString(row[0]); s != "ok" {
				return "database: " + s
			}
			return ""
		}},
		{qBoxDrift, func(row []driver.Value) string {
			return fmt.Sprintf("mailbox %d counts %d messages of %d octets and holds %d of %d",
				asInt(row[0]), asInt(row[1]), asInt(row[2]), asInt(row[3]), asInt(row[4]))
		}},
		{qLostBodies, func(row []driver.Value) string {
			return fmt.Sprintf("message %d of mailbox %d has lost its body %d", asInt(row[1]), asInt(row[0]), asInt(row[2]))
		}},
	}
	err := db.read(ctx, func(c *conn) error {
		for _, q := range questions {
			if err := c.query(note(q.words), q.query); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("check the store: %w", err)
	}
	return wrong, nil
}

// Stats are figures for whoever watches.
type Stats struct {
	Batches int64         // transactions
	Letters int64         // filings in them
	Commit  time.Duration // what a COMMIT takes, smoothed
	Waiting int           // jobs before the writer
	Usage   store.Usage   // of all accounts
	Octets  int64         // of the file
	Free    int64         // of those, not in use
}

// counters are the writer's part of Stats, under its lock.
type counters struct {
	batches, letters int64
	commit           time.Duration
}

// Stats gives the figures of the moment.
func (db *DB) Stats(ctx context.Context) (Stats, error) {
	w := db.writer
	w.mu.Lock()
	s := Stats{Batches: w.stats.batches, Letters: w.stats.letters, Commit: w.stats.commit,
		Waiting: len(w.letters) + len(w.chunks) + len(w.chores)}
	w.mu.Unlock()
	err := db.read(ctx, func(c *conn) error {
		row, err := c.one(qTotals)
		if err != nil {
			return err
		}
		s.Usage = store.Usage{Messages: asInt(row[1]), Bytes: asInt(row[2])}
		pages, err := c.number(qPages)
		if err != nil {
			return err
		}
		free, err := c.number(qFreePages)
		s.Octets, s.Free = pages*pageSize, free*pageSize
		return err
	})
	if err != nil {
		return Stats{}, fmt.Errorf("figures of the store: %w", err)
	}
	return s, nil
}
