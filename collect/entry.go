package collect

import (
	"context"
	"crypto/x509"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"posta/mail"
	"posta/words"
)

// Way is how mail is asked for.
type Way string

const (
	ETRN Way = "etrn" // the provider sends it on a connection of its own (RFC 1985)
	ATRN Way = "atrn" // the connection is turned round (RFC 2645)
	TURN Way = "turn" // the same, as RFC 821 had it
	POP3 Way = "pop3" // it is fetched out of a mailbox
)

// Security is how a connection is secured.
type Security string

const (
	Opportunistic Security = ""         // TLS where it is offered, with any certificate; a password as it is only goes where that is valid
	Required      Security = "required" // STARTTLS or STLS, with a certificate for the host's name
	Implicit      Security = "implicit" // the same from the first octet
	Clear         Security = "none"     // never; a password as it is crosses in clear text
)

// Entry is one thing to collect.
type Entry struct {
	ID       int64
	Way      Way
	Host     string // "mail.example.net" or "192.0.2.1", with ":port" or the way's own
	TLS      Security
	CA       string // PEM: certificates that are believed beside those that the system believes; TLS is then required
	User     string
	Password string   // kept apart, and in no list
	Domains  []string // whose mail is taken; of ETRN also "@domain" and "#queue" as they are asked for
	Account  string   // POP3: whose mailbox it is filed in
	Keep     bool     // POP3: messages stay where they are
	Every    time.Duration
	Created  time.Time
	Next     time.Time // when it is due by its schedule; zero: never
	Last     Result
	Total    int64 // messages that came in all
}

// Result is what became of one time.
type Result struct {
	At       time.Time // when it began; zero: never yet
	Took     time.Duration
	Messages int    // taken
	Again    int    // of POP3: messages that were in the mailbox here already, and lie where they lay
	Left     int    // of POP3: messages that could not be filed, or not deleted, and lie where they lay; of ATRN and TURN: refusals here, of which the provider keeps or bounces the message; of ETRN: what of Domains was not released, where some was
	Stayed   []Stay // the first MostStayed of them; not in what Entries gives
	Nothing  bool   // the provider said that nothing waits there: 251 to each ETRN (RFC 1985 §5.1), 453 to ATRN (RFC 2645 §5.2.1), QUIT at once after a turn
	Session  uint64 // the last recorded session of it
	Failure  string // "" where all went well; else the peer's own words, or ours where it said none

	Erased int           // of POP3: messages that were filed before, and are deleted there now
	Apart  time.Duration // how long a POP3 server wants between two log-ins, up to a day (RFC 2449 §6.5); it stays when an entry is changed, but for another host or user
}

// Stay is a message that could not be filed, or of ETRN a refusal. By POP3 it lies where it lay, and is
// tried again the next time; by ATRN and TURN it was refused, to one of its
// recipients or whole.
type Stay struct {
	UIDL   string // POP3: what the server calls it (RFC 1939 §7)
	Octets int64  // POP3
	From   string // as its header, or its envelope, says; "" where that is not known
	Why    string // in words like those of Result.Failure; of a refusal, "<ana@north.example>: 452 4.2.2 …"
}

// MostStayed is how many messages that stayed are told of one by one.
const MostStayed = 100

// Least is how often a schedule may ask.
const Least = time.Minute

// ErrNotFound is that a Store has no such entry.
var ErrNotFound = errors.New("collect: not found")

// Store keeps the entries. Writes are on stable storage when they return.
// Collecttest's suite is what every Store passes.
type Store interface {
	Entries(ctx context.Context) ([]Entry, error) // in order of id, without passwords and what stayed
	Entry(ctx context.Context, id int64) (Entry, error)
	AddEntry(ctx context.Context, e Entry) (Entry, error)
	// ChangeEntry keeps what a person wrote of an entry, and when it is next due.
	// All else stays, but for what begins anew.
	ChangeEntry(ctx context.Context, e Entry, begins Anew) error
	RemoveEntry(ctx context.Context, id int64) error
	// Settle keeps the result of a time and when the next is due, and counts its
	// messages into Total, but those of POP3: Came has.
	Settle(ctx context.Context, id int64, last Result, next time.Time) error
	// Seen gives the unique-ids of messages that were filed, or with a blank before
	// them (see passed) need not be, and Saw adds some;
	// Came is Saw for a message that has just been filed, and counts it into Total.
	// Forget takes those out that are no longer there (RFC 1939 §7).
	Seen(ctx context.Context, id int64) ([]string, error)
	Saw(ctx context.Context, id int64, uidls ...string) error
	Came(ctx context.Context, id int64, uidl string) error
	Forget(ctx context.Context, id int64, uidls ...string) error
}

// Check brings an entry that a person wrote into its form, or says to them what
// is wrong with it.
func (e *Entry) Check() error {
	e.Host = strings.ToLower(e.Host)
	if err := e.checkHost(); err != nil {
		return err
	}
	e.secure()
	if !slices.Contains([]Security{Opportunistic, Required, Implicit, Clear}, e.TLS) {
		return words.Fail("collect.tls", words.Args{"Value": string(e.TLS)})
	}
	if e.CA != "" && !x509.NewCertPool().AppendCertsFromPEM([]byte(e.CA)) {
		return words.Fail("collect.ca", nil)
	}
	if e.CA != "" && e.TLS == Clear {
		return words.Fail("collect.ca_clear", nil)
	}
	if e.Every != 0 && e.Every < Least {
		return words.Fail("collect.often", words.Args{"Value": e.Every, "Least": Least})
	}
	if strings.ContainsAny(e.User+e.Password, "\r\n\x00") {
		return words.Fail("collect.login", nil)
	}
	switch e.Way {
	case POP3:
		if e.Account == "" || e.User == "" {
			return words.Fail("collect.pop_account", nil)
		}
		e.Domains = nil
		return nil
	case ETRN, ATRN, TURN:
		e.Account, e.Keep = "", false
		return e.checkDomains()
	}
	return words.Fail("collect.way", words.Args{"Value": string(e.Way)})
}

// secure has TLS begin at once where it can't begin otherwise (RFC 8314 §3.3), and
// certificates looked at where some are believed.
func (e *Entry) secure() {
	_, port := e.address()
	switch {
	case e.Way == POP3 && port == "995" && e.TLS != Clear:
		e.TLS = Implicit
	case e.CA != "" && e.TLS == Opportunistic:
		e.TLS = Required
	}
}

// checkHost wants a host with an optional port.
func (e *Entry) checkHost() error {
	host, port := e.address()
	n, err := strconv.Atoi(port)
	_, ip := netip.ParseAddr(host)
	if ip != nil && (mail.CheckDomain(host) != nil || strings.HasPrefix(host, "[")) || err != nil || n < 1 || n > 65535 {
		return words.Fail("collect.host", words.Args{"Value": e.Host})
	}
	return nil
}

// address gives host and port, the way's own where none is written.
func (e *Entry) address() (host, port string) {
	if _, err := netip.ParseAddr(e.Host); err == nil {
		return e.Host, e.port()
	}
	if host, port, err := net.SplitHostPort(e.Host); err == nil {
		return host, port
	}
	return e.Host, e.port()
}

func (e *Entry) port() string {
	switch {
	case e.Way == POP3 && e.TLS == Implicit:
		return "995"
	case e.Way == POP3:
		return "110"
	case e.Way == ATRN:
		return "366"
	}
	return "25"
}

// checkDomains wants what the verb can ask for.
func (e *Entry) checkDomains() error {
	if len(e.Domains) == 0 {
		return words.Fail("collect.no_domain", nil)
	}
	if e.Way != ETRN && e.User == "" {
		return words.Fail("collect.no_user", words.Args{"Way": strings.ToUpper(string(e.Way))})
	}
	for i, one := range e.Domains {
		one = strings.ToLower(one)
		name := one
		if e.Way == ETRN {
			name = strings.TrimPrefix(one, "@")
		}
		full := e.Way != ETRN || strings.Contains(name, ".") // RFC 1985 §5
		if !(e.Way == ETRN && strings.HasPrefix(one, "#")) && (!full || mail.CheckDomain(name) != nil) {
			return words.Fail("collect.domain", words.Args{"Value": one})
		}
		e.Domains[i] = one
	}
	return nil
}
