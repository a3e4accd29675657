// Package story tells what was said on a connection: commands with their
// replies, log-ins, messages, TLS, what was lost. Transcript, diagram, findings,
// live view and report are written from it, so that they cannot disagree.
//
// A Book is told by the dissector what it has read, adds what follows from it
// (which command a reply answers, in which state the dialogue is, what a log-in
// gives away), and hands out Acts, one at a time; it keeps Sessions where that is
// asked. It does no I/O. Start reading at Session, then Book.
package story

import (
	"container/list"
	"time"

	"posta/event"
	"posta/mail"
)

// Session is a connection and what was said on it.
type Session struct {
	Conn     uint64 // number of the connection
	Stream   int64  // of a capture, as Wireshark's tcp.stream; -1 of posta's own sessions
	Number   uint64 // in the list of a server's sessions; 0 where nobody knows
	Ends     event.Endpoints
	Sure     bool   // it is known who dialed
	Protocol string // "smtp" or "pop3", "" while nobody knows
	Listener string // of posta's own sessions: the listener's name and mode
	Mode     string

	Began, Ended Moment
	Over         bool
	Reason       string // why it ended, as event.Closed has it

	Helo     string         // what who dialed calls itself
	Banner   string         // the text with which who listened greeted
	User     string         // who has logged in
	Named    [2]Named       // by event.Dir: what each end says of itself, also in the other's part
	Secured  *event.Secured // nil without TLS
	Implicit bool           // TLS from the first octet

	Octets [2]int64 // that passed, by event.Dir, TLS undone where that was possible
	Lost   [2]int64
	Passed [2]int64 // on the network, by event.Dir: of TLS its own octets too
	Inside [2]int64 // of posta's own sessions what was said inside TLS, which is no part of Passed
	Sealed bool     // of those the octets of TLS were recorded
	Acts   []*Act   // in the order in which they began; empty where they are not kept
	Count  int      // of acts, also of those not kept
}

// OnWire is how many octets whoever is on the way sees, by event.Dir. whole is false
// where a recording has left out those of TLS, and what was said inside it is counted.
func (s *Session) OnWire() (n [2]int64, whole bool) {
	if s.Sealed || s.Inside == [2]int64{} {
		return s.Passed, true
	}
	return [2]int64{s.Passed[0] + s.Inside[0], s.Passed[1] + s.Inside[1]}, false
}

// Named is what an end calls itself, as client and as server.
type Named struct{ Helo, Banner string }

// Moment is when something happened, and in which packet or frame: 0 where
// there is none.
type Moment struct {
	Time  time.Time
	Frame uint32
}

// Role is a part in the dialogue. Dialer and listener change parts with TURN
// and ATRN.
type Role uint8

const (
	Client Role = iota
	Server
)

// Kind is what an Act is.
type Kind uint8

const (
	Command   Kind = iota + 1 // a line of the client
	Answer                    // of the client to a challenge
	Greeting                  // the server's first words
	Reply                     // a reply with all of its lines; also "-ERR"
	Challenge                 // 334, or "+ "
	Mail                      // a message: of DATA, BDAT, RETR or TOP
	List                      // the further lines of a POP3 response that are no message
	Stray                     // a line that is none of the above
	TLS                       // TLS is up
	Cipher                    // octets inside TLS that could not be read
	Gap                       // octets that are missing
	Note                      // a remark, such as of telnet negotiation
	Fact                      // what posta knows of its own session: a State event
	Turned                    // client and server have changed sides
	Over                      // the connection ended
	Packet                    // a segment of TCP, where Options.Packets asks for them
)

// Phase is a stretch of a session.
type Phase uint8

const (
	Connection     Phase = iota // up to the greeting
	Opening                     // greeting, HELO, EHLO, CAPA
	Authentication              // logging in; POP3's AUTHORIZATION state (RFC 1939 §4)
	Transaction                 // MAIL to DATA; POP3's TRANSACTION state (RFC 1939 §5)
	Data                        // the message, and the reply to it
	Update                      // POP3's QUIT after a log-in (RFC 1939 §6)
	Closing                     // QUIT and the end
	OnDemand                    // ETRN, ATRN, TURN: mail is asked for (RFC 1985, RFC 2645)
)

// State is how far a dialogue has come.
type State struct {
	Greeted    bool   // the server has greeted
	Helo       string // "" before HELO or EHLO
	Secure     bool
	User       string // "" before a log-in
	Sender     bool   // MAIL was accepted
	From       string // its reverse-path; "" also for <>
	Recipients int    // RCPTs that were accepted
	Data       bool   // the message may come: 354
	Deleted    int    // POP3's DELEs that were accepted
	Quit       bool   // QUIT was answered
}

// Act is one thing that was said or done.
type Act struct {
	Index     int // its place among the session's acts
	Kind      Kind
	At, Until Moment // of its first octet and its last
	Dir       event.Dir
	From      Role
	Secure    bool // inside TLS
	Phase     Phase

	Verb    string   // of a command, as the standards spell it; of a reply that of what it answers; "" unknown
	Arg     string   // of a command: HELO's name, a path's address, AUTH's mechanism, a message's number …
	Text    string   // a line as it was sent, without its end; of replies the first
	More    []string // further lines of replies and lists, at most maxLines of them
	Octets  int64    // as sent, with line ends and dot-stuffing
	Code    int      // of an SMTP reply
	Status  mail.Status
	Refused bool // a reply that is negative: 4yz, 5yz, -ERR

	Re       *Act // of replies, answers, challenges, mail and lists: the command that they belong to
	Answered *Act // of commands, answers and mail: the reply, once it has come
	Grouped  bool // a command that did not wait for the reply to the one before (RFC 2920, RFC 2449 §6.6)
	Sure     bool // nothing was guessed, as after lost octets

	Before, After State
	Fault         string   // what the grammar finds wrong with a command; "" nothing
	Bare          bool     // of a line: it holds or ends in a CR or LF that stands alone
	Lenient       []string // liberties of a command that only a lenient server takes
	Login         *Login   // of the acts of a log-in, one for all of them
	Message       *Message
	secret        int           // of a command: where in Text it begins
	place         *list.Element // among the commands of all connections that wait
	login         *login        // of a command: the log-in that it begins
	mail          *Act          // of DATA and BDAT: the message that ended behind it
	Event         any           // of Fact: one of event's State types; of TLS: event.Secured; of Packet: event.Segment
}

// Login is a log-in, as an eavesdropper sees it.
type Login struct {
	Mechanism string // "PLAIN", "LOGIN", "USER", "APOP", "SCRAM-SHA-256" …
	User      string
	Password  string // as it was sent or decoded; "" where the mechanism does not tell it
	Base64    bool   // user and password were hidden in base64 only
	Readable  bool   // whoever sees the octets has the password
	Masked    bool   // posta has left the secret out
	At        Moment // of the line that told the secret, or tried it
	Done      bool   // the server has answered
	OK        bool   // and let the user in
}

// Message is a message that passed.
type Message struct {
	Octets    []byte // dot-stuffing undone; nil where they were not recorded
	Size      int64  // octets of content: Octets may be fewer
	Whole     bool   // Octets are all of it
	From, To  string // of its header, decoded for people
	Subject   string
	Date      string
	MessageID string // without angle brackets; also as posta knows it where octets were left out
	Queue     string // posta's queue id
	Copies    []Copy // in posta's own mailboxes, where they are known
	Number    int    // of RETR and TOP
	Parts     []Part // what it is made of, in order
	Separated bool   // the header ends in an empty line, or with the message; known where there are Octets
	Sent      Sent
}

// Copy is a message as it lies in a mailbox of posta's.
type Copy struct {
	Account int64
	UID     uint32
}

// Sent is how the lines of mail data were sent, which a server may have mended.
type Sent struct {
	Bare       int         // CRs and LFs that stand alone
	Longest    int         // octets of the longest line, without its end
	Lookalikes []Lookalike // at most MaxLookalikes
}

// MaxLookalikes is how many are told of one message.
const MaxLookalikes = 20

// Lookalike is a line of a dot alone that should not end the data, because its
// line ends are no CRLFs (RFC 5321 §4.1.1.4), though a careless server may think so.
type Lookalike struct {
	Ends   string // the dot with what stands on both sides of it, "\n.\r\n"
	Behind string // the line behind it, at most MaxBehind octets
	Ended  bool   // the data ended with it: the server did think so
	At     Moment
}

// MaxBehind is how much of the line behind a Lookalike is told.
const MaxBehind = 100

// Part is a part of a message that has no parts.
type Part struct {
	Type  string // "text/plain"
	Name  string // the file's, decoded; "" for none
	Size  int    // octets as they stand in the message
	Depth int
}
