package console

import (
	"slices"
	"strconv"
	"strings"

	"posta/mail"
	"posta/smtp"
)

// smtpSpeaker follows SMTP.
type smtpSpeaker struct {
	dialog  smtp.Dialog
	name    string // what this computer is called, for EHLO
	begun   bool   // within a reply of several lines
	helo    bool
	offer   smtp.Offer
	login   bool
	tls     bool
	mail    bool
	rcpts   int
	last    bool // BDAT had LAST
	greeted bool

	addresses []string // that were named in MAIL and RCPT
}

func (s *smtpSpeaker) sent(line []byte) {
	if s.dialog.Turned() { // it answers
		return
	}
	if what, _, _ := s.dialog.Next(smtp.Client); what == smtp.AuthLine {
		s.dialog.Auth(line)
		return
	}
	c, _ := s.dialog.Command(line)
	if c.Verb == smtp.BDAT {
		s.last = c.Last
	}
	s.remember(c)
}

// remember keeps an address for the next Tab.
func (s *smtpSpeaker) remember(c smtp.Command) {
	const most = 50
	address := c.Path.Address.String()
	if c.Path.Address.Domain == "" || slices.Contains(s.addresses, address) || len(s.addresses) == most {
		return
	}
	s.addresses = append(s.addresses, address)
}

// addressesIn are those of commands that were typed earlier.
func addressesIn(past []string) []string {
	var s smtpSpeaker
	for _, line := range past {
		if c, fault := smtp.ParseCommand([]byte(line), mail.Lab); fault == nil {
			s.remember(c)
		}
	}
	return s.addresses
}

func (s *smtpSpeaker) data(n int64, done bool) { s.dialog.Data(n, done) }

func (s *smtpSpeaker) hear(line []byte) heard {
	if s.dialog.Turned() {
		cmd, fault := smtp.ParseCommand(line, mail.Lab)
		return heard{first: true, asks: true, leaves: fault == nil && cmd.Verb == smtp.QUIT}
	}
	a, done, err := s.dialog.Reply(string(line))
	h := heard{first: !s.begun, done: done, stray: err != nil}
	s.begun = err == nil && !done
	if !done {
		return h
	}
	h.expect = "{code " + strconv.Itoa(a.Code) + "}"
	if a.Status != (mail.Status{}) {
		h.expect = "{code " + strconv.Itoa(a.Code) + " " + a.Status.String() + "}"
	}
	h.stray = a.Verb == smtp.Unknown && !a.Greeting && !a.Sure
	h.bye = a.Code == 221 || a.Code == 421
	if a.Code == 334 {
		h.challenge = []byte(a.Text)
	}
	s.step(a, &h)
	h.turned = s.dialog.Turned()
	return h
}

// step does what a reply brings about.
func (s *smtpSpeaker) step(a smtp.Answer, h *heard) {
	good := a.Class() == 2
	switch {
	case a.Greeting:
		s.greeted = good
	case !good:
	case a.Verb == smtp.EHLO:
		s.forget()
		s.helo, s.offer = true, smtp.ParseOffer(a.More)
	case a.Verb == smtp.HELO:
		s.forget()
		s.helo, s.offer = true, smtp.Offer{}
	case a.Verb == smtp.MAIL:
		s.mail, s.rcpts = true, 0
	case a.Verb == smtp.RCPT:
		s.rcpts++
	case a.Verb == smtp.RSET, a.Verb == smtp.BDAT && s.last:
		s.forget()
	case a.Verb == smtp.AUTH:
		s.login = true
	case a.Verb == smtp.STARTTLS:
		h.tls = true
	}
	if a.Verb == smtp.DATA && a.Body {
		s.forget()
	}
}

func (s *smtpSpeaker) forget() { s.mail, s.rcpts = false, 0 }

func (s *smtpSpeaker) secured() {
	*s = smtpSpeaker{name: s.name, tls: true, greeted: true, addresses: s.addresses}
}

func (s *smtpSpeaker) next() (awaited, int64) {
	switch what, n, sure := s.dialog.Next(smtp.Client); {
	case s.dialog.Turned():
		return aCommand, 0
	case what == smtp.AuthLine && sure:
		return anAnswer, 0
	case what == smtp.MailData && sure:
		return theData, 0
	case what == smtp.Chunk:
		return aChunk, n
	}
	return aCommand, 0
}

// legal lists the verbs that RFC 5321 §4.1.4 allows now, and of the
// extensions' those that the server offered; first those that lead on.
func (s *smtpSpeaker) legal() []string {
	var on, always []string
	for _, v := range smtp.Verbs() {
		if !s.fits(v) {
			continue
		}
		switch v {
		case smtp.EHLO:
			on = append([]string{v.String()}, on...) // rather than HELO
		case smtp.RSET, smtp.NOOP, smtp.VRFY, smtp.EXPN, smtp.HELP, smtp.QUIT:
			always = append(always, v.String())
		default:
			on = append(on, v.String())
		}
	}
	return append(on, always...)
}

func (s *smtpSpeaker) fits(v smtp.Verb) bool {
	if s.dialog.Turned() {
		return false
	}
	if e := v.Extension(); e != 0 && e != smtp.ExtHelp && !s.offer.Extensions.Has(e) {
		return false
	}
	switch v {
	case smtp.HELO, smtp.EHLO:
		return !s.helo
	case smtp.MAIL, smtp.ETRN, smtp.ATRN:
		return s.helo && !s.mail
	case smtp.AUTH:
		return s.helo && !s.mail && !s.login
	case smtp.STARTTLS:
		return s.helo && !s.tls && !s.mail
	case smtp.RCPT:
		return s.mail
	case smtp.DATA, smtp.BDAT:
		return s.rcpts > 0
	case smtp.TURN, smtp.SEND, smtp.SOML, smtp.SAML:
		return false // out of use (RFC 5321 §F.1, §F.6)
	}
	return true
}

// options are what may stand behind the words of a line, its last word begun.
func (s *smtpSpeaker) options(line string) []string {
	name, rest, _ := strings.Cut(line, " ")
	v := smtp.VerbNamed(name)
	switch v {
	case smtp.HELO, smtp.EHLO:
		return []string{s.name}
	case smtp.AUTH:
		return s.offer.Mechanisms
	case smtp.HELP:
		return s.legal()
	case smtp.BDAT:
		if strings.Contains(rest, " ") {
			return []string{"LAST"}
		}
	case smtp.MAIL, smtp.RCPT:
		if !strings.Contains(rest, ">") {
			word := "FROM:<"
			if v == smtp.RCPT {
				word = "TO:<"
			}
			out := []string{word}
			for _, a := range s.addresses {
				out = append(out, word+a+">")
			}
			return out
		}
		return s.params(v)
	}
	return nil
}

// params are the parameters that the server offered.
func (s *smtpSpeaker) params(v smtp.Verb) []string {
	var out []string
	add := func(e smtp.Extension, params ...string) {
		if s.offer.Extensions.Has(e) {
			out = append(out, params...)
		}
	}
	if v == smtp.RCPT {
		add(smtp.ExtDSN, "NOTIFY=NEVER", "NOTIFY=SUCCESS", "NOTIFY=FAILURE", "NOTIFY=DELAY", "NOTIFY=SUCCESS,FAILURE,DELAY", "ORCPT=rfc822;")
		return out
	}
	add(smtp.ExtSize, "SIZE=")
	add(smtp.Ext8BitMIME, "BODY=8BITMIME", "BODY=7BIT")
	add(smtp.ExtSMTPUTF8, "SMTPUTF8")
	add(smtp.ExtDSN, "RET=HDRS", "RET=FULL", "ENVID=")
	add(smtp.ExtAuth, "AUTH=<>")
	return out
}

func (s *smtpSpeaker) secret(line string) int {
	c, _ := smtp.ParseCommand([]byte(line), mail.Lab)
	switch {
	case c.Verb == smtp.AUTH && c.Initial != "":
		return c.InitialSpan.Off
	case c.Verb == smtp.Unknown && strings.EqualFold(c.Name, "PASS"):
		return c.NameSpan.Len
	}
	return -1
}

func (s *smtpSpeaker) known(line string) bool {
	name, _, _ := strings.Cut(strings.TrimSpace(line), " ")
	return smtp.VerbNamed(name) != smtp.Unknown
}

func (s *smtpSpeaker) mechanism(line string) string {
	c, _ := smtp.ParseCommand([]byte(line), mail.Lab)
	if c.Verb != smtp.AUTH || c.Initial != "" {
		return ""
	}
	return c.Word
}

func (s *smtpSpeaker) mechanisms() []string { return s.offer.Mechanisms }

func (s *smtpSpeaker) hello(name string) []string {
	if s.helo && s.offer.Extensions != 0 {
		return nil
	}
	return []string{"EHLO " + name}
}

func (s *smtpSpeaker) startTLS() (line, after string) { return "STARTTLS", "EHLO " + s.name }
