package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"posta/admin"
	"posta/words"
)

// ours are the files that posta makes in its data folder, as patterns.
func ours() []string {
	return []string{"posta.db", "posta.db-wal", "posta.db-shm", "posta.log", "posta.log.*", memoryFile, oldMemoryFile, "selfsigned.pem"}
}

// setAside moves what quickstart finds into a folder of its own, so that it
// starts over and nothing is lost. Files that are not posta's stay.
func (a *app) setAside(ctx context.Context, data string) error {
	client, err := admin.Dial(ctx, data)
	if err == nil {
		return runsAlready(data, client.PID)
	}
	aside := ""
	for _, pattern := range ours() {
		found, err := filepath.Glob(filepath.Join(escaped(data), pattern))
		if err != nil {
			return err
		}
		for _, name := range found {
			if aside == "" {
				aside = filepath.Join(data, "old-"+time.Now().Format("20060102-150405"))
				if err := os.Mkdir(aside, 0o700); err != nil {
					return words.FailOf(err, "fail.unwritable", words.Args{"File": aside})
				}
			}
			if err := os.Rename(name, filepath.Join(aside, filepath.Base(name))); err != nil {
				return words.FailOf(err, "fail.unwritable", words.Args{"File": name})
			}
		}
	}
	if aside != "" && !a.json {
		_, _ = fmt.Fprintln(a.Out, a.say("card.set_aside", words.Args{"Folder": aside}))
	}
	if !errors.Is(err, admin.ErrNoServer) {
		return err
	}
	return nil
}

// escaped is a path in which no character is a pattern's.
func escaped(path string) string {
	var out []rune
	for _, r := range path {
		if r == '*' || r == '?' || r == '[' {
			out = append(out, '[', r, ']')
			continue
		}
		out = append(out, r)
	}
	return string(out)
}
