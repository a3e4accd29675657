package sqldb

import (
	"testing"

	"posta/store"
)

// While letters wait, a batch takes all of them and little of a large body, so
// that nobody's 250 waits for somebody's 50 MB. test/faults measures the time.
func TestLargeBodyBehindLetters(t *testing.T) {
	w := newWriter(nil, nil)
	for range 10 {
		w.letters = append(w.letters, &job{filings: make([]store.Filing, 1), letters: 1, octets: 4 << 10})
	}
	const body = 50 << 20
	for range body / store.Chunk {
		w.chunks = append(w.chunks, &job{octets: store.Chunk})
	}
	w.take()
	if len(w.letters) != 0 || len(w.batch) < 10 || w.batch[0].letters != 1 {
		t.Fatalf("%d letters were left behind", len(w.letters))
	}
	if ahead := octetsOf(w.batch[10:]); ahead == 0 || ahead > maxAhead {
		t.Errorf("%d octets of the large body in the letters' batch, want 1 to %d", ahead, maxAhead)
	}
	w.take()
	if ahead := octetsOf(w.batch); ahead <= maxAhead || ahead > maxOctets {
		t.Errorf("%d octets of the large body where nobody waits, want over %d and at most %d", ahead, maxAhead, maxOctets)
	}
}

func octetsOf(batch []*job) (n int64) {
	for _, j := range batch {
		n += j.octets
	}
	return n
}
