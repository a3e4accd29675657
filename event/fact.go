package event

import (
	"net/netip"
	"time"
)

// The facts that events carry. A fact holds no secret and no message body.

// The Listener of sessions that the house itself began, in place of one's name.
const (
	Outgoing   = "outgoing" // mail leaves
	Collecting = "collect"  // mail is fetched from elsewhere
)

// Dialed says that the house began the connection.
func (o *Opened) Dialed() bool { return o.Listener == Outgoing || o.Listener == Collecting }

// Peer is the other end's address.
func (o *Opened) Peer() netip.AddrPort {
	if o.Dialed() {
		return o.Local
	}
	return o.Remote
}

// Opened is the Fact of Open.
type Opened struct {
	Endpoints
	Protocol string // "smtp", "pop3"
	Listener string // the listener's name, "smtp", "submission", "pop3s"
	Mode     string // "strict", "lab"
	TLS      bool   // TLS from the first octet
}

// Secured is the Fact of Secure.
type Secured struct {
	Version    string // "TLSv1.3"
	Cipher     string // "TLS_AES_128_GCM_SHA256"
	ServerName string // SNI; "" when absent
}

// Closed is the Fact of Close.
type Closed struct {
	Reason string // "quit", "peer closed", "timeout", "refused: …", one short English line
}

// Named is a State: HELO or EHLO was accepted.
type Named struct{ Helo string }

// Authenticated is a State: an attempt to log in ended.
type Authenticated struct {
	Mechanism string // "PLAIN", "SCRAM-SHA-256", "USER", "APOP"
	User      string // as typed, cleaned for printing; the account when OK
	OK        bool
	Reason    string // why not
}

// Refused is a State: a command was refused with a reply of 4yz or 5yz.
// Only the command's outcome is in it; passwords never are.
type Refused struct {
	Verb  string
	Reply string // first line of the reply
	Path  string // of MAIL and RCPT: the address as it was understood, cleaned for printing
}

// Banned is a State: a failed log-in was the last that the peer's address had.
type Banned struct {
	User  string // of that log-in, cleaned for printing
	Until time.Time
}

// Enveloped is a State: MAIL was accepted.
type Enveloped struct{ From string }

// Addressed is a State: RCPT was accepted.
type Addressed struct{ To string }

// Written is a State: who the header of the next Accepted says has written it, where its
// envelope was not known.
type Written struct{ From string }

// Accepted is a State: a message is on stable storage.
type Accepted struct {
	ID         string // queue id
	MessageID  string // of its header, without angle brackets, cleaned for printing; "" for none
	From       string
	Recipients int
	Size       int64 // octets of content as received
}

// Collected is a State: mail that comes on this connection from here on the house
// itself collects at another host.
type Collected struct {
	By   string // "POP3", "ETRN" (the mail then comes on other connections), "ATRN", "TURN"
	Host string // with its port where one was said
	User string // who logs in there; "" where nobody does
}

// Asked is a State: a site asks for the mail of some domains, of which none has
// left for that yet.
type Asked struct {
	By      string   // "ETRN", "ATRN", "TURN"
	Site    string   // whose mail it is; the session's log-in says whether it is logged in
	Domains []string // lent for the call
}

// Foreign is a State: a message was accepted under an address that is not its
// sender's, because sender_check of a domain is "log".
type Foreign struct {
	ID      string // queue id
	Account string // who is logged in; "" where nobody is
	Field   string // "MAIL FROM", "From", "Sender" …
	Address string // as written; "" where none could be read
}

// Delivered is a State: an accepted message lies in mailboxes. It follows
// Accepted; for a long list it comes later, in parts, and from no connection.
type Delivered struct {
	ID string     // queue id
	To []Delivery // lent for the call
}

// Queued is a State: an accepted message waits to leave for recipients elsewhere.
type Queued struct {
	ID string   // queue id
	To []Onward // lent for the call
}

// Missed is a State: an accepted message does not go to some of those to whom it
// leads. No other server was asked about them.
type Missed struct {
	ID     string // queue id
	Failed bool   // it is given up, and who has to know gets a report; else it is not sent on there, and who sends on has it or had it
	Why    string
	To     []Onward // lent for the call
}

// Onward is a message on its way to one recipient elsewhere.
type Onward struct {
	Recipient string // the address that led there, as RCPT had it; "" for a list's later part; of a report that is Missed, whom it is about
	To        string // where it goes, which an alias or a forward may have said
}

// Outcome is what became of it for them.
func (f *Missed) Outcome() string {
	if f.Failed {
		return Failed
	}
	return Unsent
}

// Halted is a State: an administrator holds what waits to leave for a recipient
// elsewhere, or lets it go.
type Halted struct {
	ID        string // queue id
	Recipient string
	Released  bool
}

// Outcome is what became of it.
func (f *Halted) Outcome() string {
	if f.Released {
		return Released
	}
	return Held
}

// The Outcome of an attempt.
const (
	Relayed = "relayed" // the next hop has it
	Delayed = "delayed" // it is tried again
	Failed  = "failed"  // it is given up
	Held    = "held"    // as Delayed, but somebody holds it by now: not before he releases it
	Removed = "removed" // an administrator took it out of the queue, and nobody is told
	Filed   = "filed"   // its recipient is served here by now: it was filed here instead
	Unsent  = "unsent"  // of one Missed and not Failed: it was not sent on

	Released = "released" // of one Halted: it is held no more
)

// Attempted is a State: an attempt to deliver a queued message to a recipient
// elsewhere has ended. It comes from the connection that was used, or from none.
type Attempted struct {
	ID        string // queue id
	Recipient string
	Outcome   string        // Relayed, Delayed, Held, Failed, Removed, Filed
	Host      string        // the name tried; "" where no way was found
	Addr      string        // its address and port
	TLS       string        // "" in clear
	Reply     string        // the remote's own words, or ours where it said none
	Session   uint64        // the number of the session that was used
	Delay     time.Duration // since the message was accepted
	Next      time.Time     // of the next attempt; zero: there is none
	AsOf      time.Time     // when that was said, to another message: nobody was asked for this one; else zero

	// A message that an earlier process accepted says itself which one it is: a
	// crash may have kept its Accepted and Queued from the watchers.
	Earlier   bool
	From      string // of an Earlier one: the reverse-path that it leaves with
	MessageID string // and that of its header, as in Accepted
}

// Delivery is a message in one mailbox.
type Delivery struct {
	Recipient string // the address that led there, as RCPT had it; "" for a list's later part
	Mailbox   string // the account's address
	Account   int64
	UID       uint32 // of the message in the account's INBOX, where it is given once
}

// Fetched is a State: a POP3 session retrieved a message.
type Fetched struct {
	Account int64
	UID     uint32
	UIDL    string
	Size    int64
}

// Deleted is a State: deletions are on stable storage.
type Deleted struct {
	Account  int64
	Messages int
	UIDs     []uint32 // lent for the call; in order
}

// Note is a State: something that a reader of the session should know,
// "21 telnet negotiation octets before the first command".
type Note struct{ Text string }
