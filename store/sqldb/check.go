package sqldb

import (
	"context"
	"database/sql/driver"
	"fmt"
	"strings"

	"posta/store"
	"posta/words"
)

// Check reads the whole store and says what is wrong with it. Mail comes and
// goes meanwhile: what is told is of one moment.
func (db *DB) Check(ctx context.Context, told func(store.Progress)) ([]store.Trouble, error) {
	if db.ended() {
		return nil, store.ErrClosed
	}
	c, err := connect(ctx, db.file(), reading, db.o)
	if err != nil {
		return nil, fmt.Errorf("check the store: %w", err)
	}
	defer c.close()
	return examine(ctx, c, told)
}

// examine reads what a connection gives, in a transaction of its own.
func examine(ctx context.Context, c *conn, told func(store.Progress)) ([]store.Trouble, error) {
	if told == nil {
		told = func(store.Progress) {}
	}
	ts := troubles{old: older(c)}
	told(store.Progress{Name: "pages"})
	if err := pages(ctx, c, &ts); err != nil {
		return nil, fmt.Errorf("check the store: %w", err)
	}
	if len(ts.found) > 0 {
		return ts.all(), nil // what rows say would only repeat it
	}
	if _, err := c.exec(`BEGIN`); err != nil {
		return nil, fmt.Errorf("check the store: %w", err)
	}
	defer func() { _, _ = c.exec(qRollback) }()
	if _, err := relations(ctx, c, told, &ts); err != nil {
		return nil, fmt.Errorf("check the store: %w", err)
	}
	return ts.all(), nil
}

// pages asks the engine whether its file is sound.
func pages(ctx context.Context, c *conn, ts *troubles) error {
	err := c.query(func(row []driver.Value) error {
		if s := asString(row[0]); s != "ok" {
			for line := range strings.Lines(s) {
				ts.add(store.Rescue, "sqldb.trouble_pages", words.Args{"What": strings.TrimSpace(line)})
			}
		}
		return ctx.Err()
	}, qIntegrity)
	if damaged(err) {
		ts.add(store.Rescue, "sqldb.trouble_pages", words.Args{"What": err.Error()})
		return nil
	}
	return err
}

// relations looks at what the rows say of each other.
func relations(ctx context.Context, c *conn, told func(store.Progress), ts *troubles) (*bodies, error) {
	told(store.Progress{Name: "rows"})
	for _, d := range owners() {
		if err := d.look(c, ts); err != nil {
			return nil, err
		}
	}
	b := &bodies{ctx: ctx, c: c, told: told, old: ts.old}
	err := b.read()
	if damaged(err) || schemaLess(err) {
		ts.add(store.Rescue, "sqldb.trouble_pages", words.Args{"What": err.Error()})
		return b, nil
	}
	if err != nil {
		return nil, err
	}
	if err := b.tell(ts); err != nil {
		return nil, err
	}
	for _, d := range belongings() {
		if err := d.look(c, ts); err != nil {
			return nil, err
		}
	}
	return b, ctx.Err()
}
