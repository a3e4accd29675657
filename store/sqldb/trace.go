package sqldb

import (
	"context"
	"database/sql/driver"
	"fmt"
	"time"

	"posta/trace"
)

var _ trace.Store = (*DB)(nil)

// trimSlices is how many slices go in one transaction.
const trimSlices = 64

// AddTrace implements trace.Store. It rides along with a transaction of letters
// where there is one.
func (db *DB) AddTrace(_ context.Context, s trace.Slice) error {
	err := db.writer.chore(func(t *tx) error {
		_, err := t.exec(qInsertTrace, int64(s.Kind), s.First.UnixMicro(), s.Last.UnixMicro(), int64(len(s.Data)), s.Data)
		return err
	})
	if err != nil {
		return fmt.Errorf("keep a trace: %w", err)
	}
	return nil
}

// Traces implements trace.Store.
func (db *DB) Traces(ctx context.Context, after int64, limit int) ([]trace.Slice, error) {
	var all []trace.Slice
	err := db.read(ctx, func(c *conn) error {
		return c.query(func(row []driver.Value) error {
			all = append(all, trace.Slice{ID: asInt(row[0]), Kind: trace.Kind(asInt(row[1])), First: time.UnixMicro(asInt(row[2])),
				Last: time.UnixMicro(asInt(row[3])), Data: asBytes(row[4])})
			return nil
		}, qTraces, after, int64(limit))
	})
	if err != nil {
		return nil, fmt.Errorf("read traces: %w", err)
	}
	return all, nil
}

// TraceBefore implements trace.Store.
func (db *DB) TraceBefore(ctx context.Context, at time.Time) (id int64, err error) {
	if at.IsZero() {
		return 0, nil
	}
	err = db.read(ctx, func(c *conn) error {
		id, err = c.number(qTraceBefore, at.UnixMicro())
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("read traces: %w", err)
	}
	return id, nil
}

// TrimTraces implements trace.Store, in small transactions behind everybody else.
func (db *DB) TrimTraces(_ context.Context, k trace.Kind, before time.Time, most int64) error {
	for more := true; more; {
		err := db.writer.chore(func(t *tx) (err error) {
			more, err = t.trimTraces(k, before, most)
			return err
		})
		if err != nil {
			return fmt.Errorf("trim traces: %w", err)
		}
	}
	return nil
}

func (t *tx) trimTraces(k trace.Kind, before time.Time, most int64) (more bool, err error) {
	n, err := affected(t.exec(qDropOldTraces, int64(k), before.UnixMicro(), int64(trimSlices)))
	if err != nil || n == trimSlices {
		return true, err
	}
	octets, err := t.number(qTraceOctets, int64(k))
	if err != nil || octets <= most {
		return false, err
	}
	last, count := int64(0), 0
	err = t.query(func(row []driver.Value) error {
		if count == trimSlices || octets <= most {
			return errStop
		}
		last = asInt(row[0])
		octets -= asInt(row[1])
		count++
		return nil
	}, qOldestTraces, int64(k), int64(trimSlices))
	if err == nil {
		_, err = t.exec(qDropTraces, int64(k), last)
	}
	return octets > most, err
}
