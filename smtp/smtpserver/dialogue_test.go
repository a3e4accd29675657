package smtpserver

import (
	"slices"
	"testing"
)

// ehlo is the opening of a strict MX session with MaxSize 1000.
const ehlo = `
	S: 220 mx.example ESMTP posta
	C: EHLO a.example
	S: 250-mx.example Hello a.example
	S: 250-SIZE 1000
	S: 250-PIPELINING
	S: 250-8BITMIME
	S: 250-SMTPUTF8
	S: 250-CHUNKING
	S: 250-ENHANCEDSTATUSCODES
	S: 250-EXPN
	S: 250 HELP
`

// dialogue is one session. What it is about stands in its name.
type dialogue struct {
	name   string
	config func(*Config)
	script string
}

var strictDialogues = []dialogue{
	{"a message", nil, ehlo + `
		C: MAIL FROM:<luis@jaramillo.edu.ec> SIZE=30 BODY=8BITMIME
		S: 250 2.1.0 OK
		C: RCPT TO:<gorka@jaramillo.edu.ec>
		S: 250 2.1.5 OK
		C: DATA
		S: 354 Go ahead; a line with only a dot ends the message
		C: luis jaramillo uday
		C: ..
		C: .
		S: 250 2.0.0 OK: queued as Q1
		C: MAIL FROM:<>
		S: 250 2.1.0 OK
		C: QUIT
		S: 221 2.0.0 Bye
		S: <closed>`},
	{"the end of the connection is the end", nil, ehlo + `
		C: MAIL FROM:<a@b>
		S: 250 2.1.0 OK`},
	{"order", nil, `
		S: 220 mx.example ESMTP posta
		C: MAIL FROM:<a@b>
		S: 503 5.5.1 Send HELO or EHLO first
		C: RCPT TO:<a@b>
		S: 503 5.5.1 Send HELO or EHLO first
		C: DATA
		S: 503 5.5.1 Send HELO or EHLO first
		C: NOOP what
		S: 250 2.0.0 OK
		C: RSET
		S: 250 2.0.0 OK
		C: VRFY pepe
		S: 250 2.1.5 <pepe@pepito.es>
		C: HELO a.example
		S: 250 mx.example Hello a.example
		C: RCPT TO:<a@b>
		S: 503 5.5.1 Send MAIL first
		C: DATA
		S: 503 5.5.1 Send MAIL first
		C: MAIL FROM:<a@b>
		S: 250 2.1.0 OK
		C: MAIL FROM:<a@b>
		S: 503 5.5.1 A message is begun already; RSET forgets it
		C: DATA
		S: 503 5.5.1 Send RCPT first
		C: RCPT TO:<nadie@b>
		S: 550 5.1.1 No such user
		C: DATA
		S: 554 5.5.1 No valid recipients
		C: RCPT TO:<a@b>
		S: 250 2.1.5 OK
		C: RSET
		S: 250 2.0.0 OK
		C: DATA
		S: 503 5.5.1 Send MAIL first
		C: MAIL FROM:<a@b>
		S: 250 2.1.0 OK
		C: EHLO bad_-.
		S: 501 Neither a domain name…
		C: RCPT TO:<a@b>
		S: 250 2.1.5 OK
		C: HELO a.example
		S: 250 mx.example Hello a.example
		C: RCPT TO:<a@b>
		S: 503 5.5.1 Send MAIL first`},
	{"arguments", nil, ehlo + `
		C: MAIL FROM :<a@b>
		S: 501 5.5.4 No space…
		C: MAIL FROM: a@b
		S: 501 5.1.7…
		C: MAIL FROM:a@b
		S: 501 5.1.7…
		C: MAIL FROM:<a@b> SIZE=2000
		S: 552 5.3.4 Message too big; at most 1000 octets are accepted
		C: MAIL FROM:<a@b> SIZE=0 BODY=BINARYMIME
		S: 555 5.5.4…
		C: MAIL FROM:<a@b> RET=FULL
		S: 555 5.5.4 RET is not served here
		C: MAIL FROM:<a@b> AUTH=<>
		S: 555 5.5.4 AUTH is not served here
		C: MAIL FROM:<a@b> FOO=1
		S: 555 5.5.4 Parameter not recognized
		C: MAIL FROM:<peña@b>
		S: 550 5.6.7…
		C: MAIL FROM:<a@b> SIZE=0
		S: 250 2.1.0 OK
		C: RCPT TO:<peña@b>
		S: 553 5.6.7…
		C: RCPT TO:<a@b> NOTIFY=NEVER
		S: 555 5.5.4 NOTIFY is not served here
		C: RCPT TO:<>
		S: 501 5.1.3…
		C: RCPT TO:<Postmaster>
		S: 250 2.1.5 OK
		C: RCPT TO:<@x,@y:a@b>
		S: 250 2.1.5 OK
		C: DATA now
		S: 501 5.5.4…
		C: RSET now
		S: 501 5.5.4…
		C: QUIT now
		S: 501 5.5.4…`},
	{"UTF-8 addresses", nil, ehlo + `
		C: MAIL FROM:<peña@españa.example> SMTPUTF8
		S: 250 2.1.0 OK
		C: RCPT TO:<ñ@b>
		S: 250 2.1.5 OK
		C: VRFY peña
		S: 252 2.6.8…
		C: VRFY peña SMTPUTF8
		S: 250 2.1.5 Peña <peña@pepito.es>`},
	{"parameters need EHLO", nil, `
		S: 220…
		C: HELO a.example
		S: 250 mx.example Hello a.example
		C: MAIL FROM:<a@b> SIZE=3
		S: 555 5.5.4 Parameters need EHLO instead of HELO`},
	{"refusals of the house", nil, ehlo + `
		C: MAIL FROM:<malo@b>
		S: 550 5.7.1 Not from you
		C: MAIL FROM:<roto@b>
		S: 451 4.3.0 A fault inside this server; try again later
		C: MAIL FROM:<a@b>
		S: 250 2.1.0 OK
		C: RCPT TO:<lleno@b>
		S: 452 4.2.2 Mailbox full
		C: RCPT TO:<a@b>
		S: 250 2.1.5 OK
		C: DATA
		S: 354…
		C: DISKFULL
		C: .
		S: 452 4.3.1 Insufficient system storage
		C: MAIL FROM:<a@b>
		S: 250 2.1.0 OK
		C: RCPT TO:<a@b>
		S: 250 2.1.5 OK
		C: DATA
		S: 354…
		C: COMMITFAIL
		C: .
		S: 451 4.3.0 A fault inside this server; try again later
		C: MAIL FROM:<ocupado@b>
		S: 421 4.3.2 Busy
		S: <closed>`},
	{"lookups", nil, `
		S: 220…
		C: VRFY pepe SMTPUTF8
		S: 250 2.1.5 Pepe Pérez x <pepe@pepito.es>
		C: VRFY <pepe@pepito.es>
		S: 250 2.1.5 <pepe@pepito.es>
		C: VRFY dos
		S: 553 5.1.4 Ambiguous
		C: VRFY extraño
		S: 252 2.5.2 Cannot VRFY user, but will accept message
		C: VRFY
		S: 501 5.5.4…
		C: EXPN todos
		S: 250-2.1.5 <a@b>
		S: 250 2.1.5 C <c@d>
		C: EXPN nadie
		S: 252 2.1.5 The list has no members
		C: EXPN otros
		S: 550 5.7.1 Not for you
		C: VERFY pepe
		S: 500 5.5.1 Command not recognized; did you mean VRFY?`},
	{"lookups without a directory", func(c *Config) { c.Addresses = nil }, `
		S: 220…
		C: VRFY pepe
		S: 252 2.5.2…
		C: EXPN todos
		S: 502 5.5.1 EXPN is not served here`},
	{"what is no command", nil, `
		S: 220…
		C: SIZE
		S: 500 5.5.1 SIZE is an EHLO keyword…
		C: pipelining
		S: 500 5.5.1 PIPELINING is an EHLO keyword…
		C: DSN
		S: 500 5.5.1 DSN is an EHLO keyword…
		C: HELLO a.example
		S: 500 5.5.1 Command not recognized; did you mean HELO?
		C: USER pepe
		S: 500 5.5.1 That is a command of POP3, and this is SMTP
		C: XYZZY
		S: 500 5.5.1 Command not recognized; HELP lists those that are
		C: ETRN x
		S: 502 5.5.1 ETRN is not served here
		C: ATRN
		S: 502 5.5.1 ATRN is not served here
		C: TURN
		S: 502 5.5.1 TURN is not served here
		C: SEND FROM:<a@b>
		S: 502 5.5.1 SEND is not served here
		C:
		S: 500 5.5.2 An empty line is no command
		C: NOOP
		S: 250 2.0.0 OK`},
	{"help", nil, `
		S: 220…
		C: HELP
		S: 214-2.0.0 Commands served here now; HELP and one of them explains it:
		S: 214-2.0.0 HELO EHLO MAIL RCPT DATA BDAT RSET NOOP VRFY EXPN
		S: 214 2.0.0 HELP QUIT
		C: HELP rcpt
		S: 214-2.0.0 RCPT TO:<name@example.net> [parameters]
		S: 214 2.0.0 Names one recipient…
		C: HELP SIZE
		S: 214 2.0.0 SIZE is an EHLO keyword…
		C: HELP ETRN
		S: 504 5.5.4…
		C: HELP STARTTLS
		S: 504 5.5.4…`},
	{"too many errors", func(c *Config) { c.MaxErrors = 3 }, `
		S: 220…
		C: X
		S: 500 5.5.1…
		C: X
		S: 500 5.5.1…
		C: NOOP
		S: 250…
		C: X
		S: 421 4.7.0…
		S: <closed>`},
	{"wrong recipients are no errors", func(c *Config) { c.MaxErrors = 2 }, ehlo + `
		C: MAIL FROM:<a@b>
		S: 250…
		C: RCPT TO:<nadie@b>
		S: 550…
		C: RCPT TO:<nadie@b>
		S: 550…
		C: RCPT TO:<nadie@b>
		S: 550…`},
	{"a web page", nil, `
		S: 220…
		C: POST / HTTP/1.1
		C: Host: mx.example
		S: <closed>`},
	{"AUTH is for submission", nil, ehlo + `
		C: AUTH PLAIN AHBlcGUAc2VjcmV0bw==
		S: 503 5.5.1 AUTH is for submission, ports 465 and 587
		C: STARTTLS
		S: 502 5.5.1 STARTTLS is not served here`},
	{"submission without TLS configured", submission, `
		S: 220…
		C: AUTH PLAIN
		S: 538 5.7.11…
		C: MAIL FROM:<a@b>
		S: 530 5.7.0 Must issue a STARTTLS command first`},
	{"a persona is for the lab", func(c *Config) { c.Persona = "hmailserver" }, `S: 220 mx.example ESMTP posta`},
	{"SIZE without a limit", func(c *Config) { c.MaxSize = -1 }, `
		S: 220…
		C: EHLO a
		S: 250-mx.example Hello a
		S: 250-SIZE 0`},
	{"a message that is too big", func(c *Config) { c.MaxSize = 20 }, `
		S: 220…
		C: HELO a
		S: 250…
		C: MAIL FROM:<a@b>
		S: 250…
		C: RCPT TO:<a@b>
		S: 250…
		C: DATA
		S: 354…
		C: 01234567890123456789
		C: .
		S: 552 5.3.4 Message too big; at most 20 octets are accepted
		C: MAIL FROM:<a@b>
		S: 250 2.1.0 OK`},
}

func TestDialogues(t *testing.T) {
	for _, d := range slices.Concat(strictDialogues, labDialogues) {
		t.Run(d.name, func(t *testing.T) { talk(t, d.config, d.script) })
	}
}
