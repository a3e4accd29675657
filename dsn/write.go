package dsn

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"time"

	"posta/imf"
	"posta/mail"
)

// Write writes the report as a message with CRLF line ends. Its header and its
// readable part speak each of the languages.
func (r *Report) Write(w io.Writer, first Words, others ...Words) error {
	boundary := r.Boundary
	if boundary == "" {
		var b [12]byte
		rand.Read(b[:]) // never fails
		boundary = "report-" + hex.EncodeToString(b[:])
	}
	text, languages := r.speech(&first), first.Language
	for i := range others {
		words := &others[i]
		text += "\r\n* * *\r\n\r\n" + r.speech(words)
		languages += ", " + words.Language // RFC 3282 §2
	}
	out := &writer{w: w}
	out.write(r.head(boundary, append([]Words{first}, others...), !mail.IsASCII(text)))
	out.write(textPart(boundary, languages, text))
	out.write(r.status(boundary))
	r.original(out, boundary)
	out.write([]byte("\r\n--" + boundary + "--\r\n"))
	if out.err != nil {
		return fmt.Errorf("writing a report: %w", out.err)
	}
	return nil
}

// writer keeps the first error.
type writer struct {
	w   io.Writer
	err error
}

func (o *writer) write(p []byte) {
	if o.err == nil {
		_, o.err = o.w.Write(p)
	}
}

// head makes the report's own header (RFC 3464 §2, RFC 6522 §3). eight says
// that the part for a person is not 7-bit.
func (r *Report) head(boundary string, all []Words, eight bool) []byte {
	var b []byte
	b = imf.AppendField(b, "From", fmt.Sprintf("%s <%s>", r.sender(all), r.From))
	b = imf.AppendField(b, "To", "<"+r.To.String()+">")
	b = imf.AppendField(b, "Subject", r.subject(all))
	b = imf.AppendField(b, "Date", imf.FormatDate(r.Date))
	if r.MessageID != "" {
		b = imf.AppendField(b, "Message-ID", "<"+r.MessageID+">")
	}
	b = imf.AppendField(b, "Auto-Submitted", "auto-replied") // RFC 3834 §5
	b = imf.AppendField(b, "MIME-Version", "1.0")
	b = imf.AppendField(b, "Content-Type",
		`multipart/report; report-type=delivery-status; boundary="`+boundary+`"`)
	if eight || r.UTF8 || r.EightBit { // RFC 2045 §6.4: no less than its parts
		b = imf.AppendField(b, "Content-Transfer-Encoding", "8bit")
	}
	return append(b, "\r\n"...)
}

// sender is the display name that the report comes from.
func (r *Report) sender(all []Words) string {
	var names []string
	for i := range all {
		names = append(names, all[i].Sender)
	}
	return r.phrase(strings.Join(names, " / ") + " (" + r.MTA + ")")
}

// subject says in each language what became of the message.
func (r *Report) subject(all []Words) string {
	var texts []string
	for i := range all {
		text := r.said(&all[i], subjectOf, all[i].Subject)
		if !r.UTF8 { // RFC 6532 §3.2: else as it is
			text = imf.EncodeWords(text)
		}
		texts = append(texts, text)
	}
	return strings.Join(texts, " / ")
}

// phrase quotes a display name where RFC 5322 §3.2.5 wants it.
func (r *Report) phrase(s string) string {
	if !mail.IsASCII(s) && !r.UTF8 {
		return imf.EncodeWords(s)
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// textPart makes the part for a person.
func textPart(boundary, languages, text string) []byte {
	charset, encoding := "us-ascii", "7bit"
	if !mail.IsASCII(text) {
		charset, encoding = "utf-8", "8bit"
	}
	b := []byte("--" + boundary + "\r\n")
	b = imf.AppendField(b, "Content-Type", "text/plain; charset="+charset)
	b = imf.AppendField(b, "Content-Language", languages)
	b = imf.AppendField(b, "Content-Transfer-Encoding", encoding)
	return append(append(b, "\r\n"...), text...)
}

// status makes the part for programs.
func (r *Report) status(boundary string) []byte {
	f := fields{utf8: r.UTF8}
	f.add("Reporting-MTA", mta(r.MTA))
	if r.FromMTA != "" {
		f.add("Received-From-MTA", mta(r.FromMTA)+commented(r.FromAddr))
	}
	if r.EnvID != "" {
		f.b = append(f.b, "Original-Envelope-Id: "+ascii(r.EnvID)+"\r\n"...) // never folded: blanks count
	}
	f.date("Arrival-Date", r.Arrival)
	for i := range r.Recipients {
		f.recipient(&r.Recipients[i])
	}
	b := []byte("\r\n--" + boundary + "\r\n")
	if mail.IsASCII(string(f.b)) {
		// RFC 6533 §4.4: the traditional type, if it loses nothing.
		b = imf.AppendField(b, "Content-Type", "message/delivery-status")
	} else {
		b = imf.AppendField(b, "Content-Type", "message/global-delivery-status")
		b = imf.AppendField(b, "Content-Transfer-Encoding", "8bit")
	}
	return append(append(b, "\r\n"...), f.b...)
}

// mta gives a host name its type. An unqualified one must not be called "dns"
// (RFC 3461 §6.3).
func mta(name string) string {
	if strings.Contains(name, ".") {
		return "dns; " + name
	}
	return "x-local-hostname; " + name
}

// commented is an address as RFC 3464 §2.2.4 has it behind a host's name.
func commented(a netip.Addr) string {
	switch a = a.Unmap(); {
	case a.Is4():
		return " ([" + a.String() + "])"
	case a.Is6():
		return " ([IPv6:" + a.String() + "])"
	}
	return ""
}

// ownType marks a diagnostic of ours, where no server answered (RFC 3464 §2.3.6).
const ownType = "x-posta"

// fields collects the fields of the status part.
type fields struct {
	b    []byte
	utf8 bool
}

func (f *fields) add(name, value string) {
	if !f.utf8 {
		value = ascii(value)
	}
	f.b = imf.AppendField(f.b, name, plain(value))
}

func (f *fields) date(name string, t time.Time) {
	if !t.IsZero() {
		f.add(name, imf.FormatDate(t))
	}
}

// recipient writes one group of per-recipient fields (RFC 3464 §2.3).
func (f *fields) recipient(rc *Recipient) {
	f.b = append(f.b, "\r\n"...)
	if rc.Original != "" {
		f.typed("Original-Recipient", rc.Original)
	}
	f.typed("Final-Recipient", rc.Final)
	f.add("Action", string(rc.Action))
	f.add("Status", rc.Status.String())
	if rc.RemoteMTA != "" {
		f.add("Remote-MTA", mta(rc.RemoteMTA))
	}
	switch {
	case rc.Diagnostic != "":
		f.add("Diagnostic-Code", "smtp; "+rc.Diagnostic)
	case rc.Reason != "":
		f.add("Diagnostic-Code", ownType+"; "+rc.Reason)
	}
	f.date("Last-Attempt-Date", rc.LastAttempt)
	if rc.Action == Delayed { // RFC 3464 §2.3.9: in no other
		f.date("Will-Retry-Until", rc.RetryUntil)
	}
}

// typed writes an address with its type, not folded, for blanks and case in
// it count. A UTF-8 one is written as the part allows; what is only called one
// stays as it is, if the part can hold it (RFC 6533 §3).
func (f *fields) typed(name, value string) {
	kind, addr, _ := strings.Cut(value, ";")
	if strings.EqualFold(kind, "utf-8") {
		said := fromUnitext(addr)
		_, err := mail.ParseAddress(said)
		switch {
		case err != nil && (f.utf8 || mail.IsASCII(addr)):
		case f.utf8:
			addr = said
		default:
			addr = Unitext(said)
		}
	}
	line := name + ": " + kind + ";" + plain(addr)
	if !f.utf8 {
		line = ascii(line)
	}
	f.b = append(append(f.b, line...), "\r\n"...)
}

// original writes the third part: the message, or its header.
func (r *Report) original(out *writer, boundary string) {
	if r.Full == nil && r.Header == nil {
		return
	}
	kind := "text/rfc822-headers"
	switch {
	case r.Full != nil && r.UTF8:
		kind = "message/global"
	case r.Full != nil:
		kind = "message/rfc822"
	case r.UTF8 && r.EightBit:
		kind = "message/global-headers"
	}
	b := []byte("\r\n--" + boundary + "\r\n")
	b = imf.AppendField(b, "Content-Type", kind)
	if r.EightBit {
		b = imf.AppendField(b, "Content-Transfer-Encoding", "8bit")
	}
	out.write(append(b, "\r\n"...))
	if r.Full == nil {
		out.write(r.Header)
		return
	}
	if out.err == nil {
		_, out.err = io.Copy(out.w, r.Full)
	}
}
