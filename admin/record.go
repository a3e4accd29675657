package admin

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/netip"
	"slices"
	"time"

	"posta/event"
	"posta/record"
)

// Recorded is a session whose octets are kept.
type Recorded struct {
	ID         uint64         `json:"id"`
	Protocol   string         `json:"protocol"`
	Listener   string         `json:"listener"`
	Mode       string         `json:"mode"`
	Remote     netip.AddrPort `json:"remote"`
	Local      netip.AddrPort `json:"local"`
	Opened     time.Time      `json:"opened"`
	Closed     time.Time      `json:"closed,omitzero"` // zero: still open
	Masked     bool           `json:"masked"`
	Keys       bool           `json:"keys,omitempty"`       // there are keys for its TLS
	Incomplete bool           `json:"incomplete,omitempty"` // not all of it was kept
}

// RecordedWhich chooses recorded sessions; its zero value is all of them.
type RecordedWhich struct {
	ID       uint64 `json:"id,omitempty"`
	Listener string `json:"listener,omitempty"`
}

// SessionExport says what a capture is to be made of.
type SessionExport struct {
	IDs           []uint64 `json:"ids"`
	Masked        bool     `json:"masked"`         // as masked sessions are written; needed if one of them is
	StandardPorts bool     `json:"standard_ports"` // ports on which Wireshark knows mail, in place of others
}

// SessionWatch says which sessions are watched; its zero value is all, from now on.
type SessionWatch struct {
	IDs      []uint64 `json:"ids,omitempty"` // only these; when they have ended, so does the watch
	Listener string   `json:"listener,omitempty"`
	Past     bool     `json:"past,omitempty"` // those too that have ended
	Now      bool     `json:"now,omitempty"`  // what there is of IDs now, without waiting for more
}

func (h House) recordings() []Operation {
	return []Operation{
		op("session.recorded", false, func(_ context.Context, in RecordedWhich) ([]Recorded, error) { return h.recorded(in) }),
		// It changes nothing, but who looked at passwords and letters is to be known.
		op("session.export", true, func(_ context.Context, in SessionExport) (Stream, error) { return h.exportSessions(in) }),
		op("session.watch", true, func(_ context.Context, in SessionWatch) (Stream, error) { return h.watchSessions(in) }),
	}
}

func (h House) recorded(in RecordedWhich) ([]Recorded, error) {
	if h.Record == nil {
		return nil, refusal("refused", "admin.record_off")
	}
	out := []Recorded{}
	for _, s := range h.Record.Sessions() {
		if (in.ID == 0 || in.ID == s.ID) && (in.Listener == "" || in.Listener == s.Opened.Listener) {
			out = append(out, showRecorded(s))
		}
	}
	switch {
	case len(out) > 0:
		return out, nil
	case in.ID != 0:
		return nil, refusal("not_found", "admin.not_recorded", "ID", in.ID)
	case in.Listener != "":
		return nil, refusal("not_found", "admin.none_recorded_of", "Listener", in.Listener)
	}
	return nil, refusal("not_found", "admin.none_recorded")
}

func showRecorded(s record.Session) Recorded {
	o := s.Opened
	return Recorded{ID: s.ID, Protocol: o.Protocol, Listener: o.Listener, Mode: o.Mode, Remote: o.Remote, Local: o.Local,
		Opened: s.Began.UTC(), Closed: s.Closed.UTC(), Masked: !s.Clear, Keys: s.Keys, Incomplete: s.Dropped}
}

func (h House) exportSessions(in SessionExport) (Stream, error) {
	all, err := h.recorded(RecordedWhich{})
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(r Recorded) bool { return !slices.Contains(in.IDs, r.ID) })
	if len(all) == 0 {
		return nil, refusal("not_found", "admin.none_recorded")
	}
	if !in.Masked && slices.ContainsFunc(all, func(r Recorded) bool { return r.Masked }) {
		return nil, refusal("refused", "admin.export_masked")
	}
	return func(ctx context.Context, w io.Writer) error { return h.Export(ctx, w, in) }, nil
}

// watchSessions gives a stream of event records, to be read with event.Records:
// recorded sessions as they go on, masked or clear as they are kept.
func (h House) watchSessions(in SessionWatch) (Stream, error) {
	if h.Record == nil {
		return nil, refusal("refused", "admin.record_off")
	}
	for _, id := range in.IDs {
		if _, err := h.recorded(RecordedWhich{ID: id}); err != nil {
			return nil, err
		}
	}
	return func(ctx context.Context, w io.Writer) error {
		records := event.NewRecorder(w)
		if in.Now {
			return errors.Join(h.Record.Play(ctx, in.IDs, records), records.Flush())
		}
		return h.Record.Follow(ctx, record.Following{IDs: in.IDs, Listener: in.Listener, Past: in.Past, Until: h.Ending}, records,
			func() error { return errors.Join(records.Flush(), flush(w)) })
	}, nil
}

// flush sends on what a Stream has written.
func flush(w io.Writer) error {
	if answer, ok := w.(http.ResponseWriter); ok {
		return http.NewResponseController(answer).Flush()
	}
	return nil
}
