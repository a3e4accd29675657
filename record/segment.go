package record

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
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
	if n, err := f.ReadAt(buf[:len(segmentHead)], 0); n < len(segmentHead) || string(buf[:n]) != segmentHead {
		if err == io.EOF {
			err = nil
		}
		return err
	}
	for off := int64(len(segmentHead)); ; {
		n, err := f.ReadAt(buf, off)
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		one, ok := a.entry(buf[:n], s.size-off)
		if !ok {
			return nil
		}
		one.at, one.off = s, off
		a.add(one)
		off += entryHeader + int64(one.size)
	}
}

// entry reads the beginning of one, of which so much is left in the file.
func (a *Archive) entry(b []byte, left int64) (*archived, bool) {
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
	return &archived{size: int(size), Session: Session{ID: e.Conn, Opened: o, Began: e.Time,
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

// write plays sessions out of the ring and appends them.
func (a *Archive) write(r *Ring, ended []Session) error {
	d := divider{byConn: map[uint64][]byte{}, keys: map[uint64][]byte{}}
	ids := make([]uint64, len(ended))
	for i, s := range ended {
		ids[i] = s.ID
		d.byConn[s.ID], d.keys[s.ID] = nil, s.keys
	}
	if err := r.playKept(context.Background(), ids, &d); err != nil {
		return err
	}
	for _, s := range ended {
		records := d.byConn[s.ID]
		if len(records) == 0 {
			continue // the ring has lost it
		}
		if err := a.append(s, records); err != nil {
			return err
		}
	}
	return nil
}

// append writes one session.
func (a *Archive) append(s Session, records []byte) error {
	flags := byte(0)
	for flag, set := range map[byte]bool{flagClear: s.Clear, flagKeys: s.Keys, flagDropped: s.Dropped} {
		if set {
			flags |= flag
		}
	}
	b := make([]byte, entryHeader, entryHeader+entryFacts+len(records))
	b = append(b, flags)
	b = binary.LittleEndian.AppendUint64(b, uint64(s.Closed.UnixNano()))
	b = append(b, records...)
	binary.LittleEndian.PutUint32(b, uint32(len(b)-entryHeader))
	binary.LittleEndian.PutUint32(b[4:], crc32.ChecksumIEEE(b[entryHeader:]))
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.turn(s.Closed, int64(len(b))); err != nil {
		return err
	}
	last := a.segments[len(a.segments)-1]
	n, err := a.file.Write(b)
	off := last.size
	last.size += int64(n)
	a.size += int64(n)
	if err != nil { // what is behind half an entry would never be found
		_ = a.file.Close()
		a.file = nil
		return err
	}
	s.keys = nil
	a.add(&archived{Session: s, at: last, off: off, size: len(b) - entryHeader})
	return nil
}

// turn makes room, and begins a file where the last one has its fill or is old.
func (a *Archive) turn(at time.Time, next int64) error {
	each := a.o.Size / segments
	if a.file != nil {
		last := a.segments[len(a.segments)-1]
		if last.size+next <= each && int64(len(last.sessions)) < each/leastSession &&
			(len(last.sessions) == 0 || at.Sub(last.oldest) < a.o.KeepFor/segments) {
			return nil
		}
		err := a.file.Close()
		a.file = nil
		if err != nil {
			return err
		}
	}
	for len(a.segments) > 0 && (len(a.segments) >= 2*segments || a.size+max(each, next) > a.o.Size) {
		a.drop()
	}
	s := &segment{number: 1}
	if n := len(a.segments); n > 0 {
		s.number = a.segments[n-1].number + 1
	}
	s.path = filepath.Join(a.o.Dir, fmt.Sprintf("%010d%s", s.number, segmentEnd))
	f, err := os.OpenFile(s.path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	a.file = f
	a.segments = append(a.segments, s)
	n, err := io.WriteString(f, segmentHead)
	s.size = int64(n)
	a.size += s.size
	s.newest = at
	return err
}

// drop removes the oldest file. One that cannot be removed is found again by the
// next run.
func (a *Archive) drop() {
	s := a.segments[0]
	if len(a.segments) == 1 && a.file != nil {
		_ = a.file.Close()
		a.file = nil
	}
	if err := os.Remove(s.path); err != nil && !os.IsNotExist(err) && !a.failed {
		a.failed = true
		a.o.Trouble(fmt.Errorf("record: %w", err))
	}
	for _, one := range s.sessions {
		if a.byID[one.ID] == one {
			delete(a.byID, one.ID)
		}
	}
	a.size -= s.size
	a.segments[0] = nil
	a.segments = a.segments[1:]
}

// expire removes files in which everything is too old; mu is held.
func (a *Archive) expire(now time.Time) {
	for old := now.Add(-a.o.KeepFor); len(a.segments) > 0 && !a.segments[0].newest.After(old); {
		a.drop()
	}
}

// divider is a Sink that keeps the records of each session apart, with its keys
// behind its Open.
type divider struct {
	byConn, keys map[uint64][]byte
}

// Wants takes everything.
func (d *divider) Wants(uint64, event.Layer, event.Part) bool { return true }

// Emit takes an event.
func (d *divider) Emit(e *event.Event) {
	records, ok := d.byConn[e.Conn]
	if !ok {
		return
	}
	records = d.put(records, e)
	if keys := d.keys[e.Conn]; e.Kind == event.Open && len(keys) > 0 {
		records = d.put(records, &event.Event{Conn: e.Conn, Time: e.Time, Kind: event.Keys, Len: int64(len(keys)), Data: keys})
	}
	d.byConn[e.Conn] = records
}

func (d *divider) put(records []byte, e *event.Event) []byte {
	records, _ = event.Append(records, e) // the ring had it as a record: it can be one
	return records
}
