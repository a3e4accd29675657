package capture

import (
	"context"
	"io"

	"posta/event"
)

// Read reads a whole capture and tells sink of all that is in it. Other than
// in a server, sink may take its time: the file waits.
//
// The Reader is for what a capture says beside its packets. After an error,
// which is a *Damage where the capture is damaged, everything before it has
// been told.
func Read(ctx context.Context, r *Reader, sink event.Sink, limits Limits) error {
	j := NewJoiner(sink, limits)
	var p Packet
	for ctx.Err() == nil {
		switch err := r.Next(&p); {
		case err == io.EOF:
			j.End()
			return nil
		case err != nil:
			j.End()
			return err
		}
		j.Feed(&p)
	}
	return ctx.Err()
}
