package dsn

import (
	"io"
	"net/netip"
	"time"

	"posta/mail"
)

// Action is what the reporting server did (RFC 3464 §2.3.3).
type Action string

const (
	Failed    Action = "failed"
	Delayed   Action = "delayed"
	Delivered Action = "delivered"
	Relayed   Action = "relayed"
	Expanded  Action = "expanded"
)

// known says that RFC 3464 §2.3.3 has the action.
func (a Action) known() bool {
	switch a {
	case Failed, Delayed, Delivered, Relayed, Expanded:
		return true
	}
	return false
}

// Report is one notification about one message (RFC 3464 §2.1).
type Report struct {
	From      mail.Address // whom a person may answer, the postmaster; the envelope's sender is always null
	To        mail.Address // the reverse-path of the message reported on
	Date      time.Time
	MessageID string     // of the report itself, without angle brackets
	MTA       string     // Reporting-MTA: our host name
	FromMTA   string     // Received-From-MTA: the name in HELO or EHLO of who gave us the message; may be ""
	FromAddr  netip.Addr // the address behind FromMTA; zero where there is none
	EnvID     string     // Original-Envelope-Id, decoded from xtext; "" if MAIL had none
	Arrival   time.Time
	About     string // our id of the message, for watchers: it stands nowhere in the report
	Lab       bool   // the message came by a lab listener, and so the report goes no further than a lab may
	UTF8      bool   // the report's reader knows RFC 6532: the message came with SMTPUTF8

	// The mailing list whose members it is about, where it goes to the list's
	// owner, who wrote nothing; "" else. It stands in the readable part only.
	List string

	// List has no owner, and who wrote to it reads the report in his place.
	Ownerless bool
	Instead   bool // the postmaster reads it, for it could not go to the List's owner

	// The sender, whom it could not go to, where the postmaster reads it in his place
	// and there is no List; "" else. In the readable part only.
	Unheard string

	Recipients []Recipient

	// The message reported on: Full if not nil, else the header in Header.
	// With neither the report has no third part. The readable part names the
	// message by what stands in Header, also beside Full.
	Header   []byte
	Full     io.Reader
	EightBit bool // Header or Full has octets above 127

	Boundary string // "" makes a random one
}

// Recipient is what became of one recipient (RFC 3464 §2.3).
type Recipient struct {
	Original    string // as in ORCPT, "rfc822;pepe@pepito.es", xtext undone; "" if there was none
	Final       string // "rfc822;pepe@pepito.es"; see Type
	Action      Action
	Status      mail.Status
	RemoteMTA   string    // "dns" name of the host that refused; "" if none was asked
	Diagnostic  string    // its reply, "550 5.1.1 No such user"; "" for none
	Reason      string    // in our words, where there was no reply
	List        bool      // of a Delivered: it is a mailing list, which has members and no mailbox; in the readable part only
	OneOf       bool      // of a Failed: Final is one of several mailboxes here behind Original; in the readable part only
	Kept        bool      // of an Expanded: its own mailbox has it, too; in the readable part only
	Barred      bool      // among those behind it is a mailing list to which the sender may not write; a Failed is about that list
	Returned    bool      // an administrator took it back, nobody refused it
	Before      string    // of one Returned: what the last try gave; "" where there was none; in the readable part only
	LastAttempt time.Time // zero for none
	RetryUntil  time.Time // of a Delayed; zero for none
}

// Type gives an address with its type, "rfc822;…", or "utf-8;…" if it is not
// ASCII (RFC 6533 §3).
func Type(a mail.Address) string {
	if a.IsASCII() {
		return "rfc822;" + a.String()
	}
	return "utf-8;" + a.String()
}

// sum is the action that the subject speaks of: the worst.
func (r *Report) sum() Action {
	order := []Action{Failed, Delayed, Expanded, Relayed, Delivered}
	for _, a := range order {
		for i := range r.Recipients {
			if r.Recipients[i].Action == a {
				return a
			}
		}
	}
	return Failed
}
