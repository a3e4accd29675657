package mail

import "net/netip"

// Mode is how strictly a listener keeps to the protocols.
type Mode uint8

const (
	Strict Mode = iota // the Internet
	Lab                // a classroom: humans typing, clear text, private addresses
)

// String is "strict" or "lab".
func (m Mode) String() string {
	if m == Lab {
		return "lab"
	}
	return "strict"
}

// Service is what a listener is for.
type Service uint8

const (
	MX         Service = iota // port 25: mail from other hosts, for our domains
	Submission                // ports 587 and 465: mail from our users
	ODMR                      // port 366: sites come for their mail (RFC 2645)
)

// Origin says where a message, or a question about an address, comes from.
// It is filled by the protocol engine and read by mailroom, checks and reports.
type Origin struct {
	Session  uint64         // the connection's number, as in event.Event.Conn; 0 for mail made inside
	Listener string         // the listener's name in the configuration, "smtp", "submission"
	Service  Service        // what the listener is for
	Mode     Mode           // how strict it is
	Remote   netip.AddrPort // the peer
	Local    netip.AddrPort // our end
	Helo     string         // what HELO or EHLO said, "" before it
	ESMTP    bool           // EHLO, not HELO
	TLS      string         // "TLSv1.3 TLS_AES_128_GCM_SHA256"; "" for clear text
	Login    Login          // who has authenticated; zero for nobody
	NoLogin  bool           // the configuration lets the peer's network submit without logging in
	Relays   bool           // the configuration lets that network send to others, too
	Fetched  bool           // by POP3, out of a mailbox elsewhere
	Inside   string         // the user of this machine who hands it in (posta sendmail); "" for what comes over a network
}

// Login names an authenticated account.
type Login struct {
	Account int64  // the account's id in the directory; 0 for nobody
	Address string // the account's own address, canonical: "pepe@pepito.es"
}

// Known says that somebody has authenticated.
func (l Login) Known() bool { return l.Account != 0 }

// With is the protocol's name for the WITH clause of Received:, as RFC 3848 §1
// and RFC 6531 §4.3 (UTF8SMTP…) register them. utf8 says that MAIL had SMTPUTF8.
func (o Origin) With(utf8 bool) string {
	if !o.ESMTP {
		return "SMTP"
	}
	name := "ESMTP"
	if utf8 {
		name = "UTF8SMTP"
	}
	if o.TLS != "" {
		name += "S"
	}
	if o.Login.Known() {
		name += "A"
	}
	return name
}
