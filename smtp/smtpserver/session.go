package smtpserver

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"

	"posta/event"
	"posta/mail"
	"posta/smtp"
	"posta/wire"
)

// Limits of lines, their ends counted. RFC 5321 §4.5.3.1.4 has 512 for a
// command; the parameters' extensions add some 1100.
const (
	maxLine     = 2048
	maxResponse = 12288 // RFC 4954 §4
)

// session is one connection's dialogue. It belongs to one goroutine.
type session struct {
	srv       *Server
	c         *wire.Conn
	commitCtx context.Context // the session's values, but not its end
	from      mail.Origin     // what is known of the peer by now
	leave     Leave
	site      string // the site that has logged in
	siteBy    string // by which mechanism
	visited   bool   // there are sites
	tx        transaction
	out       []byte // replies are put together here

	errors int    // mistakes so far
	logins int    // failed log-ins so far
	behind bool   // what comes next was sent too early (RFC 2920 §3.1)
	shut   bool   // nothing but QUIT is served any more
	noted  leaves // of leave, what the record tells of already
	asked  bool   // AUTH was the last command understood: stray lines may be secrets
	stray  bool   // DATA was refused: stray lines may be its message
	end    string // why the session ends; "" while it goes on
}

func (s *session) run(ctx context.Context) {
	if s.srv.ImplicitTLS && !s.handshake(ctx) {
		return
	}
	s.begin()
	for s.end == "" {
		s.step(ctx)
	}
}

// begin says 220, or what a fault made on purpose has in its place. It stands
// apart from run because a Reply and a Command are large, and run holds what
// it has as long as the session lasts.
func (s *session) begin() {
	if r, met := s.fault("connect", s.client()); met {
		s.reply(&smtp.Command{}, "", r)
		s.shut = r.Code >= 400 // RFC 5321 §3.1: it waits for QUIT
		return
	}
	s.greet()
}

// greet says 220. A strict listener first looks whether the peer could wait
// for it (RFC 5321 §4.3.1).
func (s *session) greet() {
	greeting := textLabGreeting
	if s.srv.Sink {
		greeting = textSinkGreeting
	}
	if s.srv.Mode == mail.Strict {
		greeting = textGreeting
		if s.c.Arrived(s.srv.GreetWait) {
			s.last(s.textf(textEarlyTalker, s.srv.Hostname), "refused: the peer talked before the greeting")
			return
		}
	}
	s.say(s.textf(greeting, s.srv.Hostname))
	s.flush()
}

// step reads one command and answers it.
func (s *session) step(ctx context.Context) {
	line, err := s.c.Line(maxLine)
	if err != nil {
		s.badLine(err, textLongLine)
		return
	}
	s.obey(ctx, line)
}

// obey answers a command. It stands apart from the waiting for it because a
// Command is large, and a session that waits should hold little stack.
func (s *session) obey(ctx context.Context, line []byte) {
	cmd, fault := smtp.ParseCommand(line, s.srv.Mode)
	hidden := s.hide(line, &cmd, fault == nil)
	early := s.behind
	if s.srv.Mode == mail.Strict {
		s.behind = (cmd.Verb.EndsGroup() || early) && s.c.Pending()
	}
	r := s.answer(ctx, cmd, fault, early)
	s.behind = s.behind && s.c.Pending() // a chunk may have been all that was there
	name := cmd.Verb.String()
	switch {
	case hidden:
		name, cmd.Path, cmd.Arg = "", smtp.Path{}, ""
	case cmd.Verb == smtp.Unknown:
		name = printable(cmd.Name, 16)
	}
	s.reply(&cmd, name, r)
}

// answer finds out what to reply. The zero Reply says nothing.
func (s *session) answer(ctx context.Context, cmd smtp.Command, fault *smtp.Fault, early bool) smtp.Reply {
	r := s.row(cmd)
	switch {
	case cmd.Verb == smtp.Unknown && smtp.Foreign(cmd.Name) == "HTTP":
		// A web page makes a browser talk to us: it gets no answer at all.
		s.end = endHTTP
		return smtp.Reply{}
	case s.shut && cmd.Verb != smtp.QUIT:
		return s.text(textShut)
	case cmd.Verb == smtp.Unknown:
		return s.unknown(cmd, fault)
	case early && cmd.Verb != smtp.QUIT, s.behind && cmd.Verb == smtp.DATA:
		return s.refuse(cmd, s.tooEarly(cmd.Verb))
	case r.run == nil:
		return s.refuse(cmd, s.textf(textNoServe, cmd.Verb.String()))
	}
	if wrong := s.outOfPhase(cmd.Verb, r.when); wrong.Code != 0 {
		return s.refuse(cmd, wrong)
	}
	if fault != nil && !s.forgives(cmd) {
		return s.refuse(cmd, fault.Reply())
	}
	return r.run(s, ctx, cmd)
}

// forgives lets a HELO with something that is no domain pass on submission:
// there it is a computer's name, "PC-PEÑA" or "NOTEBOOK.", and who speaks is
// known by the log-in. In a sink any name will do.
func (s *session) forgives(cmd smtp.Command) bool {
	return cmd.Lax&smtp.LaxDomain != 0 && (s.srv.Service == mail.Submission || s.srv.Sink)
}

// row is the verb's row; without run where the verb's extension is not served
// here at all. AUTH and STARTTLS know better words for that themselves.
func (s *session) row(cmd smtp.Command) row {
	r := s.srv.rows[cmd.Verb]
	own := cmd.Verb == smtp.AUTH || cmd.Verb == smtp.STARTTLS
	if !own && !s.known().Has(cmd.Verb.Extension()) {
		r.run = nil
	}
	return r
}

// tooEarly refuses a command that came behind one whose reply must be waited
// for. Behind DATA comes message text, which must never be read as commands.
func (s *session) tooEarly(v smtp.Verb) smtp.Reply {
	if v != smtp.DATA {
		return s.text(textBehind)
	}
	s.shutOut()
	return s.text(textBehindData)
}

// shutOut ends all service but keeps the connection until QUIT, as RFC 5321
// §3.1 and §4.1.1.10 want it: what the peer still sends is refused unread.
func (s *session) shutOut() {
	s.reset()
	s.shut = true
}

// refuse gives r back; behind BDAT it first takes the chunk off the line, so
// that it is not read as commands, and the message without it is none: only
// RSET goes on (RFC 3030 §2). Behind DATA the message may come all the same.
func (s *session) refuse(cmd smtp.Command, r smtp.Reply) smtp.Reply {
	s.stray = s.stray || cmd.Verb == smtp.DATA
	switch {
	case cmd.Verb != smtp.BDAT:
		return r
	case s.tx.state != idle:
		return s.breakOff(cmd, r)
	}
	return s.skipChunk(cmd, r)
}

// reply sends the answer to a command, counts mistakes, and tells the
// watchers of refusals.
func (s *session) reply(cmd *smtp.Command, name string, r smtp.Reply) {
	v := cmd.Verb
	if r.Code == 0 {
		return
	}
	if v == smtp.HELO || v == smtp.EHLO {
		r.Status = mail.Status{} // RFC 2034 §3
	}
	if isMistake(r.Code) && s.srv.Mode == mail.Strict {
		if s.errors++; s.errors >= s.srv.MaxErrors && s.end == "" {
			r = s.textf(textTooManyErrors, s.srv.Hostname)
			s.end = "refused: too many errors"
		}
	}
	if r.Code == 421 && s.end == "" {
		s.end = "refused: " + r.Text
	}
	s.say(r)
	if r.Code >= 400 {
		s.c.State(event.Refused{Verb: name, Reply: s.bareFirst(r), Path: path(cmd)})
	}
	if s.end != "" || !v.MayWait() || !s.c.Pending() {
		s.flush()
	}
}

// path is the address of MAIL or RCPT for the watchers: as it was understood,
// or else as it was typed.
func path(cmd *smtp.Command) string {
	if cmd.Verb != smtp.MAIL && cmd.Verb != smtp.RCPT {
		return ""
	}
	address := cmd.Path.Address.String()
	if address == "" && cmd.Path.Span.Len != len("<>") { // whatever stands behind <>
		address = typed(cmd.Arg)
	}
	return printable(address, 320)
}

// typed is the address in an argument that is no path, without FROM: or TO: and
// without what brackets there are.
func typed(arg string) string {
	before, address, found := strings.Cut(arg, ":")
	before = strings.TrimSpace(before)
	if !found || !strings.EqualFold(before, "FROM") && !strings.EqualFold(before, "TO") {
		address = arg
	}
	return strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(address), "<"), ">")
}

// isMistake says that a code blames the command and not its subject: wrong
// recipients are no reason to hang up on a mailing list.
func isMistake(code int) bool {
	return code >= 500 && code <= 504 || code == 530 || code == 538 || code == 555
}

// say puts a reply into the write buffer.
func (s *session) say(r smtp.Reply) {
	if s.srv.bare {
		r.Status = mail.Status{}
	}
	s.out = r.Append(s.out[:0])
	s.c.Reply(string(s.out))
	if cap(s.out) > 4*smtp.MaxReplyLine {
		s.out = nil
	}
}

func (s *session) bareFirst(r smtp.Reply) string {
	if s.srv.bare {
		r.Status = mail.Status{}
	}
	return r.FirstLine()
}

func (s *session) flush() {
	if err := s.c.Flush(); err != nil && s.end == "" {
		s.end = "peer closed"
	}
}

// last says a reply that ends the session.
func (s *session) last(r smtp.Reply, reason string) {
	s.end = reason
	s.say(r)
	s.c.State(event.Refused{Reply: s.bareFirst(r)})
	s.flush()
}

// badLine answers a line that could not be read; long is what to say of one
// that is too long.
func (s *session) badLine(err error, long text) {
	lineOnly := errors.Is(err, wire.ErrLineTooLong) || errors.Is(err, wire.ErrBareEnd)
	switch {
	case lineOnly && isHTTP(s.c.Refused()):
		s.end = endHTTP
	case errors.Is(err, wire.ErrLineTooLong):
		s.reply(&smtp.Command{}, "", s.text(long))
	case errors.Is(err, wire.ErrBareEnd):
		s.reply(&smtp.Command{}, "", s.text(textBareCommand))
	default:
		s.lost(err)
	}
}

// lost ends the session after a read that cannot be repeated. Where the peer
// may still listen it hears why (RFC 5321 §3.8).
func (s *session) lost(err error) {
	if s.end != "" {
		return
	}
	switch {
	case errors.Is(err, wire.ErrShutdown):
		s.last(s.textf(textShutdown, s.srv.Hostname), "shutdown")
	case errors.Is(err, wire.ErrSessionTime):
		s.last(s.textf(textSessionTime, s.srv.Hostname), "timeout: the session lasted too long")
	case errors.Is(err, os.ErrDeadlineExceeded):
		s.last(s.textf(textTimeout, s.srv.Hostname), "timeout")
	case errors.Is(err, wire.ErrEndless):
		s.last(s.text(textEndless), "refused: input without an end")
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		s.end = "peer closed"
	default:
		s.end = "connection lost"
	}
}

// refusal makes a reply of an error from inside the house. Only a mail.Error
// is for the peer; others stay here.
func (s *session) refusal(err error) smtp.Reply {
	var e *mail.Error
	if !errors.As(err, &e) || e.Code < 200 || e.Code > 599 {
		s.note("a fault inside: " + printable(err.Error(), 300))
		return s.text(textInternal)
	}
	if e.Err != nil && e.Status.Class == 4 && e.Status.Subject == 3 { // the mail system's own trouble (RFC 3463 §3.4)
		s.note("a fault inside: " + printable(e.Err.Error(), 300))
	}
	return smtp.Reply{Code: e.Code, Status: e.Status, Text: ascii(e.Text)}
}

func (s *session) note(text string) { s.c.State(event.Note{Text: text}) }

// forget drops what the peer said: its name, its log-in, its message.
func (s *session) forget() {
	s.reset()
	s.from.Helo, s.from.ESMTP, s.from.Login, s.site = "", false, mail.Login{}, ""
}

// printable is s for a log: at most max octets, nothing that is not a visible
// character or a space.
func printable(s string, max int) string {
	if len(s) > max {
		s = strings.ToValidUTF8(s[:max], "") + "..."
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == '�' {
			return '?'
		}
		return r
	}, s)
}

// ascii is s for a reply, which holds ASCII only (RFC 6531 §3.7.4.2).
func ascii(s string) string {
	return strings.Map(func(r rune) rune {
		if r > '~' {
			return '?'
		}
		return r
	}, s)
}
