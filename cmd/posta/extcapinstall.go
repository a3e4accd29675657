package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"posta/words"
)

// extcapCommand puts posta among Wireshark's capture interfaces.
func (a *app) extcapCommand() *cobra.Command {
	install := a.command("install", "extcap.help_install", func(ctx context.Context, _ []string) error { return a.extcapInstall(ctx) })
	install.Long = a.say("extcap.help_install_long", nil)
	install.Example = "posta extcap install\nposta extcap install --data /var/lib/posta"
	uninstall := a.command("uninstall", "extcap.help_uninstall", func(ctx context.Context, _ []string) error { return a.extcapUninstall(ctx) })
	uninstall.Example = "posta extcap uninstall"
	return a.group("extcap", "extcap.help", install, uninstall)
}

// extcapFile is what `posta extcap --json` says.
type extcapFile struct {
	File string `json:"file"`
	Seen bool   `json:"seen"`           // Wireshark looks there
	Data string `json:"data,omitempty"` // of the server whose sessions it shows, where that was said
}

// extcapFolders are where Wireshark looks for programs that capture.
type extcapFolders struct {
	own    string // the user's
	global string // the computer's, or what WIRESHARK_EXTCAP_DIR names; "" where that is not known
	looked bool   // Wireshark itself said so: it looks into own
}

// findExtcapFolders asks tshark, for the folders change with its version: before
// 4.2 there was none of the user's.
func (a *app) findExtcapFolders(ctx context.Context) extcapFolders {
	f := extcapFolders{own: ownExtcap(runtime.GOOS, a.Getenv)}
	program := installed(runtime.GOOS, "tshark", a.Getenv)
	if program == "" {
		f.looked = true // of the versions of today it does
		return f
	}
	said, err := exec.CommandContext(ctx, program, "-G", "folders").Output()
	if err != nil {
		f.looked = true
		return f
	}
	for lines := bufio.NewScanner(bytes.NewReader(said)); lines.Scan(); {
		name, folder, _ := strings.Cut(lines.Text(), ":")
		switch folder = strings.TrimSpace(folder); strings.ToLower(name) {
		case "personal extcap path":
			f.own, f.looked = folder, true
		case "extcap path", "global extcap path":
			f.global = folder
		}
	}
	return f
}

// ownExtcap is the user's folder, as Wireshark has it since 4.2.
func ownExtcap(system string, getenv func(string) string) string {
	if system == "windows" {
		return filepath.Join(getenv("APPDATA"), "Wireshark", "extcap")
	}
	return filepath.Join(getenv("HOME"), ".local", "lib", "wireshark", "extcap")
}

// extcapInstall puts posta into the user's folder or, where Wireshark knows none,
// into the computer's, if it may.
func (a *app) extcapInstall(ctx context.Context) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	f := a.findExtcapFolders(ctx)
	if !f.looked && f.global != "" {
		file, err := a.linkInto(f.global, self)
		if err == nil {
			return a.extcapInstalled(file, true)
		}
		if !errors.Is(err, fs.ErrPermission) {
			return words.FailOf(err, "fail.unwritable", words.Args{"File": file})
		}
	}
	if err := os.MkdirAll(f.own, 0o755); err != nil {
		return words.FailOf(err, "fail.unwritable", words.Args{"File": f.own})
	}
	file, err := a.linkInto(f.own, self)
	if err != nil {
		return words.FailOf(err, "fail.unwritable", words.Args{"File": file})
	}
	return a.extcapInstalled(file, f.looked)
}

func (a *app) extcapInstalled(file string, seen bool) error {
	return a.print(extcapFile{file, seen, extcapData(file)}, func(w io.Writer) error {
		id := "extcap.installed"
		if !seen {
			id = "extcap.installed_unseen"
		}
		text := a.say(id, words.Args{"File": file, "Folder": filepath.Dir(file),
			"Interface": a.say("extcap.interface", words.Args{"Name": "posta"})})
		if data := extcapData(file); data != "" {
			text += "\n" + a.say("extcap.installed_data", words.Args{"Data": data})
		}
		return line(a.broken(w, text))(w)
	})
}

// extcapIn is posta's file in a folder.
func extcapIn(folder string) string {
	if runtime.GOOS == "windows" {
		return filepath.Join(folder, extcapName+".exe")
	}
	return filepath.Join(folder, extcapName)
}

// linkInto makes posta's file in a folder, and notes beside it the server that
// --data names.
func (a *app) linkInto(folder, self string) (file string, err error) {
	file = extcapIn(folder)
	if err := os.Remove(extcapDataFile(file)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return file, err
	}
	if file, err = link(file, self); err != nil || a.data == "" {
		return file, err
	}
	data, err := filepath.Abs(a.data)
	if err != nil {
		return file, err
	}
	return file, os.WriteFile(extcapDataFile(file), []byte(data+"\n"), 0o644) // others may start Wireshark, too
}

// link makes a link to the program or, where the system wants more for that, a copy.
func link(file, self string) (string, error) {
	if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return file, err
	}
	err := os.Symlink(self, file)
	if err == nil || runtime.GOOS != "windows" {
		return file, err
	}
	if err = os.Link(self, file); err == nil {
		return file, nil
	}
	return file, copyProgram(self, file)
}

func copyProgram(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o755)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// extcapUninstall takes posta out of both folders.
func (a *app) extcapUninstall(ctx context.Context) error {
	f := a.findExtcapFolders(ctx)
	gone := ""
	for _, folder := range []string{f.own, f.global} {
		if folder == "" {
			continue
		}
		file := extcapIn(folder)
		switch err := os.Remove(file); {
		case err == nil:
			gone = file
			_ = os.Remove(extcapDataFile(file)) // nobody reads it any more
		case !errors.Is(err, fs.ErrNotExist):
			return words.FailOf(err, "fail.unwritable", words.Args{"File": file})
		}
	}
	if gone == "" {
		return words.Fail("extcap.not_there", nil)
	}
	return a.print(extcapFile{File: gone}, line(a.say("extcap.uninstalled", words.Args{"File": gone})))
}
