package queue

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"posta/imf"
	"posta/mail"
	"posta/smtp"
	"posta/smtp/smtpclient"
	"posta/store"
)

// Resign signs a message again for a domain of ours that had signed it, and gives
// the fields that stand before it; none where it has no key.
type Resign func(ctx context.Context, domain string, message io.Reader) ([]byte, error)

// errWideSender is that a host without SMTPUTF8 cannot be told who sends (RFC 6531
// §3.5), which is no recipient's fault.
var errWideSender = errors.New("queue: the sender's address is beyond ASCII")

// fit makes a message fit its host. UTF-8 in the header, where that alone would
// want SMTPUTF8 and the sender did not ask for it, goes by it where it is offered
// (RFC 6531 §3.4), else as it came by 8BITMIME. For a host without that, too, what
// was only announced as 8-bit goes as it is, for programs say so of all they send;
// the rest is put into seven bits (RFC 6152 §3), and so is a report for a host
// without SMTPUTF8 (RFC 6533 §4.5). Where the sender asked for SMTPUTF8, but no header
// needs it, it goes as mail of one who did not. Not what others have signed, which
// would break their signature, nor what cannot be converted: these are refused, by
// Send or, for the header's and the sender's sake, here.
func (q *Queue) fit(ctx context.Context, l *link, m *smtpclient.Message, out *store.Outgoing, from *content) error {
	has := l.Offer().Extensions.Has
	if !m.Envelope.From.IsASCII() && !has(smtp.ExtSMTPUTF8) {
		return errWideSender
	}
	if out.Traits.UTF8 && has(smtp.ExtSMTPUTF8) && has(smtp.Ext8BitMIME) {
		m.Envelope.UTF8 = true
	}
	if m.Envelope.UTF8 && !has(smtp.ExtSMTPUTF8) && out.From != "" && !out.Traits.UTF8 && !q.wideHeader(ctx, out, from) {
		m.Envelope.UTF8 = false // what it holds beyond ASCII wants no more than 8BITMIME (RFC 6531 §3.6)
	}
	report := m.Envelope.UTF8 && out.From == "" && !has(smtp.ExtSMTPUTF8) // that is nobody's, and whose loss nobody would hear of
	if !report && (m.Envelope.Body != mail.Body8BitMIME || m.Envelope.UTF8 || has(smtp.Ext8BitMIME)) {
		return nil
	}
	body := q.cfg.Store.Content(ctx, out)
	defer body.Close()
	s, err := imf.LookSevenBit(body, imf.Usual())
	ours := signedBy(out.Prefix)
	switch {
	case errors.Is(err, imf.ErrWide), err == nil && !s.Plain && s.Signatures > len(ours):
		if out.Traits.UTF8 {
			return smtpclient.WideHeader()
		}
		return nil
	case err != nil:
		if ctx.Err() == nil {
			from.failed = err // Send refuses it, and that is no reason to give it up
		}
		return nil
	case s.Plain:
		m.ASCII, m.Envelope.UTF8 = true, false
		return nil
	}
	s.Unsigned = true
	m.Content = io.MultiReader(bytes.NewReader(q.resigned(ctx, ours, s, out)), s.Reader(from))
	m.ASCII, m.Size = true, -1
	if report {
		m.Envelope.UTF8, m.Envelope.Body = false, mail.Body7Bit
		l.note("the host takes no SMTPUTF8: it gets this report in 7 bits")
		return nil
	}
	l.note("the host takes no 8-bit messages: it gets this one in 7 bits")
	return nil
}

// wideHeader says whether there is a header beyond ASCII in a message, its parts'
// included, or whether that cannot be known now.
func (q *Queue) wideHeader(ctx context.Context, out *store.Outgoing, from *content) bool {
	body := q.cfg.Store.Content(ctx, out)
	defer body.Close()
	wide, err := imf.HasWideHeader(body, imf.Usual())
	if err != nil && ctx.Err() == nil {
		from.failed = err // it waits
	}
	return wide || err != nil
}

// signedBy gives the domains that signed a message here: their fields are in the
// lines that were put before it.
func signedBy(prefix []byte) (domains []string) {
	s := imf.Scanner{Max: len(prefix) + 1}
	if s.Scan(prefix) == imf.More {
		s.Finish()
	}
	for _, f := range s.Fields() {
		if f.Kind != imf.DKIMSignature {
			continue
		}
		domain := ""
		for tag := range strings.SplitSeq(f.Text(prefix), ";") {
			if name, value, _ := strings.Cut(tag, "="); strings.TrimSpace(name) == "d" {
				domain = strings.TrimSpace(value)
			}
		}
		domains = append(domains, domain)
	}
	return domains
}

// resigned signs what is sent in seven bits in the place of what was signed. A
// message is not lost because it cannot be signed: then it goes without.
func (q *Queue) resigned(ctx context.Context, domains []string, s *imf.SevenBit, out *store.Outgoing) []byte {
	if len(domains) == 0 || q.cfg.Resign == nil {
		return nil
	}
	body := q.cfg.Store.Content(ctx, out)
	defer body.Close()
	fields, err := q.cfg.Resign(ctx, domains[0], s.Reader(body)) // a domain signs once with each of its keys
	if err != nil {
		q.problem(fmt.Errorf("queue: signing message %s again: %w", out.Queue, err))
		return nil
	}
	return fields
}
