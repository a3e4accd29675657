package smtpserver

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"posta/event"
	"posta/smtp"
)

// etrn answers ETRN (RFC 1985 §5.1). What waits is sent on a connection of the
// queue's own; this one goes on.
func (s *session) etrn(ctx context.Context, cmd smtp.Command) smtp.Reply {
	r, err := s.srv.Sites.Release(ctx, Caller{Site: s.site, Remote: s.from.Remote.Addr(), Told: s.wanted}, cmd.Word)
	var noWay NoWay
	switch {
	case errors.Is(err, ErrNotTheirs):
		return s.textf(textNodeForbidden, cmd.Word)
	case errors.Is(err, ErrTooSoon):
		return s.textf(textNodeTooSoon, cmd.Word)
	case errors.As(err, &noWay):
		s.note("no route leads to the site of " + printable(noWay.Domain, 255) + "; \"posta route add\" makes one")
		return s.textf(textNodeUnable, cmd.Word)
	case err != nil:
		s.note("a fault inside: " + printable(err.Error(), 300))
		return s.textf(textNodeUnable, cmd.Word)
	}
	for i, m := range r.Mail {
		if i == noteMost {
			break
		}
		s.sent(m)
	}
	switch {
	case r.Partly:
		return s.textf(textNodeQueuing, cmd.Word)
	case r.Waiting == 0:
		return s.textf(textNodeEmpty, cmd.Word)
	case s.site == "": // a network is more than the machine that asks
		return s.textf(textNodeStarted, cmd.Word)
	}
	return s.textf(textNodeCounted, r.Waiting, cmd.Word)
}

// wanted tells the watchers whose mail is asked for.
func (s *session) wanted(site string, domains []string) {
	s.c.State(event.Asked{By: smtp.ETRN.String(), Site: site, Domains: domains})
}

// noteMost bounds the domains whose mail one ETRN is noted to have released.
const noteMost = 20

// sent notes what was released, and to whom.
func (s *session) sent(m Sent) {
	count := strconv.FormatInt(m.Count, 10)
	if len(m.Hosts) == 0 {
		s.note("released: mail for " + printable(m.Domain, 255) + "; recipients that waited: " + count)
		return
	}
	s.note("released to " + printable(strings.Join(m.Hosts, ", "), 300) + ": mail for " + printable(m.Domain, 255) + "; recipients that waited: " + count)
}
