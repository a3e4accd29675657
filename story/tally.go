package story

import (
	"cmp"
	"math"
	"math/bits"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Tally counts what is said: commands and how long their replies take, replies,
// and how much happens when. What it keeps does not grow with the recording. It
// belongs to one goroutine.
type Tally struct {
	verbs   map[verbKey]*VerbCount
	replies map[replyKey]int
	asked   map[uint64]*Act // of sessions: the message or the answer of AUTH whose reply has not come
	times   timeline
}

type verbKey struct{ protocol, verb string }
type replyKey struct{ protocol, reply string }

// The bounds of a Tally. Commands and replies beyond them are counted as "?".
const (
	maxTallied = 1000
	maxAsked   = 1 << 16
)

// NewTally makes one.
func NewTally() *Tally {
	return &Tally{verbs: map[verbKey]*VerbCount{}, replies: map[replyKey]int{}, asked: map[uint64]*Act{},
		times: timeline{unit: time.Second, at: map[int64]*Interval{}}}
}

// EndOfMail is the Verb of the end of a message, to which a server replies too.
const EndOfMail = "."

// VerbCount is how often a command came, and what became of it.
type VerbCount struct {
	Protocol string
	Verb     string // as Act's; EndOfMail; "?" for what is no command
	Count    int
	Refused  int
	Waits    Waits // of the replies, from the end of the command to the begin of the reply
}

// ReplyCount is how often a reply came.
type ReplyCount struct {
	Protocol string
	Reply    string // "250", "+OK", "-ERR"
	Count    int
}

// Interval is how much happened in a stretch of time.
type Interval struct {
	Begin    time.Time
	Length   time.Duration
	Sessions int // that began
	Commands int
	Messages int
	Octets   int64
}

// Take counts an act, as Options.Out gives it.
func (t *Tally) Take(s *Session, a *Act) {
	moment := t.times.of(a.At.Time)
	moment.Octets += a.Octets
	if a.Index == 0 {
		moment.Sessions++
	}
	switch a.Kind {
	case Command:
		t.verb(s, a.Verb).Count++
		moment.Commands++
	case Mail:
		moment.Messages++
		if a.Verb == "DATA" || a.Verb == "BDAT" {
			t.verb(s, EndOfMail).Count++
			t.await(s, a)
		}
	case Answer:
		t.await(s, a)
	case Greeting, Reply, Challenge:
		t.reply(s, a)
	case Over:
		delete(t.asked, s.Conn)
	}
}

// await notes what is no command and is replied to.
func (t *Tally) await(s *Session, a *Act) {
	if len(t.asked) < maxAsked {
		t.asked[s.Conn] = a
	}
}

// reply counts a reply, and how long it took.
func (t *Tally) reply(s *Session, a *Act) {
	key := replyKey{s.Protocol, strconv.Itoa(a.Code)}
	if a.Code == 0 {
		key.reply, _, _ = strings.Cut(a.Text, " ")
		if key.reply != "+OK" && key.reply != "-ERR" && key.reply != "+" {
			key.reply = "?"
		}
	}
	if t.replies[key] == 0 && len(t.replies) >= maxTallied {
		key.reply = "?"
	}
	t.replies[key]++
	to, verb := a.Re, ""
	if to != nil {
		verb = to.Verb
	}
	switch asked := t.asked[s.Conn]; {
	case asked == nil:
	case asked.Kind == Mail && asked.Answered == a:
		to, verb = asked, EndOfMail
		delete(t.asked, s.Conn)
	case asked.Kind == Answer && asked.Re == a.Re:
		to = asked
		delete(t.asked, s.Conn)
	}
	if to == nil || to.Kind != Answer && to.Answered != a {
		return
	}
	v := t.verb(s, verb)
	if a.Refused {
		v.Refused++
	}
	if wait := a.At.Time.Sub(to.Until.Time); wait >= 0 && !to.Until.Time.IsZero() && a.Sure {
		v.Waits.add(wait)
	}
}

// verb is the count of a command.
func (t *Tally) verb(s *Session, verb string) *VerbCount {
	if verb == "" {
		verb = "?"
	}
	key := verbKey{s.Protocol, verb}
	v := t.verbs[key]
	if v == nil {
		v = &VerbCount{Protocol: s.Protocol, Verb: verb}
		t.verbs[key] = v
	}
	return v
}

// Verbs are the counts of commands, the most frequent first.
func (t *Tally) Verbs() []VerbCount {
	all := make([]VerbCount, 0, len(t.verbs))
	for _, v := range t.verbs {
		all = append(all, *v)
	}
	slices.SortFunc(all, func(a, b VerbCount) int {
		return cmp.Or(-cmp.Compare(a.Protocol, b.Protocol), cmp.Compare(b.Count, a.Count), cmp.Compare(a.Verb, b.Verb))
	})
	return all
}

// Replies are the counts of replies, in order.
func (t *Tally) Replies() []ReplyCount {
	all := make([]ReplyCount, 0, len(t.replies))
	for key, n := range t.replies {
		all = append(all, ReplyCount{key.protocol, key.reply, n})
	}
	slices.SortFunc(all, func(a, b ReplyCount) int {
		return cmp.Or(-cmp.Compare(a.Protocol, b.Protocol), cmp.Compare(a.Reply, b.Reply))
	})
	return all
}

// Intervals are at most so many stretches of equal length, those in which nothing
// happened among them. What has no time, or one that no clock shows, comes last,
// without Begin and Length.
func (t *Tally) Intervals(most int) []Interval { return t.times.intervals(most) }

// Waits are how long replies took.
type Waits struct {
	Count    int
	Min, Max time.Duration
	sum      time.Duration
	buckets  [maxBuckets]int
}

// Buckets are an eighth of a power of two of microseconds wide.
const (
	perPower   = 8
	maxBuckets = 48 * perPower
)

func (w *Waits) add(d time.Duration) {
	if w.Count == 0 || d < w.Min {
		w.Min = d
	}
	w.Max = max(w.Max, d)
	w.Count++
	w.sum += d
	w.buckets[bucketOf(d)]++
}

func bucketOf(d time.Duration) int {
	n := uint64(max(d.Microseconds(), 1))
	power := bits.Len64(n) - 1
	part := int((n - 1<<power) * perPower >> power)
	return min(power*perPower+part, maxBuckets-1)
}

// Mean is the average, 0 where nothing was waited for.
func (w *Waits) Mean() time.Duration {
	if w.Count == 0 {
		return 0
	}
	return w.sum / time.Duration(w.Count)
}

// Quantile is a time that so great a part of the waits did not pass, to an eighth.
func (w *Waits) Quantile(part float64) time.Duration {
	left := int(math.Ceil(part * float64(w.Count)))
	for i, n := range w.buckets {
		if left -= n; left <= 0 && n > 0 {
			power, eighth := i/perPower, i%perPower
			edge := time.Duration(float64(uint64(1)<<power)*(1+float64(eighth+1)/perPower)) * time.Microsecond
			return min(edge, w.Max)
		}
	}
	return w.Max
}

// timeline keeps stretches of time, which grow where there would be too many.
type timeline struct {
	unit time.Duration
	at   map[int64]*Interval
	none Interval // of acts without a usable time
}

const (
	maxIntervals = 4096
	day          = 24 * time.Hour
	longest      = day << 16 // from 1970 to 2149: usable times are in one stretch of it
)

// of is the stretch in which a moment lies.
func (l *timeline) of(at time.Time) *Interval {
	if s := at.Unix(); s < 0 || s >= int64(longest/time.Second) {
		return &l.none
	}
	key := at.UnixMilli() / l.unit.Milliseconds()
	one := l.at[key]
	if one == nil {
		if len(l.at) == maxIntervals {
			l.merge(longer(l.unit))
			return l.of(at)
		}
		one = &Interval{}
		l.at[key] = one
	}
	return one
}

// longer is the next length that people count in.
func longer(unit time.Duration) time.Duration {
	for _, next := range []time.Duration{2 * time.Second, 5 * time.Second, 10 * time.Second, 30 * time.Second, time.Minute, 5 * time.Minute, 10 * time.Minute,
		30 * time.Minute, time.Hour, 6 * time.Hour, day} {
		if next > unit {
			return next
		}
	}
	return min(2*unit, longest)
}

// merge makes the stretches longer.
func (l *timeline) merge(unit time.Duration) {
	into := map[int64]*Interval{}
	for key, one := range l.at {
		to := key * l.unit.Milliseconds() / unit.Milliseconds()
		if into[to] == nil {
			into[to] = &Interval{}
		}
		into[to].Sessions += one.Sessions
		into[to].Commands += one.Commands
		into[to].Messages += one.Messages
		into[to].Octets += one.Octets
	}
	l.unit, l.at = unit, into
}

func (l *timeline) intervals(most int) (all []Interval) {
	if l.none != (Interval{}) {
		defer func() { all = append(all, l.none) }()
	}
	if len(l.at) == 0 {
		return nil
	}
	for {
		first, last := l.ends()
		if last-first < int64(max(most, 1)) {
			all = make([]Interval, 0, last-first+2)
			for key := first; key <= last; key++ {
				one := Interval{}
				if l.at[key] != nil {
					one = *l.at[key]
				}
				one.Begin, one.Length = time.UnixMilli(key*l.unit.Milliseconds()).UTC(), l.unit
				all = append(all, one)
			}
			return all
		}
		l.merge(longer(l.unit))
	}
}

func (l *timeline) ends() (first, last int64) {
	first, last = math.MaxInt64, math.MinInt64
	for key := range l.at {
		first, last = min(first, key), max(last, key)
	}
	return first, last
}
