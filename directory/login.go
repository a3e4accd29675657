package directory

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"posta/mail"
	"posta/sasl"
)

// Directory knows the accounts for sasl.
var _ sasl.Authenticator = (*Directory)(nil)

// Password implements sasl.Authenticator. Nobody, the disabled and those who
// log in with APOP cost the same work as a wrong password. An account marked
// for APOP refuses its password (RFC 1939 §13).
func (d *Directory) Password(ctx context.Context, user, password string) (sasl.Identity, error) {
	a, _, err := d.user(ctx, user)
	if err != nil {
		return sasl.Identity{}, err
	}
	password = sasl.PreparePassword(password)
	usable := a != nil && !a.Disabled && !a.APOP && len(password) <= sasl.MaxPassword
	if usable && d.known.has(a, password) {
		return identity(a), nil
	}
	p := d.blank
	if a != nil {
		if p, err = d.stored(ctx, a); err != nil {
			return sasl.Identity{}, err
		}
	}
	if err := d.gate.enter(ctx); err != nil {
		return sasl.Identity{}, err
	}
	fits := p.fits(password[:min(len(password), sasl.MaxPassword)])
	d.gate.leave()
	if !fits || !usable {
		return sasl.Identity{}, sasl.ErrCredentials
	}
	d.known.add(a, password)
	return identity(a), nil
}

func identity(a *Account) sasl.Identity { return sasl.Identity{Account: a.ID, Address: a.Address} }

// stored gives the hash of an account's password, or one that nothing fits.
func (d *Directory) stored(ctx context.Context, a *Account) (phc, error) {
	c, err := d.store.Credentials(ctx, a.ID)
	if errors.Is(err, ErrNotFound) || err == nil && c.Hash == "" {
		return d.blank, nil
	}
	if err != nil {
		return phc{}, fmt.Errorf("directory: credentials of %s: %w", a.Address, err)
	}
	p, err := parsePHC(c.Hash)
	if err != nil {
		return phc{}, fmt.Errorf("directory: credentials of %s: %w", a.Address, err)
	}
	return p, nil
}

// Verifier implements sasl.Authenticator.
func (d *Directory) Verifier(ctx context.Context, user string) (sasl.Identity, sasl.Verifier, error) {
	a, canonical, err := d.user(ctx, user)
	if err != nil {
		return sasl.Identity{}, sasl.Verifier{}, err
	}
	id := int64(0) // nobody's: the query is made all the same, and takes its time
	if a != nil {
		id = a.ID
	}
	c, err := d.store.Credentials(ctx, id)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return sasl.Identity{}, sasl.Verifier{}, fmt.Errorf("directory: credentials: %w", err)
	}
	if a == nil || a.Disabled || a.APOP || len(c.SCRAM.StoredKey) == 0 {
		return sasl.Identity{}, d.fakes.locked(canonical, c.SCRAM), nil
	}
	return identity(a), c.SCRAM, nil
}

// Secret implements sasl.Authenticator.
func (d *Directory) Secret(ctx context.Context, user string) (sasl.Identity, []byte, error) {
	a, _, err := d.user(ctx, user)
	if err != nil {
		return sasl.Identity{}, nil, err
	}
	if a == nil || a.Disabled || !a.APOP {
		return sasl.Identity{}, nil, sasl.ErrCredentials
	}
	secret, err := d.store.APOPSecret(ctx, a.ID)
	if errors.Is(err, ErrNotFound) {
		return sasl.Identity{}, nil, sasl.ErrCredentials
	}
	if err != nil {
		return sasl.Identity{}, nil, fmt.Errorf("directory: APOP secret of %s: %w", a.Address, err)
	}
	return identity(a), secret, nil
}

// user finds the account of a user name, "pepe" at the default domain or
// "pepe@pepito.es". nil: there is none. canonical is the name in one spelling.
func (d *Directory) user(ctx context.Context, user string) (a *Account, canonical string, err error) {
	if len(user) > sasl.MaxName {
		return nil, user[:sasl.MaxName], nil
	}
	if prepared, err := sasl.PrepareName(user); err == nil {
		user = prepared
	}
	at := strings.LastIndexByte(user, '@')
	if at < 0 {
		domain, err := d.DefaultDomain(ctx)
		if err != nil {
			return nil, "", err
		}
		user, at = user+"@"+domain, len(user)
	}
	n := name{Key(user[:at]), d.label(user[at+1:])}
	if parsed, err := mail.ParseAddress(user); err == nil {
		n = d.canonical(parsed)
	}
	home, _, err := d.home(ctx, n.domain)
	if err != nil || home == nil {
		return nil, n.local + "@" + n.domain, err
	}
	n.domain = home.Name
	e, err := d.entry(ctx, n)
	return e.account, n.local + "@" + n.domain, err
}
