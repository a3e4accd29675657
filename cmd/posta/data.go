package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"posta/admin"
	"posta/config"
	"posta/server"
	"posta/words"
)

// home says whose data a command is about where nothing is said of it.
type home int

const (
	anyHome    home = iota // the user's own or the system's, wherever there is a posta
	ownHome                // the user's own: a lab
	systemHome             // the system's for root: a service
)

// systemDir is where a service keeps its data (FHS 3.0 §5.8).
const systemDir = "/var/lib/posta"

// dataDir is the folder of the store: --data or POSTA_DATA, else one where a
// server runs or a store is, the user's own before the system's, so that a
// second terminal needs no flag.
func (a *app) dataDir() (string, error) {
	for _, given := range []string{a.data, a.Getenv(variable("data"))} { // where no flag was read yet, too
		if given != "" {
			return filepath.Abs(given)
		}
	}
	own := ownDir(runtime.GOOS, a.Getenv)
	if runtime.GOOS == "windows" {
		if own == "" {
			return "", absent(words.Fail("fail.no_data", nil))
		}
		return own, nil
	}
	switch {
	case a.Getenv("XDG_DATA_HOME") != "": // who says where data are means it
	case a.home == systemHome && os.Geteuid() == 0:
		return systemDir, nil
	case a.home == anyHome:
		if dir := lively(own, systemDir); dir != "" {
			return dir, nil
		}
	}
	if own == "" {
		return "", absent(words.Fail("fail.no_data", nil))
	}
	return own, nil
}

// lively is the first of some folders where a server runs, else the first that
// holds a store, else the first of which only others may know, so that who may is
// said; else "".
func lively(dirs ...string) string {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for _, dir := range dirs {
		if dir == "" {
			continue
		}
		if _, err := admin.Dial(ctx, dir); err == nil {
			return dir
		}
	}
	for _, dir := range dirs {
		if dir != "" && server.Holds(dir) {
			return dir
		}
	}
	for _, dir := range dirs {
		if _, err := os.ReadDir(dir); errors.Is(err, fs.ErrPermission) {
			return dir
		}
	}
	return ""
}

// ownDir is where programs keep a user's data on a system; "" where the
// environment does not say.
func ownDir(system string, getenv func(string) string) string {
	if system == "windows" {
		if local := getenv("LOCALAPPDATA"); local != "" {
			return filepath.Join(local, "posta")
		}
		return ""
	}
	if share := getenv("XDG_DATA_HOME"); filepath.IsAbs(share) { // a relative one is to be ignored
		return filepath.Join(share, "posta")
	}
	home := getenv("HOME")
	if home == "" {
		home, _ = os.UserHomeDir()
	}
	if home == "" {
		return ""
	}
	return filepath.Join(home, ".local", "share", "posta")
}

// patience is how long a command waits for another one to leave the store.
const patience = 5 * time.Second

// reached is who answers operations.
type reached struct {
	admin.Caller
	leave func() error

	nameless string // the name that it takes because nobody knows the server's; "": it is known
}

// runs says that a server answers, and does at once what it is asked.
func (r reached) runs() bool {
	_, running := r.Caller.(*admin.Client)
	return running
}

// reach finds the server that runs on the data, else opens the store itself.
// Only with create may it make a store where there is none.
func (a *app) reach(ctx context.Context, create bool) (reached, error) {
	dir, err := a.dataDir()
	if err != nil {
		return reached{}, err
	}
	return untilFree(ctx, func() (reached, error) { return a.tryReach(ctx, dir, create) })
}

// untilFree tries again while another command has the store, or a server is
// about to answer.
func untilFree(ctx context.Context, try func() (reached, error)) (reached, error) {
	for pause, until := 20*time.Millisecond, time.Now().Add(patience); ; pause *= 2 {
		r, err := try()
		if !errors.Is(err, server.ErrBusy) || time.Now().After(until) {
			return r, err
		}
		select {
		case <-ctx.Done():
			return reached{}, ctx.Err()
		case <-time.After(pause):
		}
	}
}

func (a *app) tryReach(ctx context.Context, dir string, create bool) (reached, error) {
	client, err := admin.Dial(ctx, dir)
	if err == nil {
		return reached{Caller: client, leave: func() error { return nil }}, nil
	}
	if !errors.Is(err, admin.ErrNoServer) {
		return reached{}, unasked(err, dir)
	}
	if !create && !server.Holds(dir) {
		return reached{}, absent(words.Fail("fail.no_store", words.Args{"Data": dir}))
	}
	cfg := config.Default()
	cfg.Data, cfg.DefaultDomain, cfg.Hostname = dir, recall(dir).DefaultDomain, a.hostnameOf(dir)
	h, err := openHouse(ctx, *cfg, server.Options{Version: version})
	if err != nil {
		return reached{}, err
	}
	r := reached{Caller: h.Operations(), leave: h.Close}
	if cfg.Hostname == "" {
		r.nameless = h.Hostname()
	}
	return r, nil
}

// hostnameOf is the name that a server on this data has: by the configuration that
// POSTA_CONFIG names, if it is of these data, else as the last one had it; "" where
// nobody knows.
func (a *app) hostnameOf(dir string) string {
	if file := a.Getenv(variable("config")); file != "" {
		cfg, err := config.Load(file)
		if err == nil && cfg.Data != "" && cfg.Hostname != "" {
			if of, err := filepath.Abs(cfg.Data); err == nil && of == dir {
				return cfg.Hostname
			}
		}
	}
	return recall(dir).Hostname
}

// openHouse opens the store and explains why it cannot.
func openHouse(ctx context.Context, cfg config.Config, o server.Options) (*server.House, error) {
	h, err := server.Open(ctx, cfg, o)
	switch {
	case errors.Is(err, server.ErrBusy):
		return nil, absent(words.FailOf(err, "fail.busy", words.Args{"Data": cfg.Data}))
	case err != nil:
		return nil, absent(unopened(err, cfg.Data))
	}
	return h, nil
}

// unopened says it of a store once, and sends nobody to check one that is not
// there.
func unopened(err error, data string) error {
	if theirs := ofOthers(err, data); theirs != nil {
		return theirs
	}
	var said *words.Error
	if errors.As(err, &said) {
		switch said.ID {
		case "sqldb.no_folder", "sqldb.no_lock":
			return err
		case "sqldb.unopened":
			err = said.Err
		}
	}
	return words.FailOf(err, "fail.no_open", words.Args{"Data": data})
}

// unasked says why a server that runs cannot be asked.
func unasked(err error, data string) error {
	if theirs := ofOthers(err, data); theirs != nil {
		return absent(theirs)
	}
	about := words.Args{"Data": data}
	if errors.Is(err, fs.ErrPermission) {
		return absent(words.Fail("fail.unreachable", about))
	}
	return absent(words.FailOf(err, "fail.unreachable", about))
}

// ofOthers says of data that this user has no right to whose they are, and who may;
// nil where that is not it.
func ofOthers(err error, data string) error {
	if !errors.Is(err, fs.ErrPermission) {
		return nil
	}
	var at *fs.PathError
	var paths []string
	if errors.As(err, &at) {
		paths = append(paths, at.Path)
	}
	for dir := data; ; dir = filepath.Dir(dir) {
		paths = append(paths, dir)
		if dir == filepath.Dir(dir) {
			break
		}
	}
	path, owner, us := foreign(paths)
	about := words.Args{"Path": path, "Owner": owner, "User": us}
	switch owner {
	case "":
		return nil
	case "root":
		return words.Fail("fail.of_root", about)
	}
	return words.Fail("fail.of_others", about)
}

// ask runs one operation wherever it can be answered.
func (a *app) ask(ctx context.Context, operation string, in, out any) error {
	r, err := a.reach(ctx, operation == "domain.add")
	if err != nil {
		return err
	}
	return errors.Join(r.Call(ctx, operation, in, out), r.leave())
}

// askServer runs one operation that only a running server can answer: what it
// is about lives in the server's memory.
func (a *app) askServer(ctx context.Context, operation string, in, out any) error {
	client, err := a.server(ctx)
	if err != nil {
		return err
	}
	return client.Call(ctx, operation, in, out)
}

func (a *app) server(ctx context.Context) (*admin.Client, error) {
	dir, err := a.dataDir()
	if err != nil {
		return nil, err
	}
	client, err := admin.Dial(ctx, dir)
	if errors.Is(err, admin.ErrNoServer) {
		return nil, absent(words.Fail("fail.no_server", words.Args{"Data": dir}))
	}
	if err != nil {
		return nil, unasked(err, dir)
	}
	return client, nil
}
