package sqldb

import (
	"context"
	"database/sql/driver"
	"fmt"
	"slices"

	"posta/directory"
)

// memberSlice bounds the members changed in one transaction, for which all
// letters wait.
const memberSlice = 1000

func scanList(row []driver.Value) directory.List {
	return directory.List{ID: asInt(row[0]), Address: asString(row[1]), Kind: directory.ListKind(asString(row[2])),
		Owner: asString(row[3]), Name: asString(row[4]), Members: asInt(row[5])}
}

// Lists implements directory.Store.
func (db *DB) Lists(ctx context.Context, domain string) (out []directory.List, err error) {
	if domain == "" {
		out, err = rows(ctx, db, scanList, qAllLists)
	} else {
		out, err = rows(ctx, db, scanList, qLists, domain)
	}
	if err != nil {
		return nil, fmt.Errorf("lists: %w", err)
	}
	return out, nil
}

// List implements directory.Store.
func (p people) List(ctx context.Context, localKey, domain string) (directory.List, error) {
	l, err := row(ctx, p.DB, scanList, qListNamed, domain, localKey)
	if err != nil {
		return l, fmt.Errorf("list %s@%s: %w", localKey, domain, err)
	}
	return l, nil
}

// ListByID implements directory.Store.
func (db *DB) ListByID(ctx context.Context, id int64) (directory.List, error) {
	l, err := row(ctx, db, scanList, qListByID, id)
	if err != nil {
		return l, fmt.Errorf("list %d: %w", id, err)
	}
	return l, nil
}

// AddList implements directory.Store.
func (db *DB) AddList(_ context.Context, l directory.List) (directory.List, error) {
	l.Members = 0
	key, domain := directory.Split(l.Address)
	err := db.alter("add list "+l.Address, func(t *tx) error {
		if err := t.claim(key, domain); err != nil {
			return err
		}
		id, err := t.number(qAddList, domain, key, l.Address, string(l.Kind), l.Owner, l.Name)
		l.ID = id
		return err
	})
	if err != nil {
		return directory.List{}, err
	}
	return l, nil
}

// SetList implements directory.Store.
func (db *DB) SetList(_ context.Context, l directory.List) error {
	return db.alter(fmt.Sprintf("change list %d", l.ID), func(t *tx) error {
		return must(t.exec(qSetList, string(l.Kind), l.Owner, l.Name, l.ID))
	})
}

// RemoveList implements directory.Store.
func (db *DB) RemoveList(_ context.Context, id int64) error {
	return db.alter(fmt.Sprintf("remove list %d", id), func(t *tx) error { return t.removeList(id) })
}

func (t *tx) removeList(id int64) error {
	if _, err := t.exec(qDropListGrants, id); err != nil {
		return err
	}
	if err := must(t.exec(qDropList, id)); err != nil {
		return err
	}
	_, err := t.exec(qDropMembers, id)
	return err
}

// ListMembers implements directory.Store.
func (db *DB) ListMembers(ctx context.Context, list, after int64, limit int) ([]directory.Member, error) {
	out, err := rows(ctx, db, func(row []driver.Value) directory.Member {
		return directory.Member{ID: asInt(row[0]), Address: asString(row[1])}
	}, qMembers, list, after, int64(limit))
	if err != nil {
		return nil, fmt.Errorf("members of list %d: %w", list, err)
	}
	return out, nil
}

// IsMember implements directory.Store.
func (db *DB) IsMember(ctx context.Context, list int64, address string) (bool, error) {
	found, err := rows(ctx, db, func([]driver.Value) bool { return true }, qIsMember, list, address)
	if err != nil {
		return false, fmt.Errorf("members of list %d: %w", list, err)
	}
	return len(found) > 0, nil
}

// AddMembers implements directory.Store. Many members go in several
// transactions; an error leaves those before it added.
func (db *DB) AddMembers(_ context.Context, list int64, addresses []string) (added int, err error) {
	return db.members(list, addresses, qAddMember, 1)
}

// RemoveMembers implements directory.Store, likewise.
func (db *DB) RemoveMembers(_ context.Context, list int64, addresses []string) (removed int, err error) {
	return db.members(list, addresses, qDropMember, -1)
}

// members runs a statement for each address and counts what it changed.
func (db *DB) members(list int64, addresses []string, query string, sign int64) (int, error) {
	if len(addresses) == 0 {
		addresses = []string{""} // the list must be there all the same
	}
	total := 0
	for slice := range slices.Chunk(addresses, memberSlice) {
		var changed int64
		err := db.alter(fmt.Sprintf("members of list %d", list), func(t *tx) (err error) {
			changed, err = t.members(list, slice, query, sign)
			return err
		})
		if err != nil {
			return total, err
		}
		total += int(changed)
	}
	return total, nil
}

func (t *tx) members(list int64, addresses []string, query string, sign int64) (int64, error) {
	if err := must(t.exec(qCountMember, int64(0), list)); err != nil {
		return 0, err
	}
	var changed int64
	for _, address := range addresses {
		if address == "" {
			continue
		}
		n, err := affected(t.exec(query, list, address))
		if err != nil {
			return 0, err
		}
		changed += n
	}
	_, err := t.exec(qCountMember, sign*changed, list)
	return changed, err
}
