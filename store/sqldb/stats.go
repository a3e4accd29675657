package sqldb

import (
	"context"
	"fmt"
	"time"

	"posta/store"
)

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
