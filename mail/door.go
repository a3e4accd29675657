package mail

import (
	"context"
	"io"
)

// Door is the way into the house: every message comes in by it, from SMTP,
// from a mailing list's expansion, as a report, or from the web page.
type Door interface {
	// Begin opens a transaction (RFC 5321 §3.3). It may refuse the reverse-path
	// with an *Error; then no Letter exists.
	Begin(ctx context.Context, from Origin, env Envelope) (Letter, error)
}

// Letter is one message on its way in. It is written INTO and then committed,
// so that DATA and BDAT are alike and neither needs a pipe or a goroutine.
// A Letter belongs to one goroutine and ends with exactly one Commit or Abort.
type Letter interface {
	// Rcpt adds a recipient, or refuses it with an *Error; the Letter stays
	// usable for others. Calls come before the first Write.
	Rcpt(ctx context.Context, to Recipient) error

	// Write takes the next octets of the content as it will be stored: lines
	// end in CRLF, dot-stuffing is undone. An error is kept and returned
	// again by Commit; the caller goes on reading its peer meanwhile.
	io.Writer

	// Commit makes the house responsible for the message: when it returns
	// without error the message is on stable storage for all recipients
	// (RFC 5321 §6.1). Values of ctx are used, its cancellation is not.
	// An *Error says why not, and then nothing was kept.
	Commit(ctx context.Context) (Receipt, error)

	// Abort forgets the Letter. After Commit it does nothing.
	Abort()
}

// Receipt is what Commit gives for an accepted message.
type Receipt struct {
	ID    string   // the queue id told to the peer: "250 2.0.0 OK: queued as <ID>"
	Notes []string // what was mended on the way in, for the session's record; English, short

	MessageID string     // of the header, without angle brackets, fit to be printed; "" for none
	To        []Delivery // where the message lies now; a long list's members get theirs later
	Queued    []Onward   // where it goes on to; a long list's members elsewhere get theirs later
	Missed    []Missed   // who does not get it, of those to whom it leads
	Again     bool       // it was fetched, and has been where it leads: nothing was filed, and it must stay where it lies
	Foreign   []Foreign  // addresses that are not the sender's and passed because a domain only logs them
}

// Delivery is an accepted message in one mailbox.
type Delivery struct {
	Recipient string // the address that led there, as RCPT had it
	Mailbox   string // the account's address
	Account   int64
	UID       uint32 // of the message in the account's INBOX
}

// Onward is an accepted message on its way to one recipient elsewhere.
type Onward struct {
	Recipient string // the address that led there, as RCPT had it
	To        string // where it goes
}

// Missed are some to whom an accepted message leads and who do not get it. No other
// server was asked about them.
type Missed struct {
	Failed bool     // it is given up, and who has to know gets a report; else it is not sent on there, and who sends on has it or had it
	Why    string   // in one line of English
	To     []Onward // Recipient led to To
}

// Foreign is an address under which a message came that its sender does not own.
type Foreign struct {
	Field   string // "MAIL FROM", "From", "Sender" …
	Address string // as written; "" where none could be read
}

// Addresses answers the questions of VRFY and EXPN (RFC 5321 §3.5).
type Addresses interface {
	// Verify looks up a user name ("pepe") or mailbox ("pepe@pepito.es") and
	// gives the mailbox with the person's name, or an *Error: 550 unknown,
	// 553 ambiguous, 252 (Status 2.5.2) when the asker may not have the true
	// answer (RFC 5321 §3.5.3, §7.3).
	Verify(ctx context.Context, from Origin, who string) (Verified, error)

	// Expand lists the members of a mailing list, or gives an *Error: 550
	// unknown or not for this asker.
	Expand(ctx context.Context, from Origin, list string) ([]Verified, error)
}

// Verified is one mailbox that VRFY or EXPN may show: "Pepe <pepe@pepito.es>".
type Verified struct {
	Name    string // the person's full name; may be ""
	Address Address
}
