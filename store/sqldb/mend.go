package sqldb

import (
	"bytes"
	"context"
	"database/sql/driver"
	"fmt"
	"sync/atomic"

	"posta/store"
	"posta/words"
)

// Repair mends what can be mended in the file. Mail waits meanwhile, and
// nothing of it is lost. What only a new file can mend is left for Keeper.
func (db *DB) Repair(ctx context.Context, told func(store.Progress)) (store.Repair, error) {
	found, err := db.Check(ctx, told)
	if err != nil {
		return store.Repair{}, err
	}
	if needsRescue(found) {
		return store.Repair{}, words.FailAs(store.ErrInUse, "sqldb.stop_first", nil)
	}
	var r store.Repair
	if len(found) > 0 {
		err = db.writer.change(func(t *tx) (err error) {
			r.Mended, err = t.mend(ctx, told)
			return err
		})
		if err != nil {
			return store.Repair{}, fmt.Errorf("repair the store: %w", err)
		}
		db.generation.Add(1)
		db.sweeper.stir()
		if r.Left, err = db.Check(ctx, told); err != nil {
			return store.Repair{}, err
		}
	}
	stats, err := db.Stats(ctx)
	r.Usage = stats.Usage
	return r, err
}

// mend looks again, now that nobody else writes, and makes everything agree.
func (t *tx) mend(ctx context.Context, told func(store.Progress)) ([]store.Trouble, error) {
	if told == nil {
		told = func(store.Progress) {}
	}
	var ts troubles
	b, err := relations(ctx, t.conn, told, &ts)
	if err != nil {
		return nil, err
	}
	for _, d := range owners() {
		if err := d.repair(t.conn); err != nil {
			return nil, err
		}
	}
	if err := t.mendBodies(b); err != nil {
		return nil, err
	}
	for _, d := range belongings() {
		if err := d.repair(t.conn); err != nil {
			return nil, err
		}
	}
	var mended []store.Trouble
	for _, one := range ts.all() {
		if one.Way == store.Mend {
			mended = append(mended, one)
		}
	}
	return mended, nil
}

func (t *tx) mendBodies(b *bodies) error {
	// A new number must be none that a lost row had, or it would be taken for it.
	raise(&t.db.blobs, b.highest)
	if err := t.mendAllHurt(b); err != nil {
		return err
	}
	for _, m := range b.resized {
		if err := t.resize(m); err != nil {
			return fmt.Errorf("size of message %d of mailbox %d: %w", m.uid, m.box, err)
		}
	}
	for number, refs := range b.refs {
		if _, err := t.exec(qUnlink, refs, number); err != nil {
			return err
		}
	}
	left := b.adopted
	for _, number := range b.strays {
		took, err := t.stray(number)
		if err != nil {
			return err
		}
		if took {
			left = append(left, number)
		}
	}
	return t.adopt(left)
}

// raise makes a counter at least so high. Sessions count on meanwhile: none of
// their numbers may be given again.
func raise(counter *atomic.Int64, least int64) {
	for had := counter.Load(); had < least; had = counter.Load() {
		if counter.CompareAndSwap(had, least) {
			return
		}
	}
}

// body is what there is of a blob.
type body struct {
	row    bool // of the blob
	noted  int64
	size   int64
	chunks []int64
	end    []byte // its last two octets
}

func (t *tx) bodyOf(blob int64) (body, error) {
	var h body
	row, err := t.one(qBlob, blob)
	if err != nil {
		return h, err
	}
	if row != nil {
		h.row, h.noted = true, asInt(row[1])
	}
	err = t.query(func(row []driver.Value) error {
		data := asBytes(row[1])
		h.chunks = append(h.chunks, asInt(row[0]))
		h.size += int64(len(data))
		h.end = append(h.end, data[max(0, len(data)-2):]...)
		h.end = h.end[max(0, len(h.end)-2):]
		return nil
	}, `SELECT id, data FROM blob_chunk WHERE id BETWEEN $1 AND $2 ORDER BY id`, blob<<chunkBits, lastChunk(blob))
	return h, err
}

// lostBody is read by people whose language the store doesn't know.
const lostBody = "Subject: (this message was lost / este mensaje se ha perdido)\r\n" +
	"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" +
	"The text of this message was lost when posta's store was damaged.\r\n" +
	"El texto de este mensaje se perdió cuando se dañó el almacén de posta.\r\n"

// mendBody makes a blob hold what there is of it, or a note, without gaps.
func (t *tx) mendBody(blob int64, h *body) error {
	if len(h.chunks) == 0 {
		if _, err := t.insertChunk.exec(blob<<chunkBits, []byte(lostBody)); err != nil {
			return err
		}
		h.chunks, h.size, h.end = []int64{blob << chunkBits}, int64(len(lostBody)), []byte("\r\n")
	}
	for n, id := range h.chunks {
		if want := blob<<chunkBits | int64(n); id != want {
			if _, err := t.exec(`UPDATE blob_chunk SET id = $1 WHERE id = $2`, want, id); err != nil {
				return err
			}
		}
	}
	if !h.row {
		refs, err := t.references(blob)
		if err != nil {
			return err
		}
		_, err = t.insertBlob.exec(blob, h.size, refs)
		return err
	}
	_, err := t.exec(`UPDATE blob SET size = $1 WHERE id = $2`, h.size, blob)
	return err
}

// references counts who refers to a blob: messages, lists that are being
// expanded, mail that leaves, and removed messages that wait for the sweep.
func (t *tx) references(blob int64) (refs int64, err error) {
	refs, err = t.number(`SELECT (SELECT count(*) FROM message WHERE blob_id = $1)
		+ (SELECT count(*) FROM expansion WHERE blob_id = $2)
		+ (SELECT count(*) FROM outgoing WHERE blob_id = $3)`, blob, blob, blob)
	if err != nil {
		return 0, err
	}
	err = t.query(func(row []driver.Value) error {
		for p := range pairsIn(asBytes(row[0])) {
			if p.blob == blob {
				refs++
			}
		}
		return nil
	}, qAllTrash)
	return refs, err
}

// mended is a body that was mended for one message, and what there was of it.
type mended struct {
	blob, held int64
	body       body
}

func (t *tx) mendAllHurt(b *bodies) error {
	type place struct{ box, uid int64 }
	seen, done := map[place]bool{}, map[int64]mended{}
	for _, m := range b.hurt {
		if seen[place{m.box, m.uid}] {
			continue
		}
		seen[place{m.box, m.uid}] = true
		if err := t.mendHurt(m, done); err != nil {
			return fmt.Errorf("message %d of mailbox %d: %w", m.uid, m.box, err)
		}
	}
	return nil
}

// mendOnce mends a blob for the first of the messages that share it. One of
// which there is nothing gets a number of its own.
func (t *tx) mendOnce(blob int64, done map[int64]mended) (mended, error) {
	if d, ok := done[blob]; ok {
		return d, nil
	}
	h, err := t.bodyOf(blob)
	if err != nil {
		return mended{}, err
	}
	d := mended{blob: blob, held: h.size}
	if !h.row && len(h.chunks) == 0 {
		d.blob = t.db.blobs.Add(1)
		for _, table := range []string{"message", "outgoing"} {
			if _, err := t.exec(`UPDATE `+table+` SET blob_id = $1 WHERE blob_id = $2`, d.blob, blob); err != nil {
				return mended{}, err
			}
		}
	}
	if err := t.mendBody(d.blob, &h); err != nil {
		return mended{}, err
	}
	d.body = h
	done[blob] = d
	return d, nil
}

// mendHurt makes a message out of what there is of it, with a field in its
// header that says so.
func (t *tx) mendHurt(m hurt, done map[int64]mended) error {
	d, err := t.mendOnce(m.blob, done)
	if err != nil {
		return err
	}
	lines, err := t.takePrefix(m)
	if err != nil {
		return err
	}
	had := m.size - m.prefix%maxPrefix - m.end()
	if d.held != had || int64(len(lines)) != m.prefix%maxPrefix {
		lines = wholeLines(lines)
		lines = fmt.Appendf(lines, "X-Posta-Damage: %d of %d octets of this message were saved\r\n", d.held, had)
	}
	if m.box == leavingBox {
		return t.mendLeaving(m, lines, d.body.size)
	}
	m.flags = m.flags&^flagNoEOL | flagStuffed // looked at anew when it is read
	if !bytes.Equal(d.body.end, []byte("\r\n")) {
		m.flags |= flagNoEOL
	}
	if m.prefix, err = t.prefix(lines); err != nil {
		return err
	}
	m.size = m.prefix%maxPrefix + d.body.size + m.end()
	_, err = t.exec(`UPDATE message SET prefix = $1, flags = $2, size = $3 WHERE mailbox_id = $4 AND uid = $5`,
		m.prefix, m.flags, m.size, m.box, m.uid)
	if err != nil {
		return err
	}
	return t.changed(m.box)
}

// takePrefix gives the lines before a message's body, and removes their chunk.
func (t *tx) takePrefix(m hurt) ([]byte, error) {
	if m.prefix == 0 {
		return nil, nil
	}
	id := m.prefix &^ (maxPrefix - 1)
	row, err := t.one(`SELECT data FROM blob_chunk WHERE id = $1`, id)
	if err != nil || row == nil {
		return nil, err
	}
	lines := bytes.Clone(asBytes(row[0]))
	_, err = t.exec(qDropChunks, id, id)
	return lines, err
}

// wholeLines takes off a line without its end.
func wholeLines(lines []byte) []byte { return lines[:bytes.LastIndexByte(lines, '\n')+1] }

// changed voids what is remembered of a mailbox.
func (t *tx) changed(box int64) error {
	_, err := t.exec(`UPDATE mailbox SET modseq = modseq + 1 WHERE id = $1`, box)
	return err
}

// resize makes a message's row say how long it is.
func (t *tx) resize(m hurt) error {
	if m.box == leavingBox {
		return t.resizeLeaving(m.uid)
	}
	row, err := t.one(`SELECT b.size, e.prefix, e.flags FROM message e JOIN blob b ON b.id = e.blob_id
		WHERE e.mailbox_id = $1 AND e.uid = $2`, m.box, m.uid)
	if err != nil || row == nil {
		return err
	}
	now := hurt{prefix: asInt(row[1]), flags: asInt(row[2])}
	size := asInt(row[0]) + now.prefix%maxPrefix + now.end()
	if _, err := t.exec(`UPDATE message SET size = $1 WHERE mailbox_id = $2 AND uid = $3`, size, m.box, m.uid); err != nil {
		return err
	}
	return t.changed(m.box)
}

// stray takes chunks that belong to nothing: those of a body become one again,
// lines that stood before a lost message's body go.
func (t *tx) stray(number int64) (took bool, err error) {
	h, err := t.bodyOf(number)
	if err != nil {
		return false, err
	}
	row, err := t.one(qChunks, number<<chunkBits, lastChunk(number))
	if err != nil || row == nil {
		return false, err
	}
	if len(h.chunks) == 1 && isPrefix(asBytes(row[0])) {
		_, err := t.exec(qDropChunks, number<<chunkBits, lastChunk(number))
		return false, err
	}
	return true, t.mendBody(number, &h)
}

// isPrefix says that octets are lines of a header before a body, and no body.
func isPrefix(b []byte) bool {
	return bytes.HasPrefix(b, []byte("Return-Path: <")) ||
		bytes.HasPrefix(b, []byte("Received: ")) && !bytes.Contains(b, []byte("\r\n\r\n"))
}

// adopt gives bodies that belong to no message to an account of their own.
func (t *tx) adopt(blobs []int64) error {
	if len(blobs) == 0 {
		return nil
	}
	for _, statement := range []string{
		newAccount + `SELECT NULL, d, 'rescued', 'rescued', 'rescued@' || d, '', 0, 1, 1, 0, '', 0 FROM (SELECT ` + rescuedDomain + ` AS d)`,
		`INSERT INTO mailbox (account_id, name, uidvalidity) SELECT id, 'INBOX', 1 FROM account a WHERE local_key = 'rescued'
			AND NOT EXISTS (SELECT 1 FROM mailbox m WHERE m.account_id = a.id)`,
	} {
		if _, err := t.exec(statement); err != nil {
			return err
		}
	}
	box, err := t.number(`SELECT m.id FROM mailbox m JOIN account a ON a.id = m.account_id
		WHERE a.local_key = 'rescued' AND m.name = 'INBOX' ORDER BY a.id LIMIT 1`)
	if err != nil {
		return err
	}
	for _, blob := range blobs {
		if err := t.adoptOne(box, blob); err != nil {
			return fmt.Errorf("body %d: %w", blob, err)
		}
	}
	return t.changed(box)
}

func (t *tx) adoptOne(box, blob int64) error {
	h, err := t.bodyOf(blob)
	if err != nil {
		return err
	}
	if err := t.mendBody(blob, &h); err != nil {
		return err
	}
	if _, err := t.exec(qUnlink, int64(1), blob); err != nil {
		return err
	}
	uid, err := t.number(`UPDATE mailbox SET uidnext = uidnext + 1, messages = messages + 1, bytes = bytes + $1
		WHERE id = $2 RETURNING uidnext - 1`, h.size, box)
	if err != nil {
		return err
	}
	m := hurt{flags: flagStuffed}
	if !bytes.Equal(h.end, []byte("\r\n")) {
		m.flags |= flagNoEOL
	}
	_, err = t.insertMessage.exec(box, uid, randomUIDL(), h.size+m.end(), t.db.now().UnixMicro(), blob, int64(0), m.flags, "rescued", nil)
	return err
}
