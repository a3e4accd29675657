package queue

import (
	"sync"
	"time"

	"posta/dsn"
)

const (
	joinFor   = 5 * time.Second
	mostJoint = 1000 // that wait
)

// joint holds warnings back for a moment, so that those on the same message become
// one: a message that waits for ten hosts passes the time of the warning with all of
// them at once. A report of failure does not wait: each ends something of its own.
type joint struct {
	q    *Queue
	give func(*reporting)
	done sync.WaitGroup

	mu  sync.Mutex
	all map[int64]*reporting // by the Outgoing's id
}

func newJoint(q *Queue, give func(*reporting)) *joint {
	return &joint{q: q, give: give, all: map[int64]*reporting{}}
}

// add gives a report on, now or with others.
func (j *joint) add(r *reporting) {
	if r.action != dsn.Delayed || !j.held(r) {
		j.give(r)
	}
}

func (j *joint) held(r *reporting) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	if first := j.all[r.out.ID]; first != nil {
		first.settle = append(first.settle, r.settle...)
		first.about = append(first.about, r.about...)
		return true
	}
	if len(j.all) == mostJoint {
		return false
	}
	j.all[r.out.ID] = r
	j.done.Go(func() {
		pause(j.q.soft, nil, joinFor)
		j.mu.Lock()
		delete(j.all, r.out.ID)
		j.mu.Unlock()
		j.give(r)
	})
	return true
}
