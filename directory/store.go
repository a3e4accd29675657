package directory

import (
	"context"
	"errors"
	"time"
)

var (
	ErrNotFound = errors.New("directory: not found")
	ErrExists   = errors.New("directory: exists already")
	ErrLimit    = errors.New("directory: the domain's limit is reached")
	ErrInUse    = errors.New("directory: still in use") // a domain with accounts, without force
)

// Store keeps the rows. Writes are on stable storage when they return. Names
// and addresses arrive canonical: lower-case A-label domains, local parts as
// Key gives them in the …Key arguments and in every Address; Split takes an
// Address apart. What is not there is ErrNotFound, also for Set… and Remove…
// and for the domain of a new account, alias or list. Lists come in order of
// domain and local key, members in order of id. Ids are never given twice,
// not even after a removal. Times are kept to the second at least.
//
// directorytest.Run is the suite that every Store passes.
type Store interface {
	// Generation grows with every change; cached look-ups are dropped by it.
	// It costs no query. It grows after the change can be read and before the
	// call that made it returns: otherwise what was read before the change
	// would be kept as new.
	Generation() uint64

	Domains(ctx context.Context) ([]Domain, error)
	Domain(ctx context.Context, name string) (Domain, error)
	AddDomain(ctx context.Context, d Domain) (Domain, error)
	SetDomain(ctx context.Context, d Domain) error // by ID; all but Name and Created
	// RemoveDomain gives ErrInUse while accounts, aliases or lists remain,
	// unless force takes them and their mail along.
	RemoveDomain(ctx context.Context, name string, force bool) error

	// Accounts lists a domain's accounts, or all with "".
	Accounts(ctx context.Context, domain string) ([]Account, error)
	Account(ctx context.Context, localKey, domain string) (Account, error)
	AccountByID(ctx context.Context, id int64) (Account, error)
	Credentials(ctx context.Context, id int64) (Credentials, error)
	// AddAccount makes the account and its INBOX in one transaction and keeps
	// the domain's MaxAccounts and MaxBytes (ErrLimit). An alias or list of
	// the same address is ErrExists.
	AddAccount(ctx context.Context, a Account, c Credentials) (Account, error)
	// SetAccount changes Name, Quota and Disabled by ID and nothing else. It
	// keeps the domain's MaxBytes: an account without quota does not fit into
	// a domain with a limit (ErrLimit).
	SetAccount(ctx context.Context, a Account) error
	// SetCredentials makes Version grow, as SetAPOPSecret does.
	SetCredentials(ctx context.Context, id int64, c Credentials) error
	RemoveAccount(ctx context.Context, id int64) error // its mail and memberships too

	// APOP secrets stand in a table of their own. Account.APOP is true exactly
	// while the account has one.
	APOPSecret(ctx context.Context, id int64) ([]byte, error)
	SetAPOPSecret(ctx context.Context, id int64, secret []byte) error // nil removes
	HasAPOPSecrets(ctx context.Context) (bool, error)

	// Forward gives ErrNotFound for an account without one; it ends with the
	// account. Targets keep their order; SetForward without any removes it.
	Forward(ctx context.Context, account int64) (Forward, error)
	SetForward(ctx context.Context, f Forward) error

	// Recipients are the local keys that a relay or on-demand domain is told to
	// have, in order: at most limit behind after. They end with the domain;
	// RemoveDomain asks for no force because of them.
	Recipients(ctx context.Context, domain, after string, limit int) ([]string, error)
	IsRecipient(ctx context.Context, domain, localKey string) (bool, error)
	AddRecipients(ctx context.Context, domain string, localKeys []string) (added int, err error) // those there already are passed over
	RemoveRecipients(ctx context.Context, domain string, localKeys []string) (removed int, err error)

	// Routes come in order of domain and without their passwords, which stand
	// in a table of their own, as APOP secrets do; RouteSecret is ErrNotFound
	// where there is none. SetRoute changes by ID all but Domain and Created;
	// a nil secret leaves the one there, an empty one removes it.
	Routes(ctx context.Context) ([]Route, error)
	Route(ctx context.Context, domain string) (Route, error)
	RouteSecret(ctx context.Context, id int64) ([]byte, error)
	AddRoute(ctx context.Context, r Route, secret []byte) (Route, error)
	SetRoute(ctx context.Context, r Route, secret []byte) error
	RemoveRoute(ctx context.Context, id int64) error

	// Grants lists, in order, the addresses that an account may send as besides
	// its own. A grant ends with its account, and with the account, alias or
	// list that its address is of; AddGrant gives ErrNotFound where either is
	// not there, and ErrExists for one that is.
	Grants(ctx context.Context, account int64) ([]string, error)
	AddGrant(ctx context.Context, account int64, address string) error
	RemoveGrant(ctx context.Context, account int64, address string) error

	// Aliases and Lists are of a domain, or all with "". Targets keep their order.
	Aliases(ctx context.Context, domain string) ([]Alias, error)
	Alias(ctx context.Context, localKey, domain string) (Alias, error)
	AddAlias(ctx context.Context, a Alias) (Alias, error)
	SetAlias(ctx context.Context, a Alias) error // by ID; the targets
	RemoveAlias(ctx context.Context, id int64) error

	Lists(ctx context.Context, domain string) ([]List, error)
	List(ctx context.Context, localKey, domain string) (List, error)
	ListByID(ctx context.Context, id int64) (List, error)
	AddList(ctx context.Context, l List) (List, error)
	SetList(ctx context.Context, l List) error // by ID; Kind, Owner and Name
	RemoveList(ctx context.Context, id int64) error
	// ListMembers gives at most limit members with ids above after, in order.
	ListMembers(ctx context.Context, list, after int64, limit int) ([]Member, error)
	IsMember(ctx context.Context, list int64, address string) (bool, error)
	AddMembers(ctx context.Context, list int64, addresses []string) (added int, err error) // those already in are passed over
	RemoveMembers(ctx context.Context, list int64, addresses []string) (removed int, err error)

	// Sites come in order of name, their domains, networks and names in order.
	// Removing a domain takes it from sites and named queues.
	Sites(ctx context.Context) ([]Site, error)
	Site(ctx context.Context, name string) (Site, error)
	SiteSecret(ctx context.Context, id int64) ([]byte, error)
	AddSite(ctx context.Context, s Site, secret []byte) (Site, error)
	SetSite(ctx context.Context, s Site) error // by ID; Domains, Networks and Helo
	SetSiteSecret(ctx context.Context, id int64, secret []byte) error
	SiteSeen(ctx context.Context, id int64, at time.Time) error // Generation stays
	RemoveSite(ctx context.Context, id int64) error

	// NamedQueues come in order of name. One without domains is none.
	NamedQueues(ctx context.Context) ([]NamedQueue, error)
	SetNamedQueue(ctx context.Context, q NamedQueue) error
	RemoveNamedQueue(ctx context.Context, name string) error

	// Setting keeps small secrets of the house: the key of fake SCRAM salts.
	Setting(ctx context.Context, name string) ([]byte, error)
	SetSetting(ctx context.Context, name string, value []byte) error
}
