// Package draw makes the message sequence diagram of mail sessions: who speaks
// as lifelines, one arrow a command or reply, the phases as bands, TLS as a shaded
// stretch. A Diagram is laid out once; its pictures (SVG, PNG, PDF) are drawn from
// the same list of shapes. Mermaid and the text for terminals are written from
// the same steps.
//
// It shows what was said, not what the server knows of it, so that a session's
// recording and a capture of it give the same diagram. It does no I/O but to the
// Writer that it is given. Start reading at New, then step.
package draw

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"posta/event"
	"posta/story"
	"posta/words"
)

// Options say what a diagram shows.
type Options struct {
	Words       *words.Words   // whose language the labels are in
	Zone        *time.Location // of the date; nil: UTC
	Steps       int            // the most that are drawn; 0: 300
	HideSecrets bool           // no password, nor what it can be made of
	NoTimes     bool           // neither times nor the date, which depend on who recorded

	// Ending says why a session ended, where nothing that was said tells it, in the
	// reader's language; "" where it needs no words. Nil: nobody knows, as of a capture.
	Ending func(*story.Session) string
}

// The bounds of a diagram. What is beyond them is folded, and that is said.
const (
	usualSteps  = 300
	leastSteps  = 12 // of a session
	maxActors   = 8
	maxSessions = 60
)

// Diagram is the drawing of some sessions.
type Diagram struct {
	w        *words.Words
	o        Options
	title    string
	about    string
	actors   []actor
	sessions []session
	labels   []story.Label // of sessions
	steps    []step
	left     int // sessions that are not drawn
}

// session is one that is drawn.
type session struct {
	*story.Session
	ends [2]int // its actors, by event.Dir
}

// New makes the diagram of sessions, in the order in which they began.
func New(all []*story.Session, o Options) *Diagram {
	if o.Steps <= 0 {
		o.Steps = usualSteps
	}
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	d := &Diagram{w: o.Words, o: o, title: o.Words.Say("draw.title", nil)}
	all = slices.Clone(all)
	slices.SortStableFunc(all, func(x, y *story.Session) int { return x.Began.Time.Compare(y.Began.Time) })
	d.cast(all)
	var shown []*story.Session
	for _, s := range d.sessions {
		shown = append(shown, s.Session)
	}
	d.labels = story.Labels(shown)
	same := story.Passages(shown)
	var lists [][]step
	for i := range d.sessions {
		b := builder{d: d, s: &d.sessions[i], number: i, same: same}
		lists = append(lists, b.steps())
	}
	d.steps = d.pauses(merge(d.fold(lists)))
	d.about = d.summary()
	return d
}

// Empty says that there is nothing to draw.
func (d *Diagram) Empty() bool { return len(d.steps) == 0 }

// Left is how many sessions are not drawn, because there are too many.
func (d *Diagram) Left() int { return d.left }

// summary is the line beneath the title.
func (d *Diagram) summary() string {
	var protocols []string
	for _, s := range d.sessions {
		if name := protocol(s.Session); name != "" && !slices.Contains(protocols, name) {
			protocols = append(protocols, name)
		}
	}
	parts := []string{strings.Join(protocols, ", ")}
	if len(protocols) == 0 {
		parts = nil
	}
	if len(d.sessions) > 1 {
		parts = append(parts, d.w.Say("draw.sessions", words.Args{"Count": len(d.sessions)}))
	}
	if d.left > 0 {
		parts = append(parts, d.w.Say("draw.sessions_left", words.Args{"Count": d.left}))
	}
	if !d.o.NoTimes && len(d.steps) > 0 && !d.steps[0].when.IsZero() {
		first, last := d.steps[0].when, d.steps[len(d.steps)-1].until
		parts = append(parts, first.In(d.o.Zone).Format("2006-01-02 15:04:05 MST"), duration(last.Sub(first)))
	}
	return strings.Join(parts, " · ")
}

// protocol is a session's, as people write it.
func protocol(s *story.Session) string {
	return map[string]string{"smtp": "SMTP", "pop3": "POP3"}[s.Protocol]
}

// duration writes a length of time for people: 0.012 s, 12.4 s, 3:07 min, 2:05:00 h.
func duration(t time.Duration) string {
	switch {
	case t < time.Second:
		return fmt.Sprintf("%.3f s", t.Seconds())
	case t < time.Minute-50*time.Millisecond:
		return fmt.Sprintf("%.1f s", t.Seconds())
	case t < time.Hour-500*time.Millisecond:
		t = t.Round(time.Second)
		return fmt.Sprintf("%d:%02d min", int(t.Minutes()), int(t.Seconds())%60)
	}
	t = t.Round(time.Second)
	return fmt.Sprintf("%d:%02d:%02d h", int(t.Hours()), int(t.Minutes())%60, int(t.Seconds())%60)
}

// clock writes the time since the diagram's beginning: 0.012, 1:02.345, 1:00:02.345.
func clock(t time.Duration) string {
	t = max(t, 0).Round(time.Millisecond)
	seconds := (t % time.Minute).Seconds()
	switch {
	case t < time.Minute:
		return fmt.Sprintf("%.3f", seconds)
	case t < time.Hour:
		return fmt.Sprintf("%d:%06.3f", int(t.Minutes()), seconds)
	}
	return fmt.Sprintf("%d:%02d:%06.3f", int(t.Hours()), int(t.Minutes())%60, seconds)
}

// count writes a number with its thousands apart, as the language does.
func (d *Diagram) count(n int64) string {
	digits := fmt.Sprint(n)
	apart := ","
	if d.w.Lang() == "es" {
		if len(digits) < 5 { // the Real Academia keeps four digits together
			return digits
		}
		apart = "\u00a0"
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + apart + digits[i:]
	}
	return digits
}

// octets writes a number of them.
func (d *Diagram) octets(n int64) string {
	if n == 1 {
		return d.w.Say("draw.octet", nil)
	}
	return d.w.Say("draw.octets", words.Args{"N": d.count(n)})
}

// other is the opposite direction.
func other(dir event.Dir) event.Dir { return 1 - dir&1 }
