package pop3server

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"
	"unicode"

	"posta/event"
	"posta/mail"
	"posta/pop3"
	"posta/sasl"
	"posta/store"
)

// patience is how many refused log-ins a strict session may have when its
// Config does not say.
const patience = 3

// attempt is one try to log in.
type attempt struct {
	verb      pop3.Verb
	mechanism string // "USER", "APOP", or SASL's name
	user      string // as the client gave it
	hint      string // to say behind a refusal, or ""
}

// login answers an attempt whose credentials have been checked: it opens the
// maildrop, or says why not.
func (s *session) login(ctx context.Context, try attempt, id sasl.Identity, err error) {
	if err == nil && id.Account == 0 {
		err = sasl.ErrCredentials // nobody
	}
	if s.srv.Mode == mail.Lab && !s.secure {
		s.note("a log-in without TLS; a strict listener refuses that")
	}
	checked := err == nil || errors.Is(err, sasl.ErrCredentials)
	switch {
	case checked && s.fault(try.verb, "pass", try.user):
		s.attempted(try, "a fault made on purpose")
	case err == nil:
		s.enter(ctx, try, id)
	case errors.Is(err, errUnread):
	case errors.Is(err, errCancelled):
		s.refuse(try.verb, "", "Cancelled")
	case errors.Is(err, sasl.ErrCredentials):
		s.denied(ctx, try)
	case errors.Is(err, sasl.ErrSyntax):
		s.refuse(try.verb, "", "Malformed response; it is sent in base64")
	case errors.Is(err, sasl.ErrBusy):
		s.attempted(try, "too many log-ins at once")
		s.refuse(try.verb, pop3.SysTemp, "Too many log-ins at once; try again")
	default:
		s.attempted(try, err.Error())
		s.refuse(try.verb, pop3.SysTemp, "The log-in could not be checked; try later")
	}
}

// denied answers wrong credentials, late if the guard says so. Unknown names,
// disabled accounts and wrong passwords get the same words (RFC 3206 §5).
func (s *session) denied(ctx context.Context, try attempt) {
	s.attempted(try, "wrong user name or password")
	s.failed++
	if s.srv.Mode == mail.Strict && s.srv.Guard != nil {
		wait, banned := s.srv.Guard.LoginResult(s.remote.Addr(), try.user, false)
		if !banned.IsZero() {
			s.c.State(event.Banned{User: printable(try.user), Until: banned})
		}
		pause(ctx, wait)
	}
	s.refuse(try.verb, pop3.AuthCode, s.srv.texts.credential+try.hint)
	if s.srv.Mode == mail.Strict && s.srv.MaxLogins > 0 && s.failed >= s.srv.MaxLogins {
		s.end("refused: too many failed log-ins")
	}
}

// enter locks the maildrop and begins TRANSACTION (RFC 1939 §4).
func (s *session) enter(ctx context.Context, try attempt, id sasl.Identity) {
	if s.srv.Mode == mail.Strict && s.srv.Guard != nil {
		s.srv.Guard.LoginResult(s.remote.Addr(), try.user, true)
	}
	if s.leave != "" && !s.secure {
		s.note("in clear text: the network " + s.leave + " need not use TLS")
	}
	try.user = id.Address
	box, err := s.open(ctx, id.Account)
	switch {
	case errors.Is(err, store.ErrInUse):
		s.attempted(try, "maildrop in use")
		s.refuse(try.verb, pop3.InUse, "Another session has this maildrop open")
	case err != nil:
		s.attempted(try, err.Error())
		s.refuse(try.verb, pop3.SysTemp, "The maildrop cannot be opened now; try later")
	default:
		s.attempted(try, "")
		s.box, s.phase = box, transaction
		if !s.wide {
			s.narrow(ctx)
		}
		s.ok(s.welcome())
	}
}

func (s *session) welcome() string {
	if text := s.srv.texts.locked; text != "" {
		return text
	}
	return "Maildrop has " + s.box.count()
}

// attempted tells the watchers how an attempt ended; reason is "" for success.
func (s *session) attempted(try attempt, reason string) {
	s.c.State(event.Authenticated{Mechanism: try.mechanism, User: printable(try.user), OK: reason == "", Reason: reason})
}

// printable cleans a name that a stranger typed.
func printable(name string) string {
	const most = 100
	name = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, name)
	if len(name) > most {
		name = strings.ToValidUTF8(name[:most], "") + "..."
	}
	return name
}

// pause waits, but no longer than ctx.
func pause(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// count says "2 messages (320 octets)".
func (d *maildrop) count() string {
	noun := " messages ("
	if d.live == 1 {
		noun = " message ("
	}
	return strconv.Itoa(d.live) + noun + strconv.FormatInt(d.octets, 10) + " octets)"
}
