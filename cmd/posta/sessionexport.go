package main

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"posta/admin"
	"posta/words"
)

// exportFlags are those of `posta session export`.
type exportFlags struct {
	output        string
	all           bool
	listener      string
	standardPorts bool
}

// exported is what `posta session export --json` says.
type exported struct {
	File     string           `json:"file"`
	Size     int64            `json:"size"`
	Masked   bool             `json:"masked"`
	Sessions []admin.Recorded `json:"sessions"`
}

func (a *app) sessionExportCommand() *cobra.Command {
	var f exportFlags
	c := a.command("export", "help.session_export", func(ctx context.Context, args []string) error {
		switch {
		case f.all && len(args) > 0, f.listener != "" && !f.all:
			return usage(words.Fail("fail.export_which", nil))
		case f.output == "":
			return usage(words.Fail("fail.export_output", nil))
		}
		return a.exportSessions(ctx, first(args), f)
	})
	c.Long = a.say("help.session_export_long", nil)
	flags := c.Flags()
	flags.StringVarP(&f.output, "output", "o", "", a.say("help.flag_capture", nil))
	flags.BoolVar(&f.all, "all", false, a.say("help.flag_all_sessions", nil))
	flags.StringVar(&f.listener, "listener", "", a.say("help.flag_listener", nil))
	flags.BoolVar(&f.standardPorts, "as-standard-ports", false, a.say("help.flag_standard_ports", nil))
	c.Example = "posta session export -o lab.pcapng\nposta session export 1 -o lab.pcapng --as-standard-ports\n" +
		"posta session export --all -o lab.pcapng --json"
	return a.taking(c, 0, 1, "help.word_id")
}

// exportSessions asks what there is before there is a file. One masked session
// makes the file a masked one.
func (a *app) exportSessions(ctx context.Context, id string, f exportFlags) error {
	which := admin.RecordedWhich{Listener: f.listener}
	if !f.all {
		var err error
		if which.ID, err = a.sessionID(ctx, id); err != nil {
			return err
		}
	}
	result := exported{File: f.output}
	if err := a.askServer(ctx, "session.recorded", which, &result.Sessions); err != nil {
		return err
	}
	in := admin.SessionExport{StandardPorts: f.standardPorts}
	for _, s := range result.Sessions {
		in.IDs = append(in.IDs, s.ID)
		in.Masked = in.Masked || s.Masked
	}
	result.Masked = in.Masked
	if f.output == "-" {
		return a.askServer(ctx, "session.export", in, a.Out)
	}
	file, err := os.OpenFile(f.output, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return words.Fail("fail.file_exists", words.Args{"File": f.output})
	}
	if err != nil {
		return words.FailOf(err, "fail.unwritable", words.Args{"File": f.output})
	}
	err = a.askServer(ctx, "session.export", in, file)
	if info, statErr := file.Stat(); statErr == nil {
		result.Size = info.Size()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return errors.Join(err, os.Remove(f.output)) // half a capture is worse than none
	}
	return a.print(result, func(w io.Writer) error { return a.exportedText(w, &result, f.standardPorts) })
}

// exportedText says what the file is, and what whoever opens it should know.
func (a *app) exportedText(w io.Writer, e *exported, standardPorts bool) error {
	text := a.say("done.sessions_exported", words.Args{"File": e.File, "Count": len(e.Sessions)})
	if e.Masked {
		text += "\n" + a.say("export.masked", nil)
	} else {
		text += "\n" + a.say("export.clear", nil)
	}
	if slices.ContainsFunc(e.Sessions, func(s admin.Recorded) bool { return s.Incomplete }) {
		text += "\n" + a.say("export.incomplete", nil)
	}
	known := []uint16{25, 465, 587, 110, 995}
	if !standardPorts && slices.ContainsFunc(e.Sessions, func(s admin.Recorded) bool {
		return s.Protocol != "sendmail" && !slices.Contains(known, s.Local.Port())
	}) {
		text += "\n" + a.say("export.ports", nil)
	}
	return line(text)(w)
}
