package tlsview

// bounded is a map that forgets the oldest entry for the next one where it is
// full.
type bounded[V any] struct {
	entries map[[randomLen]byte]V
	order   [][randomLen]byte // a ring once it is full
	oldest  int
	most    int
}

func newBounded[V any](most int) bounded[V] {
	return bounded[V]{entries: map[[randomLen]byte]V{}, most: most}
}

func (b *bounded[V]) put(key [randomLen]byte, v V) {
	if _, known := b.entries[key]; !known {
		if len(b.order) < b.most {
			b.order = append(b.order, key)
		} else {
			delete(b.entries, b.order[b.oldest])
			b.order[b.oldest] = key
			b.oldest = (b.oldest + 1) % b.most
		}
	}
	b.entries[key] = v
}
