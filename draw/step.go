package draw

import (
	"slices"
	"time"

	"posta/event"
	"posta/story"
	"posta/words"
)

// kind is what a step is.
type kind uint8

const (
	arrow  kind = iota + 1 // from one actor to another
	note                   // between both ends
	secure                 // TLS is up
	pause                  // nothing happened for a while
	folded                 // what is not drawn
)

// tone says how a step, or a text beneath one, is to be read.
type tone uint8

const (
	plain   tone = iota
	asked        // a line of the client
	replied      // of the server
	bad          // refused
	lost         // missing, or left out
	secret       // what was hidden in base64 only
	quiet
)

// step is one thing of a diagram, as high as a line or a few.
type step struct {
	kind    kind
	tone    tone
	session int
	phase   story.Phase
	from    int // actors; of steps that are no arrows the session's two
	to      int
	when    time.Time
	until   time.Time
	at      time.Duration // since the diagram began
	head    string        // what tells most, in bold
	rest    string
	more    string // "… 7 more lines"
	under   []under
	over    bool   // the connection ended
	untimed bool   // when is no matter
	remark  bool   // a remark on octets, not what was said
	packet  bool   // a segment of TCP
	bears   bool   // of which the next step tells
	answers bool   // a command, which may belong to an earlier band
	again   bool   // it goes on with a phase, after another session
	inside  bool   // TLS
	cipher  bool   // its octets could not be read
	mail    bool   // a message
	mark    int    // place in a pipelined group, from 1
	group   int    // how many are in it; 0: no group
	letter  string // of a message that passes more than once
}

// under is a text beneath a step.
type under struct {
	text string
	tone tone
}

// builder makes a session's steps.
type builder struct {
	d      *Diagram
	s      *session
	number int
	same   [][]story.Passage
	marks  map[*story.Act]int // commands of pipelined groups
	groups map[*story.Act]int
	all    []step
	last   *story.Act // that made the last step
}

// soon is how soon after the last words an end belongs to them: which side closes
// when, and when that is seen, depends on who recorded.
const soon = 2 * time.Second

// steps are a session's, with its beginning.
func (b *builder) steps() []step {
	b.pipelines()
	b.connection()
	var latest time.Time
	for _, a := range inOrder(b.s.Acts) {
		if !b.joins(a) {
			b.act(a)
		}
	}
	phasesOfPackets(b.all)
	for i := range b.all { // a clock that was set back does not turn the order round
		if b.all[i].when.Before(latest) {
			b.all[i].when = latest
		}
		if s := &b.all[i]; s.over && s.when.Sub(latest) < soon {
			s.when, s.until, s.untimed = latest, latest, true
		}
		latest = b.all[i].when
		if b.all[i].until.Before(latest) {
			b.all[i].until = latest
		}
	}
	if n := b.s.Count - len(b.s.Acts); n > 0 {
		b.all = append(b.all, b.d.leftOut(b.number, b.s, nil, n, latest))
	}
	return b.all
}

// inOrder puts what the dialer's end said to the listener's in telnet before the
// answer: which of them is told first depends on who recorded.
func inOrder(acts []*story.Act) []*story.Act {
	for i := 1; i < len(acts); i++ {
		if acts[i].Kind == story.Note && acts[i-1].Kind == story.Note && acts[i].Dir == event.FromDialer && acts[i-1].Dir == event.FromListener {
			acts = slices.Clone(acts)
			acts[i-1], acts[i] = acts[i], acts[i-1]
		}
	}
	return acts
}

// pipelines numbers the commands that did not wait for each other.
func (b *builder) pipelines() {
	b.marks, b.groups = map[*story.Act]int{}, map[*story.Act]int{}
	var group []*story.Act
	end := func() {
		if len(group) > 1 {
			for i, a := range group {
				b.marks[a], b.groups[a] = i+1, len(group)
			}
		}
		group = nil
	}
	for _, a := range b.s.Acts {
		if a.Kind == story.Mail && a.From == story.Client { // what comes with a message is a group of its own
			end()
		}
		if a.Kind != story.Command {
			continue
		}
		if !a.Grouped {
			end()
		}
		group = append(group, a)
	}
	end()
}

// connection is the step that every session begins with.
func (b *builder) connection() {
	port := words.Args{"Port": b.s.Ends.Local.Port()}
	s := b.step(arrow, asked, &story.Act{At: b.s.Began, Until: b.s.Began, Phase: story.Connection})
	s.head, s.rest = b.d.w.Say("draw.connects", nil), b.d.w.Say("draw.to_port", port)
	if !b.s.Sure {
		s.kind, s.head, s.rest = note, "", b.d.w.Say("draw.under_way", port)
		s.tone = lost
	}
	b.all = append(b.all, s)
}

// step is one of an act, from who said it to the other.
func (b *builder) step(k kind, t tone, a *story.Act) step {
	return step{kind: k, tone: t, session: b.number, phase: a.Phase, from: b.s.ends[a.Dir&1], to: b.s.ends[other(a.Dir)],
		when: a.At.Time, until: a.Until.Time, inside: a.Secure}
}

// joins puts the further lines of a POP3 response to its first line.
func (b *builder) joins(a *story.Act) bool {
	if a.Kind != story.List || b.last == nil || b.last.Kind != story.Reply || b.last.Re != a.Re || len(b.all) == 0 {
		return false
	}
	s := &b.all[len(b.all)-1]
	s.more, s.until = b.d.moreLines(len(a.More)), a.Until.Time
	b.offers(s, a.Re, a.More)
	return true
}

// act makes the step of an act, if it is drawn.
func (b *builder) act(a *story.Act) {
	var s step
	switch a.Kind {
	case story.Command, story.Answer, story.Stray:
		s = b.said(a)
	case story.Greeting, story.Reply, story.Challenge, story.List:
		s = b.reply(a)
	case story.Mail:
		s = b.mail(a)
	case story.TLS:
		s = b.tls(a)
	case story.Cipher:
		s = b.step(arrow, quiet, a)
		s.cipher, s.inside = true, true
		s.head = b.d.w.Say("draw.encrypted", words.Args{"Octets": b.d.octets(a.Octets)})
	case story.Gap:
		s = b.step(arrow, lost, a)
		s.head = b.d.w.Say("draw.lost_some", nil)
		if a.Octets > 0 {
			s.head = b.d.w.Say("draw.lost", words.Args{"Octets": b.d.octets(a.Octets)})
			if a.Before.Data && a.From == story.Client { // a masked recording leaves messages out
				s.head = b.d.w.Say("draw.lost_message", words.Args{"Octets": b.d.octets(a.Octets)})
			}
		}
	case story.Note:
		s = b.step(arrow, quiet, a)
		s.remark, s.rest = true, b.d.remark(a.Text)
	case story.Turned:
		s = b.turned(a)
	case story.Packet:
		b.all = append(b.all, b.packet(a))
		return
	case story.Over:
		if unfinished(a.Text) {
			return
		}
		s = b.step(note, plain, a)
		s.rest, s.over = b.d.w.Say("draw.closed", nil), true
		if b.d.o.Ending != nil {
			if why := b.d.o.Ending(b.s.Session); why != "" {
				s.under = append(s.under, under{clean(why), bad})
			}
		}
	default:
		return
	}
	b.took(&s, a)
	b.last = a
	b.all = append(b.all, s)
}

// unfinished says that a connection was not seen to end, for a reason of event.Closed.
func unfinished(reason string) bool {
	return slices.Contains([]string{"the capture ended", "its ports were used again", "too many connections were open"}, reason)
}

// took says how long something long was under way.
func (b *builder) took(s *step, a *story.Act) {
	if long := a.Until.Time.Sub(a.At.Time); !b.d.o.NoTimes && long >= time.Second && (a.Kind == story.Mail || a.Kind == story.Cipher) {
		s.under = append(s.under, under{b.d.w.Say("draw.took", words.Args{"Time": duration(long)}), quiet})
	}
}

func (b *builder) tls(a *story.Act) step {
	s := b.step(secure, plain, a)
	s.head = "TLS"
	if f, ok := a.Event.(event.Secured); ok {
		if f.Version != "" {
			s.head = clean(f.Version)
		}
		s.rest = clean(f.Cipher)
		if f.ServerName != "" {
			s.under = append(s.under, under{b.d.w.Say("draw.server_name", words.Args{"Name": clean(f.ServerName)}), quiet})
		}
	}
	s.inside = true
	return s
}

// turned says who is the client now: who was the server, at first the listener.
func (b *builder) turned(a *story.Act) step {
	s := b.step(note, plain, a)
	client := b.s.ends[event.FromListener]
	if a.From == story.Role(a.Dir&1) { // turned once more
		client = b.s.ends[event.FromDialer]
	}
	s.head = b.d.w.Say("draw.turned", nil)
	s.rest = b.d.w.Say("draw.turned_client", words.Args{"Name": b.d.actors[client].name})
	return s
}

// letter is the mark of a message that passes more than once, and where it does so.
func (b *builder) letter(a *story.Act) (mark string, others []int) {
	for i, group := range b.same {
		if !slices.ContainsFunc(group, func(p story.Passage) bool { return p.Act == a }) {
			continue
		}
		for _, p := range group {
			for n := range b.d.sessions {
				if b.d.sessions[n].Session == p.Session && n != b.number && !slices.Contains(others, n) {
					others = append(others, n)
				}
			}
		}
		return string(rune('A' + i%26)), others
	}
	return "", nil
}
