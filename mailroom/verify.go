package mailroom

import (
	"context"
	"errors"
	"strings"

	"posta/directory"
	"posta/mail"
)

// listed bounds what EXPN shows.
const listed = 1000

// Verify implements mail.Addresses. A stranger learns nothing, so that nobody
// collects addresses here (RFC 5321 §7.3); who logged in, and the lab, do.
func (r *Room) Verify(ctx context.Context, from mail.Origin, who string) (mail.Verified, error) {
	if !from.Login.Known() && from.Mode != mail.Lab {
		return mail.Verified{}, unverified()
	}
	v, err := r.cfg.Directory.Verify(ctx, who)
	var ambiguous *directory.Ambiguous
	switch {
	case err == nil:
		return v, r.usable(ctx, from, v)
	case errors.As(err, &ambiguous):
		return v, mail.Refuse(553, "5.1.4", "Several users match: "+names(ambiguous.Matches))
	case errors.Is(err, directory.ErrNotFound) && r.leaves(ctx, from, who):
		return v, unverified()
	case errors.Is(err, directory.ErrNotFound):
		return v, mail.Refuse(550, "5.1.1", "No such user here").Because(err)
	case errors.Is(err, directory.ErrInvalid):
		return v, mail.Refuse(501, "5.1.3", "VRFY takes a user name, an address or a part of a full name").Because(err)
	}
	return v, failed(err)
}

// unverified is the answer about whom mail is taken for unseen (RFC 5321 §3.5.3).
func unverified() *mail.Error {
	return mail.Refuse(252, "2.5.2", "Cannot verify the user, but mail for it will be tried")
}

// leaves says that mail from this asker, who may send to others by us, is taken for
// an address that is none of ours.
func (r *Room) leaves(ctx context.Context, from mail.Origin, who string) bool {
	to, err := mail.ParseAddress(strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(who), "<"), ">"))
	if err != nil {
		return false
	}
	res, err := r.cfg.Directory.Resolve(ctx, to, mail.Address{}, from.Login)
	if err != nil || res.Outcome != directory.NonLocal {
		return false
	}
	o := straight(to, &res)
	return r.taken(ctx, from, []directory.Onward{o})[o.Domain] == nil
}

// usable says that RCPT would take the address from this asker: only such may be
// shown (RFC 5321 §3.5.2), and a list only where the whole of it would get the
// mail (§3.5.1).
func (r *Room) usable(ctx context.Context, from mail.Origin, v mail.Verified) error {
	var sender mail.Address
	if from.Login.Known() {
		var err error
		if sender, err = mail.ParseAddress(from.Login.Address); err != nil {
			return failed(err)
		}
	}
	res, err := r.cfg.Directory.Resolve(ctx, v.Address, sender, from.Login)
	if err != nil {
		return failed(err)
	}
	if err := refuseOutcome(&res, v.Address); err != nil {
		return err
	}
	taken, others := r.taken(ctx, from, res.Outside), len(res.Targets)+len(res.Large)+len(res.Instead)
	var no *turned
	for _, o := range res.Outside {
		switch why := taken[o.Domain]; {
		case why == nil && o.Ask != "" && len(res.Targets) == 0: // VRFY asks nobody else
			return unverified()
		case why == nil:
			others++
		case no == nil:
			no = &turned{Onward: o, why: why}
		}
	}
	if no != nil && others == 0 {
		return no.refusal()
	}
	return nil
}

// names lists addresses for one reply line.
func names(matches []mail.Verified) string {
	const most = 5
	var out []string
	for _, m := range matches[:min(len(matches), most)] {
		out = append(out, say("", m.Address.String(), ""))
	}
	if len(matches) > most {
		out = append(out, "and more")
	}
	return strings.Join(out, ", ")
}

// noList says that there is no such list, or who is there instead: a user is none
// (RFC 5321 §3.5.1).
func (r *Room) noList(ctx context.Context, who string) *mail.Error {
	if _, err := r.cfg.Directory.Verify(ctx, who); err == nil {
		return mail.Refuse(550, "5.1.1", "That is a user, not a mailing list; VRFY says whether it takes mail")
	}
	return mail.Refuse(550, "5.1.1", "No such mailing list here")
}

// Expand implements mail.Addresses: public lists, to their members and the lab, and
// aliases, which are lists to RFC 5321 §3.9, to those whom they lead to and the lab.
func (r *Room) Expand(ctx context.Context, from mail.Origin, who string) ([]mail.Verified, error) {
	barred := mail.Refuse(550, "5.7.1", "Lists are shown to their members only")
	if !from.Login.Known() && from.Mode != mail.Lab {
		return nil, barred
	}
	address := strings.Trim(strings.TrimSpace(who), "<>")
	l, err := r.cfg.Directory.List(ctx, address)
	if noSuch(err) {
		return r.expandAlias(ctx, from, address, barred)
	}
	if err != nil {
		return nil, failed(err)
	}
	may := l.Kind == directory.Public
	if may && from.Mode != mail.Lab {
		if may, err = r.cfg.Directory.IsMember(ctx, l, from.Login); err != nil {
			return nil, failed(err)
		}
	}
	if !may {
		return nil, barred
	}
	out, err := r.cfg.Directory.Listing(ctx, l, listed)
	if err != nil {
		return nil, failed(err)
	}
	return out, nil
}

func (r *Room) expandAlias(ctx context.Context, from mail.Origin, address string, barred *mail.Error) ([]mail.Verified, error) {
	a, err := r.cfg.Directory.Alias(ctx, address)
	switch {
	case noSuch(err) && from.Mode == mail.Lab:
		return nil, r.noList(ctx, address).Because(err)
	case noSuch(err):
		return nil, barred.Because(err)
	case err != nil:
		return nil, failed(err)
	}
	out, among, err := r.cfg.Directory.AliasListing(ctx, a, from.Login)
	switch {
	case err != nil:
		return nil, failed(err)
	case !among && from.Mode != mail.Lab:
		return nil, barred
	}
	return out, nil
}

func noSuch(err error) bool {
	return errors.Is(err, directory.ErrNotFound) || errors.Is(err, directory.ErrInvalid)
}
