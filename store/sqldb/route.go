package sqldb

import (
	"context"
	"database/sql/driver"
	"fmt"
	"strings"

	"posta/directory"
)

func scanRoute(row []driver.Value) directory.Route {
	var hosts []string
	if s := asString(row[2]); s != "" {
		hosts = strings.Fields(s)
	}
	return directory.Route{ID: asInt(row[0]), Domain: asString(row[1]), Hosts: hosts,
		TLS: directory.RouteTLS(asString(row[3])), User: asString(row[4]), Source: asString(row[5]), IPv: asString(row[6]), Created: asTime(row[7]), CA: asString(row[8])}
}

// Routes implements directory.Store.
func (db *DB) Routes(ctx context.Context) ([]directory.Route, error) {
	out, err := rows(ctx, db, scanRoute, qRoutes)
	if err != nil {
		return nil, fmt.Errorf("routes: %w", err)
	}
	return out, nil
}

// Route implements directory.Store.
func (db *DB) Route(ctx context.Context, domain string) (directory.Route, error) {
	r, err := row(ctx, db, scanRoute, qRoute, domain)
	if err != nil {
		return r, fmt.Errorf("route %q: %w", domain, err)
	}
	return r, nil
}

// RouteSecret implements directory.Store.
func (db *DB) RouteSecret(ctx context.Context, id int64) ([]byte, error) {
	v, err := row(ctx, db, func(row []driver.Value) []byte { return asBytes(row[0]) }, qRouteSecret, id)
	if err != nil {
		return nil, fmt.Errorf("password of route %d: %w", id, err)
	}
	return v, nil
}

// AddRoute implements directory.Store.
func (db *DB) AddRoute(_ context.Context, r directory.Route, secret []byte) (directory.Route, error) {
	r.Password, r.Created = "", db.created(r.Created)
	err := db.alter(fmt.Sprintf("add route %q", r.Domain), func(t *tx) error {
		id, err := t.number(qAddRoute, r.Domain, strings.Join(r.Hosts, " "), string(r.TLS), r.User, r.Source, r.IPv, r.Created.UnixMicro(), r.CA)
		if unique(err) {
			return directory.ErrExists
		}
		r.ID = id
		if err == nil {
			err = t.setRouteSecret(id, secret)
		}
		return err
	})
	if err != nil {
		return directory.Route{}, err
	}
	return r, nil
}

// SetRoute implements directory.Store.
func (db *DB) SetRoute(_ context.Context, r directory.Route, secret []byte) error {
	return db.alter(fmt.Sprintf("change route %q", r.Domain), func(t *tx) error {
		if err := must(t.exec(qSetRoute, strings.Join(r.Hosts, " "), string(r.TLS), r.User, r.Source, r.IPv, r.CA, r.ID)); err != nil {
			return err
		}
		return t.setRouteSecret(r.ID, secret)
	})
}

func (t *tx) setRouteSecret(id int64, secret []byte) (err error) {
	switch {
	case secret == nil:
	case len(secret) == 0:
		_, err = t.exec(qDropRouteSecret, id)
	default:
		_, err = t.exec(qSetRouteSecret, id, secret)
	}
	return err
}

// RemoveRoute implements directory.Store.
func (db *DB) RemoveRoute(_ context.Context, id int64) error {
	return db.alter(fmt.Sprintf("remove route %d", id), func(t *tx) error {
		if _, err := t.exec(qDropRouteSecret, id); err != nil {
			return err
		}
		return must(t.exec(qDropRoute, id))
	})
}
