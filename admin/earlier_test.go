package admin

import (
	"slices"
	"strings"
	"testing"
	"time"

	"posta/event"
	"posta/observe"
	"posta/record"
)

// Of recorded sessions that are listed, no more octets are read than it is worth;
// all are listed.
func TestEarlier(t *testing.T) {
	ring := record.New(record.Options{})
	defer ring.Close()
	at := time.Date(2026, 11, 26, 9, 0, 0, 0, time.UTC)
	for id := uint64(1); id <= 6; id++ {
		at = at.Add(time.Minute)
		line := "250 " + strings.Repeat("x", 1000) + "\r\n"
		if id == 4 {
			line = "250 " + strings.Repeat("x", 9000) + "\r\n"
		}
		for _, e := range []event.Event{
			{Kind: event.Open, Fact: event.Opened{Protocol: "smtp", Listener: "lab"}},
			{Kind: event.Data, Dir: event.FromListener, Layer: event.Text, Part: event.Reply, Len: int64(len(line)), Data: []byte(line)},
			{Kind: event.Close, Fact: event.Closed{Reason: "quit"}},
		} {
			e.Conn, e.Seq, e.Time = id, 1, at
			ring.Emit(&e)
		}
	}
	h := House{Record: ring, Sessions: observe.New(observe.Options{})}
	every := func(*record.Session) bool { return true }
	for _, c := range []struct {
		most, octets int
		want         string
	}{
		{10, maxEarlierOctets, "6! 5! 4! 3! 2! 1!"},
		{10, 3500, "6! 5! 4 3! 2 1"}, // a large one is in nobody's way
		{10, 0, "6 5 4 3 2 1"},
		{3, 3500, "6! 5! 4"},
		{0, 3500, ""},
	} {
		told, err := h.earlier(t.Context(), c.most, c.octets, every)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, s := range told.List(observe.Filter{}) {
			one := string(rune('0' + s.ID))
			if s.Reason != "" { // it was read
				one += "!"
			}
			if s.Listener != "lab" || s.Closed.IsZero() {
				t.Errorf("%+v", s)
			}
			got = append(got, one)
		}
		if want := strings.Fields(c.want); !slices.Equal(got, want) {
			t.Errorf("%d, %d octets: %q, not %q", c.most, c.octets, got, want)
		}
	}
	if all, err := h.listSessions(t.Context(), observe.Filter{}); err != nil || len(all) != 6 {
		t.Errorf("%+v (%v)", all, err)
	}
}
