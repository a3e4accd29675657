package sqldb

import "fmt"

// checkpointPages are the pages in the WAL from which they are brought into
// the file. A checkpoint each 4,096 made others wait for over 40 ms.
const checkpointPages = 1024

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
	if busy, inLog, copied := row[0], row[1], row[2]; err == nil && busy == 0 && copied == inLog && inLog < 2*checkpointPages {
		w.logged = 0
	}
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
