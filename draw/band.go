package draw

import (
	"strings"

	"posta/story"
	"posta/words"
)

// band is a stretch of steps of one phase.
type band struct {
	first, end int // steps
	session    int // -1 between sessions
	phase      story.Phase
	again      bool // it goes on: another session came between, or a command that did not wait
}

// bands divide the steps.
func (d *Diagram) bands() (all []band) {
	type key struct {
		session int
		phase   story.Phase
	}
	latest, begun := map[int]key{}, map[key]bool{}
	for i := range d.steps {
		s := &d.steps[i]
		if n := len(all); n > 0 && all[n-1].session == s.session && all[n-1].phase == s.phase {
			all[n-1].end = i + 1
			continue
		}
		k := key{s.session, s.phase}
		before, known := latest[s.session]
		late := begun[k] && s.answers // a reply belongs to its command's phase
		all = append(all, band{first: i, end: i + 1, session: s.session, phase: s.phase, again: known && before == k || late})
		begun[k] = true
		s.again = all[len(all)-1].again
		latest[s.session] = k
	}
	return all
}

// name is what stands at a band; with continued, where it goes on.
func (d *Diagram) name(b *band, continued bool) string {
	name := d.phase(b.phase)
	if continued || b.again {
		name += " …"
	}
	return name
}

func (d *Diagram) phase(p story.Phase) string {
	switch p {
	case story.Opening:
		return d.w.Say("draw.phase_greeting", nil)
	case story.Authentication:
		return d.w.Say("draw.phase_authentication", nil)
	case story.Transaction:
		return d.w.Say("draw.phase_transaction", nil)
	case story.Data:
		return d.w.Say("draw.phase_data", nil)
	case story.Update:
		return d.w.Say("draw.phase_update", nil)
	case story.OnDemand:
		return d.w.Say("draw.phase_on_demand", nil)
	case story.Closing:
		return d.w.Say("draw.phase_close", nil)
	}
	return d.w.Say("draw.phase_connection", nil)
}

// numbered says that sessions are told apart by numbers.
func (d *Diagram) numbered() bool { return len(d.sessions) > 1 }

// which names a session, where there are several: its number and protocol.
func (d *Diagram) which(n int) string {
	if !d.numbered() || n < 0 {
		return ""
	}
	id := "draw.session"
	if d.labels[n].Stream {
		id = "draw.stream"
	}
	return strings.TrimSpace(d.w.Say(id, words.Args{"N": d.labels[n].Number}) + " " + protocol(d.sessions[n].Session))
}

// groupName says that commands did not wait for each other.
func (d *Diagram) groupName(n int) string { return d.w.Say("draw.group", words.Args{"Count": n}) }
