package smtp

import "strings"

// Verb is a command that the standards know.
type Verb uint8

const (
	Unknown Verb = iota
	HELO
	EHLO
	MAIL
	RCPT
	DATA
	BDAT
	RSET
	NOOP
	VRFY
	EXPN
	HELP
	QUIT
	AUTH
	STARTTLS
	ETRN
	ATRN
	TURN
	SEND
	SOML
	SAML
	verbs // how many there are
)

// verbRow is what the language knows of a verb. Whether a listener serves it
// is the server's table's to say.
type verbRow struct {
	name   string
	syntax string
	help   string
	ext    Extension // the extension that brings it; 0 for RFC 5321 §4.5.1's own
	waits  bool      // its reply may wait for those of its group (RFC 2920 §3.2)
	last   bool      // it must be the last of its group (RFC 2920 §3.1)
}

// row gives the verb's row. A switch and no slice: the table cannot be changed.
func (v Verb) row() verbRow {
	switch v {
	case HELO:
		return verbRow{name: "HELO", syntax: "HELO domain", last: true,
			help: "Opens the session and says who the client is (RFC 5321 section 4.1.1.1). EHLO does more."}
	case EHLO:
		return verbRow{name: "EHLO", syntax: "EHLO domain", last: true,
			help: "Opens the session, and asks for the list of extensions (RFC 5321 section 4.1.1.1)."}
	case MAIL:
		return verbRow{name: "MAIL", syntax: "MAIL FROM:<name@example.net> [parameters]", waits: true,
			help: "Begins a message and names who gets the reports; <> for nobody (RFC 5321 section 4.1.1.2)."}
	case RCPT:
		return verbRow{name: "RCPT", syntax: "RCPT TO:<name@example.net> [parameters]", waits: true,
			help: "Names one recipient; send one RCPT for each (RFC 5321 section 4.1.1.3)."}
	case DATA:
		return verbRow{name: "DATA", syntax: "DATA", last: true,
			help: "Sends the message after the 354 reply; a line with only a dot ends it (RFC 5321 section 4.1.1.4)."}
	case BDAT:
		return verbRow{name: "BDAT", syntax: "BDAT octets [LAST]", ext: ExtChunking, waits: true,
			help: "Sends a part of the message as so many octets right behind the line (RFC 3030 section 2)."}
	case RSET:
		return verbRow{name: "RSET", syntax: "RSET", waits: true,
			help: "Forgets the message that was begun (RFC 5321 section 4.1.1.5)."}
	case NOOP:
		return verbRow{name: "NOOP", syntax: "NOOP [anything]", last: true,
			help: "Does nothing; the answer shows that the server is there (RFC 5321 section 4.1.1.9)."}
	case VRFY:
		return verbRow{name: "VRFY", syntax: "VRFY name [SMTPUTF8]", last: true,
			help: "Asks whether a mailbox exists (RFC 5321 section 4.1.1.6)."}
	default:
		return v.extensionRow()
	}
}

// extensionRow holds the verbs that a server need not have.
func (v Verb) extensionRow() verbRow {
	switch v {
	case EXPN:
		return verbRow{name: "EXPN", syntax: "EXPN list [SMTPUTF8]", ext: ExtExpn, last: true,
			help: "Asks who is on a mailing list (RFC 5321 section 4.1.1.7)."}
	case HELP:
		return verbRow{name: "HELP", syntax: "HELP [command]", ext: ExtHelp,
			help: "Lists the commands served here, or explains one (RFC 5321 section 4.1.1.8)."}
	case QUIT:
		return verbRow{name: "QUIT", syntax: "QUIT", last: true,
			help: "Ends the session (RFC 5321 section 4.1.1.10)."}
	case AUTH:
		return verbRow{name: "AUTH", syntax: "AUTH mechanism [initial-response]", ext: ExtAuth, last: true,
			help: "Logs in; what is asked and answered is base64 (RFC 4954 section 4). A lone * cancels."}
	case STARTTLS:
		return verbRow{name: "STARTTLS", syntax: "STARTTLS", ext: ExtStartTLS, last: true,
			help: "Turns encryption on; afterwards begin again with EHLO (RFC 3207 section 4)."}
	case ETRN:
		return verbRow{name: "ETRN", syntax: "ETRN [@]domain, or ETRN #queue", ext: ExtEtrn, last: true,
			help: "Asks for what waits for a domain to be sent, on a new connection (RFC 1985 section 5)."}
	case ATRN:
		return verbRow{name: "ATRN", syntax: "ATRN [domain,...]", ext: ExtAtrn, last: true,
			help: "After a log-in turns the connection around, to get what waits (RFC 2645 section 5.2.1)."}
	case TURN:
		return verbRow{name: "TURN", syntax: "TURN", last: true,
			help: "Turns the connection around (RFC 821 section 3.8); out of use elsewhere, nobody is identified (RFC 5321 section F.1)."}
	case SEND, SOML, SAML:
		return verbRow{name: [...]string{"SEND", "SOML", "SAML"}[v-SEND],
			help: "Wrote to a terminal (RFC 821); out of use (RFC 5321 section F.6)."}
	}
	return verbRow{}
}

// Verbs lists all verbs in the order in which HELP shows them.
func Verbs() []Verb {
	all := make([]Verb, 0, verbs-1)
	for v := Unknown + 1; v < verbs; v++ {
		all = append(all, v)
	}
	return all
}

// String is the verb as the standards spell it; "" for Unknown.
func (v Verb) String() string { return v.row().name }

// Syntax is the command's form, "BDAT octets [LAST]".
func (v Verb) Syntax() string { return v.row().syntax }

// Help explains the command in one line.
func (v Verb) Help() string { return v.row().help }

// Cites is where a standard has the command, "RFC 5321 §4.1.1.2", as Help says
// it; "" for Unknown.
func (v Verb) Cites() string {
	_, text, _ := strings.Cut(v.row().help, "(")
	text, _, _ = strings.Cut(text, ")")
	words := strings.Fields(text)
	switch {
	case len(words) < 2:
		return ""
	case len(words) == 2:
		return words[0] + " " + words[1]
	}
	return words[0] + " " + words[1] + " §" + words[len(words)-1]
}

// Extension is the one that brings the verb; 0 if RFC 5321 §4.5.1 demands it
// of every server, or if none has it.
func (v Verb) Extension() Extension { return v.row().ext }

// MayWait says that the reply may wait until its group is done (RFC 2920 §3.2).
func (v Verb) MayWait() bool { return v.row().waits }

// EndsGroup says that a client must wait for the reply before it goes on
// (RFC 2920 §3.1; RFC 4954 §4 has an exception for AUTH).
func (v Verb) EndsGroup() bool { return v.row().last }

// VerbNamed finds a verb in any case; Unknown if there is none. It is asked
// for every line, hence a switch.
func VerbNamed(name string) Verb {
	var upper [8]byte
	if len(name) > len(upper) {
		return Unknown
	}
	for i := range len(name) {
		upper[i] = name[i]
		if c := name[i]; c >= 'a' && c <= 'z' {
			upper[i] = c - 'a' + 'A'
		}
	}
	switch string(upper[:len(name)]) {
	case "HELO":
		return HELO
	case "EHLO":
		return EHLO
	case "MAIL":
		return MAIL
	case "RCPT":
		return RCPT
	case "DATA":
		return DATA
	case "BDAT":
		return BDAT
	case "RSET":
		return RSET
	case "NOOP":
		return NOOP
	case "VRFY":
		return VRFY
	case "EXPN":
		return EXPN
	case "HELP":
		return HELP
	case "QUIT":
		return QUIT
	case "AUTH":
		return AUTH
	case "STARTTLS":
		return STARTTLS
	case "ETRN":
		return ETRN
	case "ATRN":
		return ATRN
	case "TURN":
		return TURN
	case "SEND":
		return SEND
	case "SOML":
		return SOML
	case "SAML":
		return SAML
	}
	return Unknown
}
