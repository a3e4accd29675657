package sqldb

import (
	"context"
	"database/sql/driver"

	"posta/store"
	"posta/words"
)

// window is how many bodies are looked at in one reading of the mailboxes: so
// many numbers need some 40 MB, however large the store is.
const window = 1 << 20

// owner is what a number that chunks can belong to should have and has: a
// blob's, or that of the lines before a message's body.
type owner struct {
	size    int64 // octets it should have
	got     int64 // and has, in its chunks
	noted   int64 // references by the blob's row
	counted int64 // references that there are
	chunks  int32
	blob    bool // there is a row of it
	prefix  bool // a message has it for its prefix
	gap     bool // a chunk is missing between others
	away    bool // its octets are kept elsewhere
}

// whole says that all octets are there. A blob without references is a draft
// under way, whose size nobody knows yet.
func (o *owner) whole() bool {
	return o.away || !o.gap && o.got == o.size
}

// hurt is a message that is not as its row says.
type hurt struct {
	box, uid, blob, prefix int64
	size, flags            int64
}

// bodies is a reading of all bodies and of who refers to them.
type bodies struct {
	ctx  context.Context
	c    *conn
	told func(store.Progress)
	old  bool // an earlier schema, which has no queue

	refs    map[int64]int64 // blobs whose references are noted wrongly: what there are
	adopted []int64         // blobs that were referred to, and by nobody any more
	strays  []int64         // numbers whose chunks belong to nothing
	hurt    []hurt          // messages that have lost octets
	resized []hurt          // messages whose size is wrong and nothing else

	last    int64 // the highest number that there is
	highest int64 // and that anything refers to
	from    int64 // of the window
	owners  []owner
}

// mostNumber is above every number that can have been given: one beyond it
// comes from damage.
const mostNumber = 1 << 42

// read fills the result. It must run in a transaction.
func (b *bodies) read() error {
	last, err := b.c.number(qLastBlob)
	if err != nil {
		return err
	}
	b.last, b.highest = last, last
	b.refs = map[int64]int64{}
	b.owners = make([]owner, min(int64(window), last+1))
	for b.from = 0; b.from <= last; b.from += window {
		b.told(store.Progress{Name: "bodies", Done: b.from, Of: last + 1})
		if err := b.slice(); err != nil {
			return err
		}
		if err := b.ctx.Err(); err != nil {
			return err
		}
	}
	b.told(store.Progress{Name: "bodies", Done: last + 1, Of: last + 1})
	return nil
}

// slice looks at the owners of one window.
func (b *bodies) slice() error {
	clear(b.owners)
	for _, step := range []func() error{b.blobs, b.messages, b.others, b.chunks} {
		if err := step(); err != nil {
			return err
		}
	}
	b.judge()
	return b.suspects()
}

// at finds an owner of this window, or nil.
func (b *bodies) at(number int64) *owner {
	if i := number - b.from; i >= 0 && i < int64(len(b.owners)) {
		return &b.owners[i]
	}
	return nil
}

func (b *bodies) to() int64 { return b.from + int64(len(b.owners)) }

func (b *bodies) blobs() error {
	return b.c.query(func(row []driver.Value) error {
		if o := b.at(asInt(row[0])); o != nil {
			o.blob, o.size, o.noted, o.away = true, asInt(row[1]), asInt(row[2]), row[3] != nil
		}
		return nil
	}, `SELECT id, size, refs, location FROM blob WHERE id >= $1 AND id < $2`, b.from, b.to())
}

const qReferences = `SELECT mailbox_id, uid, blob_id, prefix, size, flags FROM message`

func scanHurt(row []driver.Value) hurt {
	return hurt{asInt(row[0]), asInt(row[1]), asInt(row[2]), asInt(row[3]), asInt(row[4]), asInt(row[5])}
}

func (b *bodies) messages() error {
	return b.c.query(func(row []driver.Value) error {
		b.uses(scanHurt(row), true)
		return nil
	}, qReferences)
}

// uses notes what a message refers to. Nobody may be waiting for it.
func (b *bodies) uses(m hurt, waited bool) {
	nowhere := b.nowhere(m.blob)
	if (b.nowhere(m.prefix>>chunkBits) || nowhere) && waited && b.from == 0 {
		b.hurt = append(b.hurt, m)
	}
	if o := b.at(m.blob); o != nil && waited {
		o.counted++
		if o.blob && m.size != o.size+m.prefix%maxPrefix+m.end() {
			b.resized = append(b.resized, m)
		}
	}
	if m.prefix != 0 {
		if o := b.at(m.prefix >> chunkBits); o != nil {
			o.prefix, o.size = true, m.prefix%maxPrefix
		}
	}
}

// nowhere says that a number is beyond all that there are.
func (b *bodies) nowhere(number int64) bool {
	if number > b.highest && number < mostNumber {
		b.highest = number
	}
	return number < 0 || number > b.last
}

// end is the line end that RETR adds.
func (m hurt) end() int64 {
	if m.flags&flagNoEOL != 0 {
		return 2
	}
	return 0
}

// others are references that are no messages of mailboxes: what waits for the
// sweep, lists that are being expanded, and mail that leaves.
func (b *bodies) others() error {
	err := b.c.query(func(row []driver.Value) error {
		for p := range pairsIn(asBytes(row[0])) {
			if o := b.at(p.blob); o != nil {
				o.counted++
			}
			b.nowhere(p.blob)
			b.nowhere(p.prefix >> chunkBits)
			if o := b.at(p.prefix >> chunkBits); o != nil && p.prefix != 0 {
				o.prefix, o.size = true, p.prefix%maxPrefix
			}
		}
		return nil
	}, qAllTrash)
	if err != nil {
		return err
	}
	err = b.c.query(func(row []driver.Value) error {
		if o := b.at(asInt(row[0])); o != nil {
			o.counted++
		}
		return nil
	}, `SELECT blob_id FROM expansion`)
	if err != nil {
		return err
	}
	return b.leaving(b.uses)
}

func (b *bodies) chunks() error {
	return b.c.query(func(row []driver.Value) error {
		id := asInt(row[0])
		o := b.at(id >> chunkBits)
		if o == nil {
			return nil
		}
		if id%maxChunks != int64(o.chunks) {
			o.gap = true
		}
		o.chunks++
		o.got += asInt(row[1])
		return nil
	}, `SELECT id, length(data) FROM blob_chunk WHERE id >= $1 AND id < $2`, b.from<<chunkBits, b.to()<<chunkBits)
}

// judge sorts the owners of the window by what is wrong with them.
func (b *bodies) judge() {
	for i := range b.owners {
		o, number := &b.owners[i], b.from+int64(i)
		switch {
		case o.blob && o.noted > 0 && o.counted == 0:
			b.adopted = append(b.adopted, number)
		case o.blob && o.noted != o.counted:
			b.refs[number] = o.counted
		case !o.blob && !o.prefix && o.counted == 0 && o.chunks > 0:
			b.strays = append(b.strays, number)
		}
	}
}

// suspects finds the messages that use what is not whole.
func (b *bodies) suspects() error {
	bad := false
	for i := range b.owners {
		o := &b.owners[i]
		bad = bad || o.counted > 0 && !(o.blob && o.whole()) || o.prefix && !o.whole()
	}
	if !bad {
		return nil
	}
	note := func(m hurt, waited bool) {
		body, prefix := b.at(m.blob), b.at(m.prefix>>chunkBits)
		if !waited || b.nowhere(m.blob) || b.nowhere(m.prefix>>chunkBits) {
			return // noted already
		}
		if body != nil && !(body.blob && body.whole()) || m.prefix != 0 && prefix != nil && !prefix.whole() {
			b.hurt = append(b.hurt, m)
		}
	}
	err := b.c.query(func(row []driver.Value) error {
		note(scanHurt(row), true)
		return nil
	}, qReferences)
	if err != nil {
		return err
	}
	return b.leaving(note)
}

// tell adds what was found.
func (b *bodies) tell(ts *troubles) error {
	for number, counted := range b.refs {
		ts.add(store.Mend, "sqldb.trouble_references", words.Args{"Body": number, "Used": counted})
	}
	for _, number := range b.adopted {
		ts.add(store.Mend, "sqldb.trouble_unowned", words.Args{"Body": number})
	}
	if n := len(b.strays); n > 0 {
		ts.add(store.Mend, "sqldb.trouble_pieces", words.Args{"Count": n})
	}
	seen := map[[2]int64]bool{}
	for _, m := range b.hurt {
		if seen[[2]int64{m.box, m.uid}] {
			continue // its body and its prefix lie in different windows
		}
		seen[[2]int64{m.box, m.uid}] = true
		if err := b.tellHurt(ts, m, "sqldb.trouble_body", "sqldb.trouble_body_queued"); err != nil {
			return err
		}
	}
	for _, m := range b.resized {
		if seen[[2]int64{m.box, m.uid}] {
			continue
		}
		if err := b.tellHurt(ts, m, "sqldb.trouble_size", "sqldb.trouble_size_queued"); err != nil {
			return err
		}
	}
	return nil
}

func (b *bodies) tellHurt(ts *troubles, m hurt, id, queued string) error {
	if m.box == leavingBox {
		return b.tellLeaving(ts, m, queued)
	}
	row, err := b.c.one(`SELECT `+boxName+` FROM mailbox m WHERE m.id = $1`, m.box)
	if err != nil {
		return err
	}
	address := ""
	if row != nil {
		address = asString(row[0])
	}
	ts.add(store.Mend, id, words.Args{"UID": m.uid, "Address": address})
	return nil
}
