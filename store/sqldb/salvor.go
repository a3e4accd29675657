package sqldb

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"posta/store"
)

// What one transaction of a rescue takes.
const (
	salvageRows   = 2000
	salvageOctets = 8 << 20
)

// errUnordered is met where a damaged tree goes in circles.
var errUnordered = errors.New("sqldb: keys out of order")

// unreadable says that the file is damaged where it was read.
func unreadable(err error) bool {
	return damaged(err) || schemaLess(err) || errors.Is(err, errUnordered)
}

// salvor copies rows out of a damaged file, around what cannot be read.
type salvor struct {
	ctx      context.Context
	from, to *conn
	told     func(store.Progress)

	rows   int64
	lost   int64 // places
	open   bool
	count  int
	octets int
}

// all copies the tables that the new file has and the old one had.
func (s *salvor) all() error {
	var tables []string
	err := s.to.query(func(row []driver.Value) error {
		tables = append(tables, asString(row[0]))
		return nil
	}, `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name <> 'goose_db_version'`)
	if err != nil {
		return err
	}
	for i, name := range tables {
		s.told(store.Progress{Name: "rescue", Done: int64(i), Of: int64(len(tables))})
		if err := s.table(name); err != nil {
			return fmt.Errorf("table %s: %w", name, err)
		}
	}
	s.told(store.Progress{Name: "rescue", Done: int64(len(tables)), Of: int64(len(tables))})
	return s.sequences()
}

// copying is how a table is copied.
type copying struct {
	table   string
	columns string
	keys    []string // its integer key, of one column or two; none: some other
	insert  string
	fields  int
}

// table copies what can be read of one table.
func (s *salvor) table(name string) error {
	p, err := s.plan(name)
	if err != nil || p.table == "" {
		return err
	}
	switch len(p.keys) {
	case 1:
		return s.along(p, "", nil)
	case 2:
		return s.byOwner(p)
	}
	return s.bothWays(p)
}

// column is one of a table's.
type column struct {
	name, kind string
	key        int64 // its place in the primary key, from 1
}

func columns(c *conn, table string) (out []column, err error) {
	err = c.query(func(row []driver.Value) error {
		out = append(out, column{asString(row[0]), asString(row[1]), asInt(row[2])})
		return nil
	}, `SELECT name, type, pk FROM pragma_table_info('`+table+`')`)
	return out, err
}

// plan finds what both files have of a table.
func (s *salvor) plan(name string) (copying, error) {
	had, err := columns(s.from, name)
	if err != nil {
		return copying{}, err
	}
	has, err := columns(s.to, name)
	if err != nil {
		return copying{}, err
	}
	p := copying{table: name}
	var names []string
	keys := make([]string, 0, 2)
	integers := true
	for _, c := range has {
		if slices.ContainsFunc(had, func(o column) bool { return o.name == c.name }) {
			names = append(names, c.name)
		}
		if c.key > 0 {
			keys = append(keys, c.name)
			integers = integers && c.kind == "INTEGER"
		}
	}
	switch {
	case len(names) == 0:
		return copying{}, nil // not there
	case len(keys) == 0:
		keys = []string{"rowid"}
		names = append(names, "rowid")
	case !integers || len(keys) > 2:
		keys = nil
	}
	p.keys, p.fields = keys, len(names)
	p.columns = strings.Join(names, ", ")
	p.insert = `INSERT OR REPLACE INTO ` + name + ` (` + p.columns + `) VALUES (?` + strings.Repeat(`, ?`, len(names)-1) + `)`
	return p, nil
}

// put writes a row into the new file. One that the schema refuses was damaged.
func (s *salvor) put(p copying, row []driver.Value) error {
	if err := s.ctx.Err(); err != nil {
		return err
	}
	if !s.open {
		if _, err := s.to.exec(qBegin); err != nil {
			return err
		}
		s.open = true
	}
	if _, err := s.to.exec(p.insert, row[:p.fields]...); err != nil {
		if outside(err) {
			return err
		}
		s.lost++
		return nil
	}
	s.rows++
	s.count++
	for _, v := range row {
		s.octets += len(asBytes(v))
	}
	if s.count >= salvageRows || s.octets >= salvageOctets {
		return s.commit()
	}
	return nil
}

func (s *salvor) commit() error {
	if !s.open {
		return nil
	}
	s.open, s.count, s.octets = false, 0, 0
	_, err := s.to.exec(qCommit)
	return err
}

// along copies in order of the last key, over a damaged place to the next that
// can be read. where bounds it to rows of one first key.
func (s *salvor) along(p copying, where string, args []driver.Value) error {
	key := p.keys[len(p.keys)-1]
	after := int64(math.MinInt64)
	query := `SELECT ` + p.columns + `, ` + key + ` FROM ` + p.table + ` WHERE ` + where + key + ` > ? ORDER BY ` + key
	for {
		err := s.from.query(func(row []driver.Value) error {
			at, ok := row[p.fields].(int64)
			if !ok || at <= after {
				return errUnordered
			}
			after = at
			return s.put(p, row)
		}, query, append(slices.Clone(args), after)...)
		if err == nil {
			return nil
		}
		if !unreadable(err) {
			return err
		}
		s.lost++
		next, found := s.beyond(p, where, args, after)
		if !found {
			return s.backwards(p, where, args, after)
		}
		after = next
	}
}

// beyond finds the place behind damage from which reading goes on: a number
// such that rows with greater keys can be read.
func (s *salvor) beyond(p copying, where string, args []driver.Value, after int64) (int64, bool) {
	key := p.keys[len(p.keys)-1]
	query := `SELECT ` + p.columns + ` FROM ` + p.table + ` WHERE ` + where + key + ` > ? ORDER BY ` + key + ` LIMIT 1`
	reads := func(n int64) bool {
		_, err := s.from.one(query, append(slices.Clone(args), n)...)
		return err == nil
	}
	if after == math.MinInt64 {
		after = -1 // keys that posta gives are above 0
	}
	step := int64(1)
	for !reads(after + step) {
		if step > math.MaxInt64/4-max(after, 0) {
			return 0, false
		}
		step *= 2
	}
	low, high := after+step/2, after+step
	for low+1 < high {
		if middle := low + (high-low)/2; reads(middle) {
			high = middle
		} else {
			low = middle
		}
	}
	return high, true
}

// backwards copies from the end down to a damaged place.
func (s *salvor) backwards(p copying, where string, args []driver.Value, after int64) error {
	key := p.keys[len(p.keys)-1]
	err := s.from.query(func(row []driver.Value) error { return s.put(p, row) },
		`SELECT `+p.columns+` FROM `+p.table+` WHERE `+where+key+` > ? ORDER BY `+key+` DESC`, append(slices.Clone(args), after)...)
	if unreadable(err) {
		return nil // counted on the way up
	}
	return err
}

// byOwner copies a table with a key of two numbers, one first number after the
// other: damage among one owner's rows then hides no other's.
func (s *salvor) byOwner(p copying) error {
	owners, err := s.firsts(p)
	if err != nil {
		return err
	}
	for _, owner := range owners {
		if err := s.along(p, p.keys[0]+` = ? AND `, []driver.Value{owner}); err != nil {
			return err
		}
	}
	return nil
}

// firsts are the first numbers of a table's key: those that the table itself
// gives, and those that the rows' owners would have.
func (s *salvor) firsts(p copying) ([]int64, error) {
	seen := map[int64]bool{}
	one := copying{table: p.table, keys: p.keys[:1]}
	query := `SELECT ` + p.keys[0] + ` FROM ` + p.table + ` WHERE ` + p.keys[0] + ` > ? ORDER BY ` + p.keys[0] + ` LIMIT 1`
	one.columns = p.keys[0]
	for after := int64(math.MinInt64); ; {
		row, err := s.from.one(query, after)
		switch {
		case err == nil && row == nil:
			return s.withOwners(p, seen)
		case err == nil:
			after = asInt(row[0])
			seen[after] = true
			continue
		case !unreadable(err):
			return nil, err
		}
		next, found := s.beyond(one, "", nil, after)
		if !found {
			return s.withOwners(p, seen)
		}
		seen[next] = true
		after = next
	}
}

// withOwners adds the owners that were saved already.
func (s *salvor) withOwners(p copying, seen map[int64]bool) ([]int64, error) {
	owner := strings.TrimSuffix(p.keys[0], "_id")
	if owner != p.keys[0] {
		err := s.to.query(func(row []driver.Value) error {
			seen[asInt(row[0])] = true
			return nil
		}, `SELECT id FROM `+owner)
		if err != nil {
			return nil, err
		}
	}
	var all []int64
	for id := range seen {
		all = append(all, id)
	}
	slices.Sort(all)
	return all, nil
}

// bothWays copies a small table from its beginning and, if there is damage,
// from its end.
func (s *salvor) bothWays(p copying) error {
	for _, order := range []string{``, ` DESC`} {
		err := s.from.query(func(row []driver.Value) error { return s.put(p, row) },
			`SELECT `+p.columns+` FROM `+p.table+` ORDER BY `+strings.Split(p.columns, ", ")[0]+order)
		if err == nil {
			return nil
		}
		if !unreadable(err) {
			return err
		}
		s.lost++
	}
	return nil
}

// sequences keeps numbers from being given twice. It needs the rows to be
// written.
func (s *salvor) sequences() error {
	if err := s.commit(); err != nil {
		return err
	}
	err := s.from.query(func(row []driver.Value) error {
		name, last := asString(row[0]), asInt(row[1])
		n, err := affected(s.to.exec(`UPDATE sqlite_sequence SET seq = max(seq, $1) WHERE name = $2`, last, name))
		if err == nil && n == 0 {
			_, err = s.to.exec(`INSERT INTO sqlite_sequence (name, seq) VALUES ($1, $2)`, name, last)
		}
		return err
	}, `SELECT name, seq FROM sqlite_sequence WHERE name <> 'goose_db_version'`)
	if unreadable(err) {
		s.lost++
		return nil
	}
	return err
}
