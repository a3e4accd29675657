package field

import "strings"

// tooFar is more than any name that is worth proposing.
const tooFar = 1 << 20

// Nearest is the name of a field that somebody who wrote name may have meant,
// or "" where none is near.
func Nearest(name string) string {
	lower := strings.ToLower(name)
	if rest, ok := strings.CutPrefix(lower, "ssl"); ok && ByName("tls"+rest) != nil {
		return "tls" + rest // Wireshark's name for it until version 3
	}
	best, least := "", tooFar
	for id := ID(1); id < end; id++ {
		known := Of(id).Name
		if d := far(lower, known); d < least {
			best, least = known, d
		}
	}
	return best
}

// far says how far a known name is from what was written: one slip of the
// finger is nearer than parts left out, and two are farther.
func far(written, known string) int {
	most := max(1, len(written)/4)
	d := edits(written, known, most)
	switch {
	case d <= 1:
		return d
	case partsWithin(written, known):
		return 100 + len(known) - len(written)
	case d <= most:
		return 1000 * d
	}
	return tooFar
}

// partsWithin says that the parts of a name stand in known in the same order,
// so that smtp.command finds smtp.req.command, and subject finds imf.subject.
func partsWithin(written, known string) bool {
	rest := strings.Split(known, ".")
	for part := range strings.SplitSeq(written, ".") {
		at := 0
		for at < len(rest) && rest[at] != part {
			at++
		}
		if at == len(rest) {
			return false
		}
		rest = rest[at+1:]
	}
	return true
}

// edits counts the letters to put in, leave out, change or swap with their
// neighbour to make a into b; more than most for too many.
func edits(a, b string, most int) int {
	if len(a) > len(b)+most || len(b) > len(a)+most {
		return most + 1
	}
	before, row, next := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		next[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			next[j] = min(row[j]+1, next[j-1]+1, row[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				next[j] = min(next[j], before[j-2]+1)
			}
		}
		before, row, next = row, next, before
	}
	return row[len(b)]
}
