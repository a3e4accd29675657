package record

import (
	"strings"
	"testing"

	"posta/event"
)

// The end of a message is kept however its octets came; what looks like one in
// a chunk, or where a piece was cut, is not.
func TestMaskedEnd(t *testing.T) {
	r := lab(Options{})
	defer r.Close()
	p := connect(r, 1, "strict")
	p.body("brief\r\n")
	p.end(".\r\n")
	p.body("brief\r\n.")
	p.end("\r\n")
	p.body("brief.")
	p.body(".\r\n")
	p.body("brief\r\n.\r\n")
	want := `1 open strict
1 D@0 body 7 octets
1 D@7 body ".\r\n"
1 D@10 body 8 octets
1 D@18 body ".\r\n"
1 D@21 body 6 octets
1 D@27 body 3 octets
1 D@30 body 10 octets`
	if got := played(t, r, 1); got != want {
		t.Errorf("%s\nnot\n%s", got, want)
	}
	var events []event.Event
	if err := r.Play(t.Context(), []uint64{1}, collect(&events)); err != nil {
		t.Fatal(err)
	}
	for i, e := range events {
		if e.Dot != (i == 2 || i == 4) {
			t.Errorf("event %d: the mark of the dot is %v", i, e.Dot)
		}
	}
}

// Of a piece that becomes several records the last one has the dot.
func TestPiecesDot(t *testing.T) {
	r := lab(Options{})
	defer r.Close()
	p := connect(r, 1, "lab")
	p.end(strings.Repeat("x", 40_000) + "\r\n.\r\n")
	var events []event.Event
	if err := r.Play(t.Context(), []uint64{1}, collect(&events)); err != nil {
		t.Fatal(err)
	}
	if len(events) != 3 || events[1].Dot || !events[2].Dot {
		t.Errorf("%d events", len(events))
	}
}
