package sqldb

// The statements about traces, in the dialect that SQLite and PostgreSQL share.
const (
	qInsertTrace   = `INSERT INTO trace_slice (kind, began, ended, octets, data) VALUES ($1, $2, $3, $4, $5)`
	qTraces        = `SELECT id, kind, began, ended, data FROM trace_slice WHERE id > $1 ORDER BY id LIMIT $2`
	qTraceBefore   = `SELECT coalesce(min(id) - 1, (SELECT coalesce(max(id), 0) FROM trace_slice)) FROM trace_slice WHERE ended >= $1`
	qTraceOctets   = `SELECT coalesce(sum(octets), 0) FROM trace_slice WHERE kind = $1`
	qOldestTraces  = `SELECT id, octets FROM trace_slice WHERE kind = $1 ORDER BY id LIMIT $2`
	qDropTraces    = `DELETE FROM trace_slice WHERE kind = $1 AND id <= $2`
	qDropOldTraces = `DELETE FROM trace_slice WHERE id IN
		(SELECT id FROM trace_slice WHERE ended < $2 AND kind = $1 ORDER BY ended LIMIT $3)`
)
