package talk

import (
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Fixture is the house that a transcript's header asks for.
type Fixture struct {
	Mode     string // "strict", "lab" or "sink"; "" is what a server has by default
	Persona  string // whose replies the lab uses; "" is posta's own
	Host     string // the server's name
	Peer     string // the client's address
	Domains  []Domain
	Accounts []Account
	Aliases  []Alias
	Lists    []List
	Grants   []Grant
	Networks []Network
	Sites    []Site
	Queues   []Queue
	Waits    []Waits
	Mail     []Letter
	Faults   []Fault
	Limits   map[string]string // "limit: recipients 3"; the Host knows the names
}

// Domain is "domain: pepito.es alias-of=X catch-all=A plus=off sender-check=log
// on-demand=SITE".
type Domain struct {
	Name, AliasOf, CatchAll, SenderCheck string
	OnDemand                             string // the site that comes for its mail
	NoPlus                               bool
	MaxMessage                           int64 // max-message=N
}

// Account is "account: pepe@pepito.es secret quota=N name=Pepe_Pérez disabled apop".
type Account struct {
	Address, Password, Name string
	Quota                   int64
	Disabled, APOP          bool
}

// Alias is "alias: ventas@pepito.es pepe@pepito.es ana@pepito.es".
type Alias struct {
	Address string
	Targets []string
}

// List is "list: todos@pepito.es public owner=ana@pepito.es pepe@pepito.es".
type List struct {
	Address, Kind, Owner string
	Members              []string
}

// Grant is "grant: info@pepito.es luis@pepito.es": luis may send as info.
type Grant struct {
	Address, Account string
}

// Network is "network: 192.0.2.0/24 auth=optional tls=optional bare-lf=normalise":
// what its machines may do that others may not.
type Network struct {
	CIDR, Auth, TLS, BareLF string
}

// Site is "site: north secret domains=a.example,b.example networks=192.0.2.0/24 helo=gw.a.example":
// a customer's server that comes for its mail.
type Site struct {
	Name, Secret            string
	Domains, Networks, Helo []string
}

// Queue is "queue: uucp a.example b.example": what ETRN calls #uucp.
type Queue struct {
	Name    string
	Domains []string
}

// Waits is "waits: ana@a.example Subject: x\r\n\r\nBody\r\n": a message that waits
// from the start until a site comes for it.
type Waits Letter

// Letter is "mail: pepe@pepito.es Subject: x\r\n\r\nBody\r\n": a message that
// lies in the mailbox from the start. Its content may be @file or *N.
type Letter struct {
	Address string
	Content []byte
}

// Fault is "fault: rcpt match=bob@* times=2 delay=5s close reply=451 4.7.1 Later":
// a mistake that the server makes on purpose. reply= takes the rest of the line.
type Fault struct {
	At, Match, Reply string
	Times            int
	Delay            time.Duration
	Close            bool
}

// Fixture reads the header. With a nil files no @file is opened.
func (f *File) Fixture(files fs.FS) (Fixture, error) {
	fx := Fixture{Host: "mail.example.net", Peer: "192.0.2.9", Limits: map[string]string{}}
	for _, h := range f.Header {
		if err := fx.field(h, files); err != nil {
			return fx, err
		}
	}
	return fx, nil
}

func (fx *Fixture) field(h Field, files fs.FS) (err error) {
	words := strings.Fields(h.Value)
	least := map[string]int{"domain": 1, "account": 2, "alias": 2, "list": 2, "grant": 2, "network": 1, "mail": 2, "waits": 2, "site": 2, "queue": 2, "limit": 2, "fault": 2}[h.Key]
	if len(words) < least {
		return complain(h.Line, "%s needs at least %d words", h.Key, least)
	}
	switch h.Key {
	case "#", "engine", "ways":
	case "mode":
		if h.Value != "strict" && h.Value != "lab" && h.Value != "sink" {
			return complain(h.Line, "mode is strict, lab or sink")
		}
		fx.Mode = h.Value
	case "persona":
		fx.Persona = h.Value
	case "host":
		fx.Host = h.Value
	case "peer":
		fx.Peer = h.Value
	case "domain":
		err = fx.domain(words)
	case "account":
		err = fx.account(words)
	case "alias":
		fx.Aliases = append(fx.Aliases, Alias{words[0], words[1:]})
	case "list":
		fx.list(words)
	case "grant":
		fx.Grants = append(fx.Grants, Grant{words[0], words[1]})
	case "network":
		err = fx.network(words)
	case "mail", "waits":
		var content []byte
		content, err = letterContent(h.Value[len(words[0]):], files)
		if h.Key == "waits" {
			fx.Waits = append(fx.Waits, Waits{words[0], content})
		} else {
			fx.Mail = append(fx.Mail, Letter{words[0], content})
		}
	case "site":
		err = fx.site(words)
	case "queue":
		fx.Queues = append(fx.Queues, Queue{words[0], words[1:]})
	case "fault":
		err = fx.fault(h.Value)
	case "limit":
		fx.Limits[words[0]] = words[1]
	default:
		err = fmt.Errorf("unknown header %q", h.Key)
	}
	if err != nil {
		return complain(h.Line, "%v", err)
	}
	return nil
}

func (fx *Fixture) domain(words []string) (err error) {
	d := Domain{Name: words[0]}
	for _, w := range words[1:] {
		key, value, _ := strings.Cut(w, "=")
		switch {
		case key == "alias-of":
			d.AliasOf = value
		case key == "catch-all":
			d.CatchAll = value
		case key == "sender-check":
			d.SenderCheck = value
		case key == "on-demand":
			d.OnDemand = value
		case w == "plus=off":
			d.NoPlus = true
		case key == "max-message":
			d.MaxMessage, err = strconv.ParseInt(value, 10, 64)
		default:
			err = fmt.Errorf("unknown word %q of a domain", w)
		}
		if err != nil {
			return err
		}
	}
	fx.Domains = append(fx.Domains, d)
	return nil
}

func (fx *Fixture) site(words []string) error {
	s := Site{Name: words[0], Secret: words[1]}
	for _, w := range words[2:] {
		key, value, _ := strings.Cut(w, "=")
		switch key {
		case "domains":
			s.Domains = strings.Split(value, ",")
		case "networks":
			s.Networks = strings.Split(value, ",")
		case "helo":
			s.Helo = strings.Split(value, ",")
		default:
			return fmt.Errorf("unknown word %q of a site", w)
		}
	}
	fx.Sites = append(fx.Sites, s)
	return nil
}

func (fx *Fixture) account(words []string) (err error) {
	a := Account{Address: words[0], Password: words[1]}
	for _, w := range words[2:] {
		key, value, _ := strings.Cut(w, "=")
		switch {
		case key == "name":
			a.Name = strings.ReplaceAll(value, "_", " ")
		case key == "quota":
			a.Quota, err = strconv.ParseInt(value, 10, 64)
		case w == "disabled":
			a.Disabled = true
		case w == "apop":
			a.APOP = true
		default:
			err = fmt.Errorf("unknown word %q of an account", w)
		}
		if err != nil {
			return err
		}
	}
	fx.Accounts = append(fx.Accounts, a)
	return nil
}

func (fx *Fixture) fault(value string) (err error) {
	value, reply, _ := strings.Cut(value, " reply=")
	words := strings.Fields(value)
	f := Fault{At: words[0], Reply: reply}
	for _, w := range words[1:] {
		key, value, _ := strings.Cut(w, "=")
		switch {
		case key == "match":
			f.Match = value
		case key == "times":
			f.Times, err = strconv.Atoi(value)
		case key == "delay":
			f.Delay, err = time.ParseDuration(value)
		case w == "close":
			f.Close = true
		default:
			err = fmt.Errorf("unknown word %q of a fault", w)
		}
		if err != nil {
			return err
		}
	}
	fx.Faults = append(fx.Faults, f)
	return nil
}

func (fx *Fixture) list(words []string) {
	l := List{Address: words[0], Kind: words[1]}
	members := slices.Clone(words[2:])
	if len(members) > 0 {
		if owner, ok := strings.CutPrefix(members[0], "owner="); ok {
			l.Owner, members = owner, members[1:]
		}
	}
	l.Members = members
	fx.Lists = append(fx.Lists, l)
}

func (fx *Fixture) network(words []string) error {
	n := Network{CIDR: words[0]}
	for _, w := range words[1:] {
		key, value, _ := strings.Cut(w, "=")
		switch key {
		case "auth":
			n.Auth = value
		case "tls":
			n.TLS = value
		case "bare-lf":
			n.BareLF = value
		default:
			return fmt.Errorf("unknown word %q of a network", w)
		}
	}
	fx.Networks = append(fx.Networks, n)
	return nil
}

func letterContent(s string, files fs.FS) ([]byte, error) {
	b, err := parsePayload(strings.TrimSpace(s))
	if err != nil {
		return nil, err
	}
	if b.bulk() {
		return b.octets(files)
	}
	return b.text.expand(nil, pure)
}
