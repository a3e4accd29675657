package directory

import (
	"context"
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"posta/mail"
	"posta/words"
)

// AccountOptions are what may be set of an account besides its password.
type AccountOptions struct {
	Name     string // full name; may be ""
	Quota    int64  // octets; 0: no limit
	Disabled bool
}

// Accounts lists a domain's accounts, or all with "".
func (d *Directory) Accounts(ctx context.Context, domain string) ([]Account, error) {
	label, err := d.served(ctx, domain)
	if err != nil {
		return nil, err
	}
	all, err := d.store.Accounts(ctx, label)
	return all, listing(err)
}

// served gives the canonical name of a domain that must be served here; "" stays.
func (d *Directory) served(ctx context.Context, domain string) (string, error) {
	if domain == "" {
		return "", nil
	}
	found, err := d.Domain(ctx, domain)
	return found.Name, err
}

// Account gives the account of an address, "pepe" or "pepe@pepito.es".
func (d *Directory) Account(ctx context.Context, address string) (Account, error) {
	n, _, err := d.place(ctx, address)
	if err != nil {
		return Account{}, err
	}
	a, err := d.store.Account(ctx, n.local, n.domain)
	return a, because(err, theAccount(n.String()))
}

// AccountByID gives an account by what Identity and Login carry.
func (d *Directory) AccountByID(ctx context.Context, id int64) (Account, error) {
	a, err := d.store.AccountByID(ctx, id)
	if err != nil {
		return a, because(err, accountNumber(id))
	}
	return a, nil
}

// AddAccount makes an account with its INBOX.
func (d *Directory) AddAccount(ctx context.Context, address, password string, o AccountOptions) (Account, error) {
	n, written, err := d.place(ctx, address)
	if err != nil {
		return Account{}, err
	}
	if err := checkLocal(written); err != nil {
		return Account{}, err
	}
	if err := checkOptions(o); err != nil {
		return Account{}, err
	}
	if err := d.free(ctx, n, theAccount(n.String())); err != nil {
		return Account{}, err
	}
	c, err := d.credentials(ctx, password)
	if err != nil {
		return Account{}, err
	}
	added, err := d.store.AddAccount(ctx, Account{Address: n.String(), Local: written.Local, Domain: n.domain,
		Name: o.Name, Quota: o.Quota, Disabled: o.Disabled, Created: d.now()}, c)
	return added, d.limited(ctx, err, n)
}

// SetPassword gives an account a new password. Log-ins under the old one are
// forgotten at once.
func (d *Directory) SetPassword(ctx context.Context, address, password string) error {
	a, err := d.Account(ctx, address)
	if err != nil {
		return err
	}
	c, err := d.credentials(ctx, password)
	if err != nil {
		return err
	}
	return because(d.store.SetCredentials(ctx, a.ID, c), theAccount(a.Address))
}

// SetAccount changes what AccountOptions holds, all of it.
func (d *Directory) SetAccount(ctx context.Context, address string, o AccountOptions) (Account, error) {
	a, err := d.Account(ctx, address)
	if err != nil {
		return Account{}, err
	}
	if err := checkOptions(o); err != nil {
		return Account{}, err
	}
	a.Name, a.Quota, a.Disabled = o.Name, o.Quota, o.Disabled
	n := name{}
	n.local, n.domain = Split(a.Address)
	return a, d.limited(ctx, d.store.SetAccount(ctx, a), n)
}

// SetAPOP marks an account for APOP (RFC 1939 §7) and keeps its secret, which
// can be read back; "" ends that, and the password is valid again.
func (d *Directory) SetAPOP(ctx context.Context, address, secret string) error {
	a, err := d.Account(ctx, address)
	if err != nil {
		return err
	}
	kept := []byte(secret)
	if secret == "" {
		kept = nil
	} else if err := CheckPassword(secret); err != nil {
		return err
	}
	return because(d.store.SetAPOPSecret(ctx, a.ID, kept), theAccount(a.Address))
}

// HasAPOP says whether any account is marked for APOP: a strict server refuses
// to start then.
func (d *Directory) HasAPOP(ctx context.Context) (bool, error) {
	has, err := d.store.HasAPOPSecrets(ctx)
	return has, listing(err)
}

// RemoveAccount takes an account away with its mail and its memberships.
func (d *Directory) RemoveAccount(ctx context.Context, address string) error {
	a, err := d.Account(ctx, address)
	if err != nil {
		return err
	}
	return because(d.store.RemoveAccount(ctx, a.ID), theAccount(a.Address))
}

// free says before the work is done that an address is taken. The Store has
// the last word.
func (d *Directory) free(ctx context.Context, n name, what thing) error {
	e, err := d.entry(ctx, n)
	if err == nil && !e.none() {
		err = because(ErrExists, what)
	}
	return err
}

// limited words ErrLimit, which is about the domain.
func (d *Directory) limited(ctx context.Context, err error, n name) error {
	if !errors.Is(err, ErrLimit) {
		return because(err, theAccount(n.String()))
	}
	home, _, lookup := d.home(ctx, n.domain)
	if lookup != nil || home == nil {
		return because(err, theAccount(n.String()))
	}
	if home.MaxBytes == 0 {
		return refuse(ErrLimit, "directory.accounts_full", words.Args{"Domain": home.Name, "Most": home.MaxAccounts})
	}
	return refuse(ErrLimit, "directory.limits_reached",
		words.Args{"Domain": home.Name, "Accounts": home.MaxAccounts, "Octets": home.MaxBytes})
}

// checkLocal refuses names that could be written in quotes only: no mail
// program's account form takes them.
func checkLocal(a mail.Address) error {
	if strings.HasPrefix(a.String(), `"`) {
		return refuse(ErrInvalid, "directory.name_quotes", words.Args{"Address": a.String()})
	}
	for _, r := range a.Local {
		if !unicode.IsPrint(r) {
			return refuse(ErrInvalid, "directory.name_unseen", words.Args{"Name": a.Local})
		}
	}
	return nil
}

func checkOptions(o AccountOptions) error {
	if o.Quota < 0 {
		return refuse(ErrInvalid, "directory.quota_negative", nil)
	}
	return checkName(o.Name)
}

// maxFullName bounds the octets of a full name.
const maxFullName = 200

func checkName(full string) error {
	if len(full) > maxFullName || !utf8.ValidString(full) {
		return refuse(ErrInvalid, "directory.full_name_long", words.Args{"Most": maxFullName})
	}
	for _, r := range full {
		if !unicode.IsPrint(r) {
			return refuse(ErrInvalid, "directory.full_name_unseen", nil)
		}
	}
	return nil
}
