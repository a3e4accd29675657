package smtpserver

import (
	"context"
	"strings"

	"posta/mail"
	"posta/smtp"
)

// vrfy answers VRFY (RFC 5321 §3.5). Who may hear the truth is for Addresses
// to decide.
func (s *session) vrfy(ctx context.Context, cmd smtp.Command) smtp.Reply {
	r := s.verify(ctx, cmd)
	if cmd.Lax&smtp.LaxName == 0 {
		return r
	}
	s.note("VERFY taken as VRFY")
	r.More = append([]string{r.Text}, r.More...)
	r.Text = s.text(textVerfy).Text
	return r
}

func (s *session) verify(ctx context.Context, cmd smtp.Command) smtp.Reply {
	if s.srv.Addresses == nil {
		return s.text(textNoVrfy)
	}
	found, err := s.srv.Addresses.Verify(ctx, s.from, cmd.Word)
	if err != nil {
		return s.refusal(err)
	}
	line, ok := mailboxLine(found, cmd.HasUTF8())
	if !ok {
		return s.text(textNoVrfyUTF8)
	}
	r := s.text(textRcpt)
	r.Text = line
	return r
}

// mailboxLine writes "Full Name <mailbox>" (RFC 5321 §3.5.1). Without leave
// for UTF-8 a name is left out, and a mailbox cannot be shown at all
// (RFC 6531 §3.7.4.2).
func mailboxLine(v mail.Verified, utf8 bool) (string, bool) {
	box := "<" + v.Address.String() + ">"
	if !utf8 && !v.Address.IsASCII() {
		return "", false
	}
	name := strings.TrimSpace(printable(strings.NewReplacer("<", "", ">", "").Replace(v.Name), 128))
	if name == "" || !utf8 && ascii(name) != name {
		return box, true
	}
	return name + " " + box, true
}
