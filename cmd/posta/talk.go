package main

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"posta/config"
	"posta/talk"
	talkconsole "posta/talk/console"
	"posta/words"
)

// talkOptions are the flags of `posta talk`.
type talkOptions struct {
	port          int
	tls, startTLS bool
	trust         trust
	script        string
	save          string
	record        string
	saveAs        string
	list          bool
	patience      time.Duration
}

// typistPatience is how long a person at the console waits for a reply before he
// may type on, or leave.
const typistPatience = 5 * time.Second

// talkCommand is the client that a person types into, and what plays
// transcripts against any server.
func (a *app) talkCommand() *cobra.Command {
	o := &talkOptions{}
	var c *cobra.Command
	c = a.command("talk", "help.talk", func(ctx context.Context, args []string) error {
		if !c.Flags().Changed("patience") && o.script == "" {
			o.patience = typistPatience
		}
		return a.talk(ctx, o, args)
	})
	c.Use = "talk smtp|pop3|" + a.say("help.word_saved", nil) + " [" + a.say("help.word_host", nil) + "[:" + a.say("help.word_port", nil) + "]]"
	c.Long = a.say("help.talk_long", nil)
	c.Args = a.arguments(0, 4)
	c.ValidArgs = []string{protoSMTP, protoPOP3}
	c.ValidArgsFunction = a.talkNames
	a.connectionFlags(c, &o.tls, &o.startTLS, &o.trust)
	flags := c.Flags()
	flags.IntVar(&o.port, "port", 0, a.say("help.flag_port", nil))
	flags.StringVar(&o.script, "script", "", a.say("help.flag_script", nil))
	flags.StringVar(&o.save, "save", "", a.say("help.flag_save", nil))
	flags.StringVar(&o.record, "record", "", a.say("help.flag_record", nil))
	flags.StringVar(&o.saveAs, "save-as", "", a.say("help.flag_save_as", nil))
	flags.BoolVar(&o.list, "list", false, a.say("help.flag_talk_list", nil))
	a.patienceFlag(c, &o.patience)
	c.Example = "posta talk smtp\nposta talk pop3 mail.example.net --starttls\nposta talk smtp '[::1]:2525'\n" +
		"posta talk smtp --save hello.talk\nposta talk --script hello.talk smtp localhost:2525\nposta talk --save-as uni smtp 192.0.2.7:2525\n" +
		"posta talk uni\nposta talk --list"
	return c
}

// connectionFlags are those of all commands that connect to a server.
func (a *app) connectionFlags(c *cobra.Command, implicit, startTLS *bool, by *trust) {
	flags := c.Flags()
	flags.BoolVar(implicit, "tls", false, a.say("help.flag_tls", nil))
	flags.BoolVar(startTLS, "starttls", false, a.say("help.flag_starttls", nil))
	flags.StringVar(&by.file, "ca", "", a.say("help.flag_ca", nil))
	flags.BoolVar(&by.insecure, "insecure", false, a.say("help.flag_insecure", nil))
}

func (a *app) talk(ctx context.Context, o *talkOptions, args []string) error {
	if o.tls && o.startTLS {
		return usage(words.Fail("fail.flags_exclude", words.Args{"One": "--tls", "Other": "--starttls"}))
	}
	if o.list {
		return a.listTalks()
	}
	targets, err := a.talkTargets(o, args)
	if len(targets) == 1 && o.port != 0 {
		targets[0].Port = o.port
	}
	switch {
	case err != nil:
		return err
	case o.port < 0 || o.port > 65535 || o.port != 0 && len(targets) != 1:
		return usage(words.Fail("dial.target", words.Args{"Target": "--port " + strconv.Itoa(o.port)}))
	case o.script != "":
		return a.playScript(ctx, o, targets)
	case len(targets) != 1:
		return usage(words.Fail("talk.one_target", nil))
	case o.saveAs != "":
		return a.saveTalk(o.saveAs, targets[0])
	}
	for _, name := range []string{o.save, o.record} { // better now than when all has been said
		if _, err := os.Lstat(name); name != "" && err == nil {
			return words.Fail("fail.file_exists", words.Args{"File": name})
		}
	}
	return a.converse(ctx, o, targets[0])
}

// talkTargets reads smtp|pop3 [HOST[:PORT]], of which a script may have two, or
// the name of a saved session.
func (a *app) talkTargets(o *talkOptions, args []string) ([]target, error) {
	var out []target
	for _, arg := range args {
		if arg == protoSMTP || arg == protoPOP3 {
			out = append(out, target{Protocol: arg, TLS: o.tls, StartTLS: o.startTLS})
			continue
		}
		if len(out) == 0 {
			saved, ok, err := a.savedTalk(arg)
			if err != nil {
				return nil, err
			}
			if ok {
				saved.TLS, saved.StartTLS = saved.TLS || o.tls, saved.StartTLS || o.startTLS
				out = append(out, saved)
				continue
			}
			if o.script == "" {
				return nil, usage(words.Fail("talk.no_such", words.Args{"Name": arg}))
			}
			protocol, err := a.scriptProtocol(o.script)
			if err != nil {
				return nil, err
			}
			out = append(out, target{Protocol: protocol, TLS: o.tls, StartTLS: o.startTLS})
		}
		last := &out[len(out)-1]
		if last.Host != "" {
			return nil, usage(words.Fail("dial.target", words.Args{"Target": arg}))
		}
		var err error
		if last.Host, last.Port, err = parseHost(arg); err != nil {
			return nil, err
		}
	}
	if len(out) == 0 && o.script != "" {
		protocol, err := a.scriptProtocol(o.script)
		return []target{{Protocol: protocol, TLS: o.tls, StartTLS: o.startTLS}}, err
	}
	return out, nil
}

// converse is the interactive console.
func (a *app) converse(ctx context.Context, o *talkOptions, t target) error {
	a.complete(ctx, &t)
	rec := newRecording()
	defer rec.ring.Close()
	state, err := a.stateDir()
	if err != nil {
		return err
	}
	editor, past, err := a.editor(filepath.Join(state, "history-"+t.Protocol))
	if err != nil {
		return err
	}
	con := talkconsole.New(a.consoleOptions(t, o, rec, editor, past))
	if terminal, ok := editor.(*talkconsole.Terminal); ok {
		terminal.Complete, past.Clean = con.Complete, con.Clean
	}
	err = con.Run(ctx)
	err = errors.Join(err, editor.Close())
	if past != nil {
		err = errors.Join(err, past.Save(filepath.Join(state, "history-"+t.Protocol)))
	}
	return errors.Join(err, a.talked(context.WithoutCancel(ctx), con, rec, o, state, t))
}

// editor is the terminal, where there is one, and else the pipe that lines
// come through.
func (a *app) editor(history string) (talkconsole.Editor, *talkconsole.History, error) {
	in, ok := a.In.(*os.File)
	out, also := a.Out.(*os.File)
	if !ok || !also || !term.IsTerminal(int(in.Fd())) || !term.IsTerminal(int(out.Fd())) {
		return talkconsole.NewPipe(a.In, a.Out), nil, nil
	}
	past := &talkconsole.History{}
	if err := past.Load(history); err != nil {
		return nil, nil, words.FailOf(err, "fail.unreadable", words.Args{"File": history})
	}
	t, err := talkconsole.NewTerminal(in, out, past)
	return t, past, err
}

func (a *app) consoleOptions(t target, o *talkOptions, rec *recording, editor talkconsole.Editor, past *talkconsole.History) talkconsole.Options {
	co := talkconsole.Options{
		Protocol: t.Protocol, TLS: t.TLS, StartTLS: t.StartTLS, Name: a.ownName(), Words: a.words, Editor: editor,
		Color: editor.Echoes() && a.Getenv("NO_COLOR") == "", Patience: o.patience,
		Dial: func(ctx context.Context) (*talk.Tap, error) {
			nc, err := a.dial(ctx, t)
			if err != nil {
				return nil, err
			}
			tap := talk.NewTap(nc, rec.sink(), rec.number(), opened(t))
			if !t.TLS {
				return tap, nil
			}
			if err := a.secure(ctx, tap, t, o.trust, rec.ring.KeyLog()); err != nil {
				return nil, errors.Join(err, tap.Close())
			}
			return tap, nil
		},
		Secure: func(ctx context.Context, tap *talk.Tap) error {
			return a.secure(ctx, tap, t, o.trust, rec.ring.KeyLog())
		},
		Ended:  func(err error) error { return a.whyEnded(err, t) },
		Record: func(file string) error { return rec.write(context.Background(), file) },
		Why:    func() []string { return a.meaning(rec) },
	}
	if past != nil {
		for i := past.Len() - 1; i >= 0; i-- {
			co.Past = append(co.Past, past.At(i))
		}
	}
	return co
}

// secure begins TLS, bounded in time.
func (a *app) secure(ctx context.Context, tap *talk.Tap, t target, by trust, keys io.Writer) error {
	cfg, err := a.tlsConfig(t, by, keys)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, dialTime)
	defer cancel()
	if err := tap.StartTLS(ctx, cfg); err != nil {
		return a.whyNoTLS(err, t)
	}
	return nil
}

// ownName is what this computer calls itself to servers (RFC 5321 §4.1.4).
func (a *app) ownName() string {
	name, err := os.Hostname()
	if err == nil && config.IsHostname(name) {
		name, err = lookupName(name)
	}
	if err != nil || !config.IsHostname(name) {
		return "localhost"
	}
	return name
}

// talked writes what was asked for at the end, and says where the recording is.
func (a *app) talked(ctx context.Context, con *talkconsole.Console, rec *recording, o *talkOptions, state string, t target) error {
	if rec.next == 0 {
		return nil // there was no connection
	}
	var err error
	if o.save != "" {
		err = a.saveTranscript(con, o.save)
	}
	name := o.record
	if name == "" {
		var e error
		if name, e = rec.keep(ctx, state, t.Protocol); e != nil {
			return errors.Join(err, e)
		}
	} else if e := rec.write(ctx, name); e != nil {
		return errors.Join(err, e)
	}
	_, e := io.WriteString(a.Err, a.say("talk.recording", words.Args{"File": name, "Word": words.Typed(name)})+"\n")
	return errors.Join(err, e)
}

func (a *app) saveTranscript(con *talkconsole.Console, name string) error {
	text, secrets, err := con.Transcript()
	if err != nil {
		return err
	}
	if err := writePrivate(name, text); err != nil {
		return err
	}
	said := a.say("talk.saved", words.Args{"File": name})
	if secrets {
		said += "\n" + a.say("talk.saved_secrets", nil)
	}
	_, err = io.WriteString(a.Err, a.broken(a.Err, said)+"\n")
	return err
}
