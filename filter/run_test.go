package filter

import (
	"testing"
	"time"

	"posta/field"
)

// Two fields that stand in a frame thousands of times are paired as far as
// that takes no more than linear time; a constant is held against all.
func TestPairsAreBounded(t *testing.T) {
	many := func(n, last int) *field.Tree {
		tree := frame(t)
		add := func(name string, v int) { tree.Add(field.Node{Def: field.ByName(name), Val: field.Int(int64(v))}) }
		for i := range n {
			add("tcp.srcport", 1000+i)
			add("tcp.dstport", 40_000+i)
		}
		add("tcp.srcport", last)
		add("tcp.dstport", last)
		return tree
	}
	for _, one := range []struct {
		filter string
		n      int
		want   bool
	}{
		{"tcp.srcport == tcp.dstport", 1000, true},
		{"tcp.srcport == tcp.dstport", 2000, false},
		{"tcp.srcport != tcp.dstport", 2000, true},
		{"tcp.srcport in {tcp.dstport}", 1000, true},
		{"tcp.srcport in {tcp.dstport}", 2000, false},
		{"tcp.srcport - tcp.dstport == 0", 200, true},
		{"tcp.srcport == 9", 20_000, true},
		{"tcp.srcport in {1..9}", 20_000, true},
		{"tcp.srcport + 0 == 9", 20_000, true},
	} {
		f, err := Parse(one.filter, time.UTC)
		if err != nil {
			t.Errorf("%s: %v", one.filter, err)
			continue
		}
		if got := f.Matcher().Match(many(one.n, 9)); got != one.want {
			t.Errorf("%s, %d times: %v", one.filter, one.n, got)
		}
	}
}

// A value between two of a field's is none of them.
func TestSetOfField(t *testing.T) {
	for port, want := range map[int]bool{25: true, 30: false, 40: true} {
		f, err := Parse("tcp.srcport in {tcp.port}", time.UTC)
		if err != nil {
			t.Fatal(err)
		}
		if got := f.Matcher().Match(frame(t, "tcp.srcport", port, "tcp.port", 25, "tcp.port", 40)); got != want {
			t.Errorf("%d in {25, 40}: %v", port, got)
		}
	}
}
