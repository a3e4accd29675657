package sqldb

import (
	"context"
	"database/sql/driver"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"posta/directory"
)

func scanSite(row []driver.Value) directory.Site {
	s := directory.Site{ID: asInt(row[0]), Name: asString(row[1]), Helo: strings.Fields(asString(row[3])), Created: asTime(row[4])}
	for _, text := range strings.Fields(asString(row[2])) {
		if p, err := netip.ParsePrefix(text); err == nil { // another cannot be matched, so it lets nobody in
			s.Networks = append(s.Networks, p)
		}
	}
	if asInt(row[5]) != 0 {
		s.Seen = asTime(row[5])
	}
	return s
}

// binding is one domain of a site.
type binding struct {
	site   int64
	domain string
}

func scanBinding(row []driver.Value) binding { return binding{asInt(row[0]), asString(row[1])} }

// Sites implements directory.Store.
func (db *DB) Sites(ctx context.Context) ([]directory.Site, error) {
	all, err := rows(ctx, db, scanSite, qSites)
	if err != nil {
		return nil, fmt.Errorf("sites: %w", err)
	}
	bound, err := rows(ctx, db, scanBinding, qSiteDomains)
	if err != nil {
		return nil, fmt.Errorf("domains of sites: %w", err)
	}
	at := map[int64]*directory.Site{}
	for i := range all {
		at[all[i].ID] = &all[i]
	}
	for _, b := range bound {
		if s := at[b.site]; s != nil {
			s.Domains = append(s.Domains, b.domain)
		}
	}
	return all, nil
}

// Site implements directory.Store.
func (db *DB) Site(ctx context.Context, name string) (directory.Site, error) {
	s, err := row(ctx, db, scanSite, qSite, name)
	if err != nil {
		return s, fmt.Errorf("site %s: %w", name, err)
	}
	bound, err := rows(ctx, db, scanBinding, qSitesOwn, s.ID)
	for _, b := range bound {
		s.Domains = append(s.Domains, b.domain)
	}
	if err != nil {
		return s, fmt.Errorf("domains of site %s: %w", name, err)
	}
	return s, nil
}

// SiteSecret implements directory.Store.
func (db *DB) SiteSecret(ctx context.Context, id int64) ([]byte, error) {
	secret, err := row(ctx, db, func(row []driver.Value) []byte { return asBytes(row[0]) }, qSiteSecret, id)
	if err != nil {
		return nil, fmt.Errorf("secret of site %d: %w", id, err)
	}
	return secret, nil
}

// AddSite implements directory.Store.
func (db *DB) AddSite(_ context.Context, s directory.Site, secret []byte) (directory.Site, error) {
	s.Created, s.Seen = db.created(s.Created), time.Time{}
	err := db.alter("add site "+s.Name, func(t *tx) error {
		id, err := t.number(qAddSite, s.Name, networkText(s.Networks), strings.Join(s.Helo, " "), s.Created.UnixMicro(), int64(0))
		if unique(err) {
			return directory.ErrExists
		}
		if err != nil {
			return err
		}
		s.ID = id
		if _, err := t.exec(qSetSiteSecret, id, secret); err != nil {
			return err
		}
		return t.bindSite(s)
	})
	if err != nil {
		return directory.Site{}, err
	}
	return s, nil
}

// SetSite implements directory.Store.
func (db *DB) SetSite(_ context.Context, s directory.Site) error {
	return db.alter("change site "+s.Name, func(t *tx) error {
		if err := must(t.exec(qSetSite, networkText(s.Networks), strings.Join(s.Helo, " "), s.ID)); err != nil {
			return err
		}
		if _, err := t.exec(qDropSiteDomains, s.ID); err != nil {
			return err
		}
		return t.bindSite(s)
	})
}

// bindSite writes the domains of a site, which are here.
func (t *tx) bindSite(s directory.Site) error {
	for _, domain := range s.Domains {
		if err := t.known(domain); err != nil {
			return err
		}
		if _, err := t.exec(qAddSiteDomain, s.ID, domain); err != nil {
			return err
		}
	}
	return nil
}

// known wants a domain to be here.
func (t *tx) known(domain string) error {
	found, err := t.one(qDomain, domain)
	if err == nil && found == nil {
		err = fmt.Errorf("domain %q: %w", domain, directory.ErrNotFound)
	}
	return err
}

func networkText(all []netip.Prefix) string {
	texts := make([]string, len(all))
	for i, p := range all {
		texts[i] = p.String()
	}
	return strings.Join(texts, " ")
}

// SetSiteSecret implements directory.Store.
func (db *DB) SetSiteSecret(_ context.Context, id int64, secret []byte) error {
	return db.alter(fmt.Sprintf("secret of site %d", id), func(t *tx) error {
		there, err := t.number(qHasSite, id)
		if err == nil && there == 0 {
			err = directory.ErrNotFound
		}
		if err != nil {
			return err
		}
		_, err = t.exec(qSetSiteSecret, id, secret)
		return err
	})
}

// SiteSeen implements directory.Store. Nothing that is remembered becomes void.
func (db *DB) SiteSeen(_ context.Context, id int64, at time.Time) error {
	if err := db.writer.change(func(t *tx) error { return must(t.exec(qSiteSeen, at.UnixMicro(), id)) }); err != nil {
		return fmt.Errorf("site %d was seen: %w", id, err)
	}
	return nil
}

// RemoveSite implements directory.Store.
func (db *DB) RemoveSite(_ context.Context, id int64) error {
	return db.alter(fmt.Sprintf("remove site %d", id), func(t *tx) error {
		if err := must(t.exec(qDropSite, id)); err != nil {
			return err
		}
		if _, err := t.exec(qDropSiteSecret, id); err != nil {
			return err
		}
		_, err := t.exec(qDropSiteDomains, id)
		return err
	})
}

// NamedQueues implements directory.Store.
func (db *DB) NamedQueues(ctx context.Context) ([]directory.NamedQueue, error) {
	all, err := rows(ctx, db, func(row []driver.Value) [2]string { return [2]string{asString(row[0]), asString(row[1])} }, qNamedQueues)
	if err != nil {
		return nil, fmt.Errorf("named queues: %w", err)
	}
	var out []directory.NamedQueue
	for _, r := range all {
		if len(out) == 0 || out[len(out)-1].Name != r[0] {
			out = append(out, directory.NamedQueue{Name: r[0]})
		}
		q := &out[len(out)-1]
		q.Domains = append(q.Domains, r[1])
	}
	return out, nil
}

// SetNamedQueue implements directory.Store.
func (db *DB) SetNamedQueue(_ context.Context, q directory.NamedQueue) error {
	return db.alter("queue "+q.Name, func(t *tx) error {
		if _, err := t.exec(qDropNamedQueue, q.Name); err != nil {
			return err
		}
		for _, domain := range q.Domains {
			if err := t.known(domain); err != nil {
				return err
			}
			if _, err := t.exec(qAddNamedQueue, q.Name, domain); err != nil {
				return err
			}
		}
		return nil
	})
}

// RemoveNamedQueue implements directory.Store.
func (db *DB) RemoveNamedQueue(_ context.Context, name string) error {
	return db.alter("remove queue "+name, func(t *tx) error { return must(t.exec(qDropNamedQueue, name)) })
}
