package admin

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"time"

	"posta/directory"
	"posta/mail"
	"posta/sasl"
)

// Account is an account as operations show it.
type Account struct {
	Address  string    `json:"address"`
	Name     string    `json:"name,omitempty"`
	Quota    int64     `json:"quota,omitempty"` // octets; 0: none
	Messages int64     `json:"messages"`
	Bytes    int64     `json:"bytes"`
	Disabled bool      `json:"disabled,omitempty"`
	APOP     bool      `json:"apop,omitempty"`
	SendAs   []string  `json:"send_as,omitempty"`  // addresses that it may send as besides its own
	Forward  []string  `json:"forward,omitempty"`  // where its mail is sent on to
	Keep     bool      `json:"keep,omitempty"`     // and into its mailbox too
	Sent     int       `json:"sent,omitempty"`     // recipients elsewhere in the last 24 hours
	MaxSent  int       `json:"max_sent,omitempty"` // recipients elsewhere a day; 0: no limit, -1: none at all
	Created  time.Time `json:"created"`

	Unreachable []string `json:"unreachable,omitempty"` // of Forward: nobody here has it; not of account.list
	Barred      []string `json:"barred,omitempty"`      // of Forward: elsewhere, where this server sends nothing; not of account.list

	// Password is given once, by account.add, where posta made it.
	Password string `json:"password,omitempty"`
}

// AccountChange adds or changes an account; what is nil keeps its value.
type AccountChange struct {
	Address  string  `json:"address"`
	Password *string `json:"password,omitempty"` // account.add makes one where none is given
	Name     *string `json:"name,omitempty"`
	Quota    *int64  `json:"quota,omitempty"`
	Disabled *bool   `json:"disabled,omitempty"`
	APOP     *string `json:"apop,omitempty"` // shared secret; "" ends APOP

	Forward *[]string `json:"forward,omitempty"` // none ends forwarding
	Keep    *bool     `json:"keep,omitempty"`
	MaxSent *string   `json:"max_sent,omitempty"` // a number of recipients elsewhere a day, "none" for no limit, "usual" for the configuration's
}

// AccountGone says what went with an account.
type AccountGone struct {
	Collected string   `json:"collected,omitempty"` // by POP3 into its mailbox: "1 (pepe, pop.example)"
	Lists     []string `json:"lists,omitempty"`     // mailing lists whose owner it was, by its own address or one that led there alone
}

// AccountName names an account to remove. Force takes its mail along, and what is
// collected into its mailbox.
type AccountName struct {
	Address string `json:"address"`
	Force   bool   `json:"force,omitempty"`
}

// Grant names an address, and the account that may send as it.
type Grant struct {
	Address string `json:"address"`
	Account string `json:"account"`
}

// Login is a user name and the password that may be its own.
type Login struct {
	Address  string `json:"address"`
	Password string `json:"password"`
}

// Verified says whether a Login would be let in.
type Verified struct {
	OK bool `json:"ok"`
}

func (h House) accounts() []Operation {
	d := h.Directory
	return []Operation{
		op("account.list", false, func(ctx context.Context, in ByDomain) ([]Account, error) {
			all, err := d.Accounts(ctx, in.Domain)
			if err != nil {
				return nil, err
			}
			out := make([]Account, 0, len(all))
			for _, a := range all {
				shown, err := h.showAccount(ctx, a)
				if err != nil {
					return nil, err
				}
				out = append(out, shown)
			}
			return out, nil
		}),
		op("account.show", false, func(ctx context.Context, in ByAddress) (Account, error) {
			a, err := d.Account(ctx, in.Address)
			if err != nil {
				return Account{}, err
			}
			return h.reachAccount(ctx, a)
		}),
		op("account.add", true, h.addAccount),
		op("account.set", true, h.setAccount),
		op("account.remove", true, h.removeAccount),
		op("account.grant", true, h.grant(d.Grant)),
		op("account.revoke", true, h.grant(d.Revoke)),
		op("account.verify", false, func(ctx context.Context, in Login) (Verified, error) {
			_, err := d.Password(ctx, in.Address, in.Password)
			if errors.Is(err, sasl.ErrCredentials) {
				return Verified{}, nil
			}
			return Verified{OK: err == nil}, err
		}),
	}
}

func (h House) showAccount(ctx context.Context, a directory.Account) (Account, error) {
	usage, err := h.Mail.Usage(ctx, a.ID)
	if err != nil {
		return Account{}, err
	}
	grants, err := h.Directory.Grants(ctx, a.ID)
	if err != nil {
		return Account{}, err
	}
	forward, err := h.Directory.Forward(ctx, a.Address)
	sent, most := h.sent(a.ID)
	return Account{Sent: sent, MaxSent: most, Address: a.Address, Name: a.Name, Quota: a.Quota, Messages: usage.Messages, Bytes: usage.Bytes,
		Disabled: a.Disabled, APOP: a.APOP, SendAs: grants, Forward: forward.To, Keep: forward.Keep, Created: a.Created.UTC()}, err
}

// reachAccount shows an account with those whom its mail is sent on to and does
// not reach now.
func (h House) reachAccount(ctx context.Context, a directory.Account) (Account, error) {
	out, err := h.showAccount(ctx, a)
	if err == nil {
		out.Barred = h.barred(ctx, out.Forward)
		out.Unreachable, err = unreachable(ctx, h.Directory, out.Forward)
	}
	return out, err
}

// grant makes an operation of what changes a grant.
func (h House) grant(change func(ctx context.Context, address, account string) (directory.Account, error)) func(context.Context, Grant) (Account, error) {
	return func(ctx context.Context, in Grant) (Account, error) {
		a, err := change(ctx, in.Address, in.Account)
		if err != nil {
			return Account{}, err
		}
		return h.reachAccount(ctx, a)
	}
}

func (h House) addAccount(ctx context.Context, in AccountChange) (Account, error) {
	if err := h.mayAPOP(in); err != nil {
		return Account{}, err
	}
	var o directory.AccountOptions
	in.apply(&o)
	made := ""
	if in.Password == nil {
		var err error
		if made, err = directory.NewPassword(rand.Reader); err != nil {
			return Account{}, err
		}
		in.Password = &made
	}
	if in.APOP != nil && *in.APOP != "" {
		if err := directory.CheckPassword(*in.APOP); err != nil {
			return Account{}, err // before there is an account without its secret
		}
	}
	a, err := h.Directory.AddAccount(ctx, in.Address, *in.Password, o)
	if err != nil {
		return Account{}, err
	}
	if in.APOP != nil && *in.APOP != "" {
		if err := h.Directory.SetAPOP(ctx, a.Address, *in.APOP); err != nil {
			return Account{}, err
		}
		a.APOP = true
	}
	if err := cmp.Or(h.forward(ctx, a.Address, in), h.limitSent(ctx, a.ID, in)); err != nil {
		return Account{}, errors.Join(err, h.Directory.RemoveAccount(ctx, a.Address))
	}
	shown, err := h.showAccount(ctx, a)
	shown.Password = made
	return shown, err
}

// removeAccount does not take mail along unless it is told to.
func (h House) removeAccount(ctx context.Context, in AccountName) (AccountGone, error) {
	a, err := h.Directory.Account(ctx, in.Address)
	if err != nil {
		return AccountGone{}, err
	}
	usage, err := h.Mail.Usage(ctx, a.ID)
	if err != nil {
		return AccountGone{}, err
	}
	if usage.Messages > 0 && !in.Force {
		return AccountGone{}, refusal("in_use", "admin.has_mail", "Address", a.Address, "Count", usage.Messages)
	}
	into, err := h.collectedInto(ctx, a.Address)
	if err != nil {
		return AccountGone{}, err
	}
	if len(into) > 0 && !in.Force {
		return AccountGone{}, refusal("in_use", "admin.has_collected", "Address", a.Address, "Count", len(into), "Which", collectedNames(into))
	}
	if err := h.dropCollected(ctx, into); err != nil {
		return AccountGone{}, err
	}
	gone := AccountGone{Collected: collectedNames(into)}
	if gone.Lists, err = h.ownedBy(ctx, &a); err != nil {
		return AccountGone{}, err
	}
	return gone, h.Directory.RemoveAccount(ctx, a.Address)
}

// ownedBy are the mailing lists whose owner only this account is, by its own address
// or by one that leads there and nowhere else.
func (h House) ownedBy(ctx context.Context, a *directory.Account) (owned []string, err error) {
	all, err := h.Directory.Lists(ctx, "")
	is := map[string]bool{"": false} // by the owner: few have many lists
	for i := range all {
		owner := all[i].Owner
		if _, known := is[owner]; !known {
			if is[owner], err = h.readsAlone(ctx, owner, a); err != nil {
				return nil, err
			}
		}
		if is[owner] {
			owned = append(owned, all[i].Address)
		}
	}
	return owned, err
}

// readsAlone says that mail to an address reaches an account, and nobody besides.
func (h House) readsAlone(ctx context.Context, address string, a *directory.Account) (bool, error) {
	to, err := mail.ParseAddress(address)
	if err != nil || strings.EqualFold(address, a.Address) {
		return err == nil, nil
	}
	r, err := h.Directory.Resolve(ctx, to, mail.Address{}, mail.Login{})
	return len(r.Targets) == 1 && r.Targets[0].Account == a.ID && len(r.Outside)+len(r.Large) == 0, err
}

func (h House) setAccount(ctx context.Context, in AccountChange) (Account, error) {
	if err := h.mayAPOP(in); err != nil {
		return Account{}, err
	}
	d := h.Directory
	a, err := d.Account(ctx, in.Address)
	if err != nil {
		return Account{}, err
	}
	if in.Password != nil {
		if err := d.SetPassword(ctx, a.Address, *in.Password); err != nil {
			return Account{}, err
		}
	}
	if in.APOP != nil {
		if err := d.SetAPOP(ctx, a.Address, *in.APOP); err != nil {
			return Account{}, err
		}
	}
	if err := h.forward(ctx, a.Address, in); err != nil {
		return Account{}, err
	}
	if err := h.limitSent(ctx, a.ID, in); err != nil {
		return Account{}, err
	}
	o := directory.AccountOptions{Name: a.Name, Quota: a.Quota, Disabled: a.Disabled}
	in.apply(&o)
	if _, err = d.SetAccount(ctx, a.Address, o); err != nil {
		return Account{}, err
	}
	if a, err = d.Account(ctx, a.Address); err != nil {
		return Account{}, err
	}
	return h.reachAccount(ctx, a)
}

// forward changes where an account's mail is sent on to.
func (h House) forward(ctx context.Context, address string, in AccountChange) error {
	if in.Forward == nil && in.Keep == nil {
		return nil
	}
	f, err := h.Directory.Forward(ctx, address)
	if err != nil {
		return err
	}
	put(&f.To, in.Forward)
	put(&f.Keep, in.Keep)
	if len(f.To) == 0 && in.Keep != nil && *in.Keep {
		return refusal("refused", "admin.keep_nothing", "Address", address)
	}
	_, err = h.Directory.SetForward(ctx, address, f.To, f.Keep)
	return err
}

// mayAPOP refuses APOP's secrets to a server that would not start again with
// them (RFC 1939 §13).
func (h House) mayAPOP(in AccountChange) error {
	if in.APOP == nil || *in.APOP == "" || h.Strict == nil || !h.Strict() {
		return nil
	}
	return refusal("refused", "admin.apop_strict")
}

func (c AccountChange) apply(o *directory.AccountOptions) {
	put(&o.Name, c.Name)
	put(&o.Quota, c.Quota)
	put(&o.Disabled, c.Disabled)
}
