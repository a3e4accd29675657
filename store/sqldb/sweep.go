package sqldb

import (
	"database/sql/driver"
	"encoding/binary"
	"fmt"
	"iter"
	"slices"
)

// One slice of housekeeping: small enough for a letter to wait behind.
const (
	trashSlice  = 128     // messages
	smallBody   = 8 << 10 // goes at once; larger ones by chunk
	dropChunks  = 16
	vacuumFloor = 4096 // free pages that are not worth giving back
)

// sweeper takes away what has no references: bodies of removed messages,
// drafts that were given up, mailboxes of removed accounts. It works in small
// transactions, behind everybody else.
type sweeper struct {
	db   *DB
	wake chan struct{}
	quit chan struct{}
	done chan struct{} // nil: not started
}

func (s *sweeper) init(db *DB) {
	s.db, s.wake, s.quit = db, make(chan struct{}, 1), make(chan struct{})
}

func (s *sweeper) start() {
	s.done = make(chan struct{})
	go s.loop()
}

// stir says that there may be work.
func (s *sweeper) stir() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

func (s *sweeper) stop() {
	close(s.quit)
	if s.done != nil {
		<-s.done
	}
}

// loop sweeps at the start, for an earlier process may have left something,
// and after every stir. A failure ends the round; the next one tries again.
func (s *sweeper) loop() {
	defer close(s.done)
	for {
		_ = s.round()
		select {
		case <-s.wake:
		case <-s.quit:
			return
		}
	}
}

// round works until nothing is left.
func (s *sweeper) round() error {
	after := int64(0) // orphans up to this one were looked at
	for _, slice := range []func(*tx) (bool, error){
		(*tx).sweepMailboxes,
		(*tx).sweepTrash,
		func(t *tx) (more bool, err error) {
			after, more, err = t.sweepOrphans(after)
			return more, err
		},
		(*tx).vacuum,
	} {
		if err := s.repeat(slice); err != nil {
			return err
		}
	}
	return nil
}

func (s *sweeper) repeat(slice func(*tx) (bool, error)) error {
	for more := true; more; {
		select {
		case <-s.quit:
			return nil
		default:
		}
		err := s.db.writer.chore(func(t *tx) (err error) {
			more, err = slice(t)
			return err
		})
		if err != nil {
			return fmt.Errorf("sweep: %w", err)
		}
	}
	return nil
}

// pair is what a removed message held.
type pair struct{ blob, prefix int64 }

const pairOctets = 16

func appendPair(b []byte, p pair) []byte {
	b = binary.BigEndian.AppendUint64(b, uint64(p.blob))
	return binary.BigEndian.AppendUint64(b, uint64(p.prefix))
}

// pairsIn gives what appendPair has packed.
func pairsIn(packed []byte) iter.Seq[pair] {
	return func(yield func(pair) bool) {
		for ; len(packed) >= pairOctets; packed = packed[pairOctets:] {
			if !yield(pair{int64(binary.BigEndian.Uint64(packed)), int64(binary.BigEndian.Uint64(packed[8:]))}) {
				return
			}
		}
	}
}

// trash notes what is to be swept, in rows of one slice each.
func (t *tx) trash(pairs []pair) error {
	for slice := range slices.Chunk(pairs, trashSlice) {
		packed := make([]byte, 0, pairOctets*len(slice))
		for _, p := range slice {
			packed = appendPair(packed, p)
		}
		if _, err := t.exec(qTrash, packed); err != nil {
			return err
		}
	}
	return nil
}

// sweepMailboxes takes messages of removed accounts, and then the mailboxes.
func (t *tx) sweepMailboxes() (bool, error) {
	box, err := t.number(qLeftBox)
	if err != nil || box == 0 {
		return false, err
	}
	var pairs []pair
	var last int64
	err = t.query(func(row []driver.Value) error {
		last = asInt(row[0])
		pairs = append(pairs, pair{asInt(row[1]), asInt(row[2])})
		return nil
	}, qLeftSlice, box, int64(trashSlice))
	if err != nil {
		return false, err
	}
	if len(pairs) == 0 {
		_, err := t.exec(qDropBox, box)
		return err == nil, err
	}
	if err := t.unlinkAll(pairs); err != nil {
		return false, err
	}
	_, err = t.exec(qDropRange, box, int64(0), last)
	return err == nil, err
}

// sweepTrash takes one row of trash.
func (t *tx) sweepTrash() (bool, error) {
	row, err := t.one(qTrashSlice)
	if err != nil || row == nil {
		return false, err
	}
	id, packed := asInt(row[0]), asBytes(row[1])
	if err := t.unlinkAll(slices.Collect(pairsIn(packed))); err != nil {
		return false, err
	}
	_, err = t.exec(qDropTrash, id)
	return err == nil, err
}

func (t *tx) unlinkAll(pairs []pair) error {
	for _, p := range pairs {
		if p.prefix != 0 {
			id := p.prefix &^ (maxPrefix - 1)
			if _, err := t.exec(qDropChunks, id, id); err != nil {
				return err
			}
		}
		if err := t.unlink(p.blob); err != nil {
			return err
		}
	}
	return nil
}

// lastChunk is the highest id that a chunk of the blob can have.
func lastChunk(blob int64) int64 { return blob<<chunkBits | (maxChunks - 1) }

// unlink takes one reference off a blob. A small one goes with the last; a
// large one becomes an orphan.
func (t *tx) unlink(blob int64) error {
	row, err := t.one(qBlob, blob)
	if err != nil || row == nil {
		return err
	}
	refs, size := asInt(row[0])-1, asInt(row[1])
	if refs > 0 || size > smallBody {
		_, err := t.exec(qUnlink, max(refs, 0), blob)
		return err
	}
	if _, err := t.exec(qDropChunks, blob<<chunkBits, lastChunk(blob)); err != nil {
		return err
	}
	_, err = t.exec(qDropBlob, blob)
	return err
}

// sweepOrphans takes blobs without references behind the given one, except
// drafts under way.
func (t *tx) sweepOrphans(after int64) (int64, bool, error) {
	var orphans []int64
	err := t.query(func(row []driver.Value) error {
		orphans = append(orphans, asInt(row[0]))
		return nil
	}, qOrphans, after)
	if err != nil || len(orphans) == 0 {
		return after, false, err
	}
	chunks := dropChunks
	for _, blob := range orphans {
		if t.db.live.has(blob) {
			after = blob
			continue
		}
		dropped, whole, err := t.dropBody(blob, chunks)
		if err != nil {
			return after, false, err
		}
		if chunks -= dropped; !whole || chunks <= 0 {
			return after, true, nil
		}
		after = blob
	}
	return after, true, nil
}

// dropBody takes up to n chunks off the end of a blob, and the blob with the
// last of them.
func (t *tx) dropBody(blob int64, n int) (dropped int, whole bool, err error) {
	first := blob << chunkBits
	last, err := t.number(qLastChunk, first, lastChunk(blob))
	if err != nil {
		return 0, false, err
	}
	from := max(first, last-int64(n)+1)
	if last >= first {
		if _, err := t.exec(qDropChunks, from, last); err != nil {
			return 0, false, err
		}
		dropped = int(last - from + 1)
	}
	if from > first {
		return dropped, false, nil
	}
	_, err = t.exec(qDropBlob, blob)
	return dropped, true, err
}

// vacuum gives pages back to the file system when a quarter of the file is free.
func (t *tx) vacuum() (bool, error) {
	free, err := t.number(qFreePages)
	if err != nil || free <= vacuumFloor {
		return false, err
	}
	pages, err := t.number(qPages)
	if err != nil || free < pages/4 {
		return false, err
	}
	_, err = t.exec(qVacuum)
	return err == nil, err
}
