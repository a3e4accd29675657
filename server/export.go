package server

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"io"
	"path/filepath"

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

// openArchive begins to keep sessions on the disk, where that is wanted.
func (h *House) openArchive() error {
	c := h.cfg.Record
	if h.record == nil || c.Disk == 0 {
		return nil
	}
	var err error
	h.archive, err = record.OpenArchive(record.ArchiveOptions{Dir: filepath.Join(cmp.Or(h.o.Store, h.cfg.Data), "record"),
		Size: int64(c.Disk), KeepFor: c.DiskKeepFor.Duration, Trouble: h.o.Report})
	if err != nil {
		return err
	}
	h.record.Keep(h.archive)
	ctx, end := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		h.archive.Follow(ctx, h.record)
	}()
	h.archived = func() {
		end()
		<-done
	}
	return nil
}

// closeArchive writes what has ended.
func (h *House) closeArchive() error {
	if h.archive == nil {
		return nil
	}
	h.archived()
	return h.archive.Close()
}

// export writes recorded sessions as a capture. Each packet bears what audit finds
// about it.
func (h *House) export(ctx context.Context, w io.Writer, in admin.SessionExport) error {
	found, err := h.findings(ctx, in)
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(w, 64<<10)
	s, err := capture.NewSessions(out, capture.SessionOptions{
		Application: "posta " + cmp.Or(h.o.Version, "?"), Masked: in.Masked, StandardPorts: in.StandardPorts, Remarks: remarks(found),
	})
	if err != nil {
		return err
	}
	if keys := h.record.Keys(in.IDs); len(keys) > 0 && !in.Masked {
		if err := s.Secret(capture.Secret{Type: capture.SecretTLS, Data: keys}); err != nil {
			return err
		}
	}
	err = h.record.Play(ctx, in.IDs, numbered{s})
	return errors.Join(err, s.Err(), out.Flush())
}
