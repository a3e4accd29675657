package main

import (
	"fmt"
	"io"
	"strconv"
	"time"

	"posta/story"
)

// statistics is what `posta read --statistics --format json` says.
type statistics struct {
	Commands  []commandCount  `json:"commands"`
	Replies   []replyCount    `json:"replies"`
	Intervals []intervalCount `json:"intervals"`
}

// commandCount is how often a command came, and how long its replies took. The
// times are milliseconds.
type commandCount struct {
	Protocol string   `json:"protocol"`
	Command  string   `json:"command"`
	Count    int      `json:"count"`
	Refused  int      `json:"refused"`
	Answered int      `json:"answered"`
	Min      *float64 `json:"min_ms,omitempty"`
	Mean     *float64 `json:"mean_ms,omitempty"`
	P95      *float64 `json:"p95_ms,omitempty"`
	Max      *float64 `json:"max_ms,omitempty"`
}

type replyCount struct {
	Protocol string `json:"protocol"`
	Reply    string `json:"reply"`
	Count    int    `json:"count"`
}

type intervalCount struct {
	Begin    time.Time `json:"begin,omitzero"`
	Seconds  float64   `json:"seconds"`
	Sessions int       `json:"sessions"`
	Commands int       `json:"commands"`
	Messages int       `json:"messages"`
	Octets   int64     `json:"octets"`
}

// The most intervals that are listed: a screen for people.
const (
	intervalsShown = 24
	intervalsJSON  = 1000
)

// statisticsList counts what is said.
type statisticsList struct {
	a     *app
	tally *story.Tally
	fresh []told
	rows  int
}

func newStatisticsList(a *app) *statisticsList { return &statisticsList{a: a, tally: story.NewTally()} }

func (l *statisticsList) act(s *story.Session, act *story.Act) {
	l.fresh = append(l.fresh, told{s, act})
}

// settle counts what came, if it is chosen.
func (l *statisticsList) settle(chosen bool) {
	for _, one := range l.fresh {
		if chosen && one.s.Protocol != "" {
			l.rows++
			l.tally.Take(one.s, one.a)
		}
	}
	l.fresh = l.fresh[:0]
}

func (l *statisticsList) end(func(uint64) bool) (rows int, err error) {
	most := intervalsShown
	if l.a.json {
		most = intervalsJSON
	}
	s := statistics{Commands: []commandCount{}, Replies: []replyCount{}, Intervals: []intervalCount{}}
	for _, v := range l.tally.Verbs() {
		s.Commands = append(s.Commands, countOf(&v))
	}
	for _, r := range l.tally.Replies() {
		s.Replies = append(s.Replies, replyCount{r.Protocol, r.Reply, r.Count})
	}
	for _, i := range l.tally.Intervals(most) {
		if l.a.json && i.Sessions == 0 && i.Commands == 0 && i.Messages == 0 && i.Octets == 0 {
			continue // a table is a picture, JSON is not
		}
		s.Intervals = append(s.Intervals, intervalCount{i.Begin, i.Length.Seconds(), i.Sessions, i.Commands, i.Messages, i.Octets})
	}
	return l.rows, l.a.print(s, func(w io.Writer) error { return l.text(w, &s) })
}

// countOf writes a command's count.
func countOf(v *story.VerbCount) commandCount {
	c := commandCount{Protocol: v.Protocol, Command: v.Verb, Count: v.Count, Refused: v.Refused, Answered: v.Waits.Count}
	if v.Waits.Count > 0 {
		millis := func(d time.Duration) *float64 {
			ms := float64(d.Microseconds()) / 1000
			return &ms
		}
		c.Min, c.Mean, c.P95, c.Max = millis(v.Waits.Min), millis(v.Waits.Mean()), millis(v.Waits.Quantile(0.95)), millis(v.Waits.Max)
	}
	return c
}

// text writes three tables.
func (l *statisticsList) text(w io.Writer, s *statistics) error {
	a := l.a
	if len(s.Commands) == 0 && len(s.Replies) == 0 {
		_, err := fmt.Fprintln(w, a.say("list.empty", nil))
		return err
	}
	millis := func(ms *float64) string {
		if ms == nil {
			return ""
		}
		return strconv.FormatFloat(*ms, 'f', 3, 64)
	}
	t := a.table(w, "read.protocol", "read.command", "read.count", "read.refused", "read.min_ms", "read.mean_ms", "read.p95_ms", "read.max_ms")
	for _, c := range s.Commands {
		t.row(c.Protocol, printable(c.Command), strconv.Itoa(c.Count), strconv.Itoa(c.Refused), millis(c.Min), millis(c.Mean), millis(c.P95), millis(c.Max))
	}
	if err := t.end(); err != nil {
		return err
	}
	_, _ = fmt.Fprintln(w)
	t = a.table(w, "read.protocol", "read.reply", "read.count")
	for _, r := range s.Replies {
		t.row(r.Protocol, printable(r.Reply), strconv.Itoa(r.Count))
	}
	if err := t.end(); err != nil || len(s.Intervals) == 0 {
		return err
	}
	_, _ = fmt.Fprintln(w)
	t = a.table(w, "read.begin", "read.seconds", "read.sessions", "read.commands", "read.messages", "read.messages_second", "read.octets")
	for _, i := range s.Intervals {
		begin, length, rate := "?", "", ""
		if i.Seconds > 0 {
			begin, length = when(i.Begin), strconv.FormatFloat(i.Seconds, 'f', -1, 64)
			rate = strconv.FormatFloat(float64(i.Messages)/i.Seconds, 'f', 2, 64)
		}
		t.row(begin, length, strconv.Itoa(i.Sessions), strconv.Itoa(i.Commands), strconv.Itoa(i.Messages), rate, strconv.FormatInt(i.Octets, 10))
	}
	return t.end()
}
