package draw

import (
	"slices"
	"strings"
	"time"

	"posta/story"
	"posta/words"
)

// fold shortens long sessions, each to its share of the steps: what is in the
// middle becomes one step that says what was there.
func (d *Diagram) fold(lists [][]step) [][]step {
	total := 0
	for _, l := range lists {
		total += len(l)
	}
	if total <= d.o.Steps {
		return lists
	}
	order := make([]int, len(lists)) // the short ones first: what they leave is the others'
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(x, y int) int { return len(lists[x]) - len(lists[y]) })
	left := d.o.Steps
	for n, i := range order {
		share := max(leastSteps, left/(len(order)-n))
		if len(lists[i]) > share {
			lists[i] = d.shorten(i, lists[i], share)
		}
		left -= len(lists[i])
	}
	return lists
}

// maxShift is how far the ends of what is folded are moved.
const maxShift = 5

// shorten keeps the beginning and the end.
func (d *Diagram) shorten(number int, all []step, n int) []step {
	first := n * 3 / 5
	last := len(all) - (n - 1 - first)
	for range maxShift { // whole exchanges stay whole
		if first > 1 && all[first].tone != asked {
			first--
		}
		if last < len(all)-1 && all[last].tone != asked {
			last++
		}
	}
	gone := d.leftOut(number, &d.sessions[number], all[first:last], 0, all[first].when)
	gone.until = all[last-1].until
	gone.inside, gone.phase = all[first].inside, all[first].phase
	return slices.Concat(all[:first], []step{gone}, all[last:])
}

// leftOut says what is not drawn: steps, and acts that were not even kept.
func (d *Diagram) leftOut(number int, s *session, gone []step, unknown int, when time.Time) step {
	sum := step{kind: folded, tone: lost, session: number, phase: story.Closing, from: s.ends[0], to: s.ends[1], when: when, until: when}
	messages, refused := 0, 0
	for i := range gone {
		if gone[i].mail {
			messages++
		}
		if gone[i].tone == bad {
			refused++
		}
	}
	n := len(gone) + unknown
	sum.rest = d.w.Say("draw.folded", words.Args{"Count": n, "N": d.count(int64(n))})
	var parts []string
	if messages > 0 {
		parts = append(parts, d.w.Say("draw.folded_messages", words.Args{"Count": messages, "N": d.count(int64(messages))}))
	}
	if refused > 0 {
		parts = append(parts, d.w.Say("draw.folded_refused", words.Args{"Count": refused, "N": d.count(int64(refused))}))
	}
	if len(parts) > 0 {
		sum.under = append(sum.under, under{strings.Join(parts, " · "), quiet})
	}
	return sum
}

// merge puts the steps of sessions in the order of time; of one moment, the
// session that began first is first.
func merge(lists [][]step) (all []step) {
	for {
		best := -1
		for i, l := range lists {
			if len(l) > 0 && (best < 0 || l[0].when.Before(lists[best][0].when)) {
				best = i
			}
		}
		if best < 0 {
			return all
		}
		all = append(all, lists[best][0])
		lists[best] = lists[best][1:]
	}
}

// The shortest time without a step that is shown, how much longer it must be than
// the usual wait for somebody, and from what on it is shown anyway.
const (
	leastWait   = 250 * time.Millisecond
	leastPause  = time.Second
	timesUsual  = 5
	alwaysPause = 30 * time.Second
)

// pauses counts the time from the first step, and shows where nothing happened
// for longer than usual.
func (d *Diagram) pauses(all []step) (out []step) {
	if len(all) == 0 || d.o.NoTimes || all[0].when.IsZero() {
		return all
	}
	var gaps, waits []time.Duration
	for i := 1; i < len(all); i++ {
		gap := all[i].when.Sub(all[i-1].until)
		if gaps = append(gaps, gap); gap >= leastWait {
			waits = append(waits, gap)
		}
	}
	least := leastPause
	if len(waits) > 2 {
		slices.Sort(waits)
		least = min(max(leastPause, timesUsual*waits[len(waits)/2]), alwaysPause)
	}
	for i, s := range all {
		if i > 0 && gaps[i-1] >= least {
			last := &all[i-1]
			out = append(out, step{kind: pause, session: last.session, phase: last.phase, inside: last.inside && s.inside && last.session == s.session,
				from: last.from, to: last.to, when: last.until, until: s.when, rest: duration(gaps[i-1])})
			if last.session != s.session { // between sessions it belongs to none
				out[len(out)-1].session = -1
			}
		}
		s.at = s.when.Sub(all[0].when)
		out = append(out, s)
	}
	return out
}
