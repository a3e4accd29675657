package sqldb

import (
	"fmt"

	"posta/words"
)

// checkpointPages are the pages in the WAL from which they are brought into
// the file. A checkpoint each 4,096 made others wait for over 40 ms.
const checkpointPages = 1024

// worthTelling are the pages that the WAL has kept to itself from which somebody
// is told, and told again whenever they are twice as many.
const worthTelling = logRoom / pageSize

// checkpoint brings the WAL's pages into the file now and then, after the
// batch was answered. SQLite would do so by itself behind a COMMIT, but keeps
// to itself when the file's sync fails. That must not be: what an earlier,
// partial checkpoint wrote is not written again, so the next sync would
// succeed without it and the WAL, the only good copy, be begun anew.
func (w *writer) checkpoint() {
	pages, err := logged(w.c.raw)
	if err != nil {
		pages = checkpointPages // often is no harm
	}
	if w.logged += pages; w.logged < checkpointPages {
		return
	}
	row, err := copied(w.c, qCheckpoint)
	if unsynced(err) {
		w.doom(fmt.Errorf("checkpoint: %w", err))
		return
	}
	// A full disk, or a reader in the way: again behind the next batch. So too
	// when readers have kept the WAL from beginning anew.
	switch busy, inLog, copied := row[0], row[1], row[2]; {
	case err != nil || busy != 0 || copied != inLog:
		w.complain(err)
	case inLog < 2*checkpointPages:
		w.logged, w.told = 0, 0
	}
}

// complain tells of a WAL that goes on growing. Nothing is lost, but one day the
// disk is full of it. Without a cause somebody reads.
func (w *writer) complain(cause error) {
	if w.logged < max(worthTelling, 2*w.told) {
		return
	}
	w.told = w.logged
	args := words.Args{"File": w.db.file() + "-wal", "Size": w.logged * pageSize >> 20}
	if cause == nil {
		w.db.o.Trouble(words.Fail("sqldb.log_held", args))
		return
	}
	w.db.o.Trouble(words.FailOf(cause, "sqldb.log_grows", args))
}

// copied makes a checkpoint and gives whether somebody was in the way, the pages
// in the WAL, and how many of them are in the file now.
func copied(c *conn, checkpoint string) (row [3]int64, err error) {
	found, err := c.one(checkpoint)
	for i := range min(len(found), len(row)) {
		row[i] = asInt(found[i])
	}
	return row, err
}
