package event

import "testing"

func TestAppendMasked(t *testing.T) {
	for _, c := range []struct {
		data    string
		secrets []Span
		want    string
	}{
		{"NOOP\r\n", nil, "NOOP\r\n"},
		{"PASS geheim\r\n", []Span{{5, 6}}, "PASS ********\r\n"},
		{"PASS a\r\n", []Span{{5, 1}}, "PASS ********\r\n"},
		{"APOP ana 0123\r\n", []Span{{9, 4}, {5, 3}}, "APOP ******** ********\r\n"}, // not in order
		{"PASS ab\r\n", []Span{{5, 1}, {6, 1}}, "PASS ********\r\n"},                // they touch
		{"PASS abc\r\n", []Span{{5, 3}, {6, 1}}, "PASS ********\r\n"},               // one in the other
		{"334 c2VjcmV0\r\n", []Span{{0, 14}}, "********\r\n"},
		{"geheim\r\nmehr\nend", []Span{{0, 16}}, "********\r\n********\n********"},
		{"a\rb", []Span{{0, 3}}, "********"},
		{"x\r", []Span{{0, 2}}, "********"},
		{"geheim", []Span{{0, 99}}, "********"},
		{"geheim", []Span{{6, 2}, {-3, 1}}, "geheim"},
	} {
		if got := string(AppendMasked(nil, []byte(c.data), c.secrets)); got != c.want {
			t.Errorf("%q %v: %q, not %q", c.data, c.secrets, got, c.want)
		}
	}
}

// What is kept depends on the mark, and not on what octets look like.
func TestMaskedBody(t *testing.T) {
	for _, c := range []struct {
		data string
		dot  bool
		left int64
		kept string
	}{
		{"text\r\n", false, 6, ""},
		{"text\r\n.\r\n", true, 4, "\r\n.\r\n"},
		{"text\r\n.\r\n", false, 9, ""}, // a chunk
		{".\r\n", true, 0, ".\r\n"},
		{".\r\n", false, 3, ""}, // the end of a line
		{"\n.\r\n", true, 1, ".\r\n"},
		{"\r\n", true, 0, ".\r\n"},
		{"\n", true, 0, ".\r\n"},
		{"text\n.\n", true, 2, "\r\n.\r\n"}, // the lab's
	} {
		e := &Event{Part: Body, Data: []byte(c.data), Len: int64(len(c.data)), Dot: c.dot}
		if left, kept := MaskedBody(e); left != c.left || kept != c.kept {
			t.Errorf("%q, %v: %d and %q, not %d and %q", c.data, c.dot, left, kept, c.left, c.kept)
		}
	}
}
