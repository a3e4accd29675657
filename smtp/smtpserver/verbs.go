package smtpserver

import (
	"context"

	"posta/mail"
	"posta/smtp"
)

// phase is when a command may come.
type phase uint8

const (
	anytime phase = iota // also before HELO (RFC 5321 §4.1.4)
	lookup               // anytime, but not in clear text where TLS is demanded
	greeted              // after HELO or EHLO, outside of a transaction
	inMail               // after MAIL
	between              // after HELO or EHLO, outside of a transaction, log-in or not
)

// row is one verb that the server knows. A row without run answers 502 and is
// neither in HELP nor behind EHLO. The verb's extension, the form of its line
// and its place in a pipelined group are the language's to say: smtp/verb.go.
type row struct {
	verb smtp.Verb
	when phase
	run  func(*session, context.Context, smtp.Command) smtp.Reply
}

// verbTable is the table of verbs.
func verbTable() []row {
	return []row{
		{smtp.HELO, anytime, (*session).hello},
		{smtp.EHLO, anytime, (*session).hello},
		{smtp.MAIL, greeted, (*session).mail},
		{smtp.RCPT, inMail, (*session).rcpt},
		{smtp.DATA, inMail, (*session).data},
		{smtp.BDAT, inMail, (*session).bdat},
		{smtp.RSET, anytime, (*session).rset},
		{smtp.NOOP, anytime, (*session).noop},
		{smtp.VRFY, lookup, (*session).vrfy},
		{smtp.EXPN, lookup, (*session).expn},
		{smtp.HELP, anytime, (*session).help},
		{smtp.QUIT, anytime, (*session).quit},
		{smtp.AUTH, anytime, (*session).auth},
		{smtp.STARTTLS, anytime, (*session).startTLS},
		{smtp.ETRN, between, (*session).etrn},
		{smtp.ATRN, anytime, (*session).atrn},
		{smtp.TURN, anytime, (*session).turn},
		{smtp.SEND, anytime, nil},
		{smtp.SOML, anytime, nil},
		{smtp.SAML, anytime, nil},
	}
}

// offered is what EHLO shows now; parameters and HELP follow it.
func (s *session) offered() smtp.Extension {
	e := s.known()
	if s.srv.TLS != nil && !s.encrypted() {
		e |= smtp.ExtStartTLS
	}
	if s.people() || len(s.siteMechanisms(s.tls())) > 0 {
		e |= smtp.ExtAuth
	}
	return e & s.srv.can
}

// known is what is served in every state as long as nobody's coming or going
// changes the house.
func (s *session) known() smtp.Extension {
	e := s.srv.base
	if s.visited {
		e |= smtp.ExtEtrn
	}
	if s.srv.DSN == DSNAuthenticated && s.from.Login.Known() {
		e |= smtp.ExtDSN
	}
	return e & s.srv.can
}

// serves says that a verb is served on this connection now.
func (s *session) serves(v smtp.Verb) bool {
	return s.srv.rows[v].run != nil && s.offered().Has(v.Extension())
}

// outOfPhase refuses what comes at the wrong time; the zero Reply lets it in.
func (s *session) outOfPhase(v smtp.Verb, when phase) smtp.Reply {
	if when == anytime {
		return smtp.Reply{}
	}
	if s.needsTLS() {
		return s.text(textTLSFirst)
	}
	switch {
	case when == lookup:
		return smtp.Reply{}
	case s.from.Helo == "":
		return s.text(textHelloFirst)
	case when == between && s.tx.state != idle:
		return s.textf(textInMail, v.String())
	case when == between:
		return smtp.Reply{}
	case s.srv.Service == mail.Submission && !s.from.Login.Known() && !s.leave.Login:
		return s.text(textAuthFirst)
	case s.tx.state == broken:
		return s.text(textRsetFirst)
	case when == greeted && s.tx.state != idle:
		return s.text(textNested)
	case when == inMail && s.tx.state == idle:
		return s.text(textMailFirst)
	}
	return smtp.Reply{}
}

// needsTLS says that this is a strict submission port in clear text (RFC 8314
// §3.3, RFC 3207 §4), and that the peer's network is not let off it.
func (s *session) needsTLS() bool {
	return s.srv.Mode == mail.Strict && s.srv.Service == mail.Submission && !s.encrypted() && !s.leave.TLS
}

func (s *session) encrypted() bool { return s.from.TLS != "" }
