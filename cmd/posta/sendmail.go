package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"posta/admin"
	"posta/config"
	"posta/server"
	"posta/words"
)

// calledAs gives the arguments of a program that was called by another name:
// as sendmail it is `posta sendmail`.
func calledAs(program string, args []string) []string {
	name := strings.TrimSuffix(strings.ToLower(filepath.Base(program)), ".exe")
	if name != "sendmail" {
		return args
	}
	return append([]string{"sendmail"}, args...)
}

// sendmailCommand is what PHP, cron and mailx call where there is a mail
// server. Its flags are those of that old program.
func (a *app) sendmailCommand() *cobra.Command {
	var c *cobra.Command
	c = a.command("sendmail", "help.sendmail", func(ctx context.Context, args []string) error {
		o, err := parseSendmail(args)
		if err != nil {
			return exit{exUsage, err}
		}
		if o.help {
			return c.Help()
		}
		if o.data != "" {
			a.data = o.data
		}
		return a.sendmail(ctx, o)
	})
	c.Use = "sendmail " + a.say("help.sendmail_use", nil)
	c.Args = cobra.ArbitraryArgs
	c.DisableFlagParsing = true // -oi and the like are no flags as others are
	c.Long = a.say("help.sendmail_long", words.Args{"Socket": config.SendmailSocket})
	c.Example = "posta sendmail -t -i < message.eml\nposta sendmail -f www@pepito.es -F \"La web\" ana@pepito.es < message.eml"
	return c
}

// sendmail takes a message from standard input and hands it to the server.
func (a *app) sendmail(ctx context.Context, o sendmailOptions) error {
	if len(o.to) == 0 && !o.extract {
		return exit{exUsage, words.Fail("sendmail.nobody", nil)}
	}
	letter, err := spool(a.In, o.dots)
	if err != nil {
		return err
	}
	defer letter.discard()
	octets, err := letter.reader()
	if err != nil {
		return exit{exIO, err}
	}
	to, err := a.counter(ctx)
	if err != nil {
		return err
	}
	in := o.submission(a.userName(), letter.size)
	var out admin.Submitted
	if err := errors.Join(to.Call(ctx, "mail.submit", admin.Upload{Request: in, Octets: octets}, &out), to.leave()); err != nil {
		return exit{sysexit(err), err}
	}
	if a.json {
		return writeJSON(a.Out, out)
	}
	if o.verbose {
		return line(a.say("sendmail.taken", words.Args{"ID": out.ID, "Count": out.Recipients}))(a.Out)
	}
	return nil
}

// counter finds who takes the message: the server whose data were named, else
// the one at the socket for all users, else one whose data this user may read.
// Only their owner writes into data that no server has: files of another user
// would keep the server from them later.
func (a *app) counter(ctx context.Context) (reached, error) {
	stay := func() error { return nil }
	socket := a.Getenv("POSTA_SENDMAIL_SOCKET")
	named := socket != ""
	if !named && runtime.GOOS != "windows" {
		socket = config.SendmailSocket
	}
	given := a.data != "" || a.Getenv(variable("data")) != ""
	if !given && socket != "" {
		client, err := admin.DialCounter(ctx, socket)
		switch {
		case err == nil:
			return reached{Caller: client, leave: stay}, nil
		case errors.Is(err, fs.ErrPermission):
			return reached{}, exit{exNoPerm, words.Fail("sendmail.forbidden", words.Args{"File": socket})}
		case named:
			return reached{}, exit{exTempFail, words.Fail("sendmail.no_socket", words.Args{"File": socket})}
		}
	}
	dir, err := a.dataDir()
	if err != nil {
		return reached{}, exit{exTempFail, err}
	}
	client, err := admin.Dial(ctx, dir)
	switch {
	case err == nil:
		return reached{Caller: client, leave: stay}, nil
	case errors.Is(err, fs.ErrPermission) && given:
		return reached{}, exit{exNoPerm, words.Fail("sendmail.forbidden", words.Args{"File": dir})}
	case !server.Holds(dir) || !owns(dir):
		return reached{}, exit{exTempFail, words.Fail("sendmail.no_server", words.Args{"Data": dir})}
	}
	r, err := a.reach(ctx, false)
	if err != nil {
		return reached{}, exit{exTempFail, err}
	}
	return r, nil
}

// userName is this user's, in characters that an address takes.
func (a *app) userName() string {
	name := a.Getenv("LOGNAME")
	if u, err := user.Current(); err == nil && u.Username != "" {
		name = u.Username
	}
	name = name[strings.LastIndexByte(name, '\\')+1:] // Windows: DOMAIN\name
	return strings.Map(func(r rune) rune {
		if r == '.' || r == '-' || r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return '_'
	}, name)
}

// The exit statuses of sendmail: those of sysexits.h, by which cron and mail
// programs know what to do next.
const (
	exUsage       = 64
	exData        = 65
	exNoUser      = 67
	exUnavailable = 69
	exSoftware    = 70
	exIO          = 74
	exTempFail    = 75
	exNoPerm      = 77
)

// exit is an error with the exit status of its own.
type exit struct {
	status int
	error
}

func (e exit) Unwrap() error { return e.error }

// code names the status in JSON.
func (e exit) code() string {
	switch e.status {
	case exUsage:
		return "usage"
	case exNoUser:
		return "not_found"
	case exUnavailable:
		return "unavailable"
	case exNoPerm:
		return "forbidden"
	case exTempFail:
		return "temporary"
	case exSoftware:
		return "internal"
	}
	return "invalid"
}

// sysexit sorts what the server said of a message.
func sysexit(err error) int {
	var refused *admin.Error
	if !errors.As(err, &refused) {
		return exTempFail // the connection broke: nothing was taken, or its answer was lost
	}
	switch refused.Code {
	case "usage":
		return exUsage
	case "not_found":
		return exNoUser
	case "forbidden":
		return exNoPerm
	case "unavailable":
		return exUnavailable
	case "temporary":
		return exTempFail
	case "internal":
		return exSoftware
	}
	return exData
}

// spooled is a message that was read to its end, before a server is asked to
// take it: what cron's jobs write may come over hours.
type spooled struct {
	memory []byte
	file   *os.File // beyond what memory may hold
	size   int64
}

const (
	spoolMemory = 1 << 20
	spoolMost   = 256 << 20
)

// spool reads a message to its end; dots says that a line with a dot alone is
// a part of it.
func spool(in io.Reader, dots bool) (*spooled, error) {
	s := &spooled{}
	lines := newMessageReader(in, dots)
	piece := make([]byte, 64<<10)
	for {
		n, err := lines.Read(piece)
		if werr := s.add(piece[:n]); werr != nil {
			s.discard()
			return nil, werr
		}
		if errors.Is(err, io.EOF) {
			return s, nil
		}
		if err != nil {
			s.discard()
			return nil, exit{exIO, words.FailOf(err, "sendmail.unreadable", nil)}
		}
	}
}

func (s *spooled) add(p []byte) error {
	s.size += int64(len(p))
	if s.size > spoolMost {
		return exit{exData, words.Fail("sendmail.large", words.Args{"Most": config.Size(spoolMost).String()})}
	}
	if s.file == nil && len(s.memory)+len(p) <= spoolMemory {
		s.memory = append(s.memory, p...)
		return nil
	}
	if s.file == nil {
		f, err := os.CreateTemp("", "posta-sendmail-*")
		if err != nil {
			return exit{exTempFail, words.FailOf(err, "sendmail.no_spool", nil)}
		}
		s.file = f
	}
	if _, err := s.file.Write(p); err != nil {
		return exit{exTempFail, words.FailOf(err, "sendmail.no_spool", nil)}
	}
	return nil
}

// reader gives the message from its beginning.
func (s *spooled) reader() (io.Reader, error) {
	memory := bytes.NewReader(s.memory)
	if s.file == nil {
		return memory, nil
	}
	_, err := s.file.Seek(0, io.SeekStart)
	return io.MultiReader(memory, s.file), err
}

func (s *spooled) discard() {
	if s.file != nil {
		_ = s.file.Close()
		_ = os.Remove(s.file.Name()) // a temporary file that stays is the system's to sweep
	}
}
