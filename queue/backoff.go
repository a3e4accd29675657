package queue

import "time"

// RFC 5321 §4.5.4.1 asks for at least 30 minutes between attempts in general,
// yet for two within the first hour and better strategies where one knows why an
// attempt failed. What fails at first is mostly greylisting, which lasts five
// minutes or less, and restarts of servers: so the first waits are 5, 10 and 20
// minutes. They double up to three hours, and so stay within the "every two or
// three hours" of the standard for all days that follow.
// Limits may say otherwise.
const (
	firstWait = 5 * time.Minute
	mostWait  = 3 * time.Hour

	// A destination that nobody answers for is tried with one message, and oftener
	// than that would be by itself: the others wait for its answer.
	mostSilence = time.Hour
)

// wait is how long to wait after so many attempts. Up to a fifth is added by
// chance, nothing taken away: who greylists counts minutes from the first attempt.
func (q *Queue) wait(attempts int, most time.Duration) time.Duration {
	d := q.cfg.Limits.FirstWait
	for range attempts - 1 {
		if d *= 2; d >= most {
			break
		}
	}
	d = min(d, most)
	return d + time.Duration(q.rand.part()*float64(d)/5)
}
