package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strconv"

	"github.com/spf13/cobra"

	"posta/admin"
	"posta/capture"
	"posta/config"
	"posta/event"
	"posta/words"
)

// captureFlags are those of `posta capture`.
type captureFlags struct {
	write         string
	ring          string
	filter        string
	sessions      []string
	listener      string
	past          bool
	standardPorts bool
	wireshark     bool
	printCommand  bool
	quiet         bool // nothing is said beside the packets
	interfaceFlags
}

// captured is what `posta capture --json` says at its end.
type captured struct {
	File     string `json:"file"`
	Size     int64  `json:"size"`
	Packets  int    `json:"packets"`
	Sessions int    `json:"sessions"`
	Dropped  uint64 `json:"dropped,omitempty"`
}

// captureCommand writes what happens now as a capture.
func (a *app) captureCommand() *cobra.Command {
	var f captureFlags
	c := a.command("capture", "capture.help", func(ctx context.Context, _ []string) error {
		if f.list {
			return a.listInterfaces()
		}
		return a.capture(ctx, &f)
	})
	c.Long = a.say("capture.help_long", nil)
	flags := c.Flags()
	flags.StringVarP(&f.write, "write", "w", "", a.say("capture.flag_write", nil))
	flags.StringVar(&f.ring, "ring", "", a.say("capture.flag_ring", nil))
	flags.StringArrayVar(&f.sessions, "session", nil, a.say("capture.flag_session", nil))
	flags.StringVar(&f.listener, "listener", "", a.say("help.flag_listener", nil))
	flags.BoolVar(&f.past, "past", false, a.say("capture.flag_past", nil))
	flags.StringVar(&f.filter, "filter", "", a.say("capture.flag_filter", nil))
	flags.BoolVar(&f.standardPorts, "as-standard-ports", false, a.say("help.flag_standard_ports", nil))
	flags.StringVarP(&f.name, "interface", "i", "", a.say("capture.flag_interface", nil))
	flags.BoolVar(&f.list, "list-interfaces", false, a.say("capture.flag_list_interfaces", nil))
	flags.StringSliceVar(&f.ports, "ports", nil, a.say("capture.flag_ports", nil))
	flags.BoolVar(&f.interfaceFlags.all, "all", false, a.say("capture.flag_all", nil))
	flags.BoolVar(&f.wireshark, "wireshark", false, a.say("capture.flag_wireshark", nil))
	flags.BoolVar(&f.printCommand, "print-command", false, a.say("capture.flag_print_command", nil))
	c.Example = "posta capture --wireshark\nposta capture --print-command\nposta capture -w lab.pcapng\nposta capture -w lab.pcapng --filter 'smtp.response.code >= 400'\nposta capture -w lab.pcapng --session 1\n" +
		"posta capture -w mail.pcapng --ring 10x100MB\n" +
		"posta capture --list-interfaces"
	return c
}

// capture writes until the user ends it, or the server, or the sessions that
// were asked for.
func (a *app) capture(ctx context.Context, f *captureFlags) error {
	targets := 0
	for _, one := range []bool{f.write != "", f.wireshark, f.printCommand} {
		if one {
			targets++
		}
	}
	sessions := f.listener != "" || f.past || len(f.sessions) > 0 || f.standardPorts
	switch {
	case targets > 1, targets == 0 && f.name == "":
		return usage(words.Fail("capture.whither", nil))
	case f.name != "" && (sessions || f.printCommand), f.name == "" && (len(f.ports) > 0 || f.interfaceFlags.all):
		return usage(words.Fail("capture.what", nil))
	}
	picked, err := a.newPicker(f.filter)
	if err != nil {
		return err
	}
	if f.name != "" {
		return a.captureInterface(ctx, f, picked)
	}
	return a.captureServer(ctx, f, picked)
}

// captureInterface captures at a network interface, to a file or the screen.
func (a *app) captureInterface(ctx context.Context, f *captureFlags, picked *picker) error {
	source, err := a.openInterface(&f.interfaceFlags)
	if err != nil {
		return err
	}
	defer source.Close()
	if f.write == "" && !f.wireshark {
		return a.showInterface(ctx, source, f.filter)
	}
	ctx, out, err := a.captureTo(ctx, f, nil)
	if err != nil {
		return err
	}
	return a.captured(f, out, a.writeInterface(ctx, source, f.name, picked, out))
}

// captureServer captures sessions of the running server.
func (a *app) captureServer(ctx context.Context, f *captureFlags, picked *picker) error {
	watch := admin.SessionWatch{Listener: f.listener, Past: f.past}
	for _, text := range f.sessions {
		id, err := strconv.ParseUint(text, 10, 64)
		if err != nil || id == 0 {
			return usage(words.Fail("fail.session_id", words.Args{"Value": text}))
		}
		watch.IDs = append(watch.IDs, id)
	}
	client, err := a.server(ctx)
	if err != nil {
		return err
	}
	ctx, out, err := a.captureTo(ctx, f, client)
	if out == nil || err != nil {
		return err
	}
	out.quiet = f.quiet
	return a.captured(f, out, a.captureSessions(ctx, client, watch, picked, out, f.standardPorts))
}

// captured ends a capture, and says what was written.
func (a *app) captured(f *captureFlags, out *captureFile, failed error) error {
	if err := errors.Join(failed, out.close()); err != nil {
		return err
	}
	if f.quiet {
		return nil
	}
	return a.captureDone(out)
}

// captureTo opens what is written to: nothing where only the way is asked for.
// The context ends when Wireshark is closed. Of the server's sessions, Wireshark
// is told the ports.
func (a *app) captureTo(ctx context.Context, f *captureFlags, client *admin.Client) (context.Context, *captureFile, error) {
	if f.ring != "" {
		out, err := a.openRing(f.write, f.ring)
		return ctx, out, err
	}
	if f.write != "" {
		out, err := a.openCapture(ctx, f.write)
		return ctx, out, err
	}
	var decode []string
	if client != nil && !f.standardPorts {
		var state admin.Status
		if err := client.Call(ctx, "status", admin.None{}, &state); err != nil {
			return ctx, nil, err
		}
		decode = decodeAs(state.Listeners)
	}
	if f.printCommand {
		return ctx, nil, a.printCommand(runtime.GOOS, decode, f.standardPorts)
	}
	return a.startWireshark(ctx, wiresharkArgs(fedBy, decode))
}

// captureSessions writes sessions of a running server.
func (a *app) captureSessions(ctx context.Context, client *admin.Client, watch admin.SessionWatch, picked *picker, out *captureFile, standardPorts bool) error {
	judge, err := newJudge(out.ring != nil)
	if err != nil {
		return err
	}
	to, err := capture.NewSessions(out, capture.SessionOptions{Application: "posta " + version, Live: true, StandardPorts: standardPorts,
		Hides: func(mode string) bool { return !config.Clear(mode) }, Remarks: judge.remarks})
	if errors.Is(err, io.ErrClosedPipe) { // closed before it saw anything
		return nil
	}
	if err != nil {
		return enough(ctx, err)
	}
	sink := event.Sink(&counted{to, out})
	if picked != nil {
		picked.to, sink = sink, picked
	}
	if !out.quiet {
		a.captureBegins(out)
	}
	err = client.Call(ctx, "session.watch", watch, &until{event.NewRecords(sink), to.Err})
	return enough(ctx, cmp.Or(to.Err(), err))
}

// enough is no error where the user has seen enough.
func enough(ctx context.Context, err error) error {
	if ctx.Err() != nil || errors.Is(err, io.ErrClosedPipe) {
		return nil
	}
	return err
}

// counted counts sessions on their way to where they are written.
type counted struct {
	event.Sink
	out *captureFile
}

// Emit takes an event.
func (c *counted) Emit(e *event.Event) {
	if e.Kind == event.Open {
		c.out.sessions++
	}
	c.Sink.Emit(e)
}

// until is a Writer that fails once something else has.
type until struct {
	io.Writer
	failed func() error
}

// Write implements io.Writer.
func (u *until) Write(p []byte) (int, error) {
	n, err := u.Writer.Write(p)
	return n, cmp.Or(err, u.failed())
}

// captureBegins says that packets are on their way, and how to end it.
func (a *app) captureBegins(out *captureFile) {
	if !a.json {
		_, _ = fmt.Fprintln(a.Err, a.broken(a.Err, a.say("capture.begins", words.Args{"File": out.shown})))
	}
}

// captureDone says what was written; on standard error where the packets went
// to standard output.
func (a *app) captureDone(out *captureFile) error {
	result := captured{File: out.name, Size: out.size, Packets: out.packets, Sessions: out.sessions, Dropped: out.dropped}
	if out.name == "" {
		if !a.json {
			_, _ = fmt.Fprintln(a.Err, a.say("capture.done", words.Args{"File": out.shown, "Count": result.Packets}))
		}
		return nil
	}
	return a.print(result, line(a.say("capture.done", words.Args{"File": out.shown, "Count": result.Packets})))
}
