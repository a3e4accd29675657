// Package pop3 is the language of POP3: commands, their arguments, responses,
// listings, capabilities and the APOP digest, as RFC 1939, RFC 2449, RFC 5034
// and RFC 6856 write them. Server, client and dissector all read with it.
//
// It does no I/O and decides nothing: what a command may do and when is
// pop3server's affair. Start reading at ParseCommand and ParseResponse; Dialog
// follows what two sides say to each other.
package pop3

// Limits of a line, its CRLF counted.
const (
	MaxCommand  = 255   // a command (RFC 2449 §4)
	MaxResponse = 512   // the first line of a response, a capability (RFC 2449 §3)
	MaxSASL     = 12288 // a base64 line of an AUTH exchange, as RFC 4954 §4 bounds it; RFC 5034 leaves it open
	MaxUIDL     = 70    // octets of a unique-id (RFC 1939 §7)
)

// Span is a run of octets in the line that was parsed.
type Span struct{ Off, Len int }

// Of gives the span's octets of the line.
func (s Span) Of(line []byte) []byte { return line[s.Off : s.Off+s.Len] }

// FaultKind is what is wrong with a line.
type FaultKind uint8

const (
	Empty    FaultKind = iota + 1 // nothing in the line
	Unknown                       // no command of POP3
	Spacing                       // not exactly one space between words
	TooFew                        // an argument is missing
	TooMany                       // an argument too many
	Rubbish                       // a control character, or octets that are no UTF-8, or 8-bit where only ASCII stands
	Number                        // not a decimal number, or one too large
	NoStatus                      // a response without +OK, -ERR or +
	NoListed                      // a listing or capability that is none
)

// Fault says what is wrong with a line and where.
type Fault struct {
	Kind FaultKind
	Off  int    // octet of the line
	Text string // one plain ASCII line for the peer; holds nothing of what was sent
}

func (f *Fault) Error() string { return "pop3: " + f.Text }
