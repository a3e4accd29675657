package audit_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"
	"unicode"

	"posta/audit"
	"posta/dissect"
	"posta/event"
	"posta/field"
	"posta/gloss"
	"posta/story"
	"posta/words"
)

// Whatever is said, rules and glosses bear it, and give nothing to a terminal
// that it would obey.
func FuzzFindings(f *testing.F) {
	for _, said := range []string{
		"S220 x 1.2\r\n\xffCEHLO a\r\n\xffS250-x\r\n250-STARTTLS\r\n250 AUTH PLAIN\r\n\xffCAUTH PLAIN AGEAYg==\r\n\xffS235 ok\r\n",
		"S220 x\r\n\xffCMAIL FROM: a\r\nRCPT TO:<b%c@d>\r\nDATA\r\n\xffS250 ok\r\n250 ok\r\n354 go\r\n\xffCa\x1b\n.\nRSET\r\n.\r\n\xffS250 ok\r\n",
		"S+OK <1@x>\r\n\xffCUSER a\r\n\xffS+OK\r\n\xffCPASS \x1b[2J\r\n\xffS-ERR no\r\n\xffT\xffCRETR 1\r\n\xffL\xffS+OK\r\nSubject: \x07\r\n\r\n.\r\n",
		"S220 x\r\n\xffCSTARTTLS\r\nNOOP\r\n\xffS220 go\r\n\xffT\xffCTURN\r\n\xffS250 ok\r\n",
	} {
		f.Add(said, true)
		f.Add(said, false)
	}
	w, err := words.New("en")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, said string, captured bool) {
		harmless := func(text string) {
			if strings.ContainsFunc(text, func(r rune) bool { return r != '␀' && !unicode.IsPrint(r) && r > 1 }) {
				t.Errorf("%q would reach a terminal", text)
			}
		}
		a := audit.New(func(f audit.Finding) { harmless(f.What(w)); harmless(f.Why(w)) })
		class := audit.NewClass(func(l *audit.Lesson) {
			for _, line := range append(l.Clear(w), l.OverTLS(w)...) {
				harmless(line)
			}
		})
		logins := audit.NewLogins(func(*story.Session, *story.Login, bool) {})
		d := dissect.New(field.Set{}, func(*dissect.Frame) {})
		d.Tell(story.New(story.Options{Out: func(s *story.Session, act *story.Act) {
			a.Act(s, act)
			class.Act(s, act)
			logins.Act(s, act)
			g := gloss.Of(w, s, act)
			harmless(g.Meaning + g.Before + g.After)
		}}))
		var fact any = event.Opened{Protocol: "smtp"}
		if captured {
			fact = event.Captured{Endpoints: event.Endpoints{Remote: netip.MustParseAddrPort("192.0.2.9:4000"), Local: netip.MustParseAddrPort("192.0.2.1:25")}}
		}
		now, off := time.Unix(1_700_000_000, 0), [2]int64{}
		d.Feed(&event.Event{Conn: 1, Kind: event.Open, Time: now, Fact: fact})
		for i, turn := range strings.Split(said, "\xff") {
			if turn == "" {
				continue
			}
			now = now.Add(time.Duration(len(turn)) * time.Second)
			e := event.Event{Conn: 1, Time: now, Layer: event.Text, Packet: uint32(i), Kind: event.Data, Data: []byte(turn[1:]), Len: int64(len(turn) - 1)}
			switch turn[0] {
			case 'S':
				e.Dir = event.FromListener
			case 'T':
				e = event.Event{Conn: 1, Kind: event.Secure, Time: now, Fact: event.Secured{Version: turn[1:], Cipher: turn[1:]}}
			case 'L':
				e.Kind, e.Data = event.Gap, nil
			}
			e.Off = off[e.Dir]
			off[e.Dir] += e.Len
			d.Feed(&e)
		}
		if len(said)%2 == 0 {
			d.Feed(&event.Event{Conn: 1, Kind: event.Close, Time: now, Fact: event.Closed{Reason: "peer closed"}})
		}
		a.End()
		class.End()
		logins.End()
	})
}
