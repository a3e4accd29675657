package main

import (
	"context"
	"errors"
	"net/netip"
	"os"
	"strconv"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"posta/event"
	"posta/words"
)

// clientFlags are those of the commands that speak to a server by themselves.
type clientFlags struct {
	server       string
	port         int
	tls          bool
	startTLS     bool
	noTLS        bool
	trust        trust
	user         string // --auth
	mechanism    string
	passwordFile string
	patience     time.Duration
	record       string
	quiet        bool
}

func (a *app) clientFlags(c *cobra.Command) *clientFlags {
	f := &clientFlags{}
	flags := c.Flags()
	flags.StringVar(&f.server, "server", "", a.say("help.flag_server", nil))
	flags.IntVar(&f.port, "port", 0, a.say("help.flag_port", nil))
	a.connectionFlags(c, &f.tls, &f.startTLS, &f.trust)
	flags.BoolVar(&f.noTLS, "no-tls", false, a.say("help.flag_no_tls", nil))
	flags.StringVar(&f.user, "auth", "", a.say("help.flag_auth", nil))
	flags.StringVar(&f.mechanism, "mechanism", "", a.say("help.flag_mechanism", nil))
	a.passwordFileFlag(c, &f.passwordFile)
	a.patienceFlag(c, &f.patience)
	flags.StringVar(&f.record, "record", "", a.say("help.flag_record", nil))
	flags.BoolVarP(&f.quiet, "quiet", "q", false, a.say("help.flag_quiet", nil))
	return f
}

// patienceFlag adds how long an answer is waited for.
func (a *app) patienceFlag(c *cobra.Command, value *time.Duration) {
	*value = 30 * time.Second
	c.Flags().Var((*awaited)(value), "patience", a.say("help.flag_patience", nil))
}

// awaited is a flag's time to wait: within none nobody answers.
type awaited time.Duration

// Set implements pflag.Value.
func (w *awaited) Set(text string) error {
	d, err := time.ParseDuration(text)
	if err == nil && d <= 0 {
		err = strconv.ErrRange
	}
	*w = awaited(d)
	return err
}

// String implements pflag.Value.
func (w *awaited) String() string { return time.Duration(*w).String() }

// Type implements pflag.Value.
func (w *awaited) Type() string { return "duration" }

// target is the server that the flags name.
func (f *clientFlags) target(protocol string) (target, error) {
	on := 0
	for _, flag := range []bool{f.tls, f.startTLS, f.noTLS} {
		if flag {
			on++
		}
	}
	if on > 1 {
		return target{}, usage(words.Fail("dial.tls_flags", nil))
	}
	t := target{Protocol: protocol, TLS: f.tls, StartTLS: f.startTLS}
	if f.server != "" {
		var err error
		if t.Host, t.Port, err = parseHost(f.server); err != nil {
			return t, err
		}
	}
	if f.port != 0 {
		t.Port = f.port
	}
	if t.Port < 0 || t.Port > 65535 {
		return t, usage(words.Fail("dial.target", words.Args{"Target": t.address()}))
	}
	return t, nil
}

// passwordVariable holds the password of --auth, where no file does.
const passwordVariable = "POSTA_AUTH_PASSWORD"

// authPassword gets the password of --auth: out of a file, or a variable, or
// typed unseen. It is never an argument, which every user of the machine could
// read.
func (a *app) authPassword(ctx context.Context, f *clientFlags) (string, error) {
	if f.passwordFile != "" {
		return a.passwordIn(f.passwordFile)
	}
	if password := a.Getenv(passwordVariable); password != "" {
		return password, nil
	}
	in, ok := a.In.(*os.File)
	if !ok || !term.IsTerminal(int(in.Fd())) {
		return "", usage(words.Fail("dial.no_password", words.Args{"Variable": passwordVariable}))
	}
	return a.secret(ctx, in, a.say("password.for", words.Args{"Address": f.user}))
}

// mayBeClear says that a password may pass to this address without TLS: nobody
// but this computer, or a classroom's network, hears it.
func mayBeClear(addr netip.Addr) bool {
	addr = addr.Unmap()
	return addr.IsLoopback() || addr.IsPrivate() || addr.IsLinkLocalUnicast()
}

// together are several sinks in one.
type together []event.Sink

// Emit implements event.Sink.
func (all together) Emit(e *event.Event) {
	for _, s := range all {
		s.Emit(e)
	}
}

// Wants implements event.Sink.
func (all together) Wants(conn uint64, l event.Layer, p event.Part) bool {
	for _, s := range all {
		if s.Wants(conn, l, p) {
			return true
		}
	}
	return false
}

// watched is who watches a connection: the recording, where one is asked for,
// and the screen, unless it is to be quiet.
func (a *app) watched(f *clientFlags) (event.Sink, *recording) {
	var all together
	var rec *recording
	if f.record != "" {
		rec = newRecording()
		all = append(all, rec.sink())
	}
	if !f.quiet && !a.json {
		all = append(all, &dialogueView{app: a})
	}
	return all, rec
}

// recorded writes the capture that was asked for, and gives the memory back.
func (a *app) recorded(ctx context.Context, f *clientFlags, rec *recording, err error) error {
	if rec == nil {
		return err
	}
	defer rec.ring.Close()
	if rec.next == 0 {
		return err
	}
	return errors.Join(err, rec.write(context.WithoutCancel(ctx), f.record))
}
