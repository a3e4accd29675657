package main

import (
	"bufio"
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"posta/dissect"
	"posta/event"
	"posta/field"
	"posta/filter"
)

// Rows leave by the numbers of their frames, and those of one as they came.
func TestHeldRowsInOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var h heldRows
	for i := range 5000 {
		h.add(&heldRow{number: uint32(r.IntN(2000)), line: fmt.Append(nil, i)})
	}
	before := heldRow{}
	for h.first() != nil {
		one := h.take()
		if one.number < before.number || one.number == before.number && one.turn < before.turn {
			t.Fatalf("frame %d, row %d comes behind frame %d, row %d", one.number, one.turn, before.number, before.turn)
		}
		before = *one
	}
	if h.octets != 0 {
		t.Errorf("%d octets are left", h.octets)
	}
}

// While a packet waits, rows behind it do, up to 64 MiB in both forms.
func TestHeldRowsAreBounded(t *testing.T) {
	for _, json := range []bool{true, false} {
		parsed, err := filter.Parse("", nil)
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		def := field.Of(field.FrameComment)
		l := &frameList{a: &app{json: json}, out: bufio.NewWriter(&out), matches: parsed.Matcher(), columns: []column{{name: def.Name, def: def}}}
		var want field.Set
		want.Add(def.ID)
		l.d = dissect.New(want, l.frame)
		l.d.Feed(&event.Event{Conn: 1, Kind: event.Open, Fact: event.Captured{}})
		comment := strings.Repeat("x", 1<<20)
		for number := uint32(1); number <= 100; number++ {
			seg := &event.Segment{Net: -1, Comments: []string{comment}}
			if number == 1 {
				seg.Comments, seg.Len, seg.Marks = nil, 1, event.OutOfOrder
			}
			l.d.Feed(&event.Event{Conn: 1, Kind: event.Packet, Packet: number, Fact: seg})
		}
		if l.d.Waiting() != 1 || l.shown != 99-63 || len(l.held.rows) != 63 || l.held.first().number != 100-62 {
			t.Errorf("json %v: %d rows were shown, %d wait", json, l.shown, len(l.held.rows))
		}
	}
}
