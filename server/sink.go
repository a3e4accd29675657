package server

import (
	"context"
	"errors"
	"slices"

	"posta/admin"
	"posta/config"
	"posta/mailroom"
	"posta/sink"
	"posta/store"
)

// sinks says that a listener keeps mail to anybody.
func (h *House) sinks() bool {
	return slices.ContainsFunc(h.cfg.Listeners, func(l config.Listener) bool { return l.Mode == config.ModeSink })
}

// openSink makes the sink and its mailroom. Without a listener for it the
// operations can still look at what an earlier sink has kept.
func (h *House) openSink(ctx context.Context) error {
	s, err := sink.New(ctx, sink.Options{Store: h.db, Max: h.cfg.Sink.MaxMessages, Home: h.cfg.DefaultDomain,
		Canonical: h.directory.Canonical, Look: !h.sinks()})
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	h.sink = s
	h.sinkRoom = mailroom.New(mailroom.Config{Hostname: h.cfg.Hostname, Directory: s.People(), Store: s, Trouble: h.o.Report})
	return nil
}

// shownSink is the sink that operations are about, or nil: one that is served,
// or that lies in a store which nobody serves.
func (h *House) shownSink() admin.Sink {
	if h.sink == nil || len(h.listeners) > 0 && !h.sinks() {
		return nil
	}
	return h.sink
}

// insideRoom takes what users of this machine hand in: the sink's where there
// is nothing else.
func (h *House) insideRoom() *mailroom.Room {
	other := func(l config.Listener) bool { return l.Mode != config.ModeSink }
	if h.sink != nil && h.sinks() && !slices.ContainsFunc(h.cfg.Listeners, other) {
		return h.sinkRoom
	}
	return h.room
}

// faulty says that a listener may make faults on purpose.
func (h *House) faulty() bool {
	return slices.ContainsFunc(h.cfg.Listeners, func(l config.Listener) bool { return l.Relaxed() })
}
