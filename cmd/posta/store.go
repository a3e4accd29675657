package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"posta/admin"
	"posta/config"
	"posta/server"
	"posta/words"
)

func (a *app) storeCommand() *cobra.Command {
	check := a.command("check", "help.store_check", func(ctx context.Context, _ []string) error { return a.storeCheck(ctx) })
	check.Long = a.say("help.store_check_long", nil)
	check.Example = "posta store check\nposta store check --json"
	repair := a.command("repair", "help.store_repair", func(ctx context.Context, _ []string) error { return a.storeRepair(ctx) })
	repair.Long = a.say("help.store_repair_long", nil)
	repair.Example = "posta store repair"
	backup := a.taking(a.command("backup", "help.store_backup", func(ctx context.Context, args []string) error {
		return a.storeBackup(ctx, args[0])
	}), 1, 1, "help.word_file")
	backup.Long = a.say("help.store_backup_long", nil)
	backup.Example = "posta store backup monday.db"
	backup.ValidArgsFunction = nil // files
	return a.group("store", "help.store", check, repair, backup)
}

// shownTrouble is one thing that is wrong with the store, in the user's words.
type shownTrouble struct {
	Kind   string `json:"kind"`
	Way    string `json:"way"`    // mend, rescue, hand
	Text   string `json:"text"`   // what is wrong
	Repair string `json:"repair"` // what a repair does about it
}

// storeChecked is what `store check` found.
type storeChecked struct {
	OK       bool           `json:"ok"`
	Wrong    []string       `json:"wrong,omitempty"` // the texts of troubles
	Troubles []shownTrouble `json:"troubles,omitempty"`
}

// storeRepaired is what `store repair` did.
type storeRepaired struct {
	OK       bool           `json:"ok"` // nothing is wrong any more
	Mended   []shownTrouble `json:"mended,omitempty"`
	Left     []shownTrouble `json:"left,omitempty"`
	Kept     string         `json:"kept,omitempty"` // folder with the damaged file
	Lost     int64          `json:"lost,omitempty"` // places in it that could not be read
	Messages int64          `json:"messages"`
	Bytes    int64          `json:"bytes"`
}

// storeCopied is the copy that `store backup` made.
type storeCopied struct {
	File     string         `json:"file"`
	Size     int64          `json:"size"`
	Messages int64          `json:"messages"`
	Bytes    int64          `json:"bytes"`
	OK       bool           `json:"ok"`
	Troubles []shownTrouble `json:"troubles,omitempty"` // that the copy has, as the store
}

func (a *app) storeCheck(ctx context.Context) error {
	var found admin.StoreCheck
	if err := a.keep(ctx, "store.check", admin.None{}, &found); err != nil {
		return err
	}
	out := storeChecked{OK: len(found.Troubles) == 0, Troubles: a.troubles(found.Troubles)}
	for _, t := range out.Troubles {
		out.Wrong = append(out.Wrong, t.Text)
	}
	err := a.print(out, func(w io.Writer) error {
		if out.OK {
			return line(a.say("store.right", nil))(w)
		}
		for _, t := range out.Troubles {
			would := fill(a.say("store.would", words.Args{"Repair": t.Repair}), helpWidth-2)
			_, _ = fmt.Fprintf(w, "%s\n%s\n", fill(t.Text, helpWidth), indent(would))
		}
		return nil
	})
	if err == nil && !out.OK {
		return words.Fail("store.wrong", words.Args{"Count": len(out.Troubles)})
	}
	return err
}

func (a *app) storeRepair(ctx context.Context) error {
	var done admin.StoreRepair
	if err := a.keep(ctx, "store.repair", admin.None{}, &done); err != nil {
		return err
	}
	out := storeRepaired{OK: len(done.Left) == 0, Mended: a.troubles(done.Mended), Left: a.troubles(done.Left),
		Kept: done.Kept, Lost: done.Lost, Messages: done.Messages, Bytes: done.Bytes}
	if err := a.print(out, func(w io.Writer) error { return a.repaired(w, out) }); err != nil {
		return err
	}
	if !out.OK {
		return words.Fail("store.left", words.Args{"Count": len(out.Left)})
	}
	return nil
}

func (a *app) repaired(w io.Writer, r storeRepaired) error {
	if len(r.Mended) == 0 && r.OK {
		return line(a.say("store.right", nil))(w)
	}
	var text []string
	for _, t := range r.Mended {
		if t.Way == "mend" {
			text = append(text, t.Repair)
		}
	}
	if r.Kept != "" {
		text = append(text, a.say("store.rescued", words.Args{"Count": r.Messages}), a.say("store.lost", words.Args{"Count": r.Lost}),
			a.say("store.kept", words.Args{"Folder": r.Kept}))
	}
	for _, t := range r.Left {
		text = append(text, a.say("store.left_one", words.Args{"Text": t.Text, "Repair": t.Repair}))
	}
	if r.OK {
		text = append(text, a.say("store.right", nil))
	}
	for _, one := range text {
		_, _ = fmt.Fprintln(w, fill(one, helpWidth))
	}
	return nil
}

func (a *app) storeBackup(ctx context.Context, target string) error {
	absolute, err := filepath.Abs(target) // the server's working folder is another one
	if err != nil {
		return err
	}
	var made admin.StoreCopy
	if err := a.keep(ctx, "store.backup", admin.BackupTo{Target: absolute}, &made); err != nil {
		return err
	}
	out := storeCopied{File: made.File, Size: made.Size, Messages: made.Messages, Bytes: made.Bytes,
		OK: len(made.Troubles) == 0, Troubles: a.troubles(made.Troubles)}
	err = a.print(out, line(a.say("store.copied", words.Args{"File": made.File, "Count": made.Messages, "Size": config.Size(made.Size)})))
	if err == nil && !out.OK {
		return words.Fail("store.copied_wrong", nil)
	}
	return err
}

func (a *app) troubles(all []admin.Trouble) []shownTrouble {
	var out []shownTrouble
	for _, t := range all {
		out = append(out, shownTrouble{Kind: t.Kind, Way: t.Way, Text: a.words.Error(t.What), Repair: a.words.Error(t.Repair)})
	}
	return out
}

// keep runs an operation on the store, in the server that has it or on its
// file, and shows a person how far it is.
func (a *app) keep(ctx context.Context, operation string, in, out any) error {
	dir, err := a.dataDir()
	if err != nil {
		return err
	}
	r, err := untilFree(ctx, func() (reached, error) { return keeper(ctx, dir) })
	switch {
	case errors.Is(err, server.ErrBusy):
		return absent(words.FailOf(err, "fail.busy", words.Args{"Data": dir}))
	case err != nil:
		return err
	}
	told, end := a.progress()
	err = admin.Follow(ctx, r, operation, in, told, out)
	end()
	return errors.Join(err, r.leave())
}

func keeper(ctx context.Context, dir string) (reached, error) {
	client, err := admin.Dial(ctx, dir)
	switch {
	case err == nil:
		return reached{Caller: client, leave: func() error { return nil }}, nil
	case !errors.Is(err, admin.ErrNoServer):
		return reached{}, unasked(err, dir)
	case !server.Holds(dir):
		return reached{}, absent(words.Fail("fail.no_store", words.Args{"Data": dir}))
	}
	table, leave, err := server.Keep(dir)
	if theirs := ofOthers(err, dir); theirs != nil {
		return reached{}, absent(theirs)
	}
	if err != nil {
		return reached{}, err
	}
	return reached{Caller: table, leave: leave}, nil
}

// progress shows on a terminal how far something is, in one line that is
// written again and again, and taken away by end.
func (a *app) progress() (told func(admin.Progress), end func()) {
	f, ok := a.Err.(*os.File)
	if !ok || a.json || !term.IsTerminal(int(f.Fd())) {
		return func(admin.Progress) {}, func() {}
	}
	names := map[string]string{"pages": "store.step_pages", "rows": "store.step_rows", "bodies": "store.step_bodies",
		"copy": "store.step_copy", "verify": "store.step_verify", "rescue": "store.step_rescue"}
	width := 0
	show := func(text string) {
		_, _ = fmt.Fprintf(f, "\r%-*s", width, text)
		width = len([]rune(text))
	}
	told = func(p admin.Progress) {
		text := p.Name
		if id := names[p.Name]; id != "" {
			text = a.say(id, nil)
		}
		if p.Of > 0 {
			text += fmt.Sprintf(" %d %%", 100*p.Done/p.Of)
		}
		show(text)
	}
	return told, func() {
		if width > 0 {
			show(strings.Repeat(" ", width))
			_, _ = fmt.Fprint(f, "\r")
		}
	}
}
