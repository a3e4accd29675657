package dissect

import (
	"strings"
	"testing"
	"time"

	"posta/event"
	"posta/field"
	"posta/story"
)

// A masked recording leaves the line out that told the user's name; posta knows it
// all the same, before its own reply and behind another's.
func TestMaskedLogInsHaveNames(t *testing.T) {
	const greets, smtp, pop = "S:220 here\r\n", "smtp", "pop3"
	fact := event.Authenticated{User: "branch", OK: true}
	for name, c := range map[string]struct {
		protocol string
		said     []string
		behind   bool // the reply
		reply    string
	}{
		"CRAM-MD5":  {smtp, []string{greets, "C:AUTH CRAM-MD5\r\n", "S:334 PDE+\r\n", "C:********\r\n", "S:235 in\r\n"}, false, "branch"},
		"LOGIN":     {smtp, []string{greets, "C:AUTH LOGIN\r\n", "S:334 a\r\n", "C:********\r\n", "S:334 b\r\n", "C:********\r\n", "S:235 in\r\n"}, false, "branch"},
		"PLAIN":     {smtp, []string{greets, "C:AUTH PLAIN ********\r\n", "S:235 in\r\n"}, false, "branch"},
		"SCRAM":     {smtp, []string{greets, "C:AUTH SCRAM-SHA-256 ********\r\n", "S:334 ********\r\n", "C:********\r\n", "S:334 ********\r\n", "C:********\r\n", "S:235 in\r\n"}, false, "branch"},
		"XOAUTH2":   {smtp, []string{greets, "C:AUTH XOAUTH2 ********\r\n", "S:235 in\r\n"}, false, "branch"},
		"outgoing":  {smtp, []string{greets, "C:AUTH PLAIN ********\r\n", "S:235 in\r\n"}, true, story.Unnamed},
		"APOP":      {pop, []string{"S:+OK <1@x>\r\n", "C:APOP branch ********\r\n", "S:+OK\r\n"}, false, "branch"},
		"USER":      {pop, []string{"S:+OK\r\n", "C:USER branch\r\n", "S:+OK\r\n", "C:PASS ********\r\n", "S:+OK\r\n"}, false, "branch"},
		"POP3 AUTH": {pop, []string{"S:+OK\r\n", "C:AUTH SCRAM-SHA-256 ********\r\n", "S:+ ********\r\n", "C:********\r\n", "S:+OK\r\n"}, false, "branch"},
	} {
		t.Run(name, func(t *testing.T) {
			book := story.New(story.Options{Keep: func(*story.Session) bool { return true }})
			d := New(field.Set{}, func(*Frame) {})
			d.Tell(book)
			d.Feed(&event.Event{Conn: 1, Kind: event.Open, Fact: opened(c.protocol)})
			say := func(turn string) {
				e := event.Event{Conn: 1, Kind: event.Data, Dir: client, Layer: inside, Data: []byte(turn[2:]), Len: int64(len(turn) - 2), Time: time.Unix(1700000000, 0)}
				if strings.HasPrefix(turn, "S") {
					e.Dir = server
				}
				d.Feed(&e)
			}
			last := len(c.said) - 1
			for _, turn := range c.said[:last] {
				say(turn)
			}
			if !c.behind {
				d.Feed(&event.Event{Conn: 1, Kind: event.State, Fact: fact})
			}
			say(c.said[last])
			if c.behind {
				d.Feed(&event.Event{Conn: 1, Kind: event.State, Fact: fact})
			}
			say("C:NOOP\r\n")
			all, _ := book.Sessions()
			var reply, noop *story.Act
			for _, a := range all[0].Acts {
				switch {
				case a.Kind == story.Reply && a.Verb != "":
					reply = a
				case a.Verb == "NOOP":
					noop = a
				}
			}
			if reply.After.User != c.reply || noop.Before.User != "branch" || all[0].User != "branch" {
				t.Errorf("%q, then %q; %q", reply.After.User, noop.Before.User, all[0].User)
			}
		})
	}
}
