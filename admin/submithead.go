package admin

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"

	"posta/imf"
	"posta/mail"
)

// head is the beginning of a message, in which its whole header lies.
type head struct {
	text   string
	fields []imf.Field
}

// readHead reads until the header has ended; somewhat more may be in it.
func readHead(octets io.Reader) (head, error) {
	scanner := imf.Scanner{Max: maxSubmitHeader}
	var text []byte
	piece := make([]byte, 16<<10)
	for {
		n, err := octets.Read(piece)
		text = append(text, piece[:n]...)
		verdict := scanner.Scan(piece[:n])
		if errors.Is(err, io.EOF) {
			verdict = scanner.Finish()
		}
		switch {
		case verdict == imf.TooBig:
			return head{}, refusal("invalid", "submit.header", "Most", maxSubmitHeader)
		case verdict != imf.More:
			return head{string(text), scanner.Fields()}, nil
		case err != nil:
			return head{}, refusal("invalid", "submit.cut", "Why", err)
		}
	}
}

// recipients are those that were named, and with Extract those of the header,
// each once.
func (h House) recipients(ctx context.Context, in Submission, head head) ([]mail.Recipient, error) {
	notify, err := notifyOf(in.Notify)
	if err != nil {
		return nil, err
	}
	var written []string
	for _, named := range in.To {
		list, err := imf.ParseMailboxes(named) // "Ana <ana@pepito.es>, eva"
		if err != nil {
			return nil, refusal("invalid", "submit.address", "Address", named, "Why", err)
		}
		for _, m := range list {
			written = append(written, m.Addr)
		}
	}
	if in.Extract {
		more, err := head.addressees()
		if err != nil {
			return nil, err
		}
		written = append(written, more...)
	}
	var out []mail.Recipient
	for _, one := range written {
		to, err := h.addressee(ctx, one)
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(out, func(r mail.Recipient) bool { return r.To == to }) {
			out = append(out, mail.Recipient{To: to, Notify: notify})
		}
		if len(out) > maxSubmitted {
			return nil, refusal("invalid", "submit.too_many", "Most", maxSubmitted)
		}
	}
	if len(out) == 0 {
		return nil, refusal("invalid", "submit.nobody")
	}
	return out, nil
}

// addressees are the addresses of To, Cc and Bcc. A message that was sent again
// is for those of the resending (RFC 5322 §3.6.6).
func (d head) addressees() ([]string, error) {
	again := slices.ContainsFunc(d.fields, func(f imf.Field) bool { return isAddressee(f.Kind, true) })
	var out []string
	for _, f := range d.fields {
		text := ""
		if isAddressee(f.Kind, again) {
			text = f.Text([]byte(d.text))
		}
		if text == "" {
			continue
		}
		list, err := imf.ParseMailboxes(text)
		if err != nil {
			return nil, refusal("invalid", "submit.field", "Field", string(f.Name([]byte(d.text))), "Why", err)
		}
		for _, m := range list {
			out = append(out, m.Addr)
		}
	}
	return out, nil
}

func isAddressee(k imf.Kind, again bool) bool {
	if again {
		return k == imf.ResentTo || k == imf.ResentCc || k == imf.ResentBcc
	}
	return k == imf.To || k == imf.Cc || k == imf.Bcc
}

// addressee reads an address as a person writes it; a name alone is at the
// default domain.
func (h House) addressee(ctx context.Context, written string) (mail.Address, error) {
	full := strings.TrimSpace(written)
	if !strings.Contains(full, "@") {
		domain, err := h.Directory.DefaultDomain(ctx)
		if err != nil {
			return mail.Address{}, err
		}
		full += "@" + domain
	}
	a, err := mail.ParseAddress(full)
	if err != nil {
		return mail.Address{}, refusal("invalid", "submit.address", "Address", written, "Why", err)
	}
	return a, nil
}

// notifyOf reads "never" or a list of "success", "failure" and "delay".
func notifyOf(text string) (mail.Notify, error) {
	var out mail.Notify
	for word := range strings.SplitSeq(text, ",") {
		switch strings.ToLower(word) {
		case "never":
			out |= mail.NotifyNever
		case "success":
			out |= mail.NotifySuccess
		case "failure":
			out |= mail.NotifyFailure
		case "delay":
			out |= mail.NotifyDelay
		case "":
			if text != "" {
				return 0, refusal("usage", "submit.notify", "Value", text)
			}
		default:
			return 0, refusal("usage", "submit.notify", "Value", text)
		}
	}
	if out&mail.NotifyNever != 0 && out != mail.NotifyNever {
		return 0, refusal("usage", "send.notify_never", "Flag", "-N")
	}
	return out, nil
}
