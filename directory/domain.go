package directory

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"posta/mail"
	"posta/words"
)

// NewDomain is a domain with what is usual: plus addressing, no limits.
func NewDomain(domain string) Domain { return Domain{Name: domain, Plus: true, SenderCheck: Enforce} }

// Domains lists the domains served here.
func (d *Directory) Domains(ctx context.Context) ([]Domain, error) {
	all, err := d.store.Domains(ctx)
	return all, listing(err)
}

// Domain gives one of them, in whatever spelling it is asked for.
func (d *Directory) Domain(ctx context.Context, domain string) (Domain, error) {
	label := d.label(domain)
	found, err := d.store.Domain(ctx, label)
	return found, because(err, theDomain(label))
}

// AddDomain begins to serve a domain.
func (d *Directory) AddDomain(ctx context.Context, n Domain) (Domain, error) {
	label, err := d.checkDomainName(n.Name)
	if err != nil {
		return Domain{}, err
	}
	n.ID, n.Name, n.Created = 0, label, d.now()
	if err := d.checkDomain(ctx, &n); err != nil {
		return Domain{}, err
	}
	added, err := d.store.AddDomain(ctx, n)
	return added, because(err, theDomain(label))
}

// SetDomain changes everything of the domain with n's name but the name.
func (d *Directory) SetDomain(ctx context.Context, n Domain) (Domain, error) {
	have, err := d.Domain(ctx, n.Name)
	if err != nil {
		return Domain{}, err
	}
	n.ID, n.Name, n.Created = have.ID, have.Name, have.Created
	if err := d.checkDomain(ctx, &n); err != nil {
		return Domain{}, err
	}
	if n.AliasOf != "" && have.AliasOf == "" {
		if err := d.checkEmpty(ctx, have.Name); err != nil {
			return Domain{}, err
		}
	}
	return n, because(d.store.SetDomain(ctx, n), theDomain(n.Name))
}

// RemoveDomain stops serving a domain; force takes its accounts with their
// mail, its aliases and its lists along.
func (d *Directory) RemoveDomain(ctx context.Context, domain string, force bool) error {
	label := d.label(domain)
	if by, err := d.aliasedBy(ctx, label); err != nil {
		return err
	} else if by != "" {
		return refuse(ErrInUse, "directory.domain_aliased", words.Args{"Domain": label, "Alias": by})
	}
	err := d.store.RemoveDomain(ctx, label, force)
	if errors.Is(err, ErrInUse) {
		return refuse(ErrInUse, "directory.domain_lived_in", words.Args{"Domain": label})
	}
	return because(err, theDomain(label))
}

// aliasedBy names a domain that is an alias of the given one, or "".
func (d *Directory) aliasedBy(ctx context.Context, label string) (string, error) {
	all, err := d.store.Domains(ctx)
	if err != nil {
		return "", fmt.Errorf("directory: domains: %w", err)
	}
	for _, one := range all {
		if one.AliasOf != "" && one.AliasOf == label {
			return one.Name, nil
		}
	}
	return "", nil
}

// checkDomainName gives the canonical name of a domain that may be served.
func (d *Directory) checkDomainName(domain string) (string, error) {
	if strings.HasPrefix(domain, "[") {
		return "", refuse(ErrInvalid, "directory.domain_literal", words.Args{"Domain": domain})
	}
	if err := mail.CheckDomain(domain); err != nil {
		return "", invalid(err)
	}
	label := d.label(domain)
	if !mail.IsASCII(label) {
		return "", refuse(ErrInvalid, "directory.domain_idna", words.Args{"Domain": domain})
	}
	if err := mail.CheckDomain(label); err != nil {
		return "", refuse(ErrInvalid, "directory.domain_form", words.Args{"Domain": domain, "Why": err})
	}
	return label, nil
}

// checkDomain holds what may be set of a domain against the rules and brings
// it into canonical form.
func (d *Directory) checkDomain(ctx context.Context, n *Domain) error {
	if n.MaxAccounts < 0 || n.MaxMessage < 0 || n.MaxBytes < 0 {
		return refuse(ErrInvalid, "directory.limit_negative", words.Args{"Domain": n.Name})
	}
	if n.SenderCheck == "" {
		n.SenderCheck = Enforce
	}
	if !slices.Contains(SenderChecks(), n.SenderCheck) {
		return refuse(ErrInvalid, "directory.sender_check", words.Args{"Value": string(n.SenderCheck)})
	}
	if n.CatchAll != "" {
		spelled, err := d.address(ctx, n.CatchAll)
		if err != nil {
			return err
		}
		n.CatchAll = spelled
	}
	if err := d.checkKind(n); err != nil {
		return err
	}
	if n.Site != "" {
		site, err := d.Site(ctx, n.Site)
		if err != nil {
			return err
		}
		n.Site = site.Name
	}
	if n.AliasOf == "" {
		return nil
	}
	n.AliasOf = d.label(n.AliasOf)
	if n.AliasOf == n.Name {
		return refuse(ErrInvalid, "directory.domain_itself", words.Args{"Domain": n.Name})
	}
	target, err := d.domain(ctx, n.AliasOf)
	switch {
	case err != nil:
		return err
	case target == nil:
		return refuse(ErrNotFound, "directory.no_target", words.Args{"Domain": n.Name, "Target": n.AliasOf})
	case target.AliasOf != "":
		return refuse(ErrUnfit, "directory.target_alias",
			words.Args{"Domain": n.Name, "Target": target.Name, "Real": target.AliasOf})
	}
	by, err := d.aliasedBy(ctx, n.Name)
	if err == nil && by != "" {
		err = refuse(ErrUnfit, "directory.domain_has_alias", words.Args{"Domain": n.Name, "Alias": by})
	}
	return err
}

// checkKind holds what a domain says of mail that leaves against the rules.
func (d *Directory) checkKind(n *Domain) (err error) {
	if n.Relay != "" {
		if n.Relay, err = d.host(n.Relay); err != nil {
			return err
		}
	}
	about := words.Args{"Domain": n.Name}
	switch {
	case n.Kind != KindLocal && n.Kind != KindRelay && n.Kind != KindOnDemand:
		return refuse(ErrInvalid, "directory.domain_kind", words.Args{"Value": string(n.Kind)})
	case n.AliasOf != "" && (n.Kind != KindLocal || n.Relay != "" || n.MaxAge != 0):
		return refuse(ErrInvalid, "directory.alias_kind", about)
	case n.Kind == KindRelay && n.Relay == "":
		return refuse(ErrInvalid, "directory.relay_host", about)
	case n.Kind == KindOnDemand && n.Relay != "":
		return refuse(ErrInvalid, "directory.on_demand_host", about)
	case n.Kind == KindOnDemand && n.Site == "":
		return refuse(ErrInvalid, "directory.on_demand_site", about)
	case n.Kind != KindOnDemand && n.Site != "":
		return refuse(ErrInvalid, "directory.site_kind", about)
	case n.Callout && n.Kind != KindRelay:
		return refuse(ErrInvalid, "directory.callout_kind", about)
	case n.AnyRecipient && n.Kind != KindOnDemand:
		return refuse(ErrInvalid, "directory.any_kind", about)
	case n.CatchAll != "" && (n.Kind != KindLocal || n.Relay != ""):
		return refuse(ErrInvalid, "directory.catch_all_kind", about)
	case n.MaxAge < 0 || n.MaxAge > maxAge:
		return refuse(ErrInvalid, "directory.max_age", words.Args{"Domain": n.Name, "Days": int(maxAge / (24 * time.Hour))})
	}
	n.MaxAge = n.MaxAge.Truncate(time.Second)
	return nil
}

// maxAge bounds how long mail waits to leave.
const maxAge = 366 * 24 * time.Hour

// checkEmpty refuses to turn a domain into an alias while something lives in it.
func (d *Directory) checkEmpty(ctx context.Context, label string) error {
	n, err := d.Inhabitants(ctx, label)
	if err == nil && n > 0 {
		err = refuse(ErrInUse, "directory.domain_not_empty", words.Args{"Domain": label, "Count": n})
	}
	return err
}

// Inhabitants counts the accounts, aliases and lists of a domain.
func (d *Directory) Inhabitants(ctx context.Context, domain string) (int, error) {
	label := d.label(domain)
	accounts, err := d.store.Accounts(ctx, label)
	if err != nil {
		return 0, because(err, theDomain(label))
	}
	aliases, err := d.store.Aliases(ctx, label)
	if err != nil {
		return 0, because(err, theDomain(label))
	}
	lists, err := d.store.Lists(ctx, label)
	if err != nil {
		return 0, because(err, theDomain(label))
	}
	return len(accounts) + len(aliases) + len(lists), nil
}

// now is the time of a new row, as exact as every Store keeps it.
func (d *Directory) now() time.Time { return d.o.Now().UTC().Truncate(time.Second) }

// parse reads an address that a person wrote; a bare name is at the default domain.
func (d *Directory) parse(ctx context.Context, written string) (mail.Address, error) {
	if !strings.Contains(written, "@") {
		domain, err := d.DefaultDomain(ctx)
		if err != nil {
			return mail.Address{}, err
		}
		if domain == "" {
			return mail.Address{}, refuse(ErrInvalid, "directory.no_default", words.Args{"Address": written})
		}
		written += "@" + domain
	}
	return parseAddress(written)
}

// address gives an address that a person wrote as it is kept.
func (d *Directory) address(ctx context.Context, written string) (string, error) {
	a, err := d.parse(ctx, written)
	if err != nil {
		return "", err
	}
	return d.spelled(ctx, a)
}

// place gives where a row of an address that a person wrote stands, or would.
func (d *Directory) place(ctx context.Context, written string) (name, mail.Address, error) {
	a, err := d.parse(ctx, written)
	if err != nil {
		return name{}, a, err
	}
	n := d.canonical(a)
	home, _, err := d.home(ctx, n.domain)
	if err != nil {
		return name{}, a, err
	}
	if home == nil {
		return name{}, a, refuse(ErrNotFound, "directory.not_served", words.Args{"Domain": n.domain})
	}
	n.domain = home.Name
	return n, a, nil
}
