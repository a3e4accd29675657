package directory

import "sync"

// cache keeps answers of one generation of the Store. It is bounded by cost
// and forgets what was not asked for lately: when the younger half is full it
// becomes the older, and the older half goes.
type cache[K comparable, V any] struct {
	mu         sync.Mutex
	generation uint64
	max        int // cost of one half
	cost       int // of the younger half
	young, old map[K]costed[V]
}

type costed[V any] struct {
	value V
	cost  int
}

func newCache[K comparable, V any](max int) *cache[K, V] {
	return &cache[K, V]{max: max, young: map[K]costed[V]{}}
}

// at turns the cache to a generation; false means that the caller's is stale.
func (c *cache[K, V]) at(generation uint64) bool {
	if generation > c.generation {
		c.generation, c.cost, c.old = generation, 0, nil
		clear(c.young)
	}
	return generation == c.generation
}

func (c *cache[K, V]) find(generation uint64, key K) (value V, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.at(generation) {
		return value, false
	}
	if e, ok := c.young[key]; ok {
		return e.value, true
	}
	e, ok := c.old[key]
	if ok {
		c.keep(key, e)
	}
	return e.value, ok
}

// add keeps an answer that was looked up after generation was read.
func (c *cache[K, V]) add(generation uint64, key K, value V, cost int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.at(generation) && cost <= c.max {
		c.keep(key, costed[V]{value, cost})
	}
}

func (c *cache[K, V]) keep(key K, e costed[V]) {
	if c.cost+e.cost > c.max {
		c.old, c.young, c.cost = c.young, map[K]costed[V]{}, 0
	}
	if before, ok := c.young[key]; ok {
		c.cost -= before.cost
	}
	c.young[key] = e
	c.cost += e.cost
}
