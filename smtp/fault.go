package smtp

import (
	"fmt"

	"posta/mail"
)

// Span is a run of octets in the line that was parsed.
type Span struct{ Off, Len int }

// Of gives the octets of the span; "" when line is too short for it.
func (s Span) Of(line string) string {
	if s.Off < 0 || s.Len < 0 || s.Off+s.Len > len(line) {
		return ""
	}
	return line[s.Off : s.Off+s.Len]
}

// Fault says what is wrong with a command, where, and which reply the
// standards give it (RFC 5321 §4.2.3, RFC 3463 §3).
type Fault struct {
	Code   int
	Status mail.Status
	Text   string // one plain ASCII line; it repeats nothing that the peer sent
	Span   Span   // the octets at fault
}

func (f *Fault) Error() string { return fmt.Sprintf("%d %s %s", f.Code, f.Status, f.Text) }

// Reply is the fault as a server answers it.
func (f *Fault) Reply() Reply { return Reply{Code: f.Code, Status: f.Status, Text: f.Text} }

// The enhanced codes of faults (RFC 3463 §3.2, §3.6; RFC 6531 §4.2).
func statusBadSender() mail.Status  { return mail.Status{Class: 5, Subject: 1, Detail: 7} }
func statusBadRcpt() mail.Status    { return mail.Status{Class: 5, Subject: 1, Detail: 3} }
func statusBadCommand() mail.Status { return mail.Status{Class: 5, Subject: 5, Detail: 1} }
func statusBadSyntax() mail.Status  { return mail.Status{Class: 5, Subject: 5, Detail: 2} }
func statusBadArg() mail.Status     { return mail.Status{Class: 5, Subject: 5, Detail: 4} }

// badArg is 501 5.5.4, an argument that does not fit.
func badArg(at Span, text string) *Fault {
	return &Fault{Code: 501, Status: statusBadArg(), Text: text, Span: at}
}
