package audit_test

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"posta/words"
)

// Behind ATRN the other one is the server: what it offers, how it greets and what
// is said to it is its own.
func TestTurned(t *testing.T) {
	listened, dialed := netip.MustParseAddrPort("192.0.2.1:25"), netip.MustParseAddrPort("192.0.2.9:40000")
	s := newStreet()
	s.play("smtp", greets, ehlo, offers, quit, bye)
	s.play("smtp", greets, ehlo, offers, "C:ATRN d.example\r\n", "S:250 now\r\n",
		"C:220 c.b.example ESMTP Exim 4.96\r\n", "S:EHLO mail.a.example\r\n", "C:250 c.b.example\r\n", "S:MAIL FROM:<x@a.example>\r\n", "C:250 ok\r\n",
		"S:RCPT TO:<y@d.example>\r\n", "C:250 ok\r\n", "S:RCPT TO:<y@other.test>\r\n", "C:250 ok\r\n",
		"S:RCPT TO:<y@third.test>\r\n", "C:250 ok\r\n", "S:RCPT TO:<y@fourth.test>\r\n", "C:550 relaying denied\r\n", "S:DATA\r\n", "C:354 go\r\n", "S"+letter[1:], "C:250 ok\r\n", "S:QUIT\r\n", "C:221 bye\r\n")
	var found []string
	for _, f := range s.found {
		if f.Client != listened || f.Server != dialed {
			t.Errorf("%s: %v → %v", f.Rule, f.Client, f.Server)
		}
		found = append(found, f.Rule)
	}
	slices.Sort(found)
	if want := []string{"message-readable", "software", "tls-not-offered"}; !slices.Equal(found, want) {
		t.Errorf("%v", found)
	}
	w, err := words.New("en")
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Join(s.learn[1].Clear(w)[3:], "\n")
	want := fmt.Sprintf("How the server greets: mail.a.example ready\nWhat the client calls itself: c.b.example.\n"+
		"Then the two changed sides: %v was the client, and %v the server.\n"+
		"How the server greets: c.b.example ESMTP Exim 4.96\nWhat the client calls itself: mail.a.example.\nMail from x@a.example to y@d.example, y@other.test, y@third.test.\n", listened, dialed)
	if !strings.HasPrefix(got, want) {
		t.Errorf("%s", got)
	}
}

// A masked recording says of what it has left out no more than it knows: who logged in,
// where posta's client noted that, and how long a message was.
func TestMaskedLesson(t *testing.T) {
	w, err := words.New("en")
	if err != nil {
		t.Fatal(err)
	}
	s := newStreet()
	scram := []string{"C:AUTH SCRAM-SHA-256 ********\r\n", "S:334 ********\r\n", "C:********\r\n", "S:235 in\r\n"}
	rest := []string{from, okay, to, okay, data, start, "B:361", "C:.\r\n", okay, quit, bye}
	s.play("smtp", slices.Concat([]string{greets, ehlo, plain}, scram, []string{"U:north"}, rest)...)
	s.play("smtp", slices.Concat([]string{greets, ehlo, plain}, scram, rest)...)
	s.play("smtp", slices.Concat([]string{greets, ehlo, plain, "C:AUTH PLAIN ********\r\n", "S:235 in\r\n"}, rest)...)
	for i, login := range []string{"User north; the password was not sent as it is (SCRAM-SHA-256).",
		"A log-in (SCRAM-SHA-256); its name and password posta has left out.", "A log-in (PLAIN); its name and password posta has left out."} {
		got := strings.Join(s.learn[i].Clear(w)[2:], "\n")
		for _, want := range []string{"How much: about ", login, "A message, every word of it, which was not recorded here: from x@b.example to y@a.example, 361 octets."} {
			if !strings.Contains(got, want) {
				t.Errorf("%q is missing in\n%s", want, got)
			}
		}
	}
}
