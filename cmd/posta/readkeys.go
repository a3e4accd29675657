package main

import (
	"bufio"
	"cmp"
	"errors"
	"io"
	"os"

	"posta/capture"
	"posta/dissect"
	"posta/event"
	"posta/tlsview"
	"posta/words"
)

// keyring has the keys that open the TLS of a capture: those of files that the
// user names, and those that the capture itself brings, wherever in it they stand.
type keyring struct {
	keys  *tlsview.KeyLog
	info  *capture.Info // of the capture
	taken int           // Decryption Secrets Blocks of it
}

// keyring reads the files of --keylog.
func (a *app) keyring(files []string) (*keyring, error) {
	k := &keyring{keys: tlsview.NewKeyLog()}
	for _, name := range files {
		file, err := os.Open(name)
		if err != nil {
			return nil, words.FailOf(err, "fail.read_open", words.Args{"File": name})
		}
		taken, err := readKeys(file, k.keys)
		if err = errors.Join(err, file.Close()); err != nil {
			return nil, words.FailOf(err, "fail.read_open", words.Args{"File": name})
		}
		if taken == 0 {
			return nil, words.Fail("fail.read_keylog", words.Args{"File": name})
		}
	}
	return k, nil
}

// readKeys takes the lines of a key log, and says how many were keys. It reads
// on beyond lines of any length.
func readKeys(r io.Reader, keys *tlsview.KeyLog) (taken int, err error) {
	for in := bufio.NewReader(r); ; {
		line, cut, err := in.ReadLine()
		if err == io.EOF {
			return taken, nil
		}
		if err != nil {
			return taken, err
		}
		if keys.Line(line) {
			taken++
		}
		for cut && err == nil {
			_, cut, err = in.ReadLine()
		}
	}
}

// dissecting is a Sink with a Dissector in it, nil where it has none.
type dissecting interface{ dissector() *dissect.Dissector }

// open lets a Sink have the keys, and gives the one that a capture is to be read
// into instead of it: that takes the keys which the capture has brought so far
// before it passes an event on.
func (k *keyring) open(r *capture.Reader, sink event.Sink) event.Sink {
	if in, ok := sink.(dissecting); ok && in.dissector() != nil {
		in.dissector().Secrets(k.keys)
	}
	k.info, k.taken = r.Info(), 0
	return &keySink{sink, k}
}

func (l *frameList) dissector() *dissect.Dissector    { return l.d }
func (l *toldList) dissector() *dissect.Dissector     { return l.d }
func (l *follower) dissector() *dissect.Dissector     { return cmp.Or(l.notes, l.inner) }
func (m *reportMaker) dissector() *dissect.Dissector  { return m.d }
func (r *storyReading) dissector() *dissect.Dissector { return r.d }

type keySink struct {
	event.Sink
	ring *keyring
}

// Emit implements event.Sink.
func (s *keySink) Emit(e *event.Event) {
	s.ring.learn()
	s.Sink.Emit(e)
}

func (k *keyring) learn() {
	for ; k.taken < len(k.info.Secrets); k.taken++ {
		if one := &k.info.Secrets[k.taken]; one.Type == capture.SecretTLS {
			k.keys.Add(one.Data)
		}
	}
}
