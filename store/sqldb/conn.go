package sqldb

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
)

// conn is one connection with its prepared statements. It stands on the driver
// itself: the pool, locks and conversions of database/sql cost about as much
// as a point query does. It belongs to one goroutine at a time.
type conn struct {
	raw   driver.Conn
	stmts map[string]*stmt
}

// stmt is a prepared statement. Its argument and row buffers are reused.
type stmt struct {
	query string
	raw   rawStmt
	args  []driver.NamedValue
	row   []driver.Value
}

// rawStmt is what every driver of today gives.
type rawStmt interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

// errStop ends a query before its last row, without error.
var errStop = errors.New("sqldb: enough rows")

func newConn(raw driver.Conn) *conn { return &conn{raw: raw, stmts: map[string]*stmt{}} }

// prepare gives the statement of a query, prepared once a connection.
func (c *conn) prepare(query string) (*stmt, error) {
	if s, ok := c.stmts[query]; ok {
		return s, nil
	}
	raw, err := c.raw.Prepare(placeholders(query))
	if err != nil {
		return nil, fmt.Errorf("prepare %q: %w", query, err)
	}
	full, ok := raw.(rawStmt)
	if !ok {
		raw.Close()
		return nil, fmt.Errorf("prepare %q: the driver's statements take no context", query)
	}
	s := &stmt{query: query, raw: full}
	c.stmts[query] = s
	return s, nil
}

func (c *conn) exec(query string, args ...driver.Value) (driver.Result, error) {
	s, err := c.prepare(query)
	if err != nil {
		return nil, err
	}
	return s.exec(args...)
}

// query calls fn for every row. The row is lent; octets in it are the caller's.
func (c *conn) query(fn func(row []driver.Value) error, query string, args ...driver.Value) error {
	s, err := c.prepare(query)
	if err != nil {
		return err
	}
	return s.each(fn, args...)
}

// one gives the first row, which is lent until the next call, or nil.
func (c *conn) one(query string, args ...driver.Value) ([]driver.Value, error) {
	s, err := c.prepare(query)
	if err != nil {
		return nil, err
	}
	return s.one(args...)
}

// number gives the one number that the query asks for; 0 if there is no row.
func (c *conn) number(query string, args ...driver.Value) (int64, error) {
	row, err := c.one(query, args...)
	if err != nil || row == nil {
		return 0, err
	}
	return asInt(row[0]), nil
}

func (c *conn) close() error {
	var first error
	for _, s := range c.stmts {
		if err := s.raw.Close(); err != nil && first == nil {
			first = err
		}
	}
	clear(c.stmts)
	if err := c.raw.Close(); err != nil {
		return err
	}
	return first
}

func (s *stmt) bind(args []driver.Value) []driver.NamedValue {
	s.args = s.args[:0]
	for i, a := range args {
		s.args = append(s.args, driver.NamedValue{Ordinal: i + 1, Value: a})
	}
	return s.args
}

// exec runs a statement that gives no rows. The context is the engine's own:
// a session that goes away must not interrupt what others share.
func (s *stmt) exec(args ...driver.Value) (driver.Result, error) {
	r, err := s.raw.ExecContext(context.Background(), s.bind(args))
	clear(s.args)
	return r, err
}

func (s *stmt) each(fn func(row []driver.Value) error, args ...driver.Value) (err error) {
	rows, err := s.raw.QueryContext(context.Background(), s.bind(args))
	clear(s.args)
	if err != nil {
		return err
	}
	defer func() {
		if e := rows.Close(); err == nil {
			err = e
		}
	}()
	if s.row == nil {
		s.row = make([]driver.Value, len(rows.Columns()))
	}
	for {
		switch err := rows.Next(s.row); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		switch err := fn(s.row); {
		case errors.Is(err, errStop):
			return nil
		case err != nil:
			return err
		}
	}
}

func (s *stmt) one(args ...driver.Value) ([]driver.Value, error) {
	found := false
	err := s.each(func([]driver.Value) error {
		found = true
		return errStop
	}, args...)
	if err != nil || !found {
		return nil, err
	}
	return s.row, nil
}

func affected(r driver.Result, err error) (int64, error) {
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

func asInt(v driver.Value) int64 {
	n, _ := v.(int64)
	return n
}

func asString(v driver.Value) string {
	s, _ := v.(string)
	return s
}

func asBytes(v driver.Value) []byte {
	b, _ := v.([]byte)
	return b
}

func asBool(v driver.Value) bool { return asInt(v) != 0 }

// bytesValue binds octets; none are NULL.
func bytesValue(b []byte) driver.Value {
	if len(b) == 0 {
		return nil
	}
	return b
}

func boolValue(b bool) driver.Value {
	if b {
		return int64(1)
	}
	return int64(0)
}
