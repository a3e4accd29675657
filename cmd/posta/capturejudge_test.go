package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	"posta/event"
)

// A finding that is known late names the packet that it is about: by its number
// or, in the files of a ring, by its time.
func TestJudgeNamesPackets(t *testing.T) {
	at := time.Date(2026, 11, 26, 12, 0, 0, 5e6, time.UTC)
	said := func(d event.Dir, p event.Part, text string) event.Event {
		return event.Event{Conn: 1, Time: at, Kind: event.Data, Dir: d, Layer: event.Text, Part: p, Len: int64(len(text)), Data: []byte(text)}
	}
	for _, one := range []struct {
		byTime bool
		about  string
	}{{false, "[about frame 7]"}, {true, "[about the packet of 2026-11-26T12:00:00.005Z]"}} {
		j, err := newJudge(one.byTime)
		if err != nil {
			t.Fatal(err)
		}
		var texts []string
		for i, e := range []event.Event{
			{Conn: 1, Time: at, Kind: event.Open, Fact: event.Opened{Protocol: "pop3", Listener: "pop3", Mode: "lab"}},
			said(event.FromListener, event.Reply, "+OK posta\r\n"),
			said(event.FromDialer, event.Command, "USER ana\r\n"),
			said(event.FromListener, event.Reply, "+OK\r\n"),
			said(event.FromDialer, event.Command, "PASS clave\r\n"),
			said(event.FromListener, event.Reply, "+OK\r\n"),
		} {
			texts = append(texts, slices.Clone(j.remarks(&e, uint32(i)+3))...)
			if e.Packet != 0 {
				t.Error("the event stays changed")
			}
		}
		if len(texts) == 0 || !strings.HasPrefix(texts[len(texts)-1], "danger, password-clear: ") || !strings.HasSuffix(texts[len(texts)-1], one.about) {
			t.Errorf("%q", texts)
		}
	}
}
