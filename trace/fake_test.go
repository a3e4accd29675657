package trace

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"posta/event"
)

// shelf is a Store in memory.
type shelf struct {
	mu     sync.Mutex
	slices []Slice
	trims  []string
	fail   error
	hold   chan struct{} // AddTrace waits for it; nil: it does not
}

func (s *shelf) AddTrace(_ context.Context, one Slice) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if hold := s.hold; hold != nil {
		s.mu.Unlock()
		<-hold
		s.mu.Lock()
	}
	if s.fail != nil {
		return s.fail
	}
	one.ID = int64(len(s.slices) + 1)
	one.Data = slices.Clone(one.Data)
	s.slices = append(s.slices, one)
	return nil
}

func (s *shelf) Traces(_ context.Context, after int64, limit int) ([]Slice, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := s.slices[min(max(int(after), 0), len(s.slices)):]
	return all[:min(limit, len(all), 2)], nil
}

func (s *shelf) TraceBefore(_ context.Context, at time.Time) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, one := range s.slices {
		if !one.Last.Before(at) {
			return one.ID - 1, nil
		}
	}
	return int64(len(s.slices)), nil
}

func (s *shelf) TrimTraces(_ context.Context, k Kind, before time.Time, most int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.trims = append(s.trims, fmt.Sprintf("%d before %s, %d", k, before.Format(time.DateOnly), most))
	return s.fail
}

// set changes how the shelf behaves.
func (s *shelf) set(fail error, hold chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail, s.hold = fail, hold
}

func (s *shelf) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.slices)
}

var errShelf = errors.New("the shelf is full")

// house emits facts at times of the test's choosing.
type house struct {
	*testing.T
	store *shelf
	trace *Trace
	now   time.Time
}

func newHouse(t *testing.T, o Options) *house {
	h := &house{T: t, store: &shelf{}, now: time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)}
	h.trace = New(h.store, o)
	return h
}

func (h *house) open(conn uint64, client string) {
	h.trace.Emit(&event.Event{Conn: conn, Kind: event.Open, Time: h.now, Fact: event.Opened{
		Endpoints: event.Endpoints{Remote: netip.MustParseAddrPort(client)}, Protocol: "smtp"}})
}

// on emits facts of a connection, a second after the other.
func (h *house) on(conn uint64, facts ...any) {
	for _, f := range facts {
		h.now = h.now.Add(time.Second)
		kind := event.State
		if _, closed := f.(event.Closed); closed {
			kind = event.Close
		}
		h.trace.Emit(&event.Event{Conn: conn, Kind: kind, Time: h.now, Fact: f})
	}
}

func (h *house) find(q Query) Result {
	h.Helper()
	if err := h.trace.Flush(h.Context()); err != nil {
		h.Fatal(err)
	}
	r, err := Find(h.Context(), h.store, q)
	if err != nil {
		h.Fatal(err)
	}
	return r
}

// short writes a story on one line, with times left out.
func short(s Story) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s<%s> %s", s.To, s.From, s.Status)
	if s.ID != "" {
		fmt.Fprintf(&b, " %s/%s/%d", s.ID, s.MessageID, s.Size)
	}
	for _, p := range s.Steps {
		fmt.Fprintf(&b, "; %s %d", p.What, p.Session)
		for _, word := range []string{p.Client, p.Account, p.Mailbox, p.Onward, p.Host, p.Address, p.TLS, p.Reply, p.Way, p.User, p.Site} {
			if word != "" {
				b.WriteString(" " + word)
			}
		}
	}
	return b.String()
}

// holds holds what a query finds against short stories.
func (h *house) holds(q Query, want ...string) {
	h.Helper()
	var got []string
	for _, s := range h.find(q).Stories {
		got = append(got, short(s))
	}
	if !slices.Equal(got, want) {
		h.Errorf("%+v finds\n%s\nwant\n%s", q, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
