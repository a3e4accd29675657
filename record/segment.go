package record

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"os"
	"time"

	"posta/event"
)

// A file begins with segmentHead. Each session is an entry: four octets with the
// length of what is behind the eight that the header takes, four with its CRC-32,
// and then flags (one octet), when it ended (Unix nanoseconds, eight octets) and
// its events' records, Open first. Numbers are little-endian. What is cut off at
// the end of a file was being written when the machine failed.
const (
	segmentHead = "posta record 1\n"
	segmentEnd  = ".events"
	entryHeader = 8
	entryFacts  = 9
)

const (
	flagClear = 1 << iota
	flagKeys
	flagDropped
)

// maxOpen bounds the record of an Open: it is what is read of an entry at first.
const maxOpen = 4 << 10

// load finds the sessions in a file.
func (a *Archive) load(s *segment) error {
	f, err := os.Open(s.path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	s.size = info.Size()
	s.newest = info.ModTime() // of a file in which nothing can be read
	buf := make([]byte, entryHeader+entryFacts+maxOpen)
	if n, err := f.ReadAt(buf[:len(segmentHead)], 0); err != nil && !errors.Is(err, io.EOF) {
		return err
	} else if string(buf[:n]) != segmentHead {
		a.o.Trouble(fmt.Errorf("record: %s is no file of recorded sessions, or was cut off at its beginning", s.path))
		return nil
	}
	for off := int64(len(segmentHead)); ; {
		n, err := f.ReadAt(buf, off)
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		one, ok := a.begun(buf[:n], s.size-off)
		if !ok {
			return nil
		}
		one.at, one.off = s, off
		a.add(one)
		off += entryHeader + int64(one.size)
	}
}

// begun reads the beginning of an entry, of which so much is left in the file.
func (a *Archive) begun(b []byte, left int64) (*archived, bool) {
	if len(b) < entryHeader+entryFacts {
		return nil, false
	}
	size := int64(binary.LittleEndian.Uint32(b))
	var e event.Event
	if size < entryFacts || size > left-entryHeader {
		return nil, false
	}
	facts := b[entryHeader:]
	if _, err := event.Decode(facts[entryFacts:], &e); err != nil {
		return nil, false
	}
	o, ok := e.Fact.(event.Opened)
	if !ok {
		return nil, false
	}
	for _, text := range []*string{&o.Protocol, &o.Listener, &o.Mode} {
		if a.texts[*text] == "" {
			a.texts[*text] = *text
		}
		*text = a.texts[*text]
	}
	flags := facts[0]
	return &archived{size: int(size), Session: Session{ID: e.Conn, size: int(size), Opened: o, Began: e.Time,
		Closed: time.Unix(0, int64(binary.LittleEndian.Uint64(facts[1:]))),
		Clear:  flags&flagClear != 0, Keys: flags&flagKeys != 0, Dropped: flags&flagDropped != 0}}, true
}

// add puts a session into the index; mu is held, or nobody else is there.
func (a *Archive) add(one *archived) {
	s := one.at
	if len(s.sessions) == 0 {
		s.oldest = one.Closed
	}
	s.newest = one.Closed
	s.sessions = append(s.sessions, one)
	a.byID[one.ID] = one
}

// read gives the records of a session.
func (s *archived) read() ([]byte, error) {
	f, err := os.Open(s.at.path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b := make([]byte, entryHeader+s.size)
	if _, err := f.ReadAt(b, s.off); err != nil {
		return nil, err
	}
	if crc32.ChecksumIEEE(b[entryHeader:]) != binary.LittleEndian.Uint32(b[4:]) {
		return nil, event.ErrDamaged
	}
	return b[entryHeader+entryFacts:], nil
}

// entryRoom is what an entry takes beside its session's records in the ring, about:
// facts, keys, and gaps.
const entryRoom = 1 << 10

// write takes sessions out of the ring and appends them. Of those that it has
// whole the records are copied; the others are played, with their gaps.
func (a *Archive) write(r *Ring, ended []Session) error {
	d := a.divide(ended)
	var whole, broken []uint64
	from, to := int64(math.MaxInt64), int64(0)
	for _, s := range ended {
		if s.Dropped {
			broken = append(broken, s.ID)
			continue
		}
		whole = append(whole, s.ID)
		from, to = min(from, s.first), max(to, s.last)
	}
	if len(whole) > 0 && !r.copy(from, to, &d) { // the ring passed meanwhile
		d, broken = a.divide(ended), append(broken, whole...)
	}
	if err := r.playKept(context.Background(), broken, &d); err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	lost := 0
	for _, s := range ended {
		if have := a.byID[s.ID]; have != nil && have.Closed.Equal(s.Closed) {
			continue // written before what came behind it failed
		}
		one := d.byConn[s.ID]
		if len(one.octets) == entryHeader+entryFacts {
			lost++ // by the ring
			continue
		}
		if err := a.append(s, one.finish(s)); err != nil {
			return err
		}
	}
	if err := a.flush(); err != nil {
		return err
	}
	a.missed.count += lost
	return nil
}

// divide makes room for the entries of sessions.
func (a *Archive) divide(ended []Session) divider {
	d := divider{byConn: make(map[uint64]*entry, len(ended))}
	room := 0
	for _, s := range ended {
		room += s.size + entryRoom
	}
	if cap(a.arena) < room {
		a.arena = make([]byte, room)
	}
	arena := a.arena[:cap(a.arena)]
	for _, s := range ended {
		n := s.size + entryRoom
		d.byConn[s.ID] = &entry{octets: arena[: entryHeader+entryFacts : n], keys: s.keys, broken: s.Dropped}
		arena = arena[n:]
	}
	return d
}

// copy gives the records between two places, and says whether all are there.
func (r *Ring) copy(from, to int64, d *divider) bool {
	for from < to {
		r.mu.Lock()
		records, at := r.blocks.from(from)
		r.mu.Unlock()
		if at > from || len(records) == 0 {
			return false
		}
		records = records[:min(int64(len(records)), to-from)]
		from += int64(len(records))
		for len(records) > 0 {
			n, kind, conn, err := event.Head(records)
			if err != nil {
				return false // the ring wrote it: it cannot be
			}
			d.copy(kind, conn, records[:n])
			records = records[n:]
		}
	}
	return true
}

// finish writes an entry's header and facts.
func (e *entry) finish(s Session) []byte {
	b := e.octets
	b[entryHeader] = 0
	for flag, set := range map[byte]bool{flagClear: s.Clear, flagKeys: s.Keys, flagDropped: s.Dropped} {
		if set {
			b[entryHeader] |= flag
		}
	}
	binary.LittleEndian.PutUint64(b[entryHeader+1:], uint64(s.Closed.UnixNano()))
	binary.LittleEndian.PutUint32(b, uint32(len(b)-entryHeader))
	binary.LittleEndian.PutUint32(b[4:], crc32.ChecksumIEEE(b[entryHeader:]))
	return b
}

// divider keeps the records of each session apart, with its keys behind its
// Open: copied, or as a Sink of what is played.
type divider struct{ byConn map[uint64]*entry }

// entry is one in the making.
type entry struct {
	octets, keys []byte
	broken       bool // it is not copied
}

// copy takes a record.
func (d *divider) copy(kind event.Kind, conn uint64, record []byte) {
	one := d.byConn[conn]
	if one == nil || one.broken || kind == event.Keys {
		return
	}
	one.octets = append(one.octets, record...)
	one.open(kind, conn)
}

// Wants takes everything.
func (d *divider) Wants(uint64, event.Layer, event.Part) bool { return true }

// Emit takes an event that is played.
func (d *divider) Emit(e *event.Event) {
	if one := d.byConn[e.Conn]; one != nil {
		one.put(e)
		one.open(e.Kind, e.Conn)
	}
}

// open puts the keys behind an Open. They have no time of their own there.
func (e *entry) open(kind event.Kind, conn uint64) {
	if kind == event.Open && len(e.keys) > 0 {
		e.put(&event.Event{Conn: conn, Kind: event.Keys, Len: int64(len(e.keys)), Data: e.keys})
	}
}

// put appends an event, which the ring had as a record: it can be one.
func (e *entry) put(what *event.Event) { e.octets, _ = event.Append(e.octets, what) }
