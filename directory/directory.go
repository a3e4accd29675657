package directory

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"runtime"
	"time"

	"golang.org/x/net/idna"

	"posta/mail"
)

// Options are what a Directory is told at its making. Zero fields mean the
// values given here.
type Options struct {
	DefaultDomain string           // of user names without one, and of <postmaster>; the oldest domain
	Postmaster    string           // address that gets mail for a postmaster or abuse that nobody made; none
	ExpandNow     int              // a list of more members is expanded after the 250; 1,000
	Now           func() time.Time // time.Now
	Workers       int              // password hashes computed at once; GOMAXPROCS
	Wait          time.Duration    // how long a log-in waits for its turn to be hashed; 5 s
	Cost          Cost             // of a password hash
}

// Directory answers questions about who lives here. It is safe for concurrent use.
type Directory struct {
	store  Store
	o      Options
	labels *idna.Profile

	domains *cache[string, *Domain] // nil: not served here
	entries *cache[name, entry]
	routes  *cache[name, *route]
	ways    *cache[string, way] // by domain elsewhere
	posters *cache[poster, bool]
	grants  *cache[int64, []string]
	first   *cache[struct{}, string] // the oldest domain

	visitors *cache[struct{}, []Site]

	gate  *gate
	known *remembered
	fakes fakes
	blank phc // what the password of nobody is held against
}

// Bounds of the caches, in entries (a resolved list costs as many as it has members).
const (
	keptNames  = 16384
	keptRoutes = 65536
)

// New makes a Directory over its Store. The first time it keeps a key there,
// from which the false salts of unknown users are made.
func New(store Store, o Options) (*Directory, error) {
	o = o.filled()
	d := &Directory{
		store: store, o: o,
		labels:  idna.New(idna.MapForLookup(), idna.BidiRule(), idna.Transitional(false), idna.StrictDomainName(false)),
		domains: newCache[string, *Domain](keptNames),
		entries: newCache[name, entry](keptNames),
		routes:  newCache[name, *route](keptRoutes),
		ways:    newCache[string, way](keptNames),
		posters: newCache[poster, bool](keptNames),
		grants:  newCache[int64, []string](keptNames),
		first:   newCache[struct{}, string](1),
		gate:    newGate(o.Workers, o.Wait),

		visitors: newCache[struct{}, []Site](1),
	}
	if o.DefaultDomain != "" {
		canonical, err := d.checkDomainName(o.DefaultDomain)
		if err != nil {
			return nil, fmt.Errorf("directory: default domain: %w", err)
		}
		d.o.DefaultDomain = canonical
	}
	if o.Postmaster != "" {
		a, err := mail.ParseAddress(o.Postmaster)
		if err != nil {
			return nil, fmt.Errorf("directory: postmaster: %w", err)
		}
		d.o.Postmaster = d.canonical(a).String()
	}
	return d, d.keys()
}

func (o Options) filled() Options {
	if o.ExpandNow <= 0 {
		o.ExpandNow = 1000
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	if o.Wait <= 0 {
		o.Wait = 5 * time.Second
	}
	o.Cost = o.Cost.filled()
	return o
}

// keys makes or reads what the log-ins need.
func (d *Directory) keys() error {
	key, err := d.Key(context.Background(), "scram.fake")
	if err != nil {
		return err
	}
	d.fakes = fakes{key: key, iterations: d.o.Cost.Iterations}
	d.known = newRemembered(d.o.Now)
	secret := make([]byte, 32)
	rand.Read(secret)
	d.blank = d.o.Cost.hash(string(secret))
	return nil
}

// Key gives a random key of the house by its name, made when it is asked for
// first.
func (d *Directory) Key(ctx context.Context, setting string) ([]byte, error) {
	key, err := d.store.Setting(ctx, setting)
	if errors.Is(err, ErrNotFound) {
		key = make([]byte, 32)
		rand.Read(key)
		err = d.store.SetSetting(ctx, setting, key)
	}
	if err != nil {
		return nil, fmt.Errorf("directory: key %s: %w", setting, err)
	}
	return key, nil
}

// DefaultDomain is the domain of user names without one; "" while there is none.
func (d *Directory) DefaultDomain(ctx context.Context) (string, error) {
	if d.o.DefaultDomain != "" {
		return d.o.DefaultDomain, nil
	}
	generation := d.store.Generation()
	if domain, ok := d.first.find(generation, struct{}{}); ok {
		return domain, nil
	}
	all, err := d.store.Domains(ctx)
	if err != nil {
		return "", fmt.Errorf("directory: domains: %w", err)
	}
	oldest := Domain{}
	for _, one := range all {
		if one.AliasOf == "" && (oldest.ID == 0 || one.ID < oldest.ID) {
			oldest = one
		}
	}
	d.first.add(generation, struct{}{}, oldest.Name, 1)
	return oldest.Name, nil
}

// Serves says whether a domain is served here, as itself or as an alias.
func (d *Directory) Serves(ctx context.Context, domain string) (bool, error) {
	found, err := d.domain(ctx, d.label(domain))
	return found != nil, err
}
