package main

import (
	"bytes"
	"errors"
	"io/fs"
	"os"

	"posta/words"
)

// seenIDs are the unique-ids of what was fetched, a line each in a file that
// only grows while messages are fetched, and at the end holds those that are
// still on the server.
type seenIDs struct {
	name string
	ids  map[string]bool
	file *os.File
}

func openSeen(name string) (*seenIDs, error) {
	s := &seenIDs{name: name, ids: map[string]bool{}}
	text, err := os.ReadFile(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, words.FailOf(err, "fail.unreadable", words.Args{"File": name})
	}
	for id := range bytes.Lines(text) {
		s.ids[string(bytes.TrimSpace(id))] = true
	}
	s.file, err = os.OpenFile(name, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return nil, words.FailOf(err, "fail.unwritable", words.Args{"File": name})
	}
	return s, nil
}

func (s *seenIDs) has(id string) bool { return s.ids[id] }

// add notes one on the disk.
func (s *seenIDs) add(id string) error {
	s.ids[id] = true
	_, err := s.file.WriteString(id + "\n")
	return errors.Join(err, s.file.Sync())
}

// keep forgets those that the server no longer has.
func (s *seenIDs) keep(all []waiting) error {
	if err := s.file.Close(); err != nil {
		return err
	}
	var out bytes.Buffer
	for _, w := range all {
		if w.UIDL != "" && s.ids[w.UIDL] {
			out.WriteString(w.UIDL + "\n")
		}
	}
	tmp := s.name + ".new"
	if err := os.WriteFile(tmp, out.Bytes(), 0o600); err != nil {
		return words.FailOf(err, "fail.unwritable", words.Args{"File": tmp})
	}
	return os.Rename(tmp, s.name)
}
