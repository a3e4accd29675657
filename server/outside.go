package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"
	"time"

	"posta/config"
	"posta/directory"
	"posta/dns"
	"posta/dsn"
	"posta/mail"
	"posta/srs"
	"posta/store"
	"posta/words"
)

// outside says which mail for other servers is taken.
type outside struct{ *House }

// admitTime is how long RCPT may wait for DNS.
const admitTime = 3 * time.Second

// Admits implements mailroom.Outside.
func (h outside) Admits(ctx context.Context, from mail.Origin, to mail.Address) error {
	way, found, err := h.directory.WayTo(ctx, to.Domain)
	if err != nil {
		return fmt.Errorf("server: the route to %s: %w", to.Domain, err)
	}
	home, err := h.directory.Domain(ctx, to.Domain)
	switch {
	case err == nil && home.Kind == directory.KindOnDemand:
		return nil // its site comes for it
	case err != nil && !errors.Is(err, directory.ErrNotFound):
		return fmt.Errorf("server: the domain %s: %w", to.Domain, err)
	case found && len(way.Hosts) > 0:
		if from.Mode == mail.Lab && !h.withinLab(way.Hosts) {
			return barred(550, "5.7.1", words.Fail("attempt.lab_out", nil))
		}
		return nil
	case from.Mode == mail.Lab:
		return barred(550, "5.7.1", words.Fail("attempt.lab_closed", nil))
	case !found && h.cfg.Outgoing.Mode == config.OutgoingOff:
		return barred(550, "5.7.1", words.Fail("attempt.sends_nothing", nil))
	}
	return h.exists(ctx, to.Domain)
}

// barred is a refusal in English, out of the catalog: a report to a list's owner and
// a trace say it again, in another language too (words.Again).
func barred(code int, status string, why *words.Error) error {
	return mail.Refuse(code, status, why.Error())
}

// labBars says that this server has a lab, and that its mail goes to no such host
// of a route; "" are those of the MX.
func (h outside) labBars(host string) bool {
	lab := slices.ContainsFunc(h.cfg.Listeners, func(l config.Listener) bool { return l.Mode == config.ModeLab })
	return lab && (host == "" || !h.withinLab([]string{host}))
}

// withinLab says that mail of a lab may go to one of a route's hosts, as far as
// they are addresses: names are looked up when it leaves.
func (h outside) withinLab(hosts []string) bool {
	return slices.ContainsFunc(hosts, func(host string) bool {
		addr, err := netip.ParseAddr(strings.Trim(host, "[]"))
		if at, e := netip.ParseAddrPort(host); err != nil && e == nil {
			addr, err = at.Addr(), nil
		}
		return err != nil || h.labAdmits(addr)
	})
}

// exists refuses what nobody could ever deliver. What DNS does not tell in time
// is taken: the queue asks again.
func (h outside) exists(ctx context.Context, domain string) error {
	if _, literal := mail.ParseLiteral(domain); literal {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, admitTime)
	defer cancel()
	all, err := h.resolver.MX(ctx, domain)
	switch {
	case err == nil && dns.Null(all):
		return barred(556, "5.1.10", words.Fail("attempt.recipient_null_mx", nil)) // RFC 7505 §4.2
	case errors.Is(err, dns.ErrNoDomain), errors.Is(err, dns.ErrName):
		return barred(550, "5.1.2", words.Fail("attempt.recipient_no_domain", nil))
	}
	return nil
}

// reports are the way of the queue's reports into the mailroom, which is made later, and
// of the mail for whom is served here by now.
type reports struct{ *House }

// Report implements queue.Door.
func (h reports) Report(ctx context.Context, r *dsn.Report, settle ...store.Settlement) error {
	return h.room.Report(ctx, r, settle...)
}

// Here and TakeBack implement queue.Home.
func (h reports) Here(ctx context.Context, address string) (bool, error) {
	return h.room.Here(ctx, address)
}

func (h reports) TakeBack(ctx context.Context, items []store.Item, content io.Reader, settle []store.Settlement) (map[int64]*mail.Error, error) {
	return h.room.TakeBack(ctx, items, content, settle)
}

// rewriter makes the reverse-paths under which mail is sent on.
func (h *House) rewriter(ctx context.Context) (*srs.Rewriter, error) {
	key, err := h.directory.Key(ctx, "srs")
	if err != nil {
		return nil, err
	}
	return srs.New(key, time.Now), nil
}
