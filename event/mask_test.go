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

func TestBodyEnd(t *testing.T) {
	for body, want := range map[string]int{
		"":                   0,
		"text\r\n":           6,
		"text\r\n.\r\n":      4,
		".\r\n":              0,
		"text.\r\n":          7,
		"text\r\n..\r\n":     10,
		"text\r\n.\r\nmore":  13,
		"\r\n.\r\n\r\n.\r\n": 5,
	} {
		if got := BodyEnd([]byte(body)); got != want {
			t.Errorf("%q: %d, not %d", body, got, want)
		}
	}
}
