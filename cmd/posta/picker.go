package main

import (
	"time"

	"posta/dissect"
	"posta/event"
	"posta/filter"
)

// The bounds of what waits for a filter to hold of its session, in octets.
const (
	maxPicked    = 4 << 20 // of one session
	maxPickedAll = 64 << 20
)

// picker keeps sessions back until a filter holds of something in them, and then
// gives them from their beginning. It is a Sink.
type picker struct {
	to      event.Sink
	d       *dissect.Dissector
	matches *filter.Matcher
	waiting map[uint64]*unpicked // nil: it was picked
	octets  int
	record  []byte
}

// unpicked is a session that waits. What it cannot keep it counts.
type unpicked struct {
	records []byte
	lost    [2][2]int64 // octets by event.Dir and event.Layer
	before  [2][2]int64 // where they begin
	last    time.Time
}

// newPicker understands a filter; of "" it is nil.
func (a *app) newPicker(text string) (*picker, error) {
	matches, needs, err := a.matching(text)
	if matches == nil || err != nil {
		return nil, err
	}
	p := &picker{matches: matches, waiting: map[uint64]*unpicked{}}
	p.d = dissect.New(needs, p.frame)
	return p, nil
}

// Wants takes all octets.
func (p *picker) Wants(uint64, event.Layer, event.Part) bool { return true }

// Emit takes an event.
func (p *picker) Emit(e *event.Event) {
	if e.Kind == event.Open {
		p.waiting[e.Conn] = &unpicked{}
	}
	if one := p.waiting[e.Conn]; one != nil {
		p.keep(one, e)
		p.d.Feed(e)
		if p.waiting[e.Conn] == nil { // nobody asks about it any longer
			p.d.Feed(&event.Event{Conn: e.Conn, Kind: event.Close})
		}
	} else if _, picked := p.waiting[e.Conn]; picked {
		p.to.Emit(e)
	}
	if e.Kind == event.Close {
		p.drop(e.Conn)
	}
}

// keep keeps an event, or counts the octets that it has no room for.
func (p *picker) keep(one *unpicked, e *event.Event) {
	one.last = e.Time
	record, err := event.Append(p.record[:0], e)
	p.record = record
	full := len(one.records)+len(record) > maxPicked || p.octets+len(record) > maxPickedAll || one.lost != [2][2]int64{}
	if err == nil && (!full || e.Kind == event.Open) {
		one.records = append(one.records, record...)
		p.octets += len(record)
		return
	}
	if e.Kind == event.Data || e.Kind == event.Gap {
		at := &one.lost[e.Dir&1][e.Layer&1]
		if *at == 0 {
			one.before[e.Dir&1][e.Layer&1] = e.Off
		}
		*at += e.Len
	}
}

// frame gives a session on, if the filter holds of a frame of it.
func (p *picker) frame(f *dissect.Frame) {
	one := p.waiting[f.Conn]
	if one == nil || !p.matches.Match(f.Tree) {
		return
	}
	records := one.records
	p.octets -= len(records)
	p.waiting[f.Conn] = nil
	var e event.Event
	for len(records) > 0 {
		n, err := event.Decode(records, &e)
		if err != nil {
			return // it was written here: it cannot be
		}
		records = records[n:]
		p.to.Emit(&e)
	}
	for d, layers := range one.lost {
		for l, n := range layers {
			if n > 0 {
				p.to.Emit(&event.Event{Conn: f.Conn, Time: one.last, Kind: event.Gap, Dir: event.Dir(d), Layer: event.Layer(l), Off: one.before[d][l], Len: n})
			}
		}
	}
}

// drop forgets a session that has ended.
func (p *picker) drop(conn uint64) {
	if one := p.waiting[conn]; one != nil {
		p.octets -= len(one.records)
	}
	delete(p.waiting, conn)
}
