package admin

import (
	"context"

	"posta/trace"
)

// findTrace tells the stories of messages, and which sessions can be shown.
func (h House) findTrace(ctx context.Context, q trace.Query) (trace.Result, error) {
	found, err := h.Trace(ctx, q)
	if err != nil {
		return trace.Result{}, err
	}
	for i := range found.Stories {
		for j := range found.Stories[i].Steps {
			s := &found.Stories[i].Steps[j]
			s.Held = s.Session != 0 && h.Sessions.Holds(s.Session, s.Time)
		}
	}
	return found, nil
}
