package main

import (
	"context"
	"crypto/x509"
	"errors"
	"io"
	"net/netip"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"posta/admin"
	"posta/dns"
	"posta/mail"
	"posta/words"
)

// probeOptions are the flags of `posta probe`.
type probeOptions struct {
	from     string
	resolver []string
	server   string
	port     int
	helo     string
	ca       string
	patience time.Duration
	record   string
}

// probeCommand asks whether mail for somebody would be taken, and by whom,
// without sending any.
func (a *app) probeCommand() *cobra.Command {
	o := &probeOptions{}
	c := a.command("probe", "help.probe", func(ctx context.Context, args []string) error { return a.probe(ctx, o, args[0]) })
	c.Use += " " + a.say("help.word_address", nil) + "|" + a.say("help.word_domain", nil)
	c.Args = a.arguments(1, 1)
	c.Long = a.say("help.probe_long", nil)
	flags := c.Flags()
	flags.StringVar(&o.from, "from", "", a.say("help.flag_probe_from", nil))
	flags.StringSliceVar(&o.resolver, "resolver", nil, a.say("help.flag_resolver", nil))
	flags.StringVar(&o.server, "server", "", a.say("help.flag_probe_server", nil))
	flags.IntVar(&o.port, "port", 25, a.say("help.flag_port", nil))
	flags.StringVar(&o.helo, "helo", "", a.say("help.flag_helo", nil))
	flags.StringVar(&o.ca, "ca", "", a.say("help.flag_ca", nil))
	a.patienceFlag(c, &o.patience)
	flags.StringVar(&o.record, "record", "", a.say("help.flag_record", nil))
	c.Example = "posta probe ana@example.net\nposta probe example.net --json\n" +
		"posta probe ana@example.net --from luis@pepito.es --resolver 127.0.0.1:5353\nposta probe ana@example.net --server 192.0.2.7:2525"
	return c
}

// probed is what `posta probe --json` says.
type probed struct {
	Target    string       `json:"target"`
	Domain    string       `json:"domain"`
	From      string       `json:"from"`
	Way       string       `json:"way,omitempty"`
	Route     string       `json:"route,omitempty"`
	Hosts     []probedHost `json:"hosts"`
	Verdict   string       `json:"verdict"`
	Text      string       `json:"text"`
	Notes     []string     `json:"notes,omitempty"`
	Recording string       `json:"recording,omitempty"`
}

type probedHost struct {
	Name      string          `json:"name"`
	Pref      int             `json:"pref"`
	Problem   string          `json:"problem,omitempty"`
	Addresses []probedAddress `json:"addresses,omitempty"`
}

type probedAddress struct {
	Address     string             `json:"address"`
	State       string             `json:"state"`
	Problem     string             `json:"problem,omitempty"`
	Greeting    string             `json:"greeting,omitempty"`
	TLS         string             `json:"tls,omitempty"`
	Certificate *probedCertificate `json:"certificate,omitempty"`
	Verb        string             `json:"verb,omitempty"`
	Code        int                `json:"code,omitempty"`
	Reply       string             `json:"reply,omitempty"`
	Session     uint64             `json:"session,omitempty"`

	status mail.Status // of Reply

	at    netip.AddrPort
	from  netip.Addr // to connect from; zero: the system chooses
	host  string
	pref  int
	loops bool // it is this posta, and does not know the domain
	never bool // it cannot carry such mail
	mute  bool // it took the connection and said nothing in time
	ours  bool // nobody was dialed: this computer has not the address to send from
}

type probedCertificate struct {
	Names   []string  `json:"names"`
	Issuer  string    `json:"issuer"`
	Ends    time.Time `json:"ends"`
	Valid   bool      `json:"valid"`
	Problem string    `json:"problem,omitempty"`

	own bool // it is its own issuer
}

// What became of an address; of a connection that was made it is open.
const (
	probeOpen        = "open"
	probeRefused     = "refused"
	probeSilent      = "silent"
	probeUnreachable = "unreachable"
)

// probeHere is the verdict where the mail goes to no other host.
const probeHere = "here"

// prober is one run of `posta probe`.
type prober struct {
	a        *app
	o        *probeOptions
	resolver *dns.Resolver
	rec      *recording
	to       *mail.Address // nil: only the domain is asked for
	from     mail.Address
	shown    string     // the domain as it was typed
	literal  netip.Addr // the domain is an address
	laid     admin.RouteWay
	way      *admin.RouteTest // what the running server's queue says of the way; nil: nobody asked it
	roots    *x509.CertPool   // of --ca beside the system's; nil: the system's
	screen   io.Writer        // what somebody looks at meanwhile; nil: nobody does
	result   probed
}

func (a *app) probe(ctx context.Context, o *probeOptions, text string) error {
	p := &prober{a: a, o: o, rec: newRecording(), result: probed{Hosts: []probedHost{}}}
	defer p.rec.ring.Close()
	if !a.json && isTerminal(a.Err) {
		p.screen = a.Err
	}
	if err := p.understand(text); err != nil {
		return usage(err)
	}
	var err error
	if p.roots, err = p.believed(); err != nil {
		return err
	}
	err = p.find(ctx)
	if err == nil && p.result.Verdict != probeHere {
		p.askAll(ctx)
		err = p.judge()
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		p.result.Text = a.words.Error(err)
	}
	return p.report(ctx, err)
}

// believed are the certificates of --ca; nil: the system's alone.
func (p *prober) believed() (*x509.CertPool, error) {
	if p.o.ca == "" {
		return nil, nil
	}
	return believedRoots(p.o.ca)
}

// understand reads the command line.
func (p *prober) understand(text string) (err error) {
	p.result.Target = text
	if p.resolver, err = dns.New(dns.Options{Servers: p.o.resolver}); err != nil {
		return words.Fail("probe.resolver", words.Args{"Value": strings.Join(p.o.resolver, ", ")})
	}
	if p.o.port < 1 || p.o.port > 65535 {
		return words.Fail("probe.port_range", words.Args{"Value": p.o.port})
	}
	if err := checkHelo(&p.o.helo); err != nil {
		return err
	}
	if p.o.from != "" && p.o.from != "<>" {
		if p.from, err = mail.ParseAddress(p.o.from); err != nil {
			return words.FailOf(err, "send.bad_address", words.Args{"Address": p.o.from})
		}
	}
	p.result.From = p.from.String()
	domain := text
	if strings.Contains(text, "@") {
		to, err := mail.ParseAddress(text)
		if err != nil {
			return words.FailOf(err, "send.bad_address", words.Args{"Address": text})
		}
		p.to, domain = &to, to.Domain
	}
	if p.o.server != "" {
		if _, _, err := parseHost(p.o.server); err != nil {
			return err
		}
	}
	return p.place(domain)
}

// place takes an address for itself, and a name as DNS has it.
func (p *prober) place(domain string) error {
	p.shown = domain
	if addr, ok := mail.ParseLiteral(domain); ok {
		p.literal, p.result.Domain = addr, domain
		return nil
	}
	if addr, err := netip.ParseAddr(domain); err == nil {
		p.literal, p.result.Domain = addr, domain
		return nil
	}
	ascii, err := lookupName(domain)
	if err != nil || mail.CheckDomain(ascii) != nil {
		return words.Fail("probe.no_name", words.Args{"Domain": domain})
	}
	p.result.Domain = ascii
	if p.to != nil {
		p.to.Domain = ascii
	}
	return nil
}

// report shows what was found. An error is the verdict, which stands on standard
// error.
func (p *prober) report(ctx context.Context, verdict error) error {
	said, err := p.keep(context.WithoutCancel(ctx))
	if err != nil {
		return errors.Join(verdict, err)
	}
	human := func(w io.Writer) error {
		_, err := io.WriteString(w, p.page(verdict == nil))
		return err
	}
	if err := p.a.print(p.result, human); err != nil {
		return errors.Join(verdict, err)
	}
	if said != "" && !p.a.json {
		_, err = io.WriteString(p.a.Err, said+"\n")
	}
	return errors.Join(verdict, err)
}

// keep writes the recording, and gives what there is to say of it.
func (p *prober) keep(ctx context.Context) (string, error) {
	if p.rec.next == 0 {
		return "", nil
	}
	name := p.o.record
	if name != "" {
		if err := p.rec.write(ctx, name); err != nil {
			return "", err
		}
	} else {
		state, err := p.a.stateDir()
		if err == nil {
			name, err = p.rec.keep(ctx, state, "probe")
		}
		if err != nil { // nobody asked for it, and what was found counts
			p.note("probe.not_recorded", words.Args{"Reason": p.a.words.Error(err)})
			return "", nil
		}
	}
	p.result.Recording = name
	return p.a.say("probe.recorded", words.Args{"Word": words.Typed(name)}), nil
}

// addresses are all that are asked, in the order in which mail would try them.
func (p *prober) addresses() (all []*probedAddress) {
	for i := range p.result.Hosts {
		for j := range p.result.Hosts[i].Addresses {
			all = append(all, &p.result.Hosts[i].Addresses[j])
		}
	}
	return all
}
