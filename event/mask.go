package event

import (
	"bytes"
	"cmp"
	"slices"
)

// Masked stands for each secret, whatever its length.
const Masked = "********"

// MaskedBody is what stands for a piece of a body where bodies are left out:
// how many octets are, and what is kept behind them. That is the end of mail
// data, <CRLF>.<CRLF> (RFC 5321 §4.1.1.4): it tells nothing of them, and whoever
// reads the dialogue must know where commands go on. Where pieces were cut does
// not matter: of an end that came in two, the last one keeps the line of the dot.
func MaskedBody(e *Event) (left int64, kept string) {
	const end = "\r\n.\r\n"
	switch {
	case !e.Dot:
		return e.Len, ""
	case e.Len < int64(len(end)):
		kept = end[2:]
	default:
		kept = end
	}
	return max(e.Len-int64(len(kept)), 0), kept
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
