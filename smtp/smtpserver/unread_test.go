package smtpserver

import (
	"slices"
	"testing"

	"posta/event"
)

// The watchers get the address of a path that is none without what stands around it.
func TestRefusedPathIsAnAddress(t *testing.T) {
	h := talk(t, nil, ehlo+`
		C: MAIL FROM:<a@b.example
		S: 501…
		C: MAIL FROM: pepe
		S: 501…
		C: MAIL FROM:<> BODY=7BIT SIZE=x
		S: 501…
		C: MAIL FROM:<>
		S: 250…
		C: MAIL FROM:<> BODY=8BITMIME
		S: 503…
		C: RCPT TO:<k@refused.test
		S: 501…
		C: RCPT to: <k@refused.test>x
		S: 501…
		C: RCPT k@refused.test
		S: 501…
		C: QUIT
		S: 221…`)
	var got []string
	for _, f := range facts[event.Refused](h) {
		got = append(got, f.Path)
	}
	want := []string{"a@b.example", "pepe", "", "", "k@refused.test", "k@refused.test>x", "k@refused.test"}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

// What came behind a turn stands in the record as ********, though it is no secret:
// that is said.
func TestUnreadBehindATurn(t *testing.T) {
	c := shop()
	h := visit(t, c, c.odmr, odmrEhlo, `
		C: ATRN
		C: NOOP
		S: 503 5.5.0 Octets were sent behind ATRN, closing transmission channel
		S: <closed>`)
	want := event.Note{Text: "what came behind ATRN was not read as commands; it stands as ********"}
	if got := facts[event.Note](h); !slices.Contains(got, want) {
		t.Errorf("%+v", got)
	}
}

// What ETRN released, and where it goes, stands in the session's record.
func TestReleasedIsNoted(t *testing.T) {
	c := shop()
	h := visit(t, c, c.odmr, odmrEhlo, `
		C: ETRN sent.example
		S: 253 2.0.0 OK, 5 pending messages for node sent.example started`)
	for _, want := range []string{"released to gw.sent.example, b: mail for sent.example; recipients that waited: 3", "released: mail for a.sent.example; recipients that waited: 2"} {
		if got := facts[event.Note](h); !slices.Contains(got, event.Note{Text: want}) {
			t.Errorf("%+v", got)
		}
	}
}

// That no route leads to a site is no fault inside.
func TestNoWayToASite(t *testing.T) {
	c := shop()
	h := visit(t, c, c.odmr, odmrEhlo, `
		C: ETRN unreached.example
		S: 458 4.3.0 Unable to queue messages for node unreached.example`)
	want := event.Note{Text: "no route leads to the site of unreached.example; \"posta route add\" makes one"}
	if got := facts[event.Note](h); !slices.Contains(got, want) {
		t.Errorf("%+v", got)
	}
}
