package main

import "testing"

func TestFill(t *testing.T) {
	for _, c := range []struct {
		text, want string
		width      int
	}{
		{"", "", 10},
		{"one two three", "one two\nthree", 7},
		{"one two\nthree", "one two three", 13},
		{"ñandú ñandú", "ñandú ñandú", 11},
		{"a word-that-is-too-long b", "a\nword-that-is-too-long\nb", 5},
		{"one two\n\nthree four", "one\ntwo\n\nthree\nfour", 5},
		{"bash:   so\n  zsh: so and so", "bash:   so\n  zsh: so and so", 5},
	} {
		if got := fill(c.text, c.width); got != c.want {
			t.Errorf("%q in %d columns is %q, want %q", c.text, c.width, got, c.want)
		}
	}
}

func TestTwoColumns(t *testing.T) {
	long := "a meaning of so many words that no line of a terminal could hold them all at once"
	got := twoColumns([]explained{{"ban", "short"}, {"cuña", long}})
	want := "  ban    short\n" +
		"  cuña   a meaning of so many words that no line of a terminal could hold them\n" +
		"         all at once\n"
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}
