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
	Created     time.Time
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
