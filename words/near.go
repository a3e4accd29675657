package words

// Nearest is the name that somebody who typed another one meant: at most two slips
// away, and less than half of it; "" for none. A slip is a letter that was added,
// left out or changed, or two neighbours that were swapped.
func Nearest(typed string, names []string) string {
	best, least := "", 3
	for _, name := range names {
		if d := mistakes(typed, name); d < least && 2*d < len(name) {
			best, least = name, d
		}
	}
	return best
}

// longestTyped bounds what is compared letter by letter.
const longestTyped = 64

// mistakes counts slips between a and b.
func mistakes(a, b string) int {
	if len(a) > longestTyped {
		return len(a)
	}
	var before, last []int
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		before, last, row = last, row, make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			changed := last[j-1]
			if a[i-1] != b[j-1] {
				changed++
			}
			row[j] = min(changed, last[j]+1, row[j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
	}
	return row[len(b)]
}
