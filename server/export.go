package server

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"io"

	"posta/admin"
	"posta/capture"
	"posta/config"
	"posta/record"
)

// openRecord makes the recording, where it is wanted. What a listener that is
// not for the Internet hears is kept as it came.
func (h *House) openRecord() {
	c := h.cfg.Record
	if !c.Enabled {
		return
	}
	h.record = record.New(record.Options{
		Size: int(c.MaxSize), PerSession: int(c.MaxSession), Sessions: c.MaxSessions, KeepFor: c.KeepFor.Duration,
		Clear: config.Clear,
	})
}

// export writes recorded sessions as a capture.
func (h *House) export(ctx context.Context, w io.Writer, in admin.SessionExport) error {
	out := bufio.NewWriterSize(w, 64<<10)
	s, err := capture.NewSessions(out, capture.SessionOptions{
		Application: "posta " + cmp.Or(h.o.Version, "?"), Masked: in.Masked, StandardPorts: in.StandardPorts,
	})
	if err != nil {
		return err
	}
	if keys := h.record.Keys(in.IDs); len(keys) > 0 && !in.Masked {
		if err := s.Secret(capture.Secret{Type: capture.SecretTLS, Data: keys}); err != nil {
			return err
		}
	}
	err = h.record.Play(ctx, in.IDs, s)
	return errors.Join(err, s.Err(), out.Flush())
}
