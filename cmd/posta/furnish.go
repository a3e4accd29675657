package main

import (
	"context"
	"errors"
	"slices"
	"strings"

	"posta/admin"
	"posta/config"
	"posta/server"
)

// lab is a quickstart's domains and accounts.
type lab struct {
	*quick
	notes memory
	known map[string]string // passwords by address, of this run's making or telling
	fresh map[string]bool   // of those, the ones that need no trial
	order []string          // addresses as they were told
	added []string          // domains, where there were others before
}

// furnish makes what is not there yet.
func (l *lab) furnish(ctx context.Context, h *server.House) error {
	ops := h.Operations()
	home, err := h.Directory().DefaultDomain(ctx)
	if err != nil {
		return err
	}
	if home == "" {
		home = labDomain
	}
	var before []admin.Domain
	if err := ops.Call(ctx, "domain.list", admin.None{}, &before); err != nil {
		return err
	}
	for _, domain := range append([]string{home}, l.domains...) {
		made, err := add(ctx, ops, domain)
		if err != nil {
			return err
		}
		if made && len(before) > 0 {
			l.added = append(l.added, domain)
		}
	}
	wanted := l.accounts
	if len(wanted) == 0 {
		var there []admin.Account
		if err := ops.Call(ctx, "account.list", admin.ByDomain{Domain: home}, &there); err != nil {
			return err
		}
		if len(there) == 0 {
			wanted = []string{"ana", "luis"}
		}
	}
	for _, one := range wanted {
		if err := l.account(ctx, ops, home, one); err != nil {
			return err
		}
	}
	l.notes.DefaultDomain = home
	return l.keep(h)
}

// add makes a domain unless it is there, and says whether it did.
func add(ctx context.Context, ops admin.Caller, domain string) (made bool, err error) {
	err = ops.Call(ctx, "domain.show", admin.DomainName{Name: domain}, nil)
	if code(err) == "not_found" {
		err = ops.Call(ctx, "domain.add", admin.DomainChange{Name: domain}, nil)
		return err == nil, err
	}
	return false, err
}

// code is that of a refusal, else "".
func code(err error) string {
	var refused *admin.Error
	if !errors.As(err, &refused) {
		return ""
	}
	return refused.Code
}

// account makes an account, or gives the one that is there the password that
// was told.
func (l *lab) account(ctx context.Context, ops admin.Caller, home, text string) error {
	name, password, told := strings.Cut(text, ":")
	if !strings.Contains(name, "@") {
		name += "@" + home
	}
	if _, err := add(ctx, ops, name[strings.LastIndexByte(name, '@')+1:]); err != nil {
		return err
	}
	in := admin.AccountChange{Address: name}
	if told {
		in.Password = &password
	}
	var one admin.Account
	err := ops.Call(ctx, "account.show", admin.ByAddress{Address: name}, &one)
	switch {
	case code(err) == "not_found":
		err = ops.Call(ctx, "account.add", in, &one)
	case err == nil && told:
		err = l.retell(ctx, ops, in)
	}
	if err != nil {
		return err
	}
	l.order = append(l.order, one.Address)
	if told {
		l.learn(one.Address, password)
	}
	if one.Password != "" {
		l.learn(one.Address, one.Password)
	}
	return nil
}

// learn keeps a password for this card and the next ones. One that was told
// stood on a command line, and is meant to be typed by others as it stands
// here; what somebody types unseen at "posta account set" is never kept.
func (l *lab) learn(address, password string) {
	l.known[address], l.fresh[address] = password, true
	l.notes.Passwords[address] = password
}

// retell sets a password if it is another one than before.
func (l *lab) retell(ctx context.Context, ops admin.Caller, in admin.AccountChange) error {
	var had admin.Verified
	err := ops.Call(ctx, "account.verify", admin.Login{Address: in.Address, Password: *in.Password}, &had)
	if err != nil || had.OK {
		return err
	}
	return ops.Call(ctx, "account.set", in, nil)
}

// keep writes the notes down. Only a lab's passwords are kept so.
func (l *lab) keep(h *server.House) error {
	if l.mode != config.ModeLab {
		l.notes.Passwords = nil
	}
	l.notes.Hostname = h.Hostname()
	return l.notes.keep(h.Data())
}

// ready is what the card shows.
func (l *lab) ready(ctx context.Context, s *service) ready {
	r := s.readiness(ctx)
	r.seeLAN()
	r.Added = l.added
	for address, password := range l.notes.Passwords {
		if !l.fresh[address] {
			l.known[address] = password
		}
	}
	accounts, err := cardAccounts(ctx, s.house.Operations(), l.known, l.fresh)
	if err != nil {
		s.log.Warn("trouble", "error", err.Error())
	}
	slices.SortStableFunc(accounts, func(a, b cardAccount) int { return l.place(a.Address) - l.place(b.Address) })
	r.Accounts = accounts
	if r.Unpeopled, err = unpeopled(ctx, s.house.Operations(), accounts); err != nil {
		s.log.Warn("trouble", "error", err.Error())
	}
	return r
}

// place orders the accounts on the card: first those that were told.
func (l *lab) place(address string) int {
	if i := slices.Index(l.order, address); i >= 0 {
		return i
	}
	return len(l.order)
}
