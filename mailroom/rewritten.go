package mailroom

import (
	"context"
	"errors"

	"posta/directory"
	"posta/mail"
	"posta/srs"
)

// backTo gives whom a rewritten reverse-path of ours stands for; is says that
// the address is one. Only what is reported comes back that way, and so it has
// no sender. One that was not made here may still be good in a domain whose mailboxes are
// elsewhere: the host that has them sends on under that domain, too, and alone knows.
func (r *Room) backTo(ctx context.Context, to mail.Address) (whom mail.Address, is bool, err error) {
	if r.cfg.SRS == nil || to.Domain == "" || !srs.Is(to.Local) {
		return to, false, nil
	}
	ours, err := r.cfg.Directory.Serves(ctx, to.Domain)
	if err != nil || !ours {
		return to, false, err
	}
	whom, err = r.cfg.SRS.Reverse(to.Local)
	switch {
	case errors.Is(err, srs.ErrExpired):
		return whom, true, mail.Refuse(550, "5.1.6", "This address was good for reports on one message and has expired")
	case err == nil:
		return whom, true, nil
	}
	forged := mail.Refuse(550, "5.1.1", "No such user here: this server has made no such address for reports").Because(err)
	res, err := r.resolve(ctx, to, mail.Address{}, mail.Login{})
	switch {
	case err != nil:
		return to, false, err
	case len(res.Outside) == 1 && res.Outside[0].Via == "" && res.Outside[0].Home != nil:
		return to, false, nil
	}
	return to, true, forged
}

// resolve is the directory's Resolve for what has just come. A report may go to a rewritten
// reverse-path at a relay or on-demand domain whose host makes them: they stand in no list.
func (r *Room) resolve(ctx context.Context, to, from mail.Address, login mail.Login) (directory.Resolution, error) {
	res, err := r.cfg.Directory.Resolve(ctx, to, from, login)
	if err == nil && res.Outcome == directory.Unknown && res.Unlisted != nil && from.IsZero() && srs.Is(to.Local) {
		o := *res.Unlisted
		o.Address = mail.Address{Local: to.Local, Domain: o.Domain}.String()
		res.Outcome, res.Outside = directory.Elsewhere, []directory.Onward{o}
	}
	return res, err
}

// leaving gives the reverse-path under which a message leaves that came through
// an address of ours. A sender's own domain would not let us speak for it (RFC
// 7208): so it gets an address here that leads back to it. The null path stays.
func (r *Room) leaving(ctx context.Context, path, via string) (string, error) {
	if r.cfg.SRS == nil || path == "" || via == "" {
		return path, nil
	}
	a, err := mail.ParseAddress(path)
	if err != nil {
		return path, nil
	}
	ours, err := r.cfg.Directory.Serves(ctx, a.Domain)
	if err != nil || ours {
		return path, err
	}
	_, domain := directory.Split(via)
	if out, ok := r.cfg.SRS.Forward(a, domain); ok {
		path = out.String()
	}
	return path, nil
}
