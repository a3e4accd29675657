package collect

import (
	"strings"
	"time"
)

// How a schedule goes slow, so that nobody takes this house for one who guesses
// passwords: hosts ban such ones, and then ordinary mail does not pass either.
const (
	slowerDenied = 4
	mostDenied   = 24 * time.Hour
	slowerFailed = 2
	mostFailed   = time.Hour
)

// loginRefused begins the failure that is a log-in refused for good.
const loginRefused = "log-in refused: "

// Denied says whether the log-in was refused, and not only for now: the same one
// will be refused again. said is what the other server said of it.
func (r *Result) Denied() (said string, denied bool) {
	return strings.CutPrefix(r.Failure, loginRefused)
}

// TurnedAway says that all that is wrong is that not all was taken here of what a
// provider sent, or released there of what ETRN asked for. said is what was answered
// to the first of it.
func (r *Result) TurnedAway() (said string, away bool) {
	if said, away = strings.CutPrefix(r.Failure, refusedThere); away {
		return said, away
	}
	return strings.CutPrefix(r.Failure, refusedHere)
}

// pause is how long after its end a failure made the schedule wait; 0 after what
// went well.
func (e *Entry) pause() time.Duration {
	if e.Every == 0 || e.Last.Failure == "" || e.Next.IsZero() {
		return 0
	}
	return e.Next.Sub(e.Last.At.Add(e.Last.Took)).Round(time.Second) // a Store keeps microseconds
}

// Slowed says that the schedule waits longer than it would, for it failed.
func (e *Entry) Slowed() bool { return e.pause() > max(e.Every, e.Last.Apart)+time.Second }

// Earliest is when a schedule that begins now may log in there for the first time, as
// far as the server has said that: the last time may be forgotten, but not its wish.
func (e *Entry) Earliest(now time.Time) time.Time {
	if e.Last.Apart == 0 {
		return now
	}
	last := now
	if !e.Last.At.IsZero() {
		last = e.Last.At.Add(e.Last.Took)
	}
	if next := last.Add(e.Last.Apart); next.After(now) {
		return next
	}
	return now
}

// after is how long the schedule waits after a result, given the entry as it was
// before. Whoever asks by hand begins anew. A server that wants log-ins further
// apart than the schedule has its way, up to a day (RFC 2449 §6.5).
func (e *Entry) after(r *Result, byHand bool) time.Duration {
	return max(e.slower(r, byHand), r.Apart)
}

// slower is what after would be without the server's wish.
func (e *Entry) slower(r *Result, byHand bool) time.Duration {
	if _, away := r.TurnedAway(); away || r.Failure == "" { // one full mailbox is no reason to keep others waiting
		return e.Every
	}
	factor, most := time.Duration(slowerFailed), mostFailed
	if _, denied := r.Denied(); denied {
		factor, most = slowerDenied, mostDenied
	}
	before := e.Every
	if !byHand {
		before = max(before, min(e.pause(), mostDenied))
	}
	return max(before, min(factor*before, most))
}
