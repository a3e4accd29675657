package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"posta/capture"
	"posta/event"
	"posta/words"
)

// readFlags are those of `posta read`.
type readFlags struct {
	streams, conversations, endpoints bool
	format                            string
	failEmpty                         bool
	keyLogs                           []string
	framesFlags
	toldFlags
	diagram readDiagramFlags
}

// The values of --format.
const (
	formatTable = "table"
	formatJSON  = "json"
)

// readCommand reads captures: what is in them, and who spoke with whom.
func (a *app) readCommand() *cobra.Command {
	var f readFlags
	c := a.command("read", "help.read", func(ctx context.Context, args []string) error {
		switch {
		case len(f.lists()) > 1:
			return usage(words.Fail("fail.read_both", words.Args{"One": f.lists()[0], "Other": f.lists()[1]}))
		case f.format != formatTable && f.format != formatJSON:
			return usage(words.Fail("fail.read_format", words.Args{"Value": f.format}))
		case (f.follow.annotated || f.follow.raw != "") && f.follow.stream < 0:
			return usage(words.Fail("fail.read_follow", nil))
		case f.format == formatJSON:
			a.json = true
		}
		if f.diagram.file != "" {
			return a.readDiagram(ctx, args, f)
		}
		return a.readAll(ctx, args, f)
	})
	c.Long = a.say("help.read_long", nil)
	flags := c.Flags()
	flags.BoolVar(&f.streams, "streams", false, a.say("help.flag_streams", nil))
	flags.BoolVar(&f.conversations, "conversations", false, a.say("help.flag_conversations", nil))
	flags.BoolVar(&f.endpoints, "endpoints", false, a.say("help.flag_endpoints", nil))
	flags.StringVar(&f.format, "format", formatTable, a.say("help.flag_read_format", nil))
	choices(c, "format", formatTable, formatJSON)
	flags.StringVar(&f.filter, "filter", "", a.say("help.flag_filter", nil))
	flags.StringSliceVar(&f.fields, "fields", nil, a.say("help.flag_fields", nil))
	flags.StringArrayVar(&f.decodeAs, "decode-as", nil, a.say("help.flag_decode_as", nil))
	flags.StringArrayVar(&f.keyLogs, "keylog", nil, a.say("help.flag_keylog", nil))
	flags.BoolVar(&f.failEmpty, "fail-empty", false, a.say("help.flag_fail_empty", nil))
	a.addToldFlags(c, &f.toldFlags)
	a.readDiagramFlags(c.Flags(), &f.diagram)
	c.Example = strings.Join(readExamples(), "\n")
	a.taking(c, 1, -1, "help.word_capture")
	c.ValidArgsFunction = nil // of files the shell knows more
	return c
}

// readExamples are lines that people type; each one runs in a test.
func readExamples() []string {
	return []string{
		"posta read lab.pcapng",
		"posta read lab.pcapng --filter smtp",
		"posta read lab.pcapng --filter 'smtp.response.code >= 400'",
		"posta read lab.pcapng --filter tcp.flags.syn==1 --fields ip.src,tcp.dstport",
		"posta read lab.pcapng --filter pop --fields pop.request.command --format json",
		"posta read lab.pcapng --filter smtp.req.command==BDAT --fail-empty",
		"posta read lab.pcapng --decode-as tcp.port==2525,smtp",
		"posta read lab.pcapng --keylog keys.log --filter smtp",
		"posta read lab.pcapng --streams",
		"posta read lab.pcapng --streams --format json",
		"posta read lab.pcapng --conversations",
		"posta read lab.pcapng --endpoints",
		"posta read lab.pcapng --statistics",
		"posta read lab.pcapng --findings",
		"posta read lab.pcapng --findings --filter pop --format json",
		"posta read lab.pcapng --credentials",
		"posta read lab.pcapng --eavesdrop",
		"posta read lab.pcapng --follow 0",
		"posta read lab.pcapng --follow 1 --annotated",
		"posta read lab.pcapng --follow 0 --octets client",
		"posta read lab.pcapng --export-mail messages",
		"posta read lab.pcapng --diagram -",
		"posta read lab.pcapng --filter tcp.port==25 --related --diagram lab.pdf",
		"posta read monday.pcapng tuesday.pcapng --filter imf.subject",
		"posta read - < lab.pcapng",
	}
}

// lists are the flags of those lists that were asked for.
func (f *readFlags) lists() (flags []string) {
	flags = f.toldFlags.lists() // of which a filter chooses sessions
	if f.diagram.file != "" {
		flags = append(flags, "--diagram")
	}
	told := len(flags) > 0
	for _, one := range []struct {
		flag  string
		asked bool
	}{{"--streams", f.streams}, {"--conversations", f.conversations}, {"--endpoints", f.endpoints}, {"--filter", f.filter != "" && (!told || f.follow.stream >= 0)},
		{"--fields", (told || f.filter == "") && len(f.fields) > 0}, {"--decode-as", f.filter == "" && len(f.fields) == 0 && len(f.decodeAs) > 0 && !told}} {
		if one.asked {
			flags = append(flags, one.flag)
		}
	}
	return flags
}

// readAll reads one capture after the other. One that cannot be read holds the
// others up no more than in time.
func (a *app) readAll(ctx context.Context, files []string, f readFlags) error {
	empty, failed := true, error(nil)
	for i, file := range files {
		if len(files) > 1 && !a.json {
			if i > 0 {
				_, _ = fmt.Fprintln(a.Out)
			}
			_, _ = fmt.Fprintf(a.Out, "==> %s <==\n", file)
		}
		some, err := a.read(ctx, file, f)
		empty = empty && !some
		failed = errors.Join(failed, err)
		if ctx.Err() != nil {
			break
		}
	}
	if failed == nil && empty && f.failEmpty {
		return words.Fail("fail.read_none", nil)
	}
	return failed
}

// read reads a capture and prints what was asked for, and says whether there was
// any of it. Of a damaged one it prints what could be read, and then says where
// the rest begins.
func (a *app) read(ctx context.Context, file string, f readFlags) (some bool, err error) {
	seen := newSurvey(f.streams)
	var sink event.Sink = seen
	var frames *frameList
	var list listing
	ring, err := a.keyring(f.keyLogs)
	if err != nil {
		return false, err
	}
	switch {
	case len(f.toldFlags.lists()) > 0:
		if list, err = a.listing(&f.toldFlags, f.framesFlags); err != nil {
			return false, err
		}
		sink = list
	case f.asked():
		if frames, err = a.newFrameList(f.framesFlags); err != nil {
			return false, err
		}
		sink = frames
	}
	in, file, end, err := a.captureInput(file)
	if err != nil {
		return false, err
	}
	defer end()
	live := frames != nil && comes(in)
	if live {
		frames.live, in = true, newLiveInput(ctx, in, frames.idle)
	}
	r, err := capture.NewReader(in)
	if err != nil {
		return false, a.unreadable(err, file, 0)
	}
	defer r.Close()
	defer collectSeldom()()
	reads := capture.ReadAhead
	if live {
		reads = capture.Read
	}
	failed := reads(ctx, r, ring.open(r, sink), capture.Limits{})
	if live && ctx.Err() != nil {
		failed = nil // the user has seen enough
	}
	if errors.Is(failed, context.Canceled) {
		return false, failed
	}
	empty := r.Packets() == 0
	switch {
	case list != nil:
		err = list.end()
		empty = list.rows() == 0
	case frames != nil:
		err, empty = frames.end(), frames.shown == 0
	case f.streams:
		empty = len(seen.all) == 0
		err = printAll(a, seen.streamLines(), seen.streamTable(a))
	case f.conversations:
		all := seen.conversations()
		empty = len(all) == 0
		err = printAll(a, all, a.conversationTable(all))
	case f.endpoints:
		all := seen.endpoints()
		empty = len(all) == 0
		err = printAll(a, all, a.endpointTable(all))
	default:
		err = a.captureSummary(r, seen)
	}
	a.strangeLinks(r)
	if err == nil && seen.left > 0 {
		_, err = fmt.Fprintln(a.Err, a.say("read.left_out", words.Args{"Count": seen.left}))
	}
	if err != nil {
		return !empty, err
	}
	return !empty, a.unreadable(failed, file, r.Packets())
}

// strangeLinks says of which networks the packets are not looked into.
func (a *app) strangeLinks(r *capture.Reader) {
	var told []capture.LinkType
	for _, one := range r.Info().Interfaces {
		if !one.Link.Known() && r.Packets() > 0 && !slices.Contains(told, one.Link) && len(told) < 10 {
			told = append(told, one.Link)
			fmt.Fprintln(a.Err, a.say("read.strange_link", words.Args{"Link": int(one.Link)}))
		}
	}
}

// unreadable says what is wrong with a capture, and where.
func (a *app) unreadable(err error, file string, packets int) error {
	var damage *capture.Damage
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &damage):
		return words.FailOf(err, "fail.read_open", words.Args{"File": file})
	case damage.Fault == capture.Empty:
		return words.Fail("fail.read_empty", words.Args{"File": file})
	case damage.Fault == capture.NoCapture:
		return words.Fail("fail.read_no_capture", words.Args{"File": file})
	}
	why := map[capture.Fault]string{capture.Version: "read.version", capture.CutOff: "read.cut_off", capture.Length: "read.length",
		capture.TooLong: "read.too_long", capture.Trailer: "read.trailer", capture.ByteOrder: "read.byte_order",
		capture.Interface: "read.interface", capture.Resolution: "read.resolution", capture.Compressed: "read.compressed"}[damage.Fault]
	return words.Fail("fail.read_damaged", words.Args{"File": file, "At": damage.At, "Block": damage.Block,
		"Why": a.say(why, nil), "Count": packets})
}

// capturedFacts is what `posta read --json` says of a capture.
type capturedFacts struct {
	Format     string           `json:"format"`
	Packets    int              `json:"packets"`
	Begin      *time.Time       `json:"begin,omitempty"`
	End        *time.Time       `json:"end,omitempty"`
	Octets     int64            `json:"octets"`
	Streams    int              `json:"streams"`
	Secrets    int              `json:"secrets,omitempty"`
	Interfaces []captureAdapter `json:"interfaces,omitempty"`
	Comments   []string         `json:"comments,omitempty"`
}

type captureAdapter struct {
	Name        string `json:"name,omitempty"`
	Description string `json:"description,omitempty"`
	Link        int    `json:"link"`
}

// captureSummary says what is in a capture, and lists its conversations.
func (a *app) captureSummary(r *capture.Reader, seen *survey) error {
	info := r.Info()
	facts := capturedFacts{Format: info.Format, Packets: r.Packets(), Octets: seen.octets, Streams: seen.count,
		Secrets: len(info.Secrets), Comments: info.Comments}
	if !seen.began.IsZero() {
		facts.Begin, facts.End = &seen.began, &seen.last
	}
	for _, one := range info.Interfaces {
		facts.Interfaces = append(facts.Interfaces, captureAdapter{one.Name, one.Description, int(one.Link)})
	}
	return a.print(facts, func(w io.Writer) error {
		lines := []fact{{"read.format", facts.Format}, {"read.packets", fmt.Sprint(facts.Packets)}, {"read.octets", fmt.Sprint(facts.Octets)},
			{"read.begin", when(seen.began)}, {"read.seconds", seconds(between(seen.began, seen.last))}, {"read.streams", fmt.Sprint(facts.Streams)}}
		if facts.Secrets > 0 {
			lines = append(lines, fact{"read.secrets", a.say("list.yes", nil)})
		}
		for _, one := range facts.Interfaces {
			if one.Name != "" {
				lines = append(lines, fact{"read.interface_name", printable(one.Name)})
			}
		}
		for _, text := range facts.Comments {
			lines = append(lines, fact{"read.comment", printable(text)})
		}
		if err := a.facts(lines...)(w); err != nil {
			return err
		}
		if seen.count == 0 {
			return nil
		}
		if _, err := fmt.Fprintln(w); err != nil {
			return err
		}
		return a.conversationTable(seen.conversations())(w)
	})
}
