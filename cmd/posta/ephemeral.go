package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"posta/admin"
	"posta/server"
	"posta/words"
)

// The folder of an ephemeral sink's store among the temporary files, and the
// file in it that tells it from data which somebody keeps there.
const (
	ephemeralFolder = "posta-sink-"
	ephemeralMark   = "ephemeral"
)

// ephemeral gives a folder for a store that ends with the server, and what
// removes it. The control socket stays in the data folder, where other
// commands look for it; a server that has it already is left alone.
func (a *app) ephemeral(ctx context.Context, data string) (folder string, remove func(), err error) {
	switch client, err := admin.Dial(ctx, data); {
	case err == nil:
		return "", nil, runsAlready(data, client.PID)
	case !errors.Is(err, admin.ErrNoServer):
		return "", nil, err
	}
	if err := os.MkdirAll(data, 0o700); err != nil {
		return "", nil, words.FailOf(err, "fail.unwritable", words.Args{"File": data})
	}
	sweep(os.TempDir())
	folder, err = os.MkdirTemp("", ephemeralFolder)
	if err == nil {
		err = os.WriteFile(filepath.Join(folder, ephemeralMark), nil, 0o600)
	}
	if err != nil {
		return "", nil, words.FailOf(err, "fail.unwritable", words.Args{"File": os.TempDir()})
	}
	return folder, func() {
		if err := os.RemoveAll(folder); err != nil {
			_, _ = fmt.Fprintln(a.Err, a.broken(a.Err, "posta: "+a.say("fail.unwritable", words.Args{"File": folder})))
		}
	}, nil
}

// sweep removes what earlier ephemeral sinks left when they were killed: folders
// of this user whose store nobody has. It says nothing of what it cannot remove;
// the next sink tries again.
func sweep(temp string) {
	found, err := filepath.Glob(filepath.Join(escaped(temp), ephemeralFolder+"*"))
	if err != nil {
		return
	}
	for _, folder := range found {
		// Of the folder itself: where a link leads is not for us to remove.
		info, err := os.Lstat(folder)
		if err != nil || !info.IsDir() || !isOurs(info) {
			continue
		}
		if mark, err := os.Lstat(filepath.Join(folder, ephemeralMark)); err != nil || !mark.Mode().IsRegular() {
			continue
		}
		_ = server.Discard(folder)
	}
}
