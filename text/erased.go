package text

// Erased tells f of the octets of a typed line, as they came, that the typing
// took back: nobody but the person has seen them, and they may be a password
// in the wrong place.
func Erased(raw []byte, f func(off, n int)) {
	t := NewTyped(len(raw) + 1)
	var kept []int // where in raw the octets of t.line stand
	for i := range raw {
		before := len(t.line)
		if t.over {
			before = 0 // another line begins
		}
		if _, end, _ := t.Scan(raw[i : i+1]); end != 0 {
			kept = kept[:0]
			continue
		}
		for n := len(t.line) - before; n > 0; n-- { // a CR or ESC that was held back comes with the next
			kept = append(kept, i+1-n)
		}
		for len(kept) > len(t.line) {
			f(kept[len(kept)-1], 1)
			kept = kept[:len(kept)-1]
		}
	}
}
