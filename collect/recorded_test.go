package collect_test

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"testing"

	"posta/dissect"
	"posta/event"
	"posta/field"
	"posta/story"
)

// tape keeps what happened on a connection.
type tape struct {
	mu  sync.Mutex
	all []event.Event
}

func (*tape) Wants(uint64, event.Layer, event.Part) bool { return true }

func (p *tape) Emit(e *event.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	kept := *e
	kept.Data = bytes.Clone(e.Data)
	p.all = append(p.all, kept)
}

// A recorded session in which the sides were changed is read so: who asked now
// answers, and whoever looks at it sees where that began.
func TestTurnedIsRead(t *testing.T) {
	p := &provider{letters: []string{"ana@north.example Subject: one\r\n\r\n1\r\n"}}
	c := newCustomer(t, p.serve(t, false))
	watch := &tape{}
	c.watch(watch)
	c.once(t, atrn())
	book := story.New(story.Options{Keep: func(*story.Session) bool { return true }})
	d := dissect.New(field.Set{}, func(*dissect.Frame) {})
	d.Tell(book)
	for i := range watch.all {
		d.Feed(&watch.all[i])
	}
	sessions, _ := book.Sessions()
	if len(sessions) != 1 {
		t.Fatalf("%d sessions", len(sessions))
	}
	var said []string
	turned := false
	for _, a := range sessions[0].Acts {
		turned = turned || a.Kind == story.Turned
		said = append(said, fmt.Sprintf("%v %v %s", a.Dir, a.Kind, a.Text))
	}
	all := strings.Join(said, "\n")
	at := strings.Index(all, "ATRN north.example")
	for _, want := range []string{"ATRN north.example", "250 2.0.0 OK, now reversing", "mx.north.example ESMTP posta", "EHLO provider.example", "MAIL FROM:<a@far.example>", "QUIT", "Bye"} {
		i := strings.Index(all[at:], want)
		if i < 0 {
			t.Fatalf("%q does not stand behind what came before it in\n%s", want, all)
		}
		at += i
	}
	if !turned {
		t.Errorf("nobody sees that it turned:\n%s", all)
	}
}
