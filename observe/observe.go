// Package observe watches connections for people: a structured log, metrics,
// and the latest sessions with what was said in them. Each is an event.Sink;
// Sinks makes one of several.
//
// It refuses to hold mail up: whatever is slow to write drops its words and
// counts them. It keeps no message body and no secret. Start reading at Log,
// Metrics and Sessions.
package observe

import (
	"sync"

	"posta/event"
)

// Sinks are watchers side by side, told in order.
type Sinks []event.Sink

// Emit tells all of them.
func (s Sinks) Emit(e *event.Event) {
	for _, one := range s {
		one.Emit(e)
	}
}

// Wants says whether one of them wants it.
func (s Sinks) Wants(conn uint64, l event.Layer, p event.Part) bool {
	for _, one := range s {
		if one.Wants(conn, l, p) {
			return true
		}
	}
	return false
}

// byConn keeps something for each open connection, in shards so that busy
// connections don't wait for one another.
type byConn[T any] struct {
	shards [64]struct {
		mu sync.Mutex
		m  map[uint64]T
	}
}

func (b *byConn[T]) put(conn uint64, v T) {
	s := &b.shards[conn%64]
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.m == nil {
		s.m = map[uint64]T{}
	}
	s.m[conn] = v
}

func (b *byConn[T]) get(conn uint64) (T, bool) {
	s := &b.shards[conn%64]
	s.mu.Lock()
	defer s.mu.Unlock()
	v, ok := s.m[conn]
	return v, ok
}

func (b *byConn[T]) take(conn uint64) (T, bool) {
	s := &b.shards[conn%64]
	s.mu.Lock()
	defer s.mu.Unlock()
	v, ok := s.m[conn]
	delete(s.m, conn)
	return v, ok
}

// each calls f for every connection; f may not call back.
func (b *byConn[T]) each(f func(T)) {
	for i := range b.shards {
		s := &b.shards[i]
		s.mu.Lock()
		for _, v := range s.m {
			f(v)
		}
		s.mu.Unlock()
	}
}
