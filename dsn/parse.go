package dsn

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"mime/quotedprintable"
	"net/netip"
	"strings"

	"posta/imf"
	"posta/mail"
)

// ErrNoReport says that a message is no delivery status notification.
var ErrNoReport = errors.New("dsn: not a delivery status report")

// maxRecipients bounds what Parse reads of one report.
const maxRecipients = 1000

// Parse reads a report as any server may have written it. Fields it does not
// know are passed over; a recipient without a known action is left out. Of the
// message reported on it gives the header, whether all came or only that.
func Parse(msg []byte) (*Report, error) {
	tree := imf.Parse(msg, imf.Usual())
	if tree.Type != "multipart/report" || !strings.EqualFold(tree.Params["report-type"], "delivery-status") {
		return nil, ErrNoReport
	}
	r := &Report{Boundary: tree.Params["boundary"]}
	r.readHead(msg[tree.Head.Start:tree.Head.End])
	found := false
	for i := range tree.Parts {
		p := &tree.Parts[i]
		switch p.Type {
		case "message/delivery-status", "message/global-delivery-status":
			if !found {
				found = true
				r.UTF8 = r.UTF8 || p.Type == "message/global-delivery-status"
				r.readStatus(decoded(p, msg))
			}
		case "text/rfc822-headers", "message/global-headers":
			r.keepHeader(decoded(p, msg))
		case "message/rfc822", "message/global":
			r.keepHeader(decoded(p, msg))
		}
	}
	if !found || len(r.Recipients) == 0 {
		return nil, ErrNoReport
	}
	return r, nil
}

// decoded gives a part's octets without their transfer encoding.
func decoded(p *imf.Part, msg []byte) []byte {
	body := p.Body.Of(msg)
	var r io.Reader
	switch p.Encoding {
	case "quoted-printable":
		r = quotedprintable.NewReader(bytes.NewReader(body))
	case "base64":
		r = base64.NewDecoder(base64.StdEncoding, bytes.NewReader(body))
	default:
		return body
	}
	out, _ := io.ReadAll(r) // what could be decoded is read; body bounds it
	return out
}

func (r *Report) readHead(head []byte) {
	s := imf.Scanner{Max: len(head)}
	s.Scan(head)
	s.Finish()
	for _, f := range s.Fields() {
		text := f.Text(head)
		switch f.Kind {
		case imf.From:
			r.From = firstAddress(text)
		case imf.To:
			r.To = firstAddress(text)
		case imf.Date:
			r.Date, _ = imf.ParseDate(text)
		case imf.MessageID:
			r.MessageID = strings.Trim(text, "<> \t")
		}
	}
}

func firstAddress(text string) mail.Address {
	list, err := imf.ParseMailboxes(text)
	if err != nil || len(list) == 0 {
		return mail.Address{}
	}
	a, _ := mail.ParseAddress(list[0].Addr)
	return a
}

// keepHeader keeps the header of the message reported on.
func (r *Report) keepHeader(octets []byte) {
	if r.Header != nil {
		return
	}
	s := imf.Scanner{Max: imf.Usual().Header}
	s.Scan(octets)
	if s.Finish() == imf.TooBig {
		return
	}
	r.Header = bytes.Clone(octets[:s.End()])
	if r.Header == nil {
		r.Header = []byte{}
	}
	r.EightBit = s.EightBit()
}

// readStatus reads the groups of fields: the first is about the message, each
// other about a recipient.
func (r *Report) readStatus(octets []byte) {
	for group := 0; len(octets) > 0 && len(r.Recipients) < maxRecipients; {
		s := imf.Scanner{Max: imf.Usual().Header}
		s.Scan(octets)
		v := s.Finish()
		if v == imf.TooBig {
			return
		}
		if len(s.Fields()) > 0 {
			if group == 0 {
				r.readMessage(octets, s.Fields())
			} else {
				r.readRecipient(octets, s.Fields())
			}
			group++
		}
		n := s.Len()
		if v == imf.Stray { // pass over a line that is no field
			i := bytes.IndexByte(octets[n:], '\n')
			if i < 0 {
				return
			}
			n += i + 1
		}
		octets = octets[n:]
	}
}

func (r *Report) readMessage(head []byte, fields []imf.Field) {
	for _, f := range fields {
		text := f.Text(head)
		switch strings.ToLower(string(f.Name(head))) {
		case "reporting-mta":
			r.MTA = untyped(text)
		case "received-from-mta":
			r.FromMTA, r.FromAddr = named(untyped(text))
		case "original-envelope-id":
			r.EnvID = text
		case "arrival-date":
			r.Arrival, _ = imf.ParseDate(text)
		}
	}
}

func (r *Report) readRecipient(head []byte, fields []imf.Field) {
	var rc Recipient
	for _, f := range fields {
		text := f.Text(head)
		switch strings.ToLower(string(f.Name(head))) {
		case "original-recipient":
			rc.Original = typedAddress(text)
		case "final-recipient":
			rc.Final = typedAddress(text)
		case "action":
			rc.Action = Action(strings.ToLower(firstWord(text)))
		case "status":
			rc.Status, _ = mail.ParseStatus(firstWord(text))
		case "remote-mta":
			rc.RemoteMTA = untyped(text)
		case "diagnostic-code":
			if kind, _, _ := strings.Cut(text, ";"); strings.EqualFold(strings.TrimSpace(kind), ownType) {
				rc.Reason = untyped(text)
			} else {
				rc.Diagnostic = untyped(text)
			}
		case "last-attempt-date":
			rc.LastAttempt, _ = imf.ParseDate(text)
		case "will-retry-until":
			rc.RetryUntil, _ = imf.ParseDate(text)
		}
	}
	if rc.Action.known() && rc.Final != "" {
		r.Recipients = append(r.Recipients, rc)
	}
}

// untyped takes "dns;" or the like off the front.
func untyped(text string) string {
	if _, rest, ok := strings.Cut(text, ";"); ok {
		return strings.TrimSpace(rest)
	}
	return text
}

// named parts a host's name from its address, which may stand behind it as a
// comment (RFC 3464 §2.2.4).
func named(text string) (string, netip.Addr) {
	name, comment, _ := strings.Cut(text, " ([")
	a, _ := netip.ParseAddr(strings.TrimPrefix(strings.TrimSuffix(comment, "])"), "IPv6:"))
	return name, a
}

// typedAddress gives "type;address" without blanks around the semicolon.
func typedAddress(text string) string {
	kind, addr, ok := strings.Cut(text, ";")
	if !ok {
		return "rfc822;" + strings.TrimSpace(text)
	}
	kind, addr = strings.ToLower(strings.TrimSpace(kind)), strings.TrimSpace(addr)
	if kind == "utf-8" {
		addr = fromUnitext(addr)
	}
	return kind + ";" + addr
}

func firstWord(text string) string {
	word, _, _ := strings.Cut(text, " ")
	word, _, _ = strings.Cut(word, "(")
	return word
}
