package smtpserver

import (
	"strings"
	"testing"
)

var chunkDialogues = []struct{ name, script string }{
	{"one message in chunks", ehlo + `
		C: MAIL FROM:<a@b>
		S: 250…
		C: RCPT TO:<a@b>
		S: 250…
		C: BDAT 3
		C: a
		S: 250 2.0.0 3 octets received
		C: BDAT 0
		S: 250 2.0.0 0 octets received
		C: RCPT TO:<a@b>
		S: 503 5.5.1 Recipients come before the first BDAT
		C: DATA
		S: 503 5.5.1 DATA and BDAT cannot be mixed in one message
		C: BDAT 3 LAST
		C: b
		S: 250 2.0.0 OK: queued as Q1
		C: BDAT 3 LAST
		C: c
		S: 503 5.5.1 Send MAIL first
		C: NOOP
		S: 250…`},
	{"pipelined", ehlo + `
		C: MAIL FROM:<a@b>
		C: RCPT TO:<a@b>
		C: BDAT 3
		C: a
		C: BDAT 6
		C: QUIT
		C: BDAT 0 LAST
		C: MAIL FROM:<a@b>
		S: 250 2.1.0 OK
		S: 250 2.1.5 OK
		S: 250 2.0.0 3 octets received
		S: 250 2.0.0 6 octets received
		S: 250 2.0.0 OK: queued as Q1
		S: 250 2.1.0 OK`},
	{"after a refused MAIL", ehlo + `
		C: MAIL FROM:<malo@b>
		C: RCPT TO:<a@b>
		C: BDAT 6
		C: QUIT
		C: BDAT 6 LAST
		C: QUIT
		C: MAIL FROM:<a@b>
		S: 550 5.7.1 Not from you
		S: 503 5.5.1 Send MAIL first
		S: 503 5.5.1 Send MAIL first
		S: 503 5.5.1 Send MAIL first
		S: 250 2.1.0 OK`},
	{"after refused recipients", ehlo + `
		C: MAIL FROM:<a@b>
		C: RCPT TO:<nadie@b>
		C: BDAT 6
		C: QUIT
		C: BDAT 6 LAST
		C: QUIT
		C: MAIL FROM:<a@b>
		C: RSET
		C: MAIL FROM:<a@b>
		S: 250 2.1.0 OK
		S: 550 5.1.1 No such user
		S: 503 5.5.1 Send RCPT first
		S: 503 5.5.1 A BDAT failed; send RSET first
		S: 503 5.5.1 A BDAT failed; send RSET first
		S: 250 2.0.0 OK
		S: 250 2.1.0 OK`},
	{"a failure spoils the message until RSET", ehlo + `
		C: MAIL FROM:<a@b>
		S: 250…
		C: RCPT TO:<a@b>
		S: 250…
		C: BDAT 10
		C: DISKFULL
		S: 452 4.3.1 Insufficient system storage
		C: BDAT 6 LAST
		C: QUIT
		S: 503 5.5.1 A BDAT failed; send RSET first
		C: DATA
		S: 503 5.5.1 A BDAT failed; send RSET first
		C: MAIL FROM:<a@b>
		S: 503 5.5.1 A BDAT failed; send RSET first
		C: RSET
		S: 250…
		C: MAIL FROM:<a@b>
		S: 250…`},
	{"too big", ehlo + `
		C: MAIL FROM:<a@b>
		S: 250…
		C: RCPT TO:<a@b>
		S: 250…
		C: BDAT 1001
		C: ` + strings.Repeat("x", 999) + `
		S: 552 5.3.4 Message too big; at most 1000 octets are accepted
		C: EHLO a
		S: 250-mx.example Hello a
		S: 250-SIZE 1000
		S: 250-PIPELINING
		S: 250-8BITMIME
		S: 250-SMTPUTF8
		S: 250-CHUNKING
		S: 250-ENHANCEDSTATUSCODES
		S: 250-EXPN
		S: 250 HELP
		C: MAIL FROM:<a@b>
		S: 250…`},
	{"too big to skip", ehlo + `
		C: BDAT 9000000000000000000
		S: 503 5.5.1 Send MAIL first
		C: NOOP
		S: 503 5.5.1 Nothing more…`},
	{"malformed, but measurable", ehlo + `
		C: BDAT 6 FIRST
		C: QUIT
		S: 503 5.5.1 Send MAIL first
		C: MAIL FROM:<a@b>
		S: 250…
		C: BDAT 6 FIRST
		C: QUIT
		S: 501 5.5.4…
		C: BDAT 0 LAST
		S: 503 5.5.1 A BDAT failed; send RSET first
		C: RSET
		S: 250…
		C: MAIL FROM:<a@b>
		S: 250…`},
	{"no number at all", ehlo + `
		C: MAIL FROM:<a@b>
		S: 250…
		C: RCPT TO:<a@b>
		S: 250…
		C: BDAT
		C: RSET
		S: 501 5.5.4 Say how many octets follow: BDAT octets [LAST]
		S: 503 5.5.1 Nothing more is served on this connection; send QUIT
		C: QUIT
		S: 221…
		S: <closed>`},
	{"not measurable", ehlo + `
		C: MAIL FROM:<a@b>
		S: 250…
		C: BDAT many
		C: RSET
		S: 501 5.5.4…
		S: 503 5.5.1 Nothing more is served on this connection; send QUIT
		C: QUIT
		S: 221…
		S: <closed>`},
	{"commit fails", ehlo + `
		C: MAIL FROM:<a@b>
		S: 250…
		C: RCPT TO:<a@b>
		S: 250…
		C: BDAT 12 LAST
		C: COMMITFAIL
		S: 451 4.3.0…
		C: MAIL FROM:<a@b>
		S: 503 5.5.1 A BDAT failed; send RSET first`},
	{"DATA after a message in chunks", ehlo + `
		C: MAIL FROM:<a@b>
		S: 250…
		C: RCPT TO:<a@b>
		S: 250…
		C: BDAT 3 LAST
		C: x
		S: 250 2.0.0 OK: queued as Q1
		C: MAIL FROM:<a@b>
		S: 250…
		C: RCPT TO:<a@b>
		S: 250…
		C: DATA
		S: 354…
		C: y
		C: .
		S: 250 2.0.0 OK: queued as Q2`},
}

func TestChunkDialogues(t *testing.T) {
	for _, d := range chunkDialogues {
		t.Run(d.name, func(t *testing.T) { talk(t, nil, d.script) })
	}
}
