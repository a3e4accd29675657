package filter

import (
	"strconv"
	"strings"
)

// span is one range of a slice: n octets from off, or all from off where n is
// 0. An off below nothing counts from the end.
type span struct{ off, n int }

// within gives the range's ends in size octets; ok is false where it does not
// lie inside them.
func (s span) within(size int) (from, to int, ok bool) {
	from = s.off
	if from < 0 {
		from += size
	}
	to = from + s.n
	if s.n == 0 {
		to = size
	}
	return from, to, from >= 0 && from < to && to <= size
}

// holds says that number i, of count from 1, lies in the range.
func (s span) holds(i, count int) bool {
	from := s.off
	if from < 0 {
		from += count + 1
	}
	return i >= from && (s.n == 0 || i < from+s.n)
}

func printSpans(b *strings.Builder, spans []span) {
	b.WriteByte('[')
	for i, s := range spans {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.Itoa(s.off))
		switch s.n {
		case 0:
			b.WriteByte(':')
		case 1:
		default:
			b.WriteString(":" + strconv.Itoa(s.n))
		}
	}
	b.WriteByte(']')
}

// spans reads what stands in a token of ranges.
func (p *parser) spans(t token) ([]span, *Error) {
	var out []span
	at := t.from + 1
	for part := range strings.SplitSeq(t.text[1:len(t.text)-1], ",") {
		where := place{at, at + len(part)}
		if part == "" {
			where = t.place
		}
		s, what := readSpan(strings.TrimSpace(part))
		if what != nil {
			return nil, where.at(p.text, what)
		}
		out = append(out, s)
		at += len(part) + 1
	}
	return out, nil
}

// readSpan reads one range: i:j, i-j, i, :j or i:.
func readSpan(s string) (span, error) {
	form := malformed("filter.range", `"{{.Text}}" is no range; write [0:4] for four octets from the first, [0-3], [0], [:4] or [2:]`,
		map[string]any{"Text": s})
	if length, ok := strings.CutPrefix(s, ":"); ok {
		n, rest, ok := leading(length)
		if !ok || rest != "" {
			return span{}, form
		}
		return positive(s, span{0, n})
	}
	off, rest, ok := leading(s)
	switch {
	case !ok:
		return span{}, form
	case rest == "":
		return span{off, 1}, nil
	case rest == ":":
		return span{off, 0}, nil
	}
	n, after, ok := leading(rest[1:])
	switch {
	case !ok || after != "":
		return span{}, form
	case rest[0] == ':':
		return positive(s, span{off, n})
	case rest[0] == '-' && (off < 0) != (n < 0):
		return span{}, malformed("filter.range_signs", `"{{.Text}}" has one end counted from the beginning and one from the end`, map[string]any{"Text": s})
	case rest[0] == '-' && n >= off:
		return span{off, n - off + 1}, nil
	case rest[0] == '-':
		return span{}, malformed("filter.range_order", `"{{.Text}}" ends before it begins`, map[string]any{"Text": s})
	}
	return span{}, form
}

func positive(text string, s span) (span, error) {
	if s.n < 1 {
		return span{}, malformed("filter.range_empty", `"{{.Text}}" holds nothing; after the colon stands how many octets`, map[string]any{"Text": text})
	}
	return s, nil
}

// leading reads the number that s begins with. It is at most a million away
// from nothing: no frame is longer.
func leading(s string) (n int, rest string, ok bool) {
	end := 0
	if strings.HasPrefix(s, "-") {
		end = 1
	}
	for end < len(s) && (digitOf(s[end]) < 16 || s[end]|0x20 == 'x') {
		end++
	}
	v, err := strconv.ParseInt(s[:end], 0, 32)
	return int(v), s[end:], err == nil && v <= 1e6 && v >= -1e6
}
