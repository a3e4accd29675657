package main

import (
	"context"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"posta/admin"
	"posta/config"
)

// cardAccount is an account with its password where posta knows it.
type cardAccount struct {
	Address  string `json:"address"`
	Password string `json:"password,omitempty"`
}

// mostAccounts bounds the accounts on a card, and the passwords that are tried
// for it, which takes time.
const mostAccounts = 24

// cardAccounts gives the accounts, those with a known password first. A
// password stands there only if it would be let in now; the fresh ones would.
func cardAccounts(ctx context.Context, ops admin.Caller, known map[string]string, fresh map[string]bool) ([]cardAccount, error) {
	var all []admin.Account
	if err := ops.Call(ctx, "account.list", admin.ByDomain{}, &all); err != nil {
		return nil, err
	}
	slices.SortStableFunc(all, func(a, b admin.Account) int { return rank(known, a) - rank(known, b) })
	var out []cardAccount
	tried := 0
	for _, one := range all {
		password := known[one.Address]
		if password != "" && !fresh[one.Address] {
			if tried++; tried > mostAccounts {
				out = append(out, cardAccount{one.Address, ""})
				continue
			}
			var fits admin.Verified
			err := ops.Call(ctx, "account.verify", admin.Login{Address: one.Address, Password: password}, &fits)
			if err != nil || !fits.OK {
				password = ""
			}
		}
		out = append(out, cardAccount{one.Address, password})
	}
	return out, nil
}

// domainLocal is the kind of a domain whose accounts are here, as admin has it.
const domainLocal = "local"

// unpeopled are the local domains in which nobody lives.
func unpeopled(ctx context.Context, ops admin.Caller, accounts []cardAccount) (names []string, err error) {
	var all []admin.Domain
	if err := ops.Call(ctx, "domain.list", admin.None{}, &all); err != nil {
		return nil, err
	}
	for _, one := range all {
		lives := func(a cardAccount) bool { return strings.HasSuffix(a.Address, "@"+one.Name) }
		if one.AliasOf == "" && one.Kind == domainLocal && !slices.ContainsFunc(accounts, lives) {
			names = append(names, one.Name)
		}
	}
	return names, nil
}

func rank(known map[string]string, one admin.Account) int {
	if known[one.Address] != "" {
		return 0
	}
	return 1
}

func (a *app) cardCommand() *cobra.Command {
	c := a.command("card", "help.card", func(ctx context.Context, args []string) error {
		r, err := a.running(ctx)
		if err != nil {
			return err
		}
		client, err := a.server(ctx)
		if err != nil {
			return err
		}
		if r.Mode == config.ModeSink {
			return a.print(r, func(w io.Writer) error {
				_, err := io.WriteString(w, a.card(r))
				return err
			})
		}
		known := map[string]string{}
		if r.Mode == config.ModeLab {
			known = recall(r.Data).Passwords
		}
		if r.Accounts, err = cardAccounts(ctx, client, known, nil); err != nil {
			return err
		}
		if r.Unpeopled, err = unpeopled(ctx, client, r.Accounts); err != nil {
			return err
		}
		if len(args) > 0 {
			if err := r.only(ctx, client, args[0], known); err != nil {
				return err
			}
		}
		return a.print(r, func(w io.Writer) error {
			_, err := io.WriteString(w, a.card(r))
			return err
		})
	})
	c.Example = "posta card\nposta card pepe@pepito.es"
	return a.naming(a.taking(c, 0, 1, "help.word_address"), "account.list")
}

// only keeps one account on the card: the card of its owner.
func (r *ready) only(ctx context.Context, ops admin.Caller, address string, known map[string]string) error {
	var one admin.Account
	if err := ops.Call(ctx, "account.show", admin.ByAddress{Address: address}, &one); err != nil {
		return err
	}
	own := cardAccount{Address: one.Address}
	var fits admin.Verified
	if password := known[one.Address]; password != "" {
		if err := ops.Call(ctx, "account.verify", admin.Login{Address: one.Address, Password: password}, &fits); err != nil {
			return err
		}
		if fits.OK {
			own.Password = password
		}
	}
	r.Accounts = []cardAccount{own}
	return nil
}
