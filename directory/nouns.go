// Package directory knows who lives here: domains, accounts, aliases, lists
// and passwords. It resolves an address to mailboxes and checks log-ins. It
// keeps its rows in a Store that it declares itself and store/sqldb implements;
// it knows no SQL and no protocol.
//
// Start reading at Resolve in resolve.go; the nouns are here.
package directory

import (
	"time"

	"posta/sasl"
)

// Domain is a mail domain served here. Names are kept as lower-case A-labels.
type Domain struct {
	ID          int64
	Name        string
	AliasOf     string // another local domain's name: every address is looked up there
	CatchAll    string // address that gets mail for unknown local parts; "" refuses it
	Plus        bool   // plus addressing: pepe+x is pepe's (default on)
	MaxAccounts int64  // 0: no limit
	MaxMessage  int64  // octets of one message; 0: the listener's limit
	MaxBytes    int64  // sum of the accounts' quotas that may be granted; 0: no limit
	SenderCheck SenderCheck

	Kind    Kind
	Relay   string // host[:port] of a relay domain's next hop; of a local one's fall-back for unknown recipients
	Callout bool   // relay: Relay is asked at RCPT about recipients that are not in the domain's list
	Site    string // on-demand: the site account that fetches the mail
	// on-demand: mail for any name is taken, because nobody but the site knows who
	// is there; else only for those in the domain's list.
	AnyRecipient bool
	MaxAge       time.Duration // how long mail is kept for it to leave; 0: what is usual

	Created time.Time
}

// Kind is what a domain served here is to us.
type Kind string

const (
	KindLocal    Kind = ""          // its people live here
	KindRelay    Kind = "relay"     // mail for it is taken and handed on to Domain.Relay
	KindOnDemand Kind = "on-demand" // mail for it is kept until its site asks for it
)

// OnDemandAge is how long mail for an on-demand domain is kept that sets no
// MaxAge of its own.
const OnDemandAge = 30 * 24 * time.Hour

// Age is how long the domain's mail waits to leave; 0: as that of all others.
func (d *Domain) Age() time.Duration {
	if d.MaxAge == 0 && d.Kind == KindOnDemand {
		return OnDemandAge
	}
	return d.MaxAge
}

// Account is a person's or program's mailbox and log-in.
type Account struct {
	ID       int64
	Address  string // canonical, "pepe@pepito.es"
	Local    string // as created; matched without regard to case
	Domain   string
	Name     string // full name for VRFY and EXPN; may be ""
	Quota    int64  // octets; 0: no limit
	Disabled bool   // may not log in; mail is still accepted
	APOP     bool   // logs in with APOP only (lab)
	Version  int64  // grows when the credentials change
	Created  time.Time
}

// Credentials are what is kept of a password. No password can be read back
// from them.
type Credentials struct {
	Hash  string // argon2id in PHC form: $argon2id$v=19$m=19456,t=2,p=1$salt$key
	SCRAM sasl.Verifier
}

// Forward sends what comes for an account on to others.
type Forward struct {
	Account int64
	To      []string // addresses, here or elsewhere; none: nothing is forwarded
	Keep    bool     // the account's mailbox gets it too
}

// Alias sends an address on to others. A target at a domain not served here
// makes it an alias to outside.
type Alias struct {
	ID      int64
	Address string
	Targets []string
}

// ListKind says who may post to a list and who may see its members.
type ListKind string

const (
	Public       ListKind = "public"       // anyone posts; members and the lab see it with EXPN
	Members      ListKind = "members"      // only members post
	Announcement ListKind = "announcement" // only the owner posts
)

// List is a distribution list.
type List struct {
	ID      int64
	Address string
	Kind    ListKind
	Owner   string // address of the owner; gets the errors
	Name    string
	Members int64 // how many
}

// Member is one entry of a list. Ids grow, so that an expansion can go on
// after the last one done.
type Member struct {
	ID      int64
	Address string
}
