package pop3server

import (
	"context"
	"errors"
	"slices"
	"strings"

	"posta/pop3"
	"posta/sasl"
)

// rounds bounds an exchange; no mechanism served needs more than four.
const rounds = 8

var (
	errCancelled = errors.New("cancelled by the client")
	errUnread    = errors.New("answered already") // a line that could not be read
)

// auth runs a SASL exchange (RFC 5034 §4). Without an argument it lists the
// mechanisms, as clients older than CAPA expect.
func (s *session) auth(ctx context.Context, cmd pop3.Command) {
	if s.bare() {
		s.refuse(pop3.AUTH, pop3.AuthCode, s.tlsFirst())
		return
	}
	state := s.tls()
	names := s.srv.Mechanisms.Names(state)
	if cmd.N == 0 {
		s.c.Reply("+OK Mechanisms:\r\n" + strings.Join(names, "\r\n") + "\r\n.\r\n")
		return
	}
	mechanism := strings.ToUpper(cmd.Arg(0))
	if !slices.Contains(names, mechanism) {
		s.refuse(pop3.AUTH, "", "Mechanism not offered; CAPA lists those that are")
		return
	}
	exchange, err := s.srv.Mechanisms.New(mechanism, s.srv.Auth, state)
	if err != nil {
		s.refuse(pop3.AUTH, "", "Mechanism not offered; CAPA lists those that are")
		return
	}
	initial, ok := s.initial(&cmd, exchange)
	if !ok {
		return
	}
	err = s.exchange(ctx, exchange, mechanism, initial)
	try := attempt{verb: pop3.AUTH, mechanism: mechanism, user: exchange.User()}
	if err != nil {
		s.login(ctx, try, sasl.Identity{}, err)
		return
	}
	s.login(ctx, try, exchange.Identity(), nil)
}

// initial decodes the initial response; nil when there is none. LOGIN's client
// may begin, as in SMTP: curl's does with --sasl-ir.
func (s *session) initial(cmd *pop3.Command, x sasl.Server) ([]byte, bool) {
	if cmd.N < 2 {
		return nil, true
	}
	if sasl.ServerBegins(x) { // RFC 5034 §4
		s.refuse(pop3.AUTH, "", "The server begins in this mechanism; send no initial response")
		return nil, false
	}
	initial, ok := pop3.DecodeInitial(cmd.Args[1].Of(cmd.Line))
	if !ok {
		s.refuse(pop3.AUTH, "", "The initial response is not base64")
	}
	return initial, ok
}

// exchange passes challenges and responses until the mechanism is content.
func (s *session) exchange(ctx context.Context, x sasl.Server, mechanism string, response []byte) error {
	for range rounds {
		challenge, done, err := x.Next(ctx, response)
		if err != nil || done {
			return err
		}
		if err := s.challenge(challenge, strings.HasPrefix(mechanism, "SCRAM-")); err != nil {
			return err
		}
		if response, err = s.response(); err != nil {
			return err
		}
	}
	return sasl.ErrSyntax
}

// challenge sends a challenge at once. What SCRAM's hold is masked: salt and
// nonces would feed a guessing attack. Who watches sees that it was a challenge.
func (s *session) challenge(challenge []byte, secret bool) error {
	say := s.c.Reply
	if secret {
		say = s.c.Secret
	}
	line := string(pop3.AppendChallenge(nil, challenge))
	s.c.Reply(line[:len("+ ")])
	say(line[len("+ "):])
	s.c.Reply("\r\n")
	if err := s.c.Flush(); err != nil {
		s.end(ending(err))
		return errUnread
	}
	return nil
}

// response reads a client's response; "*" cancels.
func (s *session) response() ([]byte, error) {
	line, err := s.c.Line(pop3.MaxSASL)
	if err != nil {
		s.unread(err, "Log-in failed: ")
		return nil, errUnread
	}
	s.c.Mask(0, len(line))
	if string(line) == "*" {
		return nil, errCancelled
	}
	out, ok := pop3.DecodeSASL(line)
	if !ok {
		return nil, sasl.ErrSyntax
	}
	return out, nil
}
