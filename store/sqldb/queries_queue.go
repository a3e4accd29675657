package sqldb

// The statements about mail that leaves, in the dialect that SQLite and
// PostgreSQL share.
const (
	qInsertOutgoing = `INSERT INTO outgoing (queue, message_id, reverse, sender, lab, env_id, ret, body, utf8, flags,
		received, blob_id, prefix, size, auth) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`
	qInsertRecipient = `INSERT INTO recipient (id, domain, sender, address, orcpt, notify, due, expires, turn, held)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`
	qOutgoing = `SELECT queue, message_id, reverse, sender, lab, env_id, ret, body, utf8, flags, received, blob_id, p.data, size, auth
		FROM outgoing o LEFT JOIN blob_chunk p ON p.id = o.prefix / 1048576 * 1048576 WHERE o.id = $1`
	qOutgoingHeld = `SELECT blob_id, prefix, size FROM outgoing WHERE id = $1`
	qDropOutgoing = `DELETE FROM outgoing WHERE id = $1`
	qOutgoingOf   = `SELECT id FROM outgoing WHERE queue = $1 ORDER BY id`
	qFirstOut     = `SELECT received FROM outgoing ORDER BY id LIMIT 1`

	qPlace          = `SELECT domain, sender, due, expires, held, attempts, asked, planned, extra, unasked, leaving FROM recipient WHERE id = $1`
	qAnyRecipient   = `SELECT id FROM recipient WHERE id BETWEEN $1 AND $2 LIMIT 1`
	qDropRecipient  = `DELETE FROM recipient WHERE id = $1`
	qWait           = `UPDATE recipient SET due = $1, turn = $2, warned = max(warned, $3), attempts = $4, asked = $5, planned = $6, extra = $7, unasked = $8 WHERE id = $9`
	qSetPlace       = `UPDATE recipient SET due = $1, turn = $2, held = $3, asked = $4, planned = $5, leaving = $6 WHERE id = $7`
	recipientFields = `id, domain, address, orcpt, notify, due, expires, held, attempts, warned, asked, planned, extra, unasked, leaving`
	qRecipient      = `SELECT ` + recipientFields + ` FROM recipient WHERE id = $1`
	qReady          = `SELECT ` + recipientFields + ` FROM recipient
		WHERE id BETWEEN $1 AND $2 AND held = 0 AND turn <= $3 ORDER BY id`
	// A plus keeps the engine from the index of the domain, which leads to all of
	// its recipients and not to a message's.
	qReadyIn = `SELECT ` + recipientFields + ` FROM recipient
		WHERE id BETWEEN $1 AND $2 AND held = 0 AND turn <= $3 AND +domain = $4 ORDER BY id`

	attemptFields  = `began, took, host, addr, tls, verb, code, status, reply, session, as_of, before`
	qInsertAttempt = `INSERT INTO attempt (recipient_id, number, ` + attemptFields + `)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`
	qDropAttempts = `DELETE FROM attempt WHERE recipient_id = $1 AND number <= $2`
	qLastAttempt  = `SELECT ` + attemptFields + ` FROM attempt WHERE recipient_id = $1 ORDER BY number DESC LIMIT 1`
	qStory        = `SELECT ` + attemptFields + ` FROM attempt WHERE recipient_id = $1 ORDER BY number`

	qLaneState = `SELECT (SELECT turn FROM lane WHERE domain = $1 AND sender = $2),
		(SELECT turn FROM recipient WHERE domain = $3 AND sender = $4 AND held = 0 ORDER BY turn LIMIT 1)`
	qSetLane = `INSERT INTO lane (domain, sender, turn) VALUES ($1, $2, $3)
		ON CONFLICT (domain, sender) DO UPDATE SET turn = excluded.turn`
	qDropLane   = `DELETE FROM lane WHERE domain = $1 AND sender = $2`
	qLanes      = `SELECT domain, sender, turn FROM lane WHERE turn <= $1 ORDER BY turn`
	qLane       = `SELECT sender, turn FROM lane WHERE domain = $1 AND sender = $2 AND turn <= $3`
	qLanesOf    = `SELECT sender, turn FROM lane WHERE domain = $1 AND turn <= $2 ORDER BY turn, sender`
	qSubdomains = `WITH RECURSIVE d (name) AS (SELECT min(domain) FROM lane UNION ALL
		SELECT (SELECT min(domain) FROM lane l WHERE l.domain > d.name) FROM d WHERE d.name IS NOT NULL)
		SELECT name FROM d WHERE name = $1 OR substr(name, $2) = $3`
	qFirstInLane = `SELECT id, turn FROM recipient
		WHERE domain = $1 AND sender = $2 AND held = 0 AND turn <= $3 ORDER BY turn, id LIMIT $4`
	qLaterInLane = `SELECT id FROM recipient
		WHERE domain = $1 AND sender = $2 AND held = 0 AND turn > $3 ORDER BY turn LIMIT $4`
	qWaitingIn = `SELECT count(*) FROM recipient WHERE domain = $1 AND held = 0`

	qDepth    = `SELECT messages, recipients, held, kept, octets FROM depth`
	qAddDepth = `UPDATE depth SET messages = messages + $1, recipients = recipients + $2, held = held + $3,
		kept = kept + $4, octets = octets + $5`
)
