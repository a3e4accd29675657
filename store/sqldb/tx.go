package sqldb

import (
	"errors"
	"fmt"

	"posta/store"
)

// errAgain asks for the batch to be run item by item.
var errAgain = errors.New("sqldb: an item needs its savepoint")

// maxBoxes bounds the mailboxes that the writer remembers.
const maxBoxes = 4096

// tx is the transaction being made, and what the writer remembers from one to
// the next. Only the writer's goroutine touches it.
type tx struct {
	*conn
	db *DB

	begin, commit                                            *stmt
	insertBlob, insertChunk, insertMessage, linkBlob, setBox *stmt
	insertOutgoing, insertRecipient                          *stmt

	boxes  map[int64]*box   // INBOXes by account, as the transaction sees them
	dirty  []*box           // those whose row is behind
	linked map[*draft]int64 // drafts that have become blobs in this transaction
	undo   []charge

	lanes map[lane]struct{} // those whose row may be behind
	depth depth             // and by how much the queue's counters are
}

// box is an INBOX. The writer is the only one that changes its row, so what it
// remembers is true until somebody else's change runs.
type box struct {
	id, account     int64
	next            int64 // UID
	messages, bytes int64
	quota, used     int64 // of the account
	dirty           bool
}

// charge is what a filing has put on a box before it was sure to be kept.
type charge struct {
	box   *box
	bytes int64
}

// prepare readies the statements of every day.
func (w *writer) prepare() error {
	w.tx = tx{conn: w.c, db: w.db, boxes: map[int64]*box{}, linked: map[*draft]int64{}, lanes: map[lane]struct{}{}}
	t := &w.tx
	for _, s := range []struct {
		to    **stmt
		query string
	}{
		{&t.begin, qBegin}, {&t.commit, qCommit}, {&t.insertBlob, qInsertBlob}, {&t.insertChunk, qInsertChunk},
		{&t.insertMessage, qInsertMessage}, {&t.linkBlob, qLinkBlob}, {&t.setBox, qSetBox},
		{&t.insertOutgoing, qInsertOutgoing}, {&t.insertRecipient, qInsertRecipient},
	} {
		var err error
		if *s.to, err = t.conn.prepare(s.query); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) start() { clear(t.linked) }

// items runs a batch. The error is the whole batch's; an item's own is kept
// with it.
func (t *tx) items(batch []*job, careful bool) error {
	for _, j := range batch {
		var err error
		switch {
		case j.run != nil && (careful || !j.apart):
			err = t.guarded(j, func() error { return j.run(t) })
		case j.run != nil:
			err = t.trusting(j)
		case careful:
			err = t.guarded(j, func() error { return t.letter(j.filings) })
		default:
			err = t.plain(j)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// plain files without a savepoint: what can be refused is refused before the
// first statement that writes. Anything else is tried again with care.
func (t *tx) plain(j *job) error {
	costs, err := t.check(j.filings)
	if err != nil {
		if outside(err) {
			return err
		}
		j.err = err
		return nil
	}
	if err := t.write(j.filings, costs); err != nil {
		if outside(err) {
			return err
		}
		return errAgain
	}
	j.err = nil
	return nil
}

// trusting runs a job that does not fail by itself.
func (t *tx) trusting(j *job) error {
	if err := j.run(t); err != nil {
		if outside(err) {
			return err
		}
		return errAgain
	}
	j.err = nil
	return nil
}

func (t *tx) letter(filings []store.Filing) error {
	costs, err := t.check(filings)
	if err != nil {
		return err
	}
	return t.write(filings, costs)
}

// guarded runs an item in its savepoint, so that it fails alone.
func (t *tx) guarded(j *job, run func() error) error {
	if err := t.flush(); err != nil {
		return err
	}
	if _, err := t.exec(qSavepoint); err != nil {
		return err
	}
	err := run()
	if err == nil {
		err = t.flush()
	}
	if j.run != nil && !j.apart || err != nil {
		t.forget() // whatever it changed, the rows know it
		t.forgetQueue()
	}
	if err != nil && outside(err) {
		return err
	}
	if err != nil {
		if _, err := t.exec(qRollbackTo); err != nil {
			return err
		}
	}
	j.err = err
	_, err = t.exec(qRelease)
	return err
}

// flush brings the rows of boxes and of the queue up to what the transaction
// knows.
func (t *tx) flush() error {
	for i, b := range t.dirty {
		if _, err := t.setBox.exec(b.next, b.messages, b.bytes, b.id); err != nil {
			return fmt.Errorf("mailbox %d: %w", b.id, err)
		}
		b.dirty = false
		t.dirty[i] = nil
	}
	t.dirty = t.dirty[:0]
	return t.flushQueue()
}

// forget drops what is remembered of boxes.
func (t *tx) forget() {
	clear(t.boxes)
	clear(t.dirty)
	t.dirty = t.dirty[:0]
}

// abandon rolls back. SQLite may have done so itself already, which the
// statement then complains of.
func (t *tx) abandon() {
	t.forget()
	t.forgetQueue()
	_, _ = t.exec(qRollback)
}

// sealed is called after a commit.
func (t *tx) sealed() {
	if len(t.boxes) > maxBoxes {
		t.forget()
	}
}

// box finds an account's INBOX, or gives ErrGone.
func (t *tx) box(account int64) (*box, error) {
	if b, ok := t.boxes[account]; ok {
		return b, nil
	}
	row, err := t.one(qBox, account)
	if err != nil {
		return nil, fmt.Errorf("mailbox of account %d: %w", account, err)
	}
	if row == nil {
		return nil, fmt.Errorf("account %d: %w", account, store.ErrGone)
	}
	b := &box{account: account, id: asInt(row[0]), next: asInt(row[1]), messages: asInt(row[2]),
		bytes: asInt(row[3]), quota: asInt(row[4]), used: asInt(row[5])}
	t.boxes[account] = b
	return b, nil
}

func (t *tx) touch(b *box) {
	if !b.dirty {
		b.dirty = true
		t.dirty = append(t.dirty, b)
	}
}
