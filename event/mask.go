package event

import (
	"bytes"
	"cmp"
	"slices"
)

// Masked stands for each secret, whatever its length.
const Masked = "********"

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
