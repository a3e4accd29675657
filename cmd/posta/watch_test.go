package main

import (
	"bytes"
	"net/netip"
	"strings"
	"testing"
	"time"

	"posta/event"
	"posta/words"
)

// watchTurns feeds a session of turns to `posta watch`, and gives what it writes.
func watchTurns(t *testing.T, columns string, f watchFlags, protocol string, turns ...string) string {
	t.Helper()
	said, err := words.New("en")
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	a := &app{terminal: terminal{Out: &out, Err: &out, Getenv: func(name string) string {
		return map[string]string{"COLUMNS": columns, "NO_COLOR": "1"}[name]
	}}, words: said}
	w, err := a.newOnlooker(f)
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 26, 10, 0, 0, 0, time.Local)
	ends := event.Endpoints{Remote: netip.MustParseAddrPort("192.0.2.7:40000"), Local: netip.MustParseAddrPort("192.0.2.1:25")}
	w.Emit(&event.Event{Conn: 7, Time: at, Kind: event.Open, Fact: event.Opened{Endpoints: ends, Protocol: protocol, Listener: protocol, Mode: "lab"}})
	for _, turn := range turns {
		at = at.Add(2500 * time.Microsecond)
		e := event.Event{Conn: 7, Time: at, Kind: event.Data, Layer: event.Text, Data: []byte(turn[2:]), Len: int64(len(turn) - 2)}
		if turn[0] == 'S' {
			e.Dir = event.FromListener
		}
		w.Emit(&e)
	}
	w.Emit(&event.Event{Conn: 7, Time: at, Kind: event.Close, Fact: event.Closed{Reason: "quit"}})
	return out.String()
}

func loginTurns() []string {
	return []string{"S:220 here\r\n", "C:AUTH LOGIN\r\n", "S:334 VXNlcm5hbWU6\r\n", "C:YW5h\r\n", "S:334 UGFzc3dvcmQ6\r\n", "C:c2VjcmV0\r\n",
		"S:535-no\r\n535 really\r\n", "C:MAIL FROM:<>\r\nRCPT TO:<a\x1b[2J@b.example>\r\n", "S:250 ok\r\n", "S:550 5.1.1 nobody\r\n", "C:QUIT\r\n"}
}

func TestWatch(t *testing.T) {
	got := watchTurns(t, "", watchFlags{}, "smtp", loginTurns()...)
	want := `10:00:00.000  #7  192.0.2.7:40000 connects to smtp
10:00:00.002  #7  220 here
10:00:00.005  #7  AUTH LOGIN                              334 VXNlcm5hbWU6 (Username:)  2.50 ms
10:00:00.010  #7  ********                                334 UGFzc3dvcmQ6 (Password:)  2.50 ms
10:00:00.015  #7  ********                                535-no (and 1 more line)  2.50 ms
10:00:00.020  #7  MAIL FROM:<>                            250 ok  2.50 ms
10:00:00.020  #7  RCPT TO:<a\x1b[2J@b.example>            550 5.1.1 nobody  5.00 ms
10:00:00.027  #7  QUIT                                    (no reply)
10:00:00.027  #7  ended: quit
`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestWatchShowsSecretsOnlyWhereAsked(t *testing.T) {
	turns := append(loginTurns(), "C:AUTH PLAIN AGEAYg==\r\n")
	if got := watchTurns(t, "", watchFlags{}, "smtp", turns...); strings.Contains(got, "c2VjcmV0") || strings.Contains(got, "AGEAYg") {
		t.Errorf("it shows the password:\n%s", got)
	}
	if got := watchTurns(t, "", watchFlags{secrets: true}, "smtp", turns...); !strings.Contains(got, "c2VjcmV0 (secret)") {
		t.Errorf("it does not show the password:\n%s", got)
	}
	pop := []string{"S:+OK\r\n", "C:USER ana\r\n", "S:+OK\r\n", "C:PASS two words\r\n", "S:+OK\r\n", "C:APOP ana c4c9334bac560ecc979e58001b3e22fb\r\n"}
	if got := watchTurns(t, "", watchFlags{}, "pop3", pop...); strings.Contains(got, "words") || strings.Contains(got, "c4c9") || !strings.Contains(got, "APOP ana ********") {
		t.Errorf("it shows the password:\n%s", got)
	}
}

// A filter chooses exchanges by what was said in them, and no line is wider than the screen.
func TestWatchFiltered(t *testing.T) {
	got := watchTurns(t, "60", watchFlags{filter: "smtp.response.code >= 500"}, "smtp", loginTurns()...)
	want := `10:00:00.015  #7  ********  535-no (and 1 more lin…  2.50 ms
10:00:00.020  #7  RCPT TO:<a\x1b[…  550 5.1.1 nobo…  5.00 ms
`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// A message has no subject where its header shows none. Of one of which nothing was
// kept that is not known; its octets are those of its content.
func TestWatchUnrecordedMessage(t *testing.T) {
	said, err := words.New("en")
	if err != nil {
		t.Fatal(err)
	}
	for protocol, head := range map[string][]string{
		"smtp": {"S:220 here\r\n", "C:DATA\r\n", "S:354 go\r\n"},
		"pop3": {"S:+OK\r\n", "C:RETR 1\r\n", "S:+OK\r\n"},
	} {
		turns := append(head, "C:To: a\r\n\r\nb\r\n.\r\n", "S:250 ok\r\n")
		if protocol == "pop3" {
			turns = append(head, "S:To: a\r\n\r\nb\r\n.\r\n", "C:QUIT\r\n", "S:+OK\r\n")
		}
		if got := watchTurns(t, "", watchFlags{}, protocol, turns...); !strings.Contains(got, "message, 12 octets, without a subject") {
			t.Errorf("%s", got)
		}
		from := event.FromDialer
		if protocol == "pop3" {
			from = event.FromListener
		}
		var out bytes.Buffer
		a := &app{terminal: terminal{Out: &out, Err: &out, Getenv: func(string) string { return "" }}, words: said}
		w, err := a.newOnlooker(watchFlags{})
		if err != nil {
			t.Fatal(err)
		}
		w.Emit(&event.Event{Conn: 7, Kind: event.Open, Fact: event.Opened{Protocol: protocol}})
		for _, turn := range head {
			e := event.Event{Conn: 7, Kind: event.Data, Layer: event.Text, Data: []byte(turn[2:]), Len: int64(len(turn) - 2)}
			if turn[0] == 'S' {
				e.Dir = event.FromListener
			}
			w.Emit(&e)
		}
		w.Emit(&event.Event{Conn: 7, Kind: event.Data, Layer: event.Text, Part: event.Body, Dir: from, Len: 10})
		w.Emit(&event.Event{Conn: 7, Kind: event.Data, Layer: event.Text, Part: event.Body, Dir: from, Data: []byte("\r\n.\r\n"), Len: 5, Dot: true})
		w.Emit(&event.Event{Conn: 7, Kind: event.Close, Fact: event.Closed{Reason: "quit"}})
		if got := out.String(); !strings.Contains(got, "message, 12 octets") || strings.Contains(got, "subject") {
			t.Errorf("%s: %s", protocol, got)
		}
	}
}
