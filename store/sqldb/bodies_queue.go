package sqldb

import (
	"database/sql/driver"
	"fmt"

	"posta/store"
	"posta/words"
)

// leavingBox stands for the mailbox of what is hurt and leaves; its uid is the
// message's id in outgoing.
const leavingBox = -1

const (
	waitedFor = `EXISTS (SELECT 1 FROM recipient r WHERE r.id BETWEEN o.id * 100000 AND o.id * 100000 + 99999)`
	qLeaving  = `SELECT -1, id, blob_id, prefix, size, 0, ` + waitedFor + ` FROM outgoing o`
)

// leaving counts what the queue refers to. Nobody waits for a message without
// recipients: its body is as one that has lost its message.
func (b *bodies) leaving(note func(m hurt, waited bool)) error {
	err := b.c.query(func(row []driver.Value) error {
		note(scanHurt(row), asBool(row[6]))
		return nil
	}, qLeaving)
	if b.old && schemaLess(err) {
		return nil
	}
	return err
}

// tellLeaving adds what is wrong with a message that leaves.
func (b *bodies) tellLeaving(ts *troubles, m hurt, id string) error {
	row, err := b.c.one(`SELECT queue FROM outgoing WHERE id = $1`, m.uid)
	if err != nil || row == nil {
		return err
	}
	ts.add(store.Mend, id, words.Args{"Queue": asString(row[0])})
	return nil
}

// mendLeaving makes a message that leaves whole again, and holds it: nobody
// elsewhere gets half a message before somebody here has looked at it.
func (t *tx) mendLeaving(m hurt, lines []byte, body int64) error {
	prefix, err := t.prefix(lines)
	if err != nil {
		return err
	}
	_, err = t.exec(`UPDATE outgoing SET prefix = $1, size = $2 WHERE id = $3`, prefix, int64(len(lines))+body, m.uid)
	if err != nil {
		return err
	}
	_, err = t.exec(`UPDATE recipient SET held = 1 WHERE id BETWEEN $1 AND $2`, firstOf(m.uid), lastOf(m.uid))
	return err
}

// resizeLeaving makes the row of a message that leaves say how long it is.
func (t *tx) resizeLeaving(id int64) error {
	_, err := t.exec(`UPDATE outgoing SET size = prefix % 1048576 +
		coalesce((SELECT size FROM blob WHERE blob.id = outgoing.blob_id), 0) WHERE id = $1`, id)
	if err != nil {
		return fmt.Errorf("size of message %d of the queue: %w", id, err)
	}
	return nil
}

// ofQueue are the drifts of rows of the queue that are worked out from others.
func ofQueue() []drift {
	const lanes = `SELECT domain, sender, min(turn) FROM recipient WHERE held = 0 GROUP BY domain, sender`
	const sums = `(SELECT count(*) FROM outgoing), (SELECT count(*) FROM recipient),
		(SELECT count(*) FROM recipient WHERE held = 1), (SELECT count(*) FROM recipient WHERE due = 1099511627776000000),
		(SELECT coalesce(sum(size), 0) FROM outgoing)`
	return []drift{
		{id: "sqldb.trouble_lanes", way: store.Mend, names: []string{"Count"},
			query: `SELECT count(*) FROM (SELECT domain, sender FROM (SELECT * FROM (` + lanes + `) EXCEPT SELECT domain, sender, turn FROM lane)
				UNION SELECT domain, sender FROM (SELECT domain, sender, turn FROM lane EXCEPT ` + lanes + `)) HAVING count(*) > 0`,
			mend: []string{`DELETE FROM lane`, `INSERT INTO lane (domain, sender, turn) ` + lanes}},
		{id: "sqldb.trouble_depth", way: store.Mend, names: []string{"Messages", "Count"},
			query: `SELECT (SELECT count(*) FROM outgoing), (SELECT count(*) FROM recipient)
				WHERE NOT EXISTS (SELECT * FROM (SELECT messages, recipients, held, kept, octets FROM depth) INTERSECT SELECT ` + sums + `)`,
			mend: []string{`DELETE FROM depth`, `INSERT INTO depth (messages, recipients, held, kept, octets) SELECT ` + sums}},
	}
}

// toNobody are messages that leave and have no recipient.
func toNobody() drift {
	const none = ` FROM outgoing AS o WHERE NOT ` + waitedFor
	return drift{id: "sqldb.trouble_nobody", way: store.Mend, names: []string{"Queue"},
		query: `SELECT queue` + none,
		mend: []string{`DELETE FROM blob_chunk WHERE id IN (SELECT prefix / 1048576 * 1048576` + none + ` AND prefix <> 0)`,
			`DELETE` + none}}
}
