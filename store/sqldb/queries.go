package sqldb

// The statements about mail, in the dialect that SQLite and PostgreSQL share.
const (
	qOpened   = `UPDATE instance SET opened = opened + 1`
	qInstance = `SELECT opened FROM instance`
	qLastBlob = `SELECT max(
		(SELECT coalesce(max(id), 0) FROM blob),
		(SELECT coalesce(max(id), 0) FROM blob_chunk) / 1048576)`

	qBox = `SELECT m.id, m.uidnext, m.messages, m.bytes, coalesce(a.quota, 0),
			(SELECT sum(o.bytes) FROM mailbox o WHERE o.account_id = m.account_id)
		FROM mailbox m LEFT JOIN account a ON a.id = m.account_id
		WHERE m.account_id = $1 AND m.account_id > 0 AND m.name = 'INBOX'`
	qSetBox = `UPDATE mailbox SET uidnext = $1, messages = $2, bytes = $3 WHERE id = $4`
	qUsage  = `SELECT count(*), coalesce(sum(messages), 0), coalesce(sum(bytes), 0)
		FROM mailbox WHERE account_id = $1`
	qNewBox  = `INSERT INTO mailbox (account_id, name, uidvalidity) VALUES ($1, 'INBOX', $2)`
	qOpenBox = qNewBox + ` ON CONFLICT (account_id, name) DO NOTHING`

	qInsertBlob  = `INSERT INTO blob (id, size, refs) VALUES ($1, $2, $3)`
	qOwnBlob     = `INSERT INTO blob (id, size, refs) VALUES ($1, 0, 0) ON CONFLICT (id) DO NOTHING`
	qLinkBlob    = `UPDATE blob SET size = $1, refs = refs + $2 WHERE id = $3`
	qBlobSize    = `SELECT size FROM blob WHERE id = $1 AND refs > 0`
	qInsertChunk = `INSERT INTO blob_chunk (id, data) VALUES ($1, $2)`
	qChunks      = `SELECT data FROM blob_chunk WHERE id BETWEEN $1 AND $2 ORDER BY id`

	qInsertMessage = `INSERT INTO message
		(mailbox_id, uid, uidl, size, received, blob_id, prefix, flags, queue, given)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`
	qGivenTaken = `SELECT 1 FROM message WHERE mailbox_id = $1 AND given = $2`
	qUIDLTaken  = `SELECT 1 FROM message WHERE mailbox_id = $1 AND uidl = $2`

	qInbox = `SELECT id, uidnext, modseq FROM mailbox WHERE account_id = $1 AND name = 'INBOX'`
	qList  = `SELECT uid, uidl, size, received, blob_id, prefix, flags, queue, given
		FROM message WHERE mailbox_id = $1 AND uid >= $2 AND uid < $3 ORDER BY uid`
	qAhead = `SELECT m.uid, p.data, c.data FROM message m
		LEFT JOIN blob_chunk p ON p.id = m.prefix / 1048576 * 1048576
		LEFT JOIN blob_chunk c ON c.id BETWEEN m.blob_id * 1048576 AND m.blob_id * 1048576 + 1048575
		WHERE m.mailbox_id = $1 AND m.uid BETWEEN $2 AND $3 ORDER BY m.uid, c.id`
	qPrefix = `SELECT p.data FROM message m LEFT JOIN blob_chunk p ON p.id = m.prefix / 1048576 * 1048576
		WHERE m.mailbox_id = $1 AND m.uid = $2`

	qDropRange = `DELETE FROM message WHERE mailbox_id = $1 AND uid BETWEEN $2 AND $3`
	qShrinkBox = `UPDATE mailbox SET messages = messages - $1, bytes = bytes - $2, modseq = modseq + 1 WHERE id = $3`

	qInsertExpansion = `INSERT INTO expansion (list_id, after_id, blob_id, prefix, sender, queue, flags, orcpt, envid, ret)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`
	qExpansion  = `SELECT blob_id FROM expansion WHERE id = $1`
	qExpansions = `SELECT id, list_id, after_id, blob_id, prefix, sender, queue, flags, orcpt, envid, ret
		FROM expansion ORDER BY id LIMIT $1`
	qStepExpansion = `UPDATE expansion SET after_id = $1 WHERE id = $2`
	qDropExpansion = `DELETE FROM expansion WHERE id = $1`

	qTrash      = `INSERT INTO trash (pairs) VALUES ($1)`
	qTrashSlice = `SELECT id, pairs FROM trash ORDER BY id LIMIT 1`
	qAllTrash   = `SELECT pairs FROM trash`
	qDropTrash  = `DELETE FROM trash WHERE id = $1`
	qBlob       = `SELECT refs, size FROM blob WHERE id = $1`
	qUnlink     = `UPDATE blob SET refs = $1 WHERE id = $2`
	qDropBlob   = `DELETE FROM blob WHERE id = $1`
	qOrphans    = `SELECT id FROM blob WHERE refs = 0 AND id > $1 ORDER BY id LIMIT 64`
	qDropChunks = `DELETE FROM blob_chunk WHERE id BETWEEN $1 AND $2`
	qLastChunk  = `SELECT coalesce(max(id), -1) FROM blob_chunk WHERE id BETWEEN $1 AND $2`

	qLeftBox    = `SELECT id FROM mailbox WHERE account_id < 0 LIMIT 1`
	qLeaveBoxes = `UPDATE mailbox SET account_id = -account_id WHERE account_id = $1`
	qDropBox    = `DELETE FROM mailbox WHERE id = $1`
	qLeftSlice  = `SELECT uid, blob_id, prefix FROM message WHERE mailbox_id = $1 ORDER BY uid LIMIT $2`
	boxName     = `coalesce((SELECT address FROM account a WHERE a.id = abs(m.account_id)), 'mailbox ' || m.id)`
	qBoxDrift   = `SELECT ` + boxName + `, m.messages, m.bytes, count(e.uid), coalesce(sum(e.size), 0)
		FROM mailbox m LEFT JOIN message e ON e.mailbox_id = m.id
		WHERE m.account_id > 0 GROUP BY m.id, m.messages, m.bytes
		HAVING m.messages <> count(e.uid) OR m.bytes <> coalesce(sum(e.size), 0)`
	qTotals = `SELECT count(*), coalesce(sum(messages), 0), coalesce(sum(bytes), 0) FROM mailbox WHERE account_id > 0`
)
