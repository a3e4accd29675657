package main

import (
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"

	"posta/admin"
	"posta/config"
	"posta/words"
)

// memoryFile, in the data directory, is what quickstart remembers from one run to
// the next, and any server for who opens its store alone: it writes its name there,
// with which reports are signed while none runs. Only its owner reads it. Once it was
// called oldMemoryFile.
const memoryFile, oldMemoryFile = "remembered.json", "lab.json"

// memory is what memoryFile holds.
type memory struct {
	DefaultDomain string            `json:"default_domain,omitempty"`
	Hostname      string            `json:"hostname,omitempty"`  // that a server had here: reports are signed with it
	Passwords     map[string]string `json:"passwords,omitempty"` // of a lab, by address: made by posta, or told to quickstart
}

// recall reads what was remembered. A file that is not there or damaged is as
// good as an empty one: all it holds is a convenience.
func recall(data string) memory {
	var m memory
	text, err := os.ReadFile(filepath.Join(data, memoryFile))
	if errors.Is(err, fs.ErrNotExist) {
		text, err = os.ReadFile(filepath.Join(data, oldMemoryFile))
	}
	if err != nil || json.Unmarshal(text, &m) != nil {
		m = memory{}
	}
	if m.Passwords == nil {
		m.Passwords = map[string]string{}
	}
	return m
}

// noteDown lets a running lab's card show passwords that posta made. Of other
// servers nothing is written down.
func noteDown(s admin.Status, passwords map[string]string) error {
	if modeOf(s.Listeners) != config.ModeLab {
		return nil
	}
	notes := recall(s.Data)
	maps.Copy(notes.Passwords, passwords)
	return notes.keep(s.Data)
}

// served notes down as whom a server begins here. Where it is no lab, it takes the
// passwords out of what was remembered: they were a lab's, and now the same accounts
// are served to others.
func served(data, hostname string, lab bool) error {
	notes := recall(data)
	if notes.Hostname == hostname && (lab || len(notes.Passwords) == 0) {
		return nil
	}
	if notes.Hostname = hostname; !lab {
		notes.Passwords = nil
	}
	return notes.keep(data)
}

// keep is remember with an error for people.
func (m memory) keep(data string) error {
	if err := m.remember(data); err != nil {
		return words.FailOf(err, "fail.unwritable", words.Args{"File": filepath.Join(data, memoryFile)})
	}
	return nil
}

// remember puts a whole new file in place of the old one.
func (m memory) remember(data string) error {
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	name := filepath.Join(data, memoryFile)
	next := name + ".new"
	_ = os.Remove(next) // so that the new one's mode is ours
	if err := os.WriteFile(next, append(text, '\n'), 0o600); err != nil {
		return err
	}
	if err := os.Rename(next, name); err != nil {
		return err
	}
	if err := os.Remove(filepath.Join(data, oldMemoryFile)); !errors.Is(err, fs.ErrNotExist) {
		return err // passwords may be in it
	}
	return nil
}
