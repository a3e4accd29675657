package directory

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"posta/mail"
	"posta/words"
)

// SenderCheck is what becomes of a message under an address that is not its
// sender's. The empty one is Enforce.
type SenderCheck string

const (
	Enforce SenderCheck = "enforce" // it is refused
	LogOnly SenderCheck = "log"     // it passes, and the log tells of it
	Off     SenderCheck = "off"     // it passes
)

// SenderChecks are all of them, the strictest first.
func SenderChecks() []SenderCheck { return []SenderCheck{Enforce, LogOnly, Off} }

// stricter gives the stricter of two.
func stricter(a, b SenderCheck) SenderCheck {
	for _, c := range SenderChecks() {
		if a == c || b == c {
			return c
		}
	}
	return Enforce
}

// MaySend says whether a message may be sent under an address, and where not,
// what the domains say of that: the sender's own and the address's, whichever
// is the stricter. Who logged in may use what he owns and what was granted to
// him. Where nobody logged in, somebody here must read what is sent back to
// the address; one at a domain that is not served here nobody vouches for.
func (d *Directory) MaySend(ctx context.Context, login mail.Login, a mail.Address) (may bool, check SenderCheck, err error) {
	if may, err = d.mine(ctx, login, a); may || err != nil {
		return may, Off, err
	}
	home, _, err := d.home(ctx, d.label(a.Domain))
	if err != nil {
		return false, Enforce, err
	}
	if !login.Known() {
		if home == nil {
			return false, Enforce, nil
		}
		return false, home.check(), nil
	}
	_, domain := Split(login.Address)
	own, _, err := d.home(ctx, domain)
	switch {
	case err != nil || own == nil: // removed while its user is at work
		return false, Enforce, err
	case home == nil:
		return false, own.check(), nil
	}
	return false, stricter(own.check(), home.check()), nil
}

func (d *Domain) check() SenderCheck { return stricter(d.SenderCheck, d.SenderCheck) }

func (d *Directory) mine(ctx context.Context, login mail.Login, a mail.Address) (bool, error) {
	if !login.Known() {
		r, err := d.route(ctx, a)
		return err == nil && a.Domain != "" && (r.Outcome == Local || r.Outcome == Elsewhere), err
	}
	if owns, err := d.Owns(ctx, login, a); owns || err != nil {
		return owns, err
	}
	return d.granted(ctx, login.Account, a)
}

// granted says whether an account was allowed to send as an address: that of
// an account, an alias or a list, and of the first two with a plus.
func (d *Directory) granted(ctx context.Context, account int64, a mail.Address) (bool, error) {
	all, err := d.grantsOf(ctx, account)
	if err != nil || len(all) == 0 {
		return false, err
	}
	n := d.canonical(a)
	home, _, err := d.home(ctx, n.domain)
	if err != nil || home == nil {
		return false, err
	}
	n.domain = home.Name
	e, err := d.entry(ctx, n)
	if err == nil && e.none() && home.Plus {
		e, err = d.base(ctx, n)
	}
	return err == nil && slices.Contains(all, e.address()), err
}

// address is what the entry stands at; "" where it is none.
func (e entry) address() string {
	switch {
	case e.account != nil:
		return e.account.Address
	case e.alias != nil:
		return e.alias.Address
	case e.list != nil:
		return e.list.Address
	}
	return ""
}

func (d *Directory) grantsOf(ctx context.Context, account int64) ([]string, error) {
	generation := d.store.Generation()
	if all, ok := d.grants.find(generation, account); ok {
		return all, nil
	}
	all, err := d.store.Grants(ctx, account)
	if err != nil {
		return nil, fmt.Errorf("directory: grants of account %d: %w", account, err)
	}
	d.grants.add(generation, account, all, 1+len(all))
	return all, nil
}

// Grants lists the addresses that an account may send as besides its own.
func (d *Directory) Grants(ctx context.Context, account int64) ([]string, error) {
	all, err := d.grantsOf(ctx, account)
	return slices.Clone(all), listing(err)
}

// Grant lets an account send as another address: an account's, an alias's or a
// list's. It gives the account.
func (d *Directory) Grant(ctx context.Context, address, account string) (Account, error) {
	a, err := d.Account(ctx, account)
	if err != nil {
		return Account{}, err
	}
	n, written, err := d.place(ctx, address)
	if err != nil {
		return Account{}, err
	}
	e, err := d.entry(ctx, n)
	if err != nil {
		return Account{}, because(err, theAccount(n.String()))
	}
	if e.none() {
		return Account{}, refuse(ErrNotFound, "directory.grant_nobody", words.Args{"Address": n.String()})
	}
	own, err := d.Owns(ctx, mail.Login{Account: a.ID, Address: a.Address}, written)
	if err != nil {
		return Account{}, because(err, theAccount(n.String()))
	}
	if own {
		return Account{}, refuse(ErrUnfit, "directory.grant_own", words.Args{"Account": a.Address, "Address": n.String()})
	}
	err = d.store.AddGrant(ctx, a.ID, n.String())
	if errors.Is(err, ErrExists) {
		return Account{}, refuse(ErrExists, "directory.grant_exists", words.Args{"Account": a.Address, "Address": n.String()})
	}
	return a, because(err, theAccount(a.Address))
}

// Revoke takes back what Grant gave. It gives the account.
func (d *Directory) Revoke(ctx context.Context, address, account string) (Account, error) {
	a, err := d.Account(ctx, account)
	if err != nil {
		return Account{}, err
	}
	n, _, err := d.place(ctx, address)
	if err != nil {
		return Account{}, err
	}
	err = d.store.RemoveGrant(ctx, a.ID, n.String())
	if errors.Is(err, ErrNotFound) {
		return Account{}, refuse(ErrNotFound, "directory.no_grant", words.Args{"Account": a.Address, "Address": n.String()})
	}
	return a, because(err, theAccount(a.Address))
}
