package directory

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"posta/mail"
	"posta/words"
)

// MaxMatches bounds what an Ambiguous lists.
const MaxMatches = 10

// Verify finds whom a name or address means, for VRFY (RFC 5321 §3.5): an
// address, a user name at the default domain, else a user name elsewhere or
// words of a full name, in any case. Who may ask is the caller's affair.
// Errors: a Refusal of kind ErrNotFound or ErrInvalid, or *Ambiguous.
func (d *Directory) Verify(ctx context.Context, who string) (mail.Verified, error) {
	who = strings.TrimSpace(who)
	if who == "" || len(who) > mail.MaxLocal+1+mail.MaxDomain {
		return mail.Verified{}, refuse(ErrInvalid, "directory.verify_whom", nil)
	}
	who = strings.TrimSuffix(strings.TrimPrefix(who, "<"), ">")
	bare := !strings.Contains(who, "@")
	if a, err := d.parse(ctx, who); err == nil {
		v, found, err := d.verifyAddress(ctx, a, bare)
		if found || err != nil {
			return v, err
		}
	}
	if !bare {
		return mail.Verified{}, refuse(ErrNotFound, "directory.nobody_at", words.Args{"Address": who})
	}
	return d.verifyName(ctx, who)
}

// verifyAddress finds an address that mail is taken for here. A bare name must
// be somebody's: a catch-all knows nobody.
func (d *Directory) verifyAddress(ctx context.Context, a mail.Address, bare bool) (mail.Verified, bool, error) {
	n := d.canonical(a)
	home, _, err := d.home(ctx, n.domain)
	if err != nil || home == nil {
		return mail.Verified{}, false, err
	}
	n.domain = home.Name
	e, err := d.entry(ctx, n)
	if err != nil {
		return mail.Verified{}, false, err
	}
	if e.none() && bare && !reserved(n.local) {
		whose := entry{}
		if home.Plus {
			whose, err = d.base(ctx, n)
		}
		if err != nil || whose.none() {
			return mail.Verified{}, false, err
		}
	}
	if e.none() {
		r, err := d.route(ctx, a)
		if err != nil || r.Outcome == Unknown {
			return mail.Verified{}, false, err
		}
	}
	return mail.Verified{Name: e.fullName(), Address: mail.Address{Local: n.local, Domain: n.domain}}, true, nil
}

func (d *Directory) verifyName(ctx context.Context, who string) (mail.Verified, error) {
	all, err := d.store.Accounts(ctx, "")
	if err != nil {
		return mail.Verified{}, fmt.Errorf("directory: accounts: %w", err)
	}
	var matches []mail.Verified
	key, asked := Key(who), strings.Fields(Key(who))
	for _, a := range all {
		local, domain := Split(a.Address)
		if local == key || hasWords(a.Name, asked) {
			matches = append(matches, mail.Verified{Name: a.Name, Address: mail.Address{Local: local, Domain: domain}})
		}
	}
	switch len(matches) {
	case 0:
		return mail.Verified{}, refuse(ErrNotFound, "directory.nobody_called", words.Args{"Who": who})
	case 1:
		return matches[0], nil
	}
	return mail.Verified{}, &Ambiguous{who, matches[:min(len(matches), MaxMatches)]}
}

// hasWords says that a full name has all the words.
func hasWords(full string, words []string) bool {
	have := strings.Fields(Key(full))
	for _, w := range words {
		if !slices.Contains(have, w) {
			return false
		}
	}
	return len(words) > 0
}
