package dissect

import (
	"fmt"
	"strings"
	"testing"

	"posta/event"
	"posta/field"
)

// imapSaid is what IMAP's lines say, however they are cut.
func imapSaid(t *testing.T, most int, lines ...string) string {
	t.Helper()
	var want field.Set
	want.Add(field.IMAPRequestTag, field.IMAPRequestCommand, field.IMAPRequestUsername, field.IMAPRequestPassword, field.IMAPRequestFolder,
		field.IMAPResponseTag, field.IMAPResponseStatus, field.IMAPResponseCommand, field.IMFSubject, field.IMAPRequestCommandUID)
	return heard(want, most, lines...)
}

func TestIMAP(t *testing.T) {
	said := []string{
		"S:* OK IMAP4rev1 here\r\n",
		"C:a1 LOGIN \"pe\\\"pe\" \"my secret\"\r\n", "S:a1 OK LOGIN done\r\n",
		"C:a2 login pepe {6}\r\n", "S:+ go on\r\n", "C:secret\r\n", "S:a2 NO no\r\n",
		"C:a3 AUTHENTICATE PLAIN\r\n", "S:+\r\n", "C:AHBlcGUAc2VjcmV0\r\n", "S:a3 OK done\r\n",
		"C:a4 UID FETCH 1:* (BODY[])\r\n",
		"S:* 1 FETCH (UID 9 BODY[] {25}\r\nSubject: one\r\n\r\na {9}\r\n\r\n)\r\n* 2 FETCH (BODY[TEXT] {19}\r\nSubject: not me\r\n\r\n)\r\na4 OK FETCH done\r\n",
		"C:a5 APPEND Sent (\\Seen) {16+}\r\nSubject: two\r\n\r\n\r\n", "S:a5 OK APPEND done\r\n",
		"C:a6 IDLE\r\n", "S:+ idling\r\n", "C:DONE\r\n", "S:a6 OK IDLE done\r\n",
		"C:a7 COPY 1:2 Trash\r\n", "S:a7 OK COPY done\r\n",
		"C:a8 STARTTLS\r\n", "S:a8 OK begin\r\n", "C:\x16\x03\x01\x00\x09 a9 NOOP\r\n",
	}
	const want = "imap.request_tag=a1 imap.request.command=LOGIN imap.request.username=pe\\\"pe imap.request.password=my secret " +
		"imap.response_tag=a1 imap.response.status=OK imap.response.command=LOGIN " +
		"imap.request_tag=a2 imap.request.command=login imap.request.username=pepe " +
		"imap.response_tag=+ imap.response.status=go imap.response.command=on " +
		"imap.response_tag=a2 imap.response.status=NO imap.response.command=no " +
		"imap.request_tag=a3 imap.request.command=AUTHENTICATE imap.response_tag=+ imap.response_tag=a3 imap.response.status=OK imap.response.command=done " +
		"imap.request_tag=a4 imap.request.command.uid=true imap.request.command=FETCH " +
		"imf.subject=one imap.response_tag=a4 imap.response.status=OK imap.response.command=FETCH " +
		"imap.request_tag=a5 imap.request.command=APPEND imap.request.folder=Sent imf.subject=two " +
		"imap.response_tag=a5 imap.response.status=OK imap.response.command=APPEND " +
		"imap.request_tag=a6 imap.request.command=IDLE imap.response_tag=+ imap.response.status=idling " +
		"imap.response_tag=a6 imap.response.status=OK imap.response.command=IDLE " +
		"imap.request_tag=a7 imap.request.command=COPY imap.request.folder=Trash imap.response_tag=a7 imap.response.status=OK imap.response.command=COPY " +
		"imap.request_tag=a8 imap.request.command=STARTTLS imap.response_tag=a8 imap.response.status=OK imap.response.command=begin "
	for most := 1; most < 200; most++ {
		if got := imapSaid(t, most, said...); got != want {
			t.Fatalf("in runs of %d:\n%s\nnot\n%s", most, got, want)
		}
	}
}

// A literal is passed over by its length alone, also where octets are lost, and
// what it announces costs nothing.
func TestIMAPLiterals(t *testing.T) {
	if got := imapSaid(t, 1000, "S:* OK\r\n", "C:a LOGIN {99999999999999}\r\n", "C:b NOOP\r\n"); got != "imap.request_tag=a imap.request.command=LOGIN " {
		t.Error(got)
	}
	s := newIMAP().(*imapSpeaker)
	s.literal[1] = 10
	s.lost(event.FromListener, 4)
	if s.literal[1] != 6 {
		t.Errorf("%d octets are to come", s.literal[1])
	}
	s.lost(event.FromListener, 7)
	if s.literal[1] != 0 {
		t.Errorf("%d octets are to come", s.literal[1])
	}
	for range 2 * maxAsked {
		s.ask(&builder{}, []byte("a"))
	}
	if len(s.asked) != maxAsked {
		t.Errorf("%d commands are remembered", len(s.asked))
	}
	for line, want := range map[string]string{"x {5}": "5 x", "x {5+}": "5 x", "x ~{0}": "0 x", "{}": "", "{x}": "", "{5} ": "", "x{12345678901234567}": ""} {
		before, n, ok := literalOf([]byte(line))
		if got := fmt.Sprintf("%d %s", n, before); ok && got != want || ok == (want == "") {
			t.Errorf("%q: %q", line, got)
		}
	}
}

func FuzzIMAP(f *testing.F) {
	f.Add("* OK\r\n", "a LOGIN x {3}\r\nabc\r\n", "a OK x\r\n", 3)
	f.Add("* OK\r\n", "a FETCH 1 BODY[]\r\n", "* 1 FETCH (BODY[] {12}\r\nSubject: x\r\n)\r\n", 7)
	f.Fuzz(func(t *testing.T, greeting, request, response string, most int) {
		got := heard(Fields(), max(1, most), "S:* OK "+greeting, "C:"+request, "S:"+response)
		if strings.HasSuffix(got, "are kept") {
			t.Error(got)
		}
	})
}
