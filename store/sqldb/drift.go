package sqldb

import (
	"database/sql/driver"
	"errors"
	"fmt"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"posta/store"
	"posta/words"
)

// rescuedDomain is where mail goes that belongs to nobody any more.
const rescuedDomain = `coalesce((SELECT name FROM domain WHERE alias_of = '' ORDER BY id LIMIT 1), 'rescued.invalid')`

// newAccount makes disabled accounts that nobody can log in to.
const newAccount = `INSERT OR IGNORE INTO account
	(id, domain, local_key, local, address, name, quota, disabled, version, created, hash, scram_iterations) `

// drift is a way in which rows can disagree: a query that gives each case, the
// sentence's arguments by column, and what makes them agree again.
type drift struct {
	id    string
	way   store.Way
	query string
	names []string
	mend  []string
}

// owners are drifts between who lives here and the mail. They are mended
// first, so that all mail has an owner.
func owners() []drift {
	return []drift{
		{id: "sqldb.trouble_account", way: store.Mend, names: []string{"Number", "Address"},
			query: `SELECT DISTINCT account_id, 'rescued-' || account_id || '@' || ` + rescuedDomain + ` FROM mailbox m
				WHERE account_id > 0 AND account_id < ` + sinkNumber + ` AND NOT EXISTS (SELECT 1 FROM account a WHERE a.id = m.account_id)`,
			mend: []string{newAccount + `SELECT DISTINCT account_id, ` + rescuedDomain + `, 'rescued-' || account_id,
				'rescued-' || account_id, 'rescued-' || account_id || '@' || ` + rescuedDomain + `, '', 0, 1, 1, 0, '', 0
				FROM mailbox m WHERE account_id > 0 AND account_id < ` + sinkNumber + ` AND NOT EXISTS (SELECT 1 FROM account a WHERE a.id = m.account_id)`}},
		{id: "sqldb.trouble_mailbox", way: store.Mend, names: []string{"Number", "Count", "Address"},
			query: `SELECT mailbox_id, count(*), 'rescued-mailbox-' || mailbox_id || '@' || ` + rescuedDomain + ` FROM message e
				WHERE NOT EXISTS (SELECT 1 FROM mailbox m WHERE m.id = e.mailbox_id) GROUP BY mailbox_id`,
			mend: []string{newAccount + `SELECT DISTINCT NULL, ` + rescuedDomain + `, 'rescued-mailbox-' || mailbox_id,
				'rescued-mailbox-' || mailbox_id, 'rescued-mailbox-' || mailbox_id || '@' || ` + rescuedDomain + `, '', 0, 1, 1, 0, '', 0
				FROM message e WHERE NOT EXISTS (SELECT 1 FROM mailbox m WHERE m.id = e.mailbox_id)`,
				`INSERT INTO mailbox (id, account_id, name, uidvalidity)
				SELECT DISTINCT mailbox_id, (SELECT id FROM account WHERE local_key = 'rescued-mailbox-' || mailbox_id), 'INBOX', 1
				FROM message e WHERE NOT EXISTS (SELECT 1 FROM mailbox m WHERE m.id = e.mailbox_id)`}},
		{id: "sqldb.trouble_inbox", way: store.Mend, names: []string{"Address"},
			query: `SELECT address FROM account a WHERE NOT EXISTS (SELECT 1 FROM mailbox m WHERE m.account_id = a.id AND m.name = 'INBOX')`,
			mend: []string{`INSERT INTO mailbox (account_id, name, uidvalidity) SELECT id, 'INBOX', max(created / 1000000, 1) FROM account a
				WHERE NOT EXISTS (SELECT 1 FROM mailbox m WHERE m.account_id = a.id AND m.name = 'INBOX')`}},
		{id: "sqldb.trouble_domain", way: store.Mend, names: []string{"Domain", "Count"},
			query: `SELECT domain, count(*) FROM (SELECT domain FROM account UNION ALL SELECT domain FROM alias UNION ALL SELECT domain FROM mailing_list) x
				WHERE NOT EXISTS (SELECT 1 FROM domain d WHERE d.name = x.domain) GROUP BY domain`,
			mend: []string{`INSERT INTO domain (name, alias_of, catch_all, plus, max_accounts, max_message, max_bytes, created)
				SELECT DISTINCT domain, '', '', 1, 0, 0, 0, 0
				FROM (SELECT domain FROM account UNION ALL SELECT domain FROM alias UNION ALL SELECT domain FROM mailing_list) x
				WHERE NOT EXISTS (SELECT 1 FROM domain d WHERE d.name = x.domain)`}},
		toNobody(),
	}
}

// belongings are rows that belong to others, which are counted, and counters.
// They are mended last.
func belongings() []drift {
	var out []drift
	for _, row := range []struct{ table, owner string }{
		{"alias_target", "SELECT 1 FROM alias o WHERE o.id = t.alias_id"},
		{"list_member", "SELECT 1 FROM mailing_list o WHERE o.id = t.list_id"},
		{"apop_secret", "SELECT 1 FROM account o WHERE o.id = t.account_id"},
		{"send_grant", "SELECT 1 FROM account o WHERE o.id = t.account_id"},
		{"sending_limit", "SELECT 1 FROM account o WHERE o.id = t.account_id"},
		{"sent_count", "SELECT 1 FROM account o WHERE o.id = t.account_id"},
		{"site_secret", "SELECT 1 FROM site o WHERE o.id = t.site_id"},
		{"site_domain", "SELECT 1 FROM site o WHERE o.id = t.site_id"},
		{"collected_secret", "SELECT 1 FROM collected o WHERE o.id = t.entry_id"},
		{"collected_seen", "SELECT 1 FROM collected o WHERE o.id = t.entry_id"},
		{"collected_stay", "SELECT 1 FROM collected o WHERE o.id = t.collected_id"},
		{"confirmed_recipient", "SELECT 1 FROM domain o WHERE o.name = t.domain"},
		{"signing_key", "SELECT 1 FROM domain o WHERE o.name = t.domain"},
		{"expansion", "SELECT 1 FROM blob o WHERE o.id = t.blob_id"},
		{"recipient", "SELECT 1 FROM outgoing o WHERE o.id = t.id / 100000"},
		{"attempt", "SELECT 1 FROM recipient o WHERE o.id = t.recipient_id"},
	} {
		where := ` FROM ` + row.table + ` AS t WHERE NOT EXISTS (` + row.owner + `)`
		out = append(out, drift{id: "sqldb.trouble_rows", way: store.Mend, names: []string{"Table", "Count"},
			query: `SELECT '` + row.table + `', count(*)` + where + ` HAVING count(*) > 0`,
			mend:  []string{`DELETE` + where}})
	}
	const held = `(SELECT count(*) FROM list_member e WHERE e.list_id = l.id)`
	const count = `(SELECT count(*) FROM message e WHERE e.mailbox_id = mailbox.id)`
	const sum = `(SELECT coalesce(sum(e.size), 0) FROM message e WHERE e.mailbox_id = mailbox.id)`
	const last = `(SELECT coalesce(max(e.uid), 0) FROM message e WHERE e.mailbox_id = m.id)`
	out = append(out, ofQueue()...)
	return append(out,
		drift{id: "sqldb.trouble_alias", way: store.Hand, names: []string{"Address"},
			query: `SELECT address FROM alias a WHERE NOT EXISTS (SELECT 1 FROM alias_target t WHERE t.alias_id = a.id)`},
		drift{id: "sqldb.trouble_members", way: store.Mend, names: []string{"Address", "Members", "Held"},
			query: `SELECT address, members, ` + held + ` FROM mailing_list l WHERE members <> ` + held,
			mend:  []string{`UPDATE mailing_list AS l SET members = ` + held + ` WHERE members <> ` + held}},
		drift{id: "sqldb.trouble_counters", way: store.Mend, names: []string{"Address", "Messages", "Octets", "Held", "HeldOctets"},
			query: qBoxDrift,
			mend: []string{`UPDATE mailbox SET messages = ` + count + `, bytes = ` + sum + `, modseq = modseq + 1
				WHERE messages <> ` + count + ` OR bytes <> ` + sum}},
		drift{id: "sqldb.trouble_number", way: store.Mend, names: []string{"Address", "Next", "Last"},
			query: `SELECT ` + boxName + `, uidnext, ` + last + ` FROM mailbox m WHERE uidnext <= ` + last,
			mend:  []string{`UPDATE mailbox AS m SET uidnext = ` + last + ` + 1, modseq = modseq + 1 WHERE uidnext <= ` + last}},
	)
}

// look notes every case of a drift.
func (d drift) look(c *conn, ts *troubles) error {
	err := c.query(func(row []driver.Value) error {
		args := words.Args{}
		for i, name := range d.names {
			args[name] = row[i]
		}
		ts.add(d.way, d.id, args)
		return nil
	}, d.query)
	return d.readable(err, ts)
}

// readable makes a damage met on the way a trouble like others.
func (d drift) readable(err error, ts *troubles) error {
	switch {
	case ts.old && schemaLess(err):
		return nil
	case damaged(err), schemaLess(err):
		ts.add(store.Rescue, "sqldb.trouble_pages", words.Args{"What": err.Error()})
		return nil
	case err != nil:
		return fmt.Errorf("check %s: %w", d.id, err)
	}
	return nil
}

func (d drift) repair(c *conn) error {
	for _, statement := range d.mend {
		if _, err := c.exec(statement); err != nil {
			return fmt.Errorf("repair %s: %w", d.id, err)
		}
	}
	return nil
}

// damaged says that the engine found the file damaged, or no database at all.
func damaged(err error) bool {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return false
	}
	code := e.Code() & 0xff
	return code == sqlite3.SQLITE_CORRUPT || code == sqlite3.SQLITE_NOTADB || e.Code() == sqlite3.SQLITE_IOERR_SHORT_READ
}

// schemaLess says that a table or column is not there.
func schemaLess(err error) bool {
	var e *sqlite.Error
	return errors.As(err, &e) && e.Code() == sqlite3.SQLITE_ERROR
}
