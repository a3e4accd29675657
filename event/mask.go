package event

import (
	"bytes"
	"cmp"
	"slices"
)

// Masked stands for each secret, whatever its length.
const Masked = "********"

// BodyEnd is where <CRLF>.<CRLF> begins, which ends a message (RFC 5321
// §4.1.1.4, RFC 1939 §3), at the end of a piece of a body, or the piece's length.
// What is masked leaves bodies out and keeps this: it tells nothing of them, and
// whoever reads the dialogue must know where commands go on.
func BodyEnd(body []byte) int {
	switch end := []byte("\r\n.\r\n"); {
	case bytes.HasSuffix(body, end):
		return len(body) - len(end)
	case bytes.Equal(body, end[2:]):
		return 0
	}
	return len(body)
}

// AppendMasked appends data to dst with Masked for each secret, and only once
// for secrets that touch. Line ends inside of a secret stay, or lines would run
// into one another.
func AppendMasked(dst, data []byte, secrets []Span) []byte {
	byPlace := func(a, b Span) int { return cmp.Compare(a.Off, b.Off) }
	if !slices.IsSortedFunc(secrets, byPlace) {
		secrets = slices.SortedFunc(slices.Values(secrets), byPlace)
	}
	at, open := 0, false // open: the secret before ends here, in its line
	for _, m := range secrets {
		from, to := max(m.Off, at), min(m.Off+m.Len, len(data))
		if from >= to {
			continue
		}
		open = open && from == at
		dst = append(dst, data[at:from]...)
		for line := range bytes.Lines(data[from:to]) {
			bare := bytes.TrimSuffix(line, []byte("\n"))
			if len(bare) < len(line) {
				bare = bytes.TrimSuffix(bare, []byte("\r"))
			}
			if len(bare) > 0 && !open {
				dst = append(dst, Masked...)
			}
			dst = append(dst, line[len(bare):]...)
			open = len(bare) == len(line)
		}
		at = to
	}
	return append(dst, data[at:]...)
}
