package smtpserver

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"strings"
	"time"

	"posta/event"
	"posta/mail"
	"posta/sasl"
	"posta/smtp"
)

// maxRounds bounds an exchange; no mechanism served needs more than four.
const maxRounds = 8

var errAnswered = errors.New("smtpserver: the exchange was answered already")

// auth answers AUTH (RFC 4954 §4).
func (s *session) auth(ctx context.Context, cmd smtp.Command) smtp.Reply {
	if r := s.mayAuth(cmd); r.Code != 0 {
		return r
	}
	exchange, err := s.exchangeOf(cmd.Word, s.tls())
	if err != nil {
		return s.text(textMechanism)
	}
	if cmd.Initial != "" && sasl.ServerBegins(exchange) { // RFC 4954 §4
		return s.text(textNoInitial)
	}
	s.noteClear()
	s.noteLenient()
	err = s.exchange(ctx, exchange, cmd)
	return s.outcome(ctx, exchange, cmd.Word, err)
}

// mayAuth refuses AUTH where it has no place; the zero Reply lets it in.
func (s *session) mayAuth(cmd smtp.Command) smtp.Reply {
	strict := s.srv.Mode == mail.Strict
	mx := s.srv.Service == mail.MX
	switch {
	case strict && mx && !(s.srv.Turn && s.srv.Sites != nil):
		return s.text(textNoAuthHere)
	case strict && mx && !s.encrypted():
		return s.text(textTLSFirst)
	case s.srv.Auth == nil && s.srv.Sites == nil:
		return s.textf(textNoServe, cmd.Verb.String())
	case s.needsTLS() && s.srv.TLS != nil:
		return s.text(textTLSFirst)
	case s.needsTLS():
		return s.text(textLoginNeedsTLS)
	case s.from.Helo == "":
		return s.text(textHelloFirst)
	case strict && !s.from.ESMTP:
		return s.text(textEhloFirst)
	case s.from.Login.Known(), s.site != "":
		return s.text(textLoggedInAlready)
	case s.tx.state != idle:
		return s.text(textNoAuthNow)
	case s.behind && cmd.Initial == "": // RFC 4954 §4: it must be the last of its group
		return s.text(textBehind)
	}
	s.behind = false // with an initial response, more may follow
	return smtp.Reply{}
}

// noteLenient says what only the lab lets pass.
func (s *session) noteLenient() {
	if s.srv.Mode != mail.Lab {
		return
	}
	if !s.from.ESMTP {
		s.note("AUTH after HELO; RFC 4954 wants EHLO before it")
	}
	if !s.encrypted() && s.srv.Service != mail.ODMR {
		s.note("a log-in without TLS; a strict listener refuses that")
	}
}

// exchange passes challenges and responses until the mechanism is done.
// errAnswered means that the peer has its reply.
func (s *session) exchange(ctx context.Context, x sasl.Server, cmd smtp.Command) error {
	var response []byte // nil: none was sent
	if cmd.Initial != "" {
		var err error
		if response, err = decodeResponse([]byte(cmd.Initial), true); err != nil {
			return err
		}
	}
	for range maxRounds {
		challenge, done, err := x.Next(ctx, response)
		if err != nil || done {
			return err
		}
		s.challenge(challenge, strings.HasPrefix(cmd.Word, "SCRAM-"))
		if response, err = s.response(); err != nil {
			return err
		}
	}
	return sasl.ErrSyntax
}

// challenge says 334 with nothing but base64 (RFC 4954 §4). Who watches sees
// that it was a challenge, also of one that is secret.
func (s *session) challenge(data []byte, secret bool) {
	say := s.c.Reply
	if secret {
		say = s.c.Secret
	}
	s.c.Reply("334 ")
	say(base64.StdEncoding.EncodeToString(data))
	s.c.Reply("\r\n")
	s.flush()
}

var (
	errCancelled = errors.New("cancelled by the client")
	errBase64    = errors.New("not valid base64")
)

// response reads the peer's answer to a challenge.
func (s *session) response() ([]byte, error) {
	if s.end != "" {
		return nil, errAnswered
	}
	line, err := s.c.Line(maxResponse)
	if err != nil {
		s.badLine(err, textLongResponse)
		return nil, errAnswered
	}
	s.c.Mask(0, len(line))
	if string(line) == "*" {
		return nil, errCancelled
	}
	return decodeResponse(line, false)
}

// decodeResponse reads base64, strictly (RFC 4954 §4). A lone "=" is an empty
// initial response. What it gives is never nil.
func decodeResponse(line []byte, initial bool) ([]byte, error) {
	line = bytes.TrimRight(line, " \t")
	if initial && string(line) == "=" {
		return []byte{}, nil
	}
	out := make([]byte, base64.StdEncoding.DecodedLen(len(line)))
	n, err := base64.StdEncoding.Decode(out, line)
	if err != nil || bytes.ContainsAny(line, "\r\n") { // the package would skip those
		return nil, errBase64
	}
	return out[:n], nil
}

// outcome answers the end of an exchange.
func (s *session) outcome(ctx context.Context, x sasl.Server, mechanism string, err error) smtp.Reply {
	fact := event.Authenticated{Mechanism: mechanism, User: printable(x.User(), 128), OK: err == nil}
	if err == nil || errors.Is(err, sasl.ErrCredentials) {
		if r, met := s.fault("auth", x.User()); met {
			fact.OK, fact.Reason = false, "a fault made on purpose"
			s.c.State(fact)
			return r
		}
	}
	if err == nil {
		id := x.Identity()
		s.from.Login, s.site, s.siteBy = mail.Login{Account: id.Account, Address: id.Address}, id.Site, mechanism
		if fact.User = id.Address; id.Site != "" {
			fact.User = id.Site
		}
		s.c.State(fact)
		s.counted(ctx, x.User(), true)
		return s.text(textLoggedIn)
	}
	r := s.text(textLoginBusy)
	fact.Reason = "a fault inside: " + printable(err.Error(), 200)
	switch {
	case errors.Is(err, errAnswered):
		r, fact.Reason = smtp.Reply{}, "broken off"
	case errors.Is(err, errCancelled):
		r, fact.Reason = s.text(textCancelled), "cancelled by the client"
	case errors.Is(err, errBase64):
		r, fact.Reason = s.text(textBadBase64), "not valid base64"
	case errors.Is(err, sasl.ErrSyntax):
		r, fact.Reason = s.text(textBadResponse), "malformed response"
	case errors.Is(err, sasl.ErrMechanism):
		r, fact.Reason = s.text(textMechanism), "mechanism not offered"
	case errors.Is(err, sasl.ErrBusy):
		fact.Reason = "too many log-ins at once"
	case errors.Is(err, sasl.ErrCredentials):
		r, fact.Reason = s.text(textWrongPassword), "wrong user name or password"
	}
	s.c.State(fact)
	if s.srv.Mode == mail.Lab && !s.srv.bare && (errors.Is(err, errBase64) || errors.Is(err, sasl.ErrSyntax)) {
		r.More = append(r.More, s.text(textBase64Hint).Text)
	}
	if errors.Is(err, sasl.ErrCredentials) {
		return s.failed(ctx, x.User(), r)
	}
	return r
}

// failed counts a wrong password. Three end a strict session; not so in the
// lab, where people learn to type.
func (s *session) failed(ctx context.Context, user string, r smtp.Reply) smtp.Reply {
	s.counted(ctx, user, false)
	if s.logins++; s.srv.authMax > 0 && s.logins >= s.srv.authMax {
		s.end = "refused: too many failed log-ins"
		return s.textf(textTooManyLogins, s.srv.Hostname)
	}
	return r
}

// counted tells the guard of a log-in and waits as long as it says.
func (s *session) counted(ctx context.Context, user string, ok bool) {
	if s.srv.Guard == nil {
		return
	}
	wait, banned := s.srv.Guard.LoginResult(s.from.Remote.Addr(), user, ok)
	if !banned.IsZero() {
		s.c.State(event.Banned{User: printable(user, 128), Until: banned})
	}
	if wait <= 0 {
		return
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
