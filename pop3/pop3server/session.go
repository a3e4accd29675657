package pop3server

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net/netip"
	"os"
	"strings"

	"posta/event"
	"posta/mail"
	"posta/pop3"
	"posta/wire"
)

// iac begins what telnet clients say to each other (RFC 854).
const iac = 0xff

// session is one connection.
type session struct {
	srv    *Server
	c      *wire.Conn
	remote netip.AddrPort
	phase  phase
	reason string // why the session is over; "" while it goes on

	secure bool   // under TLS
	leave  string // the network that may log in in clear text; "" for others
	wide   bool   // UTF8 was said (RFC 6856 §2.1)
	stamp  string // APOP timestamp of the greeting, "" where APOP is not offered
	named  string // USER's argument until the next command
	asked  bool   // the last command was of a log-in, or none that POP3 knows: stray lines may be secrets
	failed int    // log-ins refused for their credentials

	box *maildrop // in TRANSACTION
}

// serve speaks until the session is over.
func (s *session) serve(ctx context.Context) {
	s.c.SetIdle(s.srv.Idle)
	if s.srv.ImplicitTLS {
		if err := s.c.StartTLS(ctx, s.srv.TLS); err != nil {
			s.end("no TLS: " + wire.NoTLS(err).Error())
			return
		}
		s.secure = true
	}
	if !s.fault(pop3.NoVerb, "connect", s.client()) {
		s.greet()
	}
	for s.reason == "" {
		if !s.c.Pending() {
			if err := s.c.Flush(); err != nil {
				s.end(ending(err))
				return
			}
		}
		line, err := s.c.Line(pop3.MaxCommand)
		if err != nil {
			s.unread(err, "")
			continue
		}
		s.command(ctx, line)
	}
}

func (s *session) greet() {
	text := s.srv.texts.greeting
	switch {
	case s.srv.Sink:
		text += s.srv.texts.sink
	case s.srv.Mode == mail.Lab:
		text += s.srv.texts.lab
	}
	if s.srv.offersAPOP() {
		s.stamp = s.srv.stamp()
		text += " " + s.stamp
	}
	s.ok(text)
}

// command answers one command line.
func (s *session) command(ctx context.Context, line []byte) {
	cmd, fault := pop3.ParseCommand(line, s.srv.Mode)
	s.mask(&cmd)
	named := s.named
	if fault == nil || s.srv.Mode == mail.Strict {
		s.named = "" // PASS comes immediately after USER (RFC 1939 §7); a typing error in the lab is forgiven
	}
	if fault != nil && fault.Kind == pop3.Unknown && isHTTP(line) {
		s.browser()
		return
	}
	v := s.find(cmd.Verb)
	switch {
	case fault != nil && len(line) > 0 && line[0] == iac:
		s.refuse(cmd.Verb, "", "Telnet negotiation came before the command; send the command again, or set the connection type to Raw")
	case v == nil && cmd.Keyword.Len > 0:
		s.refuse(cmd.Verb, "", s.unknown(cmd.Keyword.Of(line)))
	case v != nil && v.phases&s.phase == 0:
		s.refuse(cmd.Verb, "", s.wrongPhase())
	case fault != nil:
		s.refuse(cmd.Verb, "", fault.Text)
	case !s.held(ctx, cmd.Verb):
	default:
		if cmd.Verb == pop3.PASS || cmd.Verb == pop3.USER || cmd.Verb == pop3.APOP {
			s.named = named
		}
		v.run(s, ctx, cmd)
	}
}

// find gives the row of a verb that is served in this session.
func (s *session) find(v pop3.Verb) *verb {
	for i := range s.srv.verbs {
		row := &s.srv.verbs[i]
		if row.name == v && (row.offered == nil || row.offered(s)) {
			return row
		}
	}
	return nil
}

// mask hides what may be a password: the command's own secret, and before the
// log-in whatever is no command, since a client may have sent a password or a
// base64 line out of turn. A short word is shown, as a slip of the keys, but by
// a strict listener not where a log-in may have begun.
func (s *session) mask(cmd *pop3.Command) {
	hide := cmd.Secret
	if cmd.Verb == pop3.NoVerb && s.phase == authorization {
		hide.Off = 0
		if cmd.Keyword.Len <= 4 && !(s.asked && s.srv.Mode == mail.Strict) {
			hide.Off = cmd.Keyword.Off + cmd.Keyword.Len
		}
		hide.Len = len(cmd.Line) - hide.Off
	}
	if hide.Len > 0 {
		s.c.Mask(hide.Off, hide.Len)
	}
	switch cmd.Verb {
	case pop3.NoVerb, pop3.USER, pop3.PASS, pop3.APOP, pop3.AUTH:
		s.asked = true
	default:
		s.asked = false
	}
}

// unread answers a line that could not be read.
func (s *session) unread(err error, during string) {
	lineOnly := errors.Is(err, wire.ErrLineTooLong) || errors.Is(err, wire.ErrBareEnd)
	switch {
	case lineOnly && isHTTP(s.c.Refused()):
		s.browser()
	case errors.Is(err, wire.ErrLineTooLong):
		s.refuse(pop3.NoVerb, "", during+"Line too long")
	case errors.Is(err, wire.ErrBareEnd):
		s.refuse(pop3.NoVerb, "", during+"A line ends in CR LF; a CR or LF alone is not allowed")
	case errors.Is(err, wire.ErrShutdown):
		s.refuse(pop3.NoVerb, pop3.SysTemp, "The server is shutting down; nothing was deleted")
		s.end("shutdown")
	case errors.Is(err, wire.ErrSessionTime):
		s.refuse(pop3.NoVerb, pop3.SysTemp, "The session has lasted too long; nothing was deleted")
		s.end("timeout")
	default: // autologout too ends without a word (RFC 1939 §3)
		s.end(ending(err))
	}
}

// browser ends the session of one without a word.
func (s *session) browser() {
	s.note("An HTTP client; the connection was closed at once")
	s.end("refused: HTTP")
}

// end makes this the last command; the first reason stays.
func (s *session) end(reason string) {
	if s.reason == "" {
		s.reason = reason
	}
}

// ending says why a connection that failed is over.
func ending(err error) string {
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "peer closed"
	case errors.Is(err, os.ErrDeadlineExceeded):
		return "timeout"
	}
	return "connection failed: " + err.Error()
}

// ok sends a positive response of one line.
func (s *session) ok(text string) { s.c.Reply("+OK " + text + "\r\n") }

// refuse sends a negative response; code may be "".
func (s *session) refuse(v pop3.Verb, code, text string) {
	reply := string(pop3.AppendResponse(nil, pop3.Err, code, text))
	s.c.Reply(reply + "\r\n")
	s.c.State(event.Refused{Verb: v.String(), Reply: reply})
}

func (s *session) note(text string) { s.c.State(event.Note{Text: text}) }

// unknown is the answer to what is not served. In the lab it says what is.
func (s *session) unknown(word []byte) string {
	if isSMTP(word) {
		return "That is a command of SMTP, and this is POP3"
	}
	text := "Unknown command"
	if s.srv.Mode == mail.Lab {
		text += "; now you may say"
		for _, row := range s.srv.verbs {
			if row.phases&s.phase != 0 && (row.offered == nil || row.offered(s)) {
				text += " " + row.name.String()
			}
		}
	}
	return text
}

func (s *session) wrongPhase() string {
	switch {
	case s.phase != authorization:
		return "You are logged in already"
	case s.srv.Mode == mail.Lab:
		return "Log in first: USER and your name, then PASS and the password"
	}
	return "Log in first"
}

// bare says that this connection is in the clear where passwords need TLS
// (RFC 8314 §3, RFC 5034 §4).
func (s *session) bare() bool { return s.srv.Mode == mail.Strict && !s.secure && s.leave == "" }

// tls is the state of TLS, nil in the clear.
func (s *session) tls() *tls.ConnectionState {
	if state, ok := s.c.TLS(); ok {
		return &state
	}
	return nil
}

// isSMTP says that somebody has come to the wrong port.
func isSMTP(word []byte) bool {
	switch strings.ToUpper(string(word)) {
	case "HELO", "EHLO", "MAIL", "RCPT", "DATA", "VRFY", "STARTTLS":
		return true
	}
	return false
}

// isHTTP says that a browser talks: a web page must not drive a server on
// loopback. DELETE is HTTP's only before a path: people say it for DELE.
func isHTTP(line []byte) bool {
	word, rest, _ := bytes.Cut(bytes.TrimLeft(line, " \t"), []byte(" "))
	if field := bytes.IndexByte(word, ':'); field >= 0 {
		word = word[:field+1] // the value may stand right behind the colon
	}
	switch strings.ToUpper(string(word)) {
	case "GET", "POST", "PUT", "HEAD", "PATCH", "TRACE", "CONNECT", "OPTIONS", "HOST:", "PRI":
		return true
	case "DELETE":
		return bytes.HasPrefix(bytes.TrimLeft(rest, " \t"), []byte("/"))
	}
	return false
}
