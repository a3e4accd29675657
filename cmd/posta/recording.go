package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"sort"
	"time"

	"posta/capture"
	"posta/event"
	"posta/record"
	"posta/words"
)

const (
	recordingMode = "client" // event.Opened's Mode for connections that this user's commands make
	keptFiles     = 50       // recordings in the state folder
	keptOctets    = 64 << 20 // of all of them; the newest stays in any case
)

// recording keeps what passes on the connections of one command, clear and with
// the keys of its TLS: they are this user's own.
type recording struct {
	ring *record.Ring
	next uint64
}

func newRecording() *recording {
	return &recording{ring: record.New(record.Options{Size: 64 << 20, PerSession: 32 << 20, Clear: func(string) bool { return true }})}
}

// number is a new connection's.
func (r *recording) number() uint64 {
	r.next++
	return r.next
}

// sink is the watcher of its connections.
func (r *recording) sink() event.Sink { return r.ring }

// opened is what the watchers are told of a connection to a target.
func opened(t target) event.Opened {
	name := t.Protocol
	if t.TLS {
		name += "s"
	}
	return event.Opened{Protocol: t.Protocol, Listener: name, Mode: recordingMode, TLS: t.TLS}
}

// write writes all of it as a capture that this user alone may read.
func (r *recording) write(ctx context.Context, name string) (err error) {
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return words.Fail("fail.file_exists", words.Args{"File": name})
	}
	if err != nil {
		return words.FailOf(err, "fail.unwritable", words.Args{"File": name})
	}
	err = errors.Join(r.capture(ctx, file), file.Close())
	if err != nil {
		return words.FailOf(errors.Join(err, os.Remove(name)), "fail.unwritable", words.Args{"File": name})
	}
	return nil
}

func (r *recording) capture(ctx context.Context, w io.Writer) error {
	out := bufio.NewWriter(w)
	judge, err := newJudge(false)
	if err != nil {
		return err
	}
	s, err := capture.NewSessions(out, capture.SessionOptions{Application: "posta " + version, Remarks: judge.remarks})
	if err != nil {
		return err
	}
	ids := make([]uint64, r.next)
	for i := range ids {
		ids[i] = uint64(i + 1)
	}
	if keys := r.ring.Keys(ids); len(keys) > 0 {
		if err := s.Secret(capture.Secret{Type: capture.SecretTLS, Data: keys}); err != nil {
			return err
		}
	}
	err = r.ring.Play(ctx, ids, s)
	return errors.Join(err, s.Err(), out.Flush())
}

// keep writes it into the state folder and clears away what is there too much.
// It gives the file's name.
func (r *recording) keep(ctx context.Context, dir, protocol string) (string, error) {
	dir = filepath.Join(dir, "recordings")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", words.FailOf(err, "fail.unwritable", words.Args{"File": dir})
	}
	name := filepath.Join(dir, time.Now().Format("2006-01-02-150405.000")+"-"+protocol+".pcapng")
	if err := r.write(ctx, name); err != nil {
		return "", err
	}
	return name, prune(dir, keptFiles, keptOctets)
}

// prune removes the oldest recordings beyond a number and a size. The names
// begin with their times.
func prune(dir string, files int, octets int64) error {
	all, err := filepath.Glob(filepath.Join(dir, "*.pcapng"))
	if err != nil {
		return err
	}
	sort.Sort(sort.Reverse(sort.StringSlice(all)))
	var size int64
	for i, name := range all {
		info, err := os.Lstat(name)
		if err != nil || !info.Mode().IsRegular() {
			continue
		}
		size += info.Size()
		if i > 0 && (i >= files || size > octets) {
			if err := os.Remove(name); err != nil {
				return err
			}
		}
	}
	return nil
}
