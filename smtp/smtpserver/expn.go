package smtpserver

import (
	"context"

	"posta/smtp"
)

// expn answers EXPN (RFC 5321 §3.5). Which lists are shown to whom is for
// Addresses to decide.
func (s *session) expn(ctx context.Context, cmd smtp.Command) smtp.Reply {
	members, err := s.srv.Addresses.Expand(ctx, s.from, cmd.Word)
	if err != nil {
		return s.refusal(err)
	}
	if len(members) == 0 {
		return s.text(textEmptyList)
	}
	lines := make([]string, 0, len(members))
	for _, m := range members {
		line, ok := mailboxLine(m, cmd.HasUTF8())
		if !ok {
			return s.text(textNoVrfyUTF8)
		}
		lines = append(lines, line)
	}
	r := s.text(textRcpt)
	r.Text, r.More = lines[0], lines[1:]
	return r
}
