package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"posta/admin"
	"posta/check"
	"posta/config"
	"posta/event"
	"posta/observe"
	"posta/server"
	"posta/words"
)

func (a *app) serveCommand() *cobra.Command {
	var file string
	var flags *listenerFlags
	c := a.command("serve", "help.serve", func(ctx context.Context, _ []string) error {
		a.home = systemHome
		a.outliveTerminal()
		cfg, err := a.serveConfig(file, flags)
		if err != nil {
			return err
		}
		return a.serve(ctx, cfg)
	})
	c.Flags().StringVar(&file, "config", "", a.say("help.flag_serve_config", nil))
	flags = a.listenerFlags(c)
	c.Long = a.say("help.serve_long", nil)
	c.Example = "posta serve --config posta.toml\nposta serve --data /var/lib/posta --smtp :2525 --submission off"
	return c
}

// outliveTerminal lets a service pass over SIGHUP: no window closes there, and
// whoever sends it means that a log or a configuration be read anew. The end it
// would come to is one after which systemd restarts nothing.
func (a *app) outliveTerminal() {
	service := a.Getenv("NOTIFY_SOCKET") != "" || a.HasTerminal != nil && !a.HasTerminal()
	if service && a.IgnoreHangup != nil {
		a.IgnoreHangup()
	}
}

// serveConfig is the file's configuration, or the default one, with what the
// flags change.
func (a *app) serveConfig(file string, flags *listenerFlags) (*config.Config, error) {
	cfg := config.Default()
	if file != "" {
		var err error
		if cfg, err = config.Load(file); err != nil {
			return nil, err
		}
	}
	flags.apply(cfg, "")
	if err := cfg.Check(); err != nil {
		return nil, usage(err)
	}
	if a.data != "" || cfg.Data == "" {
		var err error
		if cfg.Data, err = a.dataDir(); err != nil {
			return nil, err
		}
	}
	dir, err := filepath.Abs(cfg.Data)
	if err != nil {
		return nil, err
	}
	cfg.Data = dir
	if cfg.DefaultDomain == "" {
		cfg.DefaultDomain = recall(cfg.Data).DefaultDomain
	}
	if cfg.Language != "" && a.lang == "" {
		w, err := words.New(cfg.Language)
		if err != nil {
			return nil, err
		}
		a.words = w
	}
	return cfg, nil
}

func (a *app) serve(ctx context.Context, cfg *config.Config) error {
	log, closeLog, err := a.openLog(cfg.Log)
	if err != nil {
		return err
	}
	defer closeLog()
	s := &service{app: a, cfg: cfg, log: log, watch: log}
	defer context.AfterFunc(ctx, func() { s.tellSystemd("STOPPING=1") })()
	s.options.Ready = func() {
		s.tellSystemd("READY=1")
		if a.json {
			_ = writeJSON(a.Out, s.readiness(ctx))
		}
	}
	return s.run(ctx, func(_ context.Context, h *server.House) error {
		lab := slices.ContainsFunc(cfg.Listeners, func(l config.Listener) bool { return l.Mode == config.ModeLab })
		return served(h.Data(), h.Hostname(), lab)
	})
}

// tellSystemd goes on where it cannot: systemd then ends a service that it
// takes for one that never came up, and the log says why.
func (s *service) tellSystemd(state string) {
	if err := notify(state); err != nil {
		s.log.Warn("trouble", "error", "NOTIFY_SOCKET: "+err.Error())
	}
}

// troubleBuffer is how much may wait to be said of the log's own trouble.
const troubleBuffer = 16 << 10

// openLog makes the log of a configuration: standard error, or a file that
// only its owner reads.
func (a *app) openLog(o config.Log) (*observe.Log, func(), error) {
	out, closeFile := a.Err, func() error { return nil }
	if o.File != "" {
		// A terminal that stands still must not stop the file.
		aloud := observe.NewWriter(a.Err, troubleBuffer, func(uint64) []byte { return nil })
		f, err := observe.OpenLogFile(observe.FileOptions{
			Path: o.File, MaxSize: int64(o.MaxSize), Daily: o.Daily, Keep: o.Keep, KeepFor: o.KeepFor.Duration,
			Trouble: func(err error) {
				_, _ = fmt.Fprintln(aloud, "posta: "+a.say("serve.log_trouble", words.Args{"Error": err}))
			},
		})
		if err != nil {
			aloud.Close()
			return nil, nil, words.FailOf(err, "fail.unwritable", words.Args{"File": o.File})
		}
		out, closeFile = f, func() error {
			aloud.Close()
			return f.Close()
		}
	}
	log := observe.NewLog(observe.LogOptions{Out: out, Level: o.Level, Format: o.Format})
	return log, func() {
		log.Close()
		_ = closeFile()
	}, nil
}

// service is a house that is going to listen.
type service struct {
	*app
	cfg     *config.Config
	log     *observe.Log
	watch   event.Sink
	console *console // of who sits before it; may be nil
	options server.Options
	house   *server.House

	// portAdvice is the id of what else helps where a listener cannot have its
	// port, or ""; nil: never.
	portAdvice func(listener string) string
}

// run opens the house, lets furnish see to what lives in it, and serves until
// ctx is done. A store that failed while it committed is opened anew, by a new
// process.
func (s *service) run(ctx context.Context, furnish func(context.Context, *server.House) error) error {
	err := s.serveOnce(ctx, furnish)
	if !errors.Is(err, server.ErrStore) {
		return err
	}
	s.log.Error("store.failed", "error", err.Error())
	_, _ = fmt.Fprintln(s.Err, "posta: "+s.say("serve.store_failed", nil))
	s.log.Close()
	return s.startAnew(ctx, err)
}

func (s *service) serveOnce(ctx context.Context, furnish func(context.Context, *server.House) error) error {
	o := &s.options
	o.Version, o.Sink = version, s.watch
	o.Report = func(err error) { s.log.Warn("trouble", "error", err.Error()) }
	o.Audit = s.audit
	door := observe.NewDoor(s.refused)
	defer door.Close()
	o.Refused = door.Refused
	var err error
	if s.house, err = s.open(ctx); err != nil {
		return err
	}
	if err := furnish(ctx, s.house); err != nil {
		return errors.Join(err, s.house.Close())
	}
	bounds, err := s.house.Listen(ctx)
	if err != nil {
		return errors.Join(s.explain(err), s.house.Close())
	}
	for _, b := range bounds {
		about := []any{"listener", b.Name, "address", b.Actual, "mode", b.Mode, "tls", b.TLS}
		if b.Why != "" {
			about = append(about, "moved", b.Why)
		}
		s.log.Info("listening", about...)
	}
	s.logNetworks()
	if err := s.house.Serve(ctx); errors.Is(err, server.ErrStore) {
		return err // the store cannot be closed any more
	} else if err != nil {
		return errors.Join(err, s.house.Close())
	}
	s.log.Info("ended")
	return s.house.Close()
}

// logNetworks says at the start which networks have rules of their own, and
// what about them somebody may not have meant.
func (s *service) logNetworks() {
	for _, n := range s.cfg.Networks {
		s.log.Info("network", "cidr", n.CIDR.String(), "name", n.Name, "auth", n.Auth, "tls", n.TLS, "bare_lf", n.BareLF, "relay", n.Relay)
	}
	for _, warning := range s.cfg.Warnings() {
		s.log.Warn("config.warning", "text", warning.Error())
	}
}

// open opens the house. A process that takes over from one whose store failed
// waits until that one is gone.
func (s *service) open(ctx context.Context) (*server.House, error) {
	for until := time.Now().Add(patience); ; {
		h, err := openHouse(ctx, *s.cfg, s.options)
		if !errors.Is(err, server.ErrBusy) {
			return h, err
		}
		if client, dialed := admin.Dial(ctx, s.cfg.Data); dialed == nil && !isEnding(ctx, client) {
			return nil, runsAlready(s.cfg.Data, client.PID)
		}
		if time.Now().After(until) {
			return nil, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// isEnding says that a server has been told to end: what it has will soon be
// free.
func isEnding(ctx context.Context, ops admin.Caller) bool {
	var h admin.Health
	return ops.Call(ctx, "health", admin.None{}, &h) == nil && h.State == "ending"
}

// refused tells of somebody who was turned away at the door.
func (s *service) refused(r observe.Refusal) {
	r.Log(s.log)
	if s.console != nil {
		id := "console.refused"
		if r.More > 0 {
			id = "console.refused_more"
		}
		args := words.Args{"Remote": r.Remote, "Listener": strings.ToUpper(r.Listener), "Line": r.Line, "More": r.More}
		if strings.HasSuffix(r.Line, check.LabText) {
			args["Line"] = s.say("console.refused_lab", words.Args{"Network": around(r.Remote)})
		}
		text := s.say(id, args)
		s.console.say(time.Now().Format("15:04:05") + "  " + text + "\n")
	}
}

// around is the network that somebody whose address this is will have.
func around(addr netip.Addr) netip.Prefix {
	bits := 24
	if addr.Is6() {
		bits = 64
	}
	return netip.PrefixFrom(addr, bits).Masked()
}

// explain says what helps where a port cannot be had.
func (s *service) explain(err error) error {
	var said *words.Error
	if !errors.As(err, &said) {
		return words.FailOf(err, "fail.listen", nil)
	}
	name, _ := said.Args["Name"].(string)
	if s.portAdvice == nil || !strings.HasPrefix(said.ID, "server.port_") {
		return err
	}
	if id := s.portAdvice(name); id != "" {
		return words.FailAs(err, id, words.Args{"Error": said, "Name": name})
	}
	return err
}

// audit logs a change made through the operations, never what was set.
func (s *service) audit(done admin.Audit) {
	if done.Err != nil {
		s.log.Warn("admin.refused", "operation", done.Operation, "about", done.About, "actor", done.Actor, "error", done.Err.Error())
		return
	}
	s.log.Info("admin", "operation", done.Operation, "about", done.About, "actor", done.Actor)
}

// ready is the one line that `serve --json` and `quickstart --json` say once
// everything listens.
type ready struct {
	Ready bool `json:"ready"`
	admin.Status
	Mode string   `json:"mode"` // lab if any listener is one, else sink if any is
	LAN  []string `json:"lan,omitempty"`

	Interfaces []lanAddress  `json:"interfaces,omitempty"` // LAN, with names
	Added      []string      `json:"added,omitempty"`      // domains beside those there were
	Accounts   []cardAccount `json:"accounts,omitempty"`
	Unpeopled  []string      `json:"unpeopled,omitempty"` // local domains without an account
}

// readiness asks the house what it is now.
func (s *service) readiness(ctx context.Context) ready {
	r := ready{Ready: true}
	if err := s.house.Operations().Call(ctx, "status", admin.None{}, &r.Status); err != nil {
		s.log.Warn("trouble", "error", err.Error())
	}
	r.Mode = modeOf(r.Listeners)
	return r
}

func modeOf(all []admin.Listener) string {
	for _, mode := range []string{config.ModeLab, config.ModeSink} {
		if slices.ContainsFunc(all, func(l admin.Listener) bool { return l.Mode == mode }) {
			return mode
		}
	}
	return config.ModeStrict
}
