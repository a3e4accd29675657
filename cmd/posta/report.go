package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"posta/admin"
	"posta/report"
	"posta/words"
)

// reportFlags are those of `posta report`.
type reportFlags struct {
	output                 string
	group, course, teacher string
	members                []string
	answers                bool
	filter                 string
	decodeAs, keyLogs      []string
}

// reported is what `posta report --json` says.
type reported struct {
	File     string `json:"file"`
	Size     int64  `json:"size"`
	Sessions int    `json:"sessions"`
	Packets  int    `json:"packets"`
}

// reportCommand writes the report that a group hands in.
func (a *app) reportCommand() *cobra.Command {
	var f reportFlags
	c := a.command("report", "help.report", func(ctx context.Context, args []string) error {
		kind := strings.ToLower(filepath.Ext(f.output))
		if kind != ".html" && kind != ".pdf" {
			return usage(words.Fail("fail.report_output", words.Args{"Value": f.output}))
		}
		return a.report(ctx, args, f, kind)
	})
	c.Long = a.say("help.report_long", nil)
	flags := c.Flags()
	flags.StringVarP(&f.output, "output", "o", "", a.say("help.flag_report", nil))
	flags.StringVar(&f.group, "group", "", a.say("help.flag_group", nil))
	flags.StringSliceVar(&f.members, "members", nil, a.say("help.flag_members", nil))
	flags.StringVar(&f.course, "course", "", a.say("help.flag_course", nil))
	flags.StringVar(&f.teacher, "teacher", "", a.say("help.flag_teacher", nil))
	flags.BoolVar(&f.answers, "answers", false, a.say("help.flag_answers", nil))
	flags.StringVar(&f.filter, "filter", "", a.say("help.flag_report_filter", nil))
	flags.StringArrayVar(&f.keyLogs, "keylog", nil, a.say("help.flag_keylog", nil))
	flags.StringArrayVar(&f.decodeAs, "decode-as", nil, a.say("help.flag_decode_as", nil))
	c.Example = "posta report 1 -o lab.html\nposta report lab.pcapng -o lab.pdf --group 7 --members \"Ana Peña,Luis Díaz\"\n" +
		"posta report 1 2 -o lab.pdf --lang es --answers"
	a.taking(c, 1, -1, "help.word_session_or_file")
	c.ValidArgsFunction = nil // of files the shell knows more
	return c
}

// report makes the whole of it before there is a file.
func (a *app) report(ctx context.Context, args []string, f reportFlags, kind string) error {
	src := report.Source{Heading: report.Heading{Group: f.group, Members: f.members, Course: f.course, Teacher: f.teacher, Date: time.Now()},
		Answers: f.answers, Words: a.words, Zone: time.Local}
	if _, err := os.Stat(f.output); err == nil {
		return words.Fail("fail.file_exists", words.Args{"File": f.output})
	}
	ring, err := a.keyring(f.keyLogs)
	if err != nil {
		return err
	}
	m := &reportMaker{a: a, f: f, src: &src, ring: ring}
	if err := m.gather(ctx, args); err != nil {
		return err
	}
	if len(src.Sessions) == 0 {
		return words.Fail("fail.report_nothing", words.Args{"What": strings.Join(args, ", ")})
	}
	var out bytes.Buffer
	r := report.Of(src)
	write := r.HTML
	if kind == ".pdf" {
		write = r.PDF
	}
	if err := write(&out); err != nil {
		return err
	}
	if err := writeNew(f.output, out.Bytes(), 0o600); err != nil {
		return err
	}
	result := reported{File: f.output, Size: int64(out.Len()), Sessions: len(src.Sessions), Packets: len(src.Packets) + src.More}
	return a.print(result, line(a.say("done.report", words.Args{"File": f.output, "Count": len(src.Sessions)})))
}

// gather reads all that was named: numbers are sessions of the running server,
// which are read as the capture that they make, so that a report is the same
// whoever captured.
func (m *reportMaker) gather(ctx context.Context, args []string) error {
	var ids []uint64
	for _, arg := range args {
		if id, err := strconv.ParseUint(arg, 10, 64); err == nil && id > 0 {
			ids = append(ids, id)
		}
	}
	if len(ids) > 0 {
		if err := m.sessions(ctx, ids); err != nil {
			return err
		}
	}
	for _, arg := range args {
		if id, err := strconv.ParseUint(arg, 10, 64); err == nil && id > 0 {
			continue
		}
		if err := m.file(ctx, arg); err != nil {
			return err
		}
	}
	return nil
}

// sessions asks the server for recordings.
func (m *reportMaker) sessions(ctx context.Context, ids []uint64) error {
	in := admin.SessionExport{IDs: ids}
	var recorded []admin.Recorded
	for _, id := range ids {
		var found []admin.Recorded
		if err := m.a.askServer(ctx, "session.recorded", admin.RecordedWhich{ID: id}, &found); err != nil {
			return err
		}
		for _, one := range found {
			in.Masked = in.Masked || one.Masked
		}
		recorded = append(recorded, found...)
	}
	var octets bytes.Buffer
	if err := m.a.askServer(ctx, "session.export", in, &octets); err != nil {
		return err
	}
	name := "session-" + strconv.FormatUint(ids[0], 10) + ".pcapng"
	if len(ids) > 1 {
		name = "sessions.pcapng"
	}
	m.src.Files = append(m.src.Files, report.File{Name: name, Octets: octets.Bytes(), Masked: in.Masked})
	m.src.Made = true
	if in.Masked {
		all, err := m.a.toldStory(ctx, ids)
		m.take(all)
		return err
	}
	err := m.read(ctx, name, bytes.NewReader(octets.Bytes()))
	numbered(m.src.Sessions, recorded)
	return err
}

// maxAttached is the largest capture that goes along with a report.
const maxAttached = 32 << 20

// file reads a capture, and takes it along if it is not too large.
func (m *reportMaker) file(ctx context.Context, name string) error {
	file, err := os.Open(name)
	if err != nil {
		return words.FailOf(err, "fail.read_open", words.Args{"File": name})
	}
	defer file.Close()
	var octets bytes.Buffer
	if err := m.read(ctx, name, io.TeeReader(file, &limited{to: &octets, left: maxAttached})); err != nil {
		return err
	}
	if octets.Len() < maxAttached {
		m.src.Files = append(m.src.Files, report.File{Name: filepath.Base(name), Octets: octets.Bytes()})
	}
	return nil
}

// limited keeps what is written, up to so many octets.
type limited struct {
	to   *bytes.Buffer
	left int
}

func (l *limited) Write(p []byte) (int, error) {
	n := min(len(p), l.left)
	l.left -= n
	l.to.Write(p[:n])
	return len(p), nil
}
