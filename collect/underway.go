package collect

import "time"

// Underway is that an entry is being collected now.
type Underway struct {
	Since   time.Time
	Session uint64 // 0 before there is a connection
}

// Underway says whether an entry is being collected now.
func (c *Collector) Underway(id int64) (u Underway, is bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if r := c.running[id]; r != nil && !r.since.IsZero() {
		return Underway{r.since, r.session}, true
	}
	return Underway{}, false
}

// began notes that a visit has begun, and entered its connection.
func (c *Collector) began(r *running) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r.since = c.cfg.Now()
}

func (c *Collector) entered(r *running, session uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r.session = session
}
