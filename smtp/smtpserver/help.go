package smtpserver

import (
	"context"
	"strings"

	"posta/smtp"
)

// help answers HELP (RFC 5321 §4.1.1.8): exactly what is served on this
// connection now, or the explanation of one command or EHLO keyword.
func (s *session) help(_ context.Context, cmd smtp.Command) smtp.Reply {
	if cmd.Word == "" {
		return s.helpAll()
	}
	r := s.text(textHelp)
	if v := smtp.VerbNamed(cmd.Word); v != smtp.Unknown && s.serves(v) {
		r.Text, r.More = v.Syntax(), []string{v.Help()}
		return r
	}
	if e := smtp.ExtensionNamed(cmd.Word); e != 0 && s.offered().Has(e) {
		r.Text = s.textf(textKeyword, e.Keyword()).Text
		return r
	}
	return s.text(textNoTopic)
}

func (s *session) helpAll() smtp.Reply {
	const perLine = 10
	r := s.text(textHelp)
	var names []string
	for _, v := range smtp.Verbs() {
		if s.serves(v) {
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
