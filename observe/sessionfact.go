package observe

import "posta/event"

func dirBit(d event.Dir) byte {
	if d == event.FromListener {
		return fromListener
	}
	return 0
}

// fact notes what became of the session.
func (one *session) fact(e *event.Event, bound int) {
	s := &one.facts
	if e.Kind == event.Turn {
		one.note(e.Time, "[turned: who was the server is the client from here on]", bound)
	}
	switch f := e.Fact.(type) {
	case event.Secured:
		s.TLS = f.Version + " " + f.Cipher
		one.note(e.Time, "[TLS: "+s.TLS+"]", bound)
	case event.Named:
		s.Helo = bounded(f.Helo)
	case event.Authenticated:
		if f.OK {
			s.User = bounded(f.User)
		} else {
			s.Failed++
		}
	case event.Refused:
		s.Refused++
	case event.Accepted:
		s.Accepted++
		s.LastQueue = bounded(f.ID)
	case event.Queued:
		told := map[string]bool{} // several recipients may lead to one address
		for i := range f.To {
			if to := f.To[i].To; !told[to] {
				told[to] = true
				one.note(e.Time, "[message "+f.ID+" waits to leave for <"+to+">]", bound)
			}
		}
	case event.Missed:
		one.missed(e, &f, bound)
	case event.Attempted:
		one.attempted(e, &f, bound)
	case event.Foreign:
		one.note(e.Time, "["+f.Field+": "+f.Address+" is no address of the sender; sender_check = log let it pass]", bound)
	case event.Fetched:
		s.Fetched++
	case event.Deleted:
		s.Deleted += f.Messages
	case event.Note:
		one.note(e.Time, "["+f.Text+"]", bound)
	}
}

// missed notes who does not get a message of this session.
func (one *session) missed(e *event.Event, f *event.Missed, bound int) {
	for i := range f.To {
		to := f.To[i].To
		if f.Failed {
			one.facts.GivenUp++
			one.note(e.Time, "[message "+f.ID+" for <"+to+"> is given up: "+f.Why+"]", bound)
		} else {
			one.note(e.Time, "[message "+f.ID+" is not sent on to <"+to+">: "+f.Why+"]", bound)
		}
	}
}

// attempted notes what this session did to a recipient in the queue.
func (one *session) attempted(e *event.Event, f *event.Attempted, bound int) {
	s := &one.facts
	s.LastQueue = bounded(f.ID)
	switch f.Outcome {
	case event.Relayed:
		s.Relayed++
		one.note(e.Time, "[message "+f.ID+" for <"+f.Recipient+"> was taken]", bound)
	case event.Delayed, event.Held:
		s.Delayed++
		one.note(e.Time, "[message "+f.ID+" for <"+f.Recipient+"> stays in the queue]", bound)
	case event.Failed:
		s.GivenUp++
		one.note(e.Time, "[message "+f.ID+" for <"+f.Recipient+"> is given up]", bound)
	}
}

// bounded copies a peer's words, printable and at most maxText of them.
func bounded(s string) string { return printable([]byte(s[:min(len(s), maxText)])) }
