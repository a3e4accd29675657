package capture

import (
	"crypto/sha256"
	"fmt"
	"hash"
	"strings"
	"testing"

	"posta/event"
)

// tale is what a watcher was told of one stream.
type tale struct {
	opened  event.Captured
	packets [2]int
	octets  [2]int64 // without gaps
	lost    [2]int64
	said    [2]int64 // with what tshark says of each gap, which it counts
	sum     [2]hash.Hash
	text    [2][]byte // with '?' for octets of gaps, if they are kept
	closed  string
	events  uint64
}

// watcher keeps what it is told, and holds it against the rules of events.
type watcher struct {
	t       testing.TB
	keep    bool // the octets too
	streams map[uint64]*tale
	packets int
	frames  map[uint32]seen
}

// seen is what was told of one packet.
type seen struct {
	conn uint64
	event.Event
	event.Segment
}

func newWatcher(t testing.TB, keep bool) *watcher {
	return &watcher{t: t, keep: keep, streams: map[uint64]*tale{}, frames: map[uint32]seen{}}
}

func (w *watcher) Wants(uint64, event.Layer, event.Part) bool { return true }

func (w *watcher) Emit(e *event.Event) {
	st := w.streams[e.Conn]
	if e.Kind == event.Packet {
		w.packets++
		w.frames[e.Packet] = seen{e.Conn, *e, *e.Fact.(*event.Segment)}
		if e.Conn == 0 {
			return
		}
	}
	if e.Kind == event.Open {
		if st != nil {
			w.t.Errorf("stream %d opened twice", e.Conn)
		}
		st = &tale{opened: e.Fact.(event.Captured), sum: [2]hash.Hash{sha256.New(), sha256.New()}}
		w.streams[e.Conn] = st
	}
	if st == nil || st.closed != "" && e.Kind != event.Packet {
		w.t.Fatalf("%+v of a stream that is not open", e)
	}
	if st.events++; st.events != e.Seq {
		w.t.Errorf("stream %d: event %d has the number %d", e.Conn, st.events, e.Seq)
	}
	d := e.Dir
	switch e.Kind {
	case event.Packet:
		st.packets[d]++
	case event.Data, event.Gap:
		if e.Off != st.octets[d]+st.lost[d] || e.Len <= 0 {
			w.t.Errorf("stream %d: %d octets at %d, which is not %d+%d", e.Conn, e.Len, e.Off, st.octets[d], st.lost[d])
		}
		w.octets(st, e)
	case event.Close:
		st.closed = e.Fact.(event.Closed).Reason
	}
}

func (w *watcher) octets(st *tale, e *event.Event) {
	d := e.Dir
	if e.Kind == event.Gap {
		st.lost[d] += e.Len
		st.said[d] += int64(len(fmt.Sprintf("[%d bytes missing in capture file]\x00", e.Len)))
		if w.keep {
			st.text[d] = append(st.text[d], strings.Repeat("?", int(e.Len))...)
		}
		return
	}
	if e.Len != int64(len(e.Data)) {
		w.t.Errorf("stream %d: %d octets are called %d", e.Conn, len(e.Data), e.Len)
	}
	st.octets[d] += e.Len
	st.said[d] += e.Len
	st.sum[d].Write(e.Data)
	if w.keep {
		st.text[d] = append(st.text[d], e.Data...)
	}
}
