package smtpserver

import (
	"context"
	"strings"

	"posta/mail"
	"posta/smtp"
)

// help answers HELP (RFC 5321 §4.1.1.8): exactly what is served on this
// connection now, or the explanation of one command or EHLO keyword.
func (s *session) help(_ context.Context, cmd smtp.Command) smtp.Reply {
	if cmd.Word == "" {
		return s.helpAll()
	}
	r := s.text(textHelp)
	if v := s.verbNamed(cmd.Word); v != smtp.Unknown && s.serves(v) {
		r.Text, r.More = v.Syntax(), []string{v.Help()}
		return r
	}
	if e := smtp.ExtensionNamed(cmd.Word); e != 0 && s.offered().Has(e) {
		r.Text = s.textf(textKeyword, e.Keyword()).Text
		return r
	}
	return s.text(textNoTopic)
}

// verbNamed also knows the lab's second spelling of VRFY.
func (s *session) verbNamed(word string) smtp.Verb {
	if s.srv.Mode == mail.Lab && strings.EqualFold(word, "VERFY") {
		return smtp.VRFY
	}
	return smtp.VerbNamed(word)
}

func (s *session) helpAll() smtp.Reply {
	const perLine = 10
	r := s.text(textHelp)
	var names []string
	for _, v := range smtp.Verbs() {
		if s.serves(v) && (s.srv.rows[v].when == anytime || !s.needsTLS()) {
			names = append(names, v.String())
		}
	}
	for len(names) > 0 {
		n := min(perLine, len(names))
		r.More = append(r.More, strings.Join(names[:n], " "))
		names = names[n:]
	}
	return r
}
