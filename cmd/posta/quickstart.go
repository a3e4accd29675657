package main

import (
	"context"
	"net"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"posta/config"
	"posta/directory"
	"posta/observe"
	"posta/server"
	"posta/words"
)

// labDomain is served where nobody names a domain: short to type, and of
// RFC 2606 §2's names, so that it is nobody's.
const labDomain = "lab.test"

// quick is what `posta quickstart` was told.
type quick struct {
	domain    string
	domains   []string
	accounts  []string // NAME, NAME:PASSWORD, also with @DOMAIN
	mode      string
	lan       bool
	hostname  string
	persona   string
	ports     string   // "", standard, high
	allow     []string // networks
	fresh     bool
	listeners *listenerFlags
	sink      quickSink

	networks []netip.Prefix // allow
}

func (a *app) quickstartCommand() *cobra.Command {
	var q quick
	c := a.command("quickstart", "help.quickstart", func(ctx context.Context, args []string) error {
		q.domain = strings.TrimSuffix(first(args), ".")
		if err := q.checkSink(q.listeners.given); err != nil {
			return usage(err)
		}
		return a.quickstart(ctx, &q)
	})
	c.SuggestFor = []string{config.ModeLab}
	flags := c.Flags()
	flags.StringArrayVar(&q.accounts, "account", nil, a.say("help.flag_account", nil))
	flags.StringArrayVar(&q.domains, "domain", nil, a.say("help.flag_domain", nil))
	flags.StringVar(&q.mode, "mode", config.ModeLab, a.say("help.flag_mode", nil))
	flags.BoolVar(&q.lan, "lan", false, a.say("help.flag_lan", nil))
	flags.StringVar(&q.hostname, "hostname", "", a.say("help.flag_hostname", nil))
	flags.StringVar(&q.persona, "persona", "posta", a.say("help.flag_persona", nil))
	flags.StringVar(&q.ports, "ports", "", a.say("help.flag_ports", nil))
	flags.StringArrayVar(&q.allow, "allow", nil, a.say("help.flag_allow", nil))
	flags.BoolVar(&q.fresh, "fresh", false, a.say("help.flag_fresh", nil))
	flags.IntVar(&q.sink.maxMessages, "max-messages", config.Default().Sink.MaxMessages, a.say("help.flag_max_messages", nil))
	flags.BoolVar(&q.sink.ephemeral, "ephemeral", false, a.say("help.flag_ephemeral", nil))
	choices(c, "ports", portsStandard, portsHigh)
	choices(c, "mode", config.ModeLab, config.ModeSink, config.ModeStrict)
	choices(c, "persona", "posta", "hmailserver")
	q.listeners = a.listenerFlags(c)
	c.Long = a.say("help.quickstart_long", nil)
	c.Example = "posta quickstart\nposta quickstart jaramillo.edu.ec --account luis:luis-2026 --account gorka\n" +
		"posta quickstart --lan --persona hmailserver\nposta quickstart --smtp 2525 --pop3 2110 --submission off\n" +
		"posta quickstart --mode sink --ephemeral"
	return a.taking(c, 0, 1, "help.word_domain")
}

// check refuses what would else be refused once a listener.
func (q *quick) check() error {
	if err := oneOf("--mode", q.mode, config.ModeLab, config.ModeSink, config.ModeStrict); err != nil {
		return err
	}
	if q.ports != "" {
		if err := oneOf("--ports", q.ports, portsStandard, portsHigh); err != nil {
			return err
		}
	}
	for _, domain := range append(slices.Clone(q.domains), q.domain) {
		if domain != "" && !config.IsHostname(domain) {
			return words.Fail("fail.domain", words.Args{"Domain": domain})
		}
	}
	for _, one := range q.accounts {
		if err := checkAccount(one); err != nil {
			return err
		}
	}
	for _, text := range q.allow {
		n, err := network(text)
		if err != nil {
			return err
		}
		q.networks, q.lan = append(q.networks, n.Masked()), true // who admits others lets them in
	}
	return oneOf("--persona", q.persona, "posta", "hmailserver")
}

// checkAccount looks at NAME[:PASSWORD] before anything is made.
func checkAccount(text string) error {
	name, password, told := strings.Cut(text, ":")
	if !strings.Contains(name, "@") {
		name += "@" + labDomain
	}
	if err := directory.CheckAddress(name); err != nil || !told {
		return err
	}
	return directory.CheckPassword(password)
}

// Where quickstart's listeners go. Without either each falls back alone.
const (
	portsStandard = "standard" // there, or it does not start
	portsHigh     = "high"     // above 1024, or it does not start
)

// portAdvice names what lets a listener go elsewhere that may not move by itself.
func (q *quick) portAdvice(listener string) string {
	switch {
	case q.mode == config.ModeSink:
		return ""
	case q.ports == "" && q.listeners.given(listener):
		return "fail.port_given"
	case q.ports == portsStandard && !q.listeners.given(listener):
		return "fail.port_standard"
	}
	return ""
}

// config is the configuration of a quickstart on a data directory.
func (q *quick) config(data string) *config.Config {
	if q.mode == config.ModeSink {
		return q.sinkConfig(data)
	}
	c := config.Lab()
	if q.mode != config.ModeLab {
		c = config.Default()
	}
	host := "127.0.0.1"
	if q.lan {
		host = ""
	}
	for i := range c.Listeners {
		l := &c.Listeners[i]
		port := portOf(l.Addr)
		if q.ports == portsHigh {
			port = server.HighPort(port)
		}
		l.Addr = net.JoinHostPort(host, port)
		l.Persona, l.Mode = q.persona, q.mode
	}
	c.Data, c.DefaultDomain, c.Hostname = data, q.domain, q.hostname
	c.Outgoing.Mode = config.OutgoingOff // but for domains that have a route
	if c.DefaultDomain == "" {
		c.DefaultDomain = recall(data).DefaultDomain
	}
	if c.DefaultDomain == "" && !server.Holds(data) {
		c.DefaultDomain = labDomain
	}
	if c.Hostname == "" && c.DefaultDomain != "" && isASCII(c.DefaultDomain) {
		c.Hostname = "mail." + c.DefaultDomain
	}
	c.Lab.Networks = append(c.Lab.Networks, q.networks...)
	c.Log.File = filepath.Join(data, "posta.log")
	return c
}

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r > 0x7f }) < 0
}

func (a *app) quickstart(ctx context.Context, q *quick) error {
	if err := q.check(); err != nil {
		return usage(err)
	}
	a.home = ownHome
	data, err := a.dataDir()
	if err != nil {
		return err
	}
	if q.fresh {
		if err := a.setAside(ctx, data); err != nil {
			return err
		}
	}
	cfg := q.config(data)
	s := &service{app: a, cfg: cfg}
	s.options.Fallback = q.ports == "" && q.mode != config.ModeSink // programs are told a sink's ports beforehand
	s.options.Fixed = q.listeners.apply(cfg, hostOf(q.lan))
	s.portAdvice = q.portAdvice
	if err := cfg.Check(); err != nil {
		return usage(err)
	}
	log, closeLog, err := a.openLog(cfg.Log)
	if err != nil {
		return err
	}
	defer closeLog()
	s.log, s.watch = log, log
	if q.sink.ephemeral {
		folder, remove, err := a.ephemeral(ctx, data)
		if err != nil {
			return err
		}
		defer remove()
		s.options.Store = folder
	}
	furnish, ready := q.rooms(data)
	if a.json {
		s.options.Ready = func() { _ = writeJSON(a.Out, ready(ctx, s)) }
		return s.run(ctx, furnish)
	}
	out := newConsole(a.words, a.Out)
	defer out.close()
	s.watch, s.console = observe.Sinks{log, out}, out
	s.options.Ready = func() { out.say(a.card(ready(ctx, s))) }
	defer context.AfterFunc(ctx, func() { out.say("\n" + a.say("console.ending", nil) + "\n") })()
	return s.run(ctx, furnish)
}

// rooms are what a house needs before it listens, and what its card shows.
func (q *quick) rooms(data string) (furnish func(context.Context, *server.House) error, shown func(context.Context, *service) ready) {
	if q.mode != config.ModeSink {
		l := &lab{quick: q, notes: recall(data), known: map[string]string{}, fresh: map[string]bool{}}
		return l.furnish, l.ready
	}
	return func(context.Context, *server.House) error { return nil }, func(ctx context.Context, s *service) ready {
		r := s.readiness(ctx)
		r.seeLAN()
		return r
	}
}

func hostOf(lan bool) string {
	if lan {
		return ""
	}
	return "127.0.0.1"
}
