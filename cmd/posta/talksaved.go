package main

import (
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"posta/words"
)

// talksFile holds the saved sessions of `posta talk`: names of targets.
const talksFile = "talks.json"

// maxTalks bounds them.
const maxTalks = 200

func (a *app) savedTalks() (map[string]target, string, error) {
	dir, err := a.stateDir()
	if err != nil {
		return nil, "", err
	}
	name := filepath.Join(dir, talksFile)
	all := map[string]target{}
	text, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return all, name, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &all)
	}
	if err != nil {
		return nil, name, words.FailOf(err, "fail.unreadable", words.Args{"File": name})
	}
	return all, name, nil
}

func (a *app) savedTalk(name string) (target, bool, error) {
	all, _, err := a.savedTalks()
	t, ok := all[name]
	return t, ok, err
}

// saveTalk gives a target a name. A port that was left open stays so: the lab's
// may be another next time.
func (a *app) saveTalk(name string, t target) error {
	if !regexp.MustCompile(`^[\pL\pN._-]{1,40}$`).MatchString(name) || name == protoSMTP || name == protoPOP3 {
		return usage(words.Fail("talk.bad_name", words.Args{"Name": name}))
	}
	all, file, err := a.savedTalks()
	if err != nil {
		return err
	}
	all[name] = t
	if len(all) > maxTalks {
		return words.Fail("talk.too_many_saved", words.Args{"Most": maxTalks, "File": file})
	}
	text, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(file, append(text, '\n'), 0o600); err != nil {
		return words.FailOf(err, "fail.unwritable", words.Args{"File": file})
	}
	return a.done("talk.named", words.Args{"Name": name})
}

// savedShown is a saved session as --list shows it.
type savedShown struct {
	Name string `json:"name"`
	target
}

func (a *app) listTalks() error {
	all, _, err := a.savedTalks()
	if err != nil {
		return err
	}
	var rows []savedShown
	for _, name := range slices.Sorted(maps.Keys(all)) {
		rows = append(rows, savedShown{name, all[name]})
	}
	return printAll(a, rows, lister(a, rows, []string{"field.name", "field.protocol", "field.server", "field.tls"}, func(s savedShown) []string {
		how := ""
		switch {
		case s.TLS:
			how = "--tls"
		case s.StartTLS:
			how = "--starttls"
		}
		where := s.Host
		switch {
		case where == "":
			where = "localhost"
		case s.Port != 0:
			where = s.address()
		}
		return []string{s.Name, s.Protocol, where, how}
	}))
}

// talkNames completes the first argument.
func (a *app) talkNames(_ *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	names := []string{protoSMTP, protoPOP3}
	if all, _, err := a.savedTalks(); err == nil {
		names = append(names, slices.Sorted(maps.Keys(all))...)
	}
	return slices.DeleteFunc(names, func(n string) bool { return !strings.HasPrefix(n, begun) }), cobra.ShellCompDirectiveNoFileComp
}

// scriptProtocol is the one that a transcript connects to first.
func (a *app) scriptProtocol(name string) (string, error) {
	f, err := readScript(name, a.In)
	if err != nil {
		return "", err
	}
	for _, s := range f.Steps {
		if kind := strings.Fields(s.Text); len(kind) > 1 && kind[0] == "connect" && strings.HasPrefix(kind[len(kind)-1], protoPOP3) {
			return protoPOP3, nil
		} else if len(kind) > 1 && kind[0] == "connect" {
			break
		}
	}
	return protoSMTP, nil
}

// writePrivate writes a new file for this user alone.
func writePrivate(name string, text []byte) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return words.Fail("fail.file_exists", words.Args{"File": name})
	}
	if err == nil {
		_, err = f.Write(text)
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		return words.FailOf(err, "fail.unwritable", words.Args{"File": name})
	}
	return nil
}
