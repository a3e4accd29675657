package server

import (
	"context"

	"posta/admin"
	"posta/audit"
	"posta/dissect"
	"posta/event"
	"posta/field"
	"posta/story"
	"posta/words"
)

// maxComments bounds the findings that a capture bears.
const maxComments = 10_000

// findings looks through recorded sessions, as they will be written, and says
// what is to be said of which event: of a masked capture that too may hold no secret.
func (h *House) findings(ctx context.Context, in admin.SessionExport) (map[eventID][]string, error) {
	w, err := words.New(words.Fallback)
	if err != nil {
		return nil, err
	}
	texts, count := map[eventID][]string{}, 0
	auditor := audit.New(func(f audit.Finding) {
		if count++; count <= maxComments {
			at := eventID{f.Conn, f.At.Frame}
			texts[at] = append(texts[at], f.Comment(w))
		}
	})
	d := dissect.New(field.Set{}, func(*dissect.Frame) {})
	d.Tell(story.New(story.Options{Out: auditor.Act}))
	var to event.Sink = reader{d}
	if in.Masked {
		to = masking{to}
	}
	if !in.Masked {
		to = bearing{to, map[uint64]borne{}}
	}
	if err := h.record.Play(ctx, in.IDs, numbered{to}); err != nil {
		return nil, err
	}
	auditor.End()
	return texts, nil
}

// remarks gives what is to be said of an event's packet.
func remarks(texts map[eventID][]string) func(*event.Event, uint32) []string {
	return func(e *event.Event, _ uint32) []string {
		at := eventID{e.Conn, e.Packet}
		defer delete(texts, at)
		return texts[at]
	}
}

// eventID is an event of a session, by its Seq.
type eventID struct {
	conn uint64
	seq  uint32
}

// numbered is a Sink that numbers events as packets, each by its Seq, so that the
// same are known again when they are played once more.
type numbered struct{ to event.Sink }

func (n numbered) Wants(conn uint64, l event.Layer, p event.Part) bool { return n.to.Wants(conn, l, p) }

// Emit gives an event on.
func (n numbered) Emit(e *event.Event) {
	before := e.Packet
	e.Packet = uint32(e.Seq)
	n.to.Emit(e)
	e.Packet = before
}

// bearing is a Sink that gives text which passed inside TLS the number of its
// ciphertext, which is what an export writes of it. What comes in was read
// before its text is told of; what goes out, behind it.
type bearing struct {
	to     event.Sink
	latest map[uint64]borne
}

// borne are the latest octets of a session as they were on the network.
type borne struct {
	number uint32
	dir    event.Dir
}

func (b bearing) Wants(conn uint64, l event.Layer, p event.Part) bool { return b.to.Wants(conn, l, p) }

// Emit gives an event on.
func (b bearing) Emit(e *event.Event) {
	at, secured := b.latest[e.Conn]
	switch {
	case e.Kind == event.Close:
		delete(b.latest, e.Conn)
	case e.Kind == event.Data && e.Layer == event.Wire:
		b.latest[e.Conn] = borne{e.Packet, e.Dir}
	case e.Kind == event.Data && secured && at.dir == e.Dir:
		before := e.Packet
		e.Packet = at.number
		b.to.Emit(e)
		e.Packet = before
		return
	}
	b.to.Emit(e)
}

// masking is a Sink that gives on what a masked capture shows: the clear text
// with secrets masked and bodies left out.
type masking struct{ to event.Sink }

func (masking) Wants(_ uint64, l event.Layer, _ event.Part) bool { return l == event.Text }

// Emit masks an event.
func (m masking) Emit(e *event.Event) {
	if e.Kind != event.Data {
		m.to.Emit(e)
		return
	}
	if e.Layer == event.Wire {
		return
	}
	shown := *e
	shown.Mask = nil
	if e.Data == nil || e.Part != event.Body {
		shown.Data = event.AppendMasked(nil, e.Data, e.Mask)
		if e.Data == nil {
			shown.Data = nil
		} else {
			shown.Len = int64(len(shown.Data))
		}
		m.to.Emit(&shown)
		return
	}
	left, kept := event.MaskedBody(e)
	if shown.Data, shown.Len = nil, left; left > 0 {
		m.to.Emit(&shown)
	}
	if kept != "" {
		shown.Off, shown.Data, shown.Len = e.Off+left, []byte(kept), int64(len(kept))
		m.to.Emit(&shown)
	}
}

// reader is a Sink over a Dissector.
type reader struct{ d *dissect.Dissector }

func (reader) Wants(uint64, event.Layer, event.Part) bool { return true }
func (r reader) Emit(e *event.Event)                      { r.d.Feed(e) }
