package directory

import "fmt"

// reserved says that mail to the name is always delivered: RFC 5321 §4.5.1 for
// postmaster, RFC 2142 §4 for abuse.
func reserved(local string) bool { return local == "postmaster" || local == "abuse" }

// house finds somebody for a reserved name that nobody made, or whose rows lead
// nowhere: the domain's postmaster, the house's, the catch-all, the domain's
// oldest account, then the same at the default domain. A domain with an account
// never refuses its postmaster.
func (w *walk) house(h hop, home *Domain) error {
	w.notOwn(h)
	next := h.next(h.via)
	next.inList = true
	fallback, err := w.d.DefaultDomain(w.ctx)
	if err != nil {
		return err
	}
	ways := []func() (string, error){
		func() (string, error) { return w.explicit(home.Name) },
		func() (string, error) { return w.d.o.Postmaster, nil },
		func() (string, error) { return home.CatchAll, nil },
		func() (string, error) { return w.oldest(home.Name) },
		func() (string, error) { return w.explicit(fallback) },
		func() (string, error) { return w.oldest(fallback) },
	}
	for _, way := range ways {
		address, err := way()
		if err != nil {
			return err
		}
		if address == "" {
			continue
		}
		if err := w.each([]string{address}, next); err != nil || w.found() {
			return err
		}
	}
	return nil
}

// explicit gives the domain's postmaster if somebody made one.
func (w *walk) explicit(domain string) (string, error) {
	at := name{"postmaster", domain}
	e, err := w.d.entry(w.ctx, at)
	if err != nil || e.none() {
		return "", err
	}
	return at.String(), nil
}

// oldest gives the address of the domain's first account, one that can log in
// before one that cannot.
func (w *walk) oldest(domain string) (string, error) {
	if domain == "" {
		return "", nil
	}
	all, err := w.d.store.Accounts(w.ctx, domain)
	if err != nil {
		return "", fmt.Errorf("accounts of %s: %w", domain, err)
	}
	best := Account{}
	for _, a := range all {
		if best.ID == 0 || best.Disabled && !a.Disabled || best.Disabled == a.Disabled && a.ID < best.ID {
			best = a
		}
	}
	return best.Address, nil
}
