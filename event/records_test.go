package event

import (
	"bytes"
	"errors"
	"slices"
	"testing"
)

// What a Recorder writes, Records reads, wherever the stream is cut.
func TestRecords(t *testing.T) {
	var stream bytes.Buffer
	w := NewRecorder(&stream)
	for _, fact := range facts() {
		e := full(fact)
		w.Emit(&e)
	}
	if stream.Len() > 0 {
		t.Error("it does not gather")
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	for _, cut := range []int{1, 7, 100, stream.Len()} {
		var again bytes.Buffer
		back := NewRecorder(&again)
		r := NewRecords(back)
		for piece := range slices.Chunk(stream.Bytes(), cut) {
			if n, err := r.Write(piece); n != len(piece) || err != nil {
				t.Fatal(n, err)
			}
		}
		if err := back.Flush(); err != nil || !bytes.Equal(again.Bytes(), stream.Bytes()) {
			t.Errorf("cut at %d another stream comes out (%v)", cut, err)
		}
	}
	r := NewRecords(Discard{})
	if _, err := r.Write([]byte{5, Version + 1, 0, 0, 0, 0}); !errors.Is(err, ErrVersion) {
		t.Errorf("a record of another version: %v", err)
	}
	if _, err := NewRecords(Discard{}).Write(bytes.Repeat([]byte{0xff}, 20)); !errors.Is(err, ErrDamaged) {
		t.Errorf("damage: %v", err)
	}
}

// broken is a Writer that fails.
type broken struct{ err error }

func (b broken) Write([]byte) (int, error) { return 0, b.err }

func TestRecorderFails(t *testing.T) {
	failed := errors.New("he went")
	w := NewRecorder(broken{failed})
	w.Emit(&Event{Kind: Data, Data: make([]byte, flushAt+1)})
	w.Emit(&Event{Kind: Close})
	if err := w.Flush(); !errors.Is(err, failed) {
		t.Errorf("it says %v", err)
	}
}
