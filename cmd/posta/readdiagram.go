package main

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"posta/draw"
	"posta/story"
	"posta/words"
)

// diagramFlags say how a diagram is drawn.
type diagramFlags struct {
	dark, ascii, hideSecrets, noTimes, packets bool

	ending func(*story.Session) string // as draw.Options has it
}

func (a *app) diagramFlags(flags *pflag.FlagSet, f *diagramFlags) {
	flags.BoolVar(&f.packets, "packets", false, a.say("help.flag_packets", nil))
	flags.BoolVar(&f.dark, "dark", false, a.say("help.flag_dark", nil))
	flags.BoolVar(&f.ascii, "ascii", false, a.say("help.flag_ascii", nil))
	flags.BoolVar(&f.hideSecrets, "hide-secrets", false, a.say("help.flag_hide_secrets", nil))
	flags.BoolVar(&f.noTimes, "no-times", false, a.say("help.flag_no_times", nil))
}

// readDiagramFlags are those of `posta read` that ask for a diagram.
type readDiagramFlags struct {
	file    string
	streams []string
	related bool
	diagramFlags
}

func (a *app) readDiagramFlags(flags *pflag.FlagSet, f *readDiagramFlags) {
	flags.StringVar(&f.file, "diagram", "", a.say("help.flag_diagram", nil))
	flags.StringSliceVar(&f.streams, "stream", nil, a.say("help.flag_stream", nil))
	flags.BoolVar(&f.related, "related", false, a.say("help.flag_related", nil))
	a.diagramFlags(flags, &f.diagramFlags)
}

// readDiagram draws sessions of captures, all in one picture. Of a damaged
// capture what could be read is drawn.
func (a *app) readDiagram(ctx context.Context, files []string, f readFlags) error {
	if _, err := diagramForm(f.diagram.file); err != nil {
		return err
	}
	var all []*story.Session
	var failed, none error
	for _, file := range files {
		some, damaged, err := a.readStory(ctx, file, f)
		if err != nil && len(files) == 1 || ctx.Err() != nil {
			return err
		}
		all = append(all, some...)
		failed, none = errors.Join(failed, damaged), errors.Join(none, err)
	}
	if len(all) == 0 {
		return errors.Join(none, failed)
	}
	return errors.Join(a.drawn(all, f.diagram.file, f.diagram.diagramFlags), failed)
}

// readStory reads the chosen sessions of a capture; damaged says that not all of
// it could be read.
func (a *app) readStory(ctx context.Context, file string, f readFlags) (all []*story.Session, damaged, err error) {
	reading, err := a.newStoryReading(sessionChoice{filter: f.filter, keyLogs: f.keyLogs, streams: f.diagram.streams, decodeAs: f.decodeAs, related: f.diagram.related,
		packets: f.diagram.packets})
	if err != nil {
		return nil, nil, err
	}
	in, file, end, err := a.captureInput(file)
	if err != nil {
		return nil, nil, err
	}
	defer end()
	failed := reading.read(ctx, in)
	if reading.packets == 0 && failed != nil || errors.Is(failed, context.Canceled) {
		return nil, nil, a.unreadable(failed, file, 0)
	}
	all, err = reading.chosen()
	return all, a.unreadable(failed, file, reading.packets), err
}

// drawnDiagram is what a command says of the diagram it made.
type drawnDiagram struct {
	File     string `json:"file"`
	Size     int64  `json:"size"`
	Sessions int    `json:"sessions"`
	Left     int    `json:"left,omitempty"` // sessions that were too many
}

// diagramForm is what a diagram is written as, by the file's name.
func diagramForm(file string) (string, error) {
	form := strings.ToLower(strings.TrimPrefix(filepath.Ext(file), "."))
	switch form {
	case "svg", "png", "pdf", "mmd", "txt":
		return form, nil
	}
	if file == "-" {
		return "txt", nil
	}
	return "", usage(words.Fail("fail.diagram_form", words.Args{"File": file}))
}

// drawn writes the diagram of sessions to a file, or as text to the terminal.
func (a *app) drawn(all []*story.Session, file string, f diagramFlags) error {
	form, err := diagramForm(file)
	if err != nil {
		return err
	}
	d := draw.New(all, draw.Options{Words: a.words, Zone: time.Local, HideSecrets: f.hideSecrets, NoTimes: f.noTimes, Ending: f.ending})
	if file == "-" {
		return d.Text(a.Out, draw.TextOptions{Width: min(a.width(a.Out), widestDiagram), ASCII: f.ascii})
	}
	out, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return words.Fail("fail.file_exists", words.Args{"File": file})
	}
	if err != nil {
		return words.FailOf(err, "fail.unwritable", words.Args{"File": file})
	}
	result := drawnDiagram{File: file, Sessions: len(all) - d.Left(), Left: d.Left()}
	err = f.write(d, form, out)
	if info, statErr := out.Stat(); statErr == nil {
		result.Size = info.Size()
	}
	if err = errors.Join(err, out.Close()); err != nil {
		return errors.Join(words.FailOf(err, "fail.unwritable", words.Args{"File": file}), os.Remove(file))
	}
	return a.print(result, func(w io.Writer) error {
		text := a.say("done.diagram", words.Args{"File": file, "Count": result.Sessions})
		if result.Left > 0 {
			text += "\n" + a.say("draw.sessions_left", words.Args{"Count": result.Left})
		}
		return line(text)(w)
	})
}

// widestDiagram is how wide a text gets on the widest terminal.
const widestDiagram = 160

// write writes a diagram in one of the forms of diagramForm.
func (f diagramFlags) write(d *draw.Diagram, form string, out io.Writer) error {
	theme := draw.Light
	if f.dark {
		theme = draw.Dark
	}
	switch form {
	case "svg":
		return d.SVG(out, theme)
	case "png":
		return d.PNG(out, theme)
	case "pdf":
		return d.PDF(out, theme)
	case "mmd":
		return d.Mermaid(out)
	}
	return d.Text(out, draw.TextOptions{ASCII: f.ascii})
}
