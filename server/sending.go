package server

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"posta/check"
	"posta/directory"
	"posta/imf"
	"posta/mail"
	"posta/mailroom"
	"posta/sign"
	"posta/words"
)

// signing signs what leaves for the domains here, which get their keys with
// the first message.
type signing struct{ *sign.Signer }

// Begin implements mailroom.Signer.
func (s signing) Begin(ctx context.Context, domain string) (mailroom.Signing, error) {
	if _, err := s.Ensure(ctx, domain); err != nil {
		return nil, err
	}
	one, err := s.Signer.Begin(ctx, domain)
	if one == nil {
		return nil, err
	}
	return one, err
}

// resign signs a message again that leaves in seven bits.
func (h *House) resign(ctx context.Context, domain string, message io.Reader) ([]byte, error) {
	s, err := h.signer.Begin(ctx, domain)
	if err != nil || s == nil {
		return nil, err
	}
	if _, err := io.Copy(s, message); err != nil {
		s.Discard()
		return nil, err
	}
	return s.Fields()
}

// openSending makes the count of what accounts send to others.
func (h *House) openSending(ctx context.Context) (err error) {
	o := &h.cfg.Outgoing
	h.metrics.Counter("posta_sending_limits_total", "Accounts that met their limit of recipients elsewhere, once a day each.",
		func() float64 { return float64(h.exceeded.Load()) })
	h.sending, err = check.NewSending(ctx, check.SendingOptions{Store: h.db, Hour: o.MaxHour, Day: o.MaxDay, Exceeded: h.alarm})
	return err
}

// runSending saves the counts until ctx is done.
func (h *House) runSending(ctx context.Context) error {
	h.sending.Run(ctx, h.o.Report)
	return nil
}

// alarm tells the administrator, and the postmaster of its domain, of an account
// that met its limit: its password may be stolen.
func (h *House) alarm(a check.SendingAlarm) {
	h.exceeded.Add(1)
	id := "server.sent_day"
	if a.Window == time.Hour {
		id = "server.sent_hour"
	}
	told := words.Fail(id, words.Args{"Account": a.Login.Address, "Wanted": a.Wanted, "Limit": a.Limit})
	_, domain := directory.Split(a.Login.Address)
	h.tell(domain, words.Fail("server.sent_subject", words.Args{"Account": a.Login.Address}), told)
}

// tell tells the administrator, and the postmaster of a domain, of what needs a
// person.
func (h *House) tell(domain string, subject, what *words.Error) {
	if err := h.tellPostmaster(context.Background(), domain, subject, what); err != nil {
		h.o.Report(fmt.Errorf("server: the postmaster's alarm: %w", err))
	}
	h.o.Report(what)
}

// tellPostmaster writes to the postmaster of a domain, in all of posta's
// languages.
func (h *House) tellPostmaster(ctx context.Context, domain string, subject, what *words.Error) error {
	to := mail.Address{Local: "postmaster", Domain: domain}
	letter, err := h.room.Begin(ctx, mail.Origin{Listener: "inside", Service: mail.Submission, Inside: "posta"}, mail.Envelope{UTF8: true, Body: mail.Body8BitMIME})
	if err != nil {
		return err
	}
	defer letter.Abort()
	if err := letter.Rcpt(ctx, mail.Recipient{To: to, Notify: mail.NotifyNever}); err != nil {
		return err
	}
	var subjects, texts []string
	for _, lang := range words.Languages() {
		w, err := words.New(lang)
		if err != nil {
			return err
		}
		subjects = append(subjects, w.Error(subject))
		texts = append(texts, "", w.Error(what))
	}
	lines := append([]string{"From: <" + to.String() + ">", "To: <" + to.String() + ">",
		"Subject: " + imf.EncodeWords(strings.Join(subjects, " / ")), "Auto-Submitted: auto-generated",
		"MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit"}, texts...)
	if _, err := letter.Write([]byte(strings.Join(lines, "\r\n") + "\r\n")); err != nil {
		return err
	}
	_, err = letter.Commit(ctx)
	return err
}
