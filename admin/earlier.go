package admin

import (
	"cmp"
	"context"
	"math"
	"slices"

	"posta/event"
	"posta/observe"
	"posta/record"
)

// What is played for one list.
const (
	maxEarlier       = 500 // sessions
	maxEarlierOctets = 32 << 20
)

// earlier plays sessions that are recorded, and of which the server's memory has
// nothing any longer: those before it, and of earlier runs. The newest are taken.
// Where they have more octets than are to be read, some are told of by their
// begin and end alone.
func (h House) earlier(ctx context.Context, most, octets int, takes func(*record.Session) bool) (*observe.Sessions, error) {
	told := observe.New(observe.Options{Sessions: most + 1})
	if h.Record == nil || most <= 0 {
		return told, nil
	}
	known := map[uint64]bool{}
	for _, s := range h.Sessions.List(observe.Filter{}) {
		known[s.ID] = true
	}
	var ids []uint64
	var unread []*record.Session
	all := h.Record.Sessions()
	for i := len(all) - 1; i >= 0 && len(ids)+len(unread) < most; i-- {
		s := &all[i]
		switch {
		case s.Closed.IsZero() || known[s.ID] || !takes(s):
		case s.Octets() > octets:
			unread = append(unread, s)
		default:
			octets -= s.Octets()
			ids = append(ids, s.ID)
		}
	}
	if err := h.Record.Play(ctx, ids, told); err != nil {
		return nil, err
	}
	for _, s := range unread {
		told.Emit(&event.Event{Conn: s.ID, Seq: 1, Time: s.Began, Kind: event.Open, Fact: s.Opened})
		told.Emit(&event.Event{Conn: s.ID, Seq: 2, Time: s.Closed, Kind: event.Close, Fact: event.Closed{}})
	}
	return told, nil
}

// listSessions lists those in memory, and earlier ones that are recorded.
func (h House) listSessions(ctx context.Context, f observe.Filter) ([]observe.Session, error) {
	all := h.Sessions.List(f)
	most := maxEarlier
	if f.Limit > 0 {
		most = min(most, f.Limit)
	}
	if f.User != "" { // who logged in shows when it is played
		most = maxEarlier
	}
	if f.Open {
		most = 0
	}
	earlier, err := h.earlier(ctx, most, maxEarlierOctets, func(s *record.Session) bool {
		return f.Takes(&observe.Session{User: f.User, Protocol: s.Opened.Protocol, Listener: s.Opened.Listener, Remote: s.Opened.Remote})
	})
	if err != nil {
		return nil, err
	}
	all = append(all, earlier.List(f)...)
	slices.SortStableFunc(all, func(a, b observe.Session) int {
		return cmp.Or(b.Opened.Compare(a.Opened), cmp.Compare(b.ID, a.ID))
	})
	if f.Limit > 0 && len(all) > f.Limit {
		all = all[:f.Limit]
	}
	return all, nil
}

// showEarlier is a session's transcript out of the recording: masked, as all are.
func (h House) showEarlier(ctx context.Context, id uint64) (*observe.Transcript, error) {
	earlier, err := h.earlier(ctx, 1, math.MaxInt, func(s *record.Session) bool { return s.ID == id })
	if err != nil {
		return nil, err
	}
	return earlier.Show(id)
}
