package story_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"posta/story"
)

// counted writes a Tally's counts.
func counted(t *story.Tally) string {
	var b strings.Builder
	for _, v := range t.Verbs() {
		fmt.Fprintf(&b, "%s %s %d %d %d %v %v\n", v.Protocol, v.Verb, v.Count, v.Refused, v.Waits.Count, v.Waits.Min, v.Waits.Max)
	}
	for _, r := range t.Replies() {
		fmt.Fprintf(&b, "%s %s %d\n", r.Protocol, r.Reply, r.Count)
	}
	return b.String()
}

func TestTally(t *testing.T) {
	tally, s := story.NewTally(), &story.Session{Protocol: "smtp", Conn: 1}
	now := time.Unix(1_700_000_000, 0)
	index := 0
	take := func(a *story.Act, after time.Duration) *story.Act {
		now = now.Add(after)
		a.At.Time, a.Until.Time, a.Index, a.Sure = now, now, index, true
		index++
		if a.Re != nil && a.Kind == story.Reply {
			a.Re.Answered = a
		}
		tally.Take(s, a)
		return a
	}
	take(&story.Act{Kind: story.Greeting, Code: 220, Octets: 10}, 0)
	auth := take(&story.Act{Kind: story.Command, Verb: "AUTH", Octets: 10}, time.Second)
	auth.Answered = take(&story.Act{Kind: story.Challenge, Code: 334, Re: auth}, 0)
	take(&story.Act{Kind: story.Answer, Re: auth}, time.Hour) // a person types
	take(&story.Act{Kind: story.Reply, Verb: "AUTH", Code: 235, Re: auth}, 20*time.Millisecond)
	rcpt := take(&story.Act{Kind: story.Command, Verb: "RCPT"}, 0)
	take(&story.Act{Kind: story.Reply, Verb: "RCPT", Code: 550, Refused: true, Re: rcpt}, 10*time.Millisecond)
	data := take(&story.Act{Kind: story.Command, Verb: "DATA"}, 0)
	take(&story.Act{Kind: story.Reply, Verb: "DATA", Code: 354, Re: data}, time.Millisecond)
	mail := take(&story.Act{Kind: story.Mail, Verb: "DATA", Re: data, Message: &story.Message{}, Octets: 1000}, time.Minute)
	accepted := &story.Act{Kind: story.Reply, Verb: "DATA", Code: 250, Re: data}
	mail.Answered = accepted
	take(accepted, 7*time.Millisecond)
	take(&story.Act{Kind: story.Command}, 0)
	take(&story.Act{Kind: story.Over}, 0)
	want := `smtp . 1 0 1 7ms 7ms
smtp ? 1 0 0 0s 0s
smtp AUTH 1 0 1 20ms 20ms
smtp DATA 1 0 1 1ms 1ms
smtp RCPT 1 1 1 10ms 10ms
smtp 220 1
smtp 235 1
smtp 250 1
smtp 334 1
smtp 354 1
smtp 550 1
`
	if got := counted(tally); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	all := tally.Intervals(24)
	sum := story.Interval{}
	for i, one := range all {
		sum.Sessions += one.Sessions
		sum.Commands += one.Commands
		sum.Messages += one.Messages
		sum.Octets += one.Octets
		if i > 0 && one.Begin.Sub(all[i-1].Begin) != one.Length {
			t.Errorf("interval %d begins at %v, %v long", i, one.Begin, one.Length)
		}
	}
	if len(all) > 24 || sum.Sessions != 1 || sum.Commands != 4 || sum.Messages != 1 || sum.Octets != 1020 {
		t.Errorf("%d intervals, in all %+v", len(all), sum)
	}
}

// What a Tally keeps does not grow with the time that a recording takes.
func TestTallyIsBounded(t *testing.T) {
	tally := story.NewTally()
	at := time.Unix(1_000_000_000, 0)
	for i := range 20_000 {
		s := &story.Session{Protocol: "pop3", Conn: uint64(i)}
		tally.Take(s, &story.Act{Kind: story.Reply, Text: "+OK", At: story.Moment{Time: at}})
		at = at.Add(time.Duration(i) * time.Second)
	}
	n := 0
	all := tally.Intervals(100)
	for _, one := range all {
		n += one.Sessions
	}
	if len(all) > 100 || n != 20_000 {
		t.Errorf("%d intervals with %d sessions", len(all), n)
	}
	var w story.Waits
	_ = w.Quantile(0.95)
	tally.Take(&story.Session{}, &story.Act{Kind: story.Command}) // without a time
}

// Times that no clock shows are counted apart, and every other fits.
func TestTallyOfAnyTime(t *testing.T) {
	tally := story.NewTally()
	command := func(seconds int64) {
		tally.Take(&story.Session{}, &story.Act{Kind: story.Command, Index: 1, At: story.Moment{Time: time.Unix(seconds, 0)}})
	}
	for _, seconds := range []int64{0, 1, 1_700_000_000, 1<<32 - 1, -1, 1 << 37, 1 << 56, -1 << 62, 1<<63 - 1} {
		command(seconds)
	}
	tally.Take(&story.Session{}, &story.Act{Kind: story.Command, Index: 1})
	for _, most := range []int{24, 1, 0} {
		all, n := tally.Intervals(most), 0
		for _, one := range all {
			n += one.Commands
		}
		if last := all[len(all)-1]; len(all) > max(most, 1)+1 || n != 10 || last.Commands != 6 || last.Length != 0 || !last.Begin.IsZero() {
			t.Errorf("%d intervals, with %d commands, the last is %+v", len(all), n, last)
		}
	}
}

func TestWaits(t *testing.T) {
	tally, s := story.NewTally(), &story.Session{Protocol: "smtp"}
	at := time.Unix(1_700_000_000, 0)
	for i := range 100 {
		c := &story.Act{Kind: story.Command, Verb: "NOOP", Until: story.Moment{Time: at}, At: story.Moment{Time: at}}
		r := &story.Act{Kind: story.Reply, Verb: "NOOP", Code: 250, Re: c, Sure: true, At: story.Moment{Time: at.Add(time.Duration(i+1) * time.Millisecond)}}
		c.Answered = r
		tally.Take(s, c)
		tally.Take(s, r)
	}
	w := tally.Verbs()[0].Waits
	if p95 := w.Quantile(0.95); w.Count != 100 || w.Min != time.Millisecond || w.Max != 100*time.Millisecond || w.Mean() != 50500*time.Microsecond ||
		p95 < 95*time.Millisecond || p95 > 108*time.Millisecond {
		t.Errorf("%d from %v to %v, %v on the whole, 95 of 100 by %v", w.Count, w.Min, w.Max, w.Mean(), p95)
	}
}
