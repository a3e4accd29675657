package dns

import (
	"container/list"
	"sync"
	"time"
)

// cache keeps answers until they are too old, and no more than most of them:
// what was not asked for longest goes first.
type cache struct {
	now  func() time.Time
	most int

	mu    sync.Mutex
	all   map[question]*list.Element
	order list.List // of *kept, the latest used first
}

type kept struct {
	q     question
	a     answer
	until time.Time
}

func newCache(most int, now func() time.Time) *cache {
	return &cache{now: now, most: most, all: map[question]*list.Element{}}
}

func (c *cache) get(q question) (answer, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.all[q]
	if !ok {
		return answer{}, false
	}
	k := e.Value.(*kept)
	if !c.now().Before(k.until) {
		c.drop(e)
		return answer{}, false
	}
	c.order.MoveToFront(e)
	return k.a, true
}

func (c *cache) put(q question, a answer) {
	if a.ttl <= 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.all[q]; ok {
		c.drop(e)
	}
	c.all[q] = c.order.PushFront(&kept{q, a, c.now().Add(a.ttl)})
	if c.order.Len() > c.most {
		c.drop(c.order.Back())
	}
}

func (c *cache) drop(e *list.Element) {
	delete(c.all, e.Value.(*kept).q)
	c.order.Remove(e)
}
