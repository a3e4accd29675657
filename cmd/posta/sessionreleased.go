package main

import (
	"context"
	"slices"

	"posta/event"
	"posta/story"
	"posta/trace"
)

// release is that a site asked in one session for what another one then brought it.
type release struct{ asked, carried uint64 }

// releases finds them in stories.
func releases(stories []trace.Story) (all []release) {
	for i := range stories {
		asked := map[string]uint64{} // the latest session, by the address that the message waits for
		for _, p := range stories[i].Steps {
			switch p.What {
			case trace.Asked:
				asked[p.Onward] = p.Session
			case event.Relayed:
				one := release{asked[p.Onward], p.Session}
				if one.asked != 0 && one.carried != 0 && one.asked != one.carried && !slices.Contains(all, one) {
					all = append(all, one)
				}
			}
		}
	}
	return all
}

// released adds to some sessions those in which a site asked for the messages that they
// brought it (ETRN), or that brought it what it asked for in them. No message passes where
// it is asked for: only the server's trace knows.
func (a *app) released(ctx context.Context, all, some []*story.Session) ([]*story.Session, error) {
	out := slices.Clone(some)
	for _, s := range some {
		if s.Number == 0 {
			continue
		}
		var found trace.Result
		if err := a.askServer(ctx, "trace", trace.Query{Session: s.Number}, &found); err != nil {
			return nil, err
		}
		for _, r := range releases(found.Stories) {
			number := r.asked
			if number == s.Number {
				number = r.carried
			} else if r.carried != s.Number {
				continue
			}
			at := slices.IndexFunc(all, func(o *story.Session) bool { return o.Number == number })
			if at >= 0 && !slices.Contains(out, all[at]) {
				out = append(out, all[at])
			}
		}
	}
	return out, nil
}
