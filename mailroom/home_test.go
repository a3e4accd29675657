package mailroom

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"posta/directory"
	"posta/event"
	"posta/mail"
	"posta/store"
)

// waiting is what the queue has of a message of gorka@ext.test.
func waiting(change func(*store.Outgoing), to ...string) (items []store.Item, settle []store.Settlement) {
	out := &store.Outgoing{Queue: "q7", From: "gorka@ext.test", Size: 18}
	if change != nil {
		change(out)
	}
	for i, one := range to {
		items = append(items, store.Item{ID: int64(i + 1), Token: 9, Rcpt: store.Rcpt{To: one}, Out: out})
		settle = append(settle, store.Settlement{Item: int64(i + 1), Token: 9, Done: true})
	}
	return items, settle
}

const waitingText = "Subject: x\r\n\r\nHi\r\n"

// Who is here leads to somebody here, or is sent on from here.
func TestHere(t *testing.T) {
	h := newHouse(t)
	h.alias("todos@pepito.es", "x@ext.test")
	h.list("lista@pepito.es", directory.Announcement, "ana@pepito.es")
	if _, err := h.rows.AddDomain(t.Context(), directory.Domain{Name: "both.es", Relay: "192.0.2.7"}); err != nil {
		t.Fatal(err)
	}
	h.account("one@both.es", 0)
	for address, want := range map[string]bool{"ana@pepito.es": true, "Ana+x@PEPITO.es": true, "todos@pepito.es": true, "lista@pepito.es": true, "nobody@pepito.es": false,
		"ana@ext.test": false, "one@both.es": true, "two@both.es": false, "no address": false} {
		if got, err := h.room.Here(t.Context(), address); got != want || err != nil {
			t.Errorf("%s: %v %v", address, got, err)
		}
	}
}

// A message that waited to leave is filed for whom is served here by now, with its
// settlement and under its own id; a mailbox gets it once.
func TestTakeBack(t *testing.T) {
	var told heard
	h := newHouse(t, func(c *Config) { c.Sink, c.Outside = &told, &gates{} })
	h.account("full@pepito.es", 10)
	h.alias("also@pepito.es", "ana@pepito.es")
	h.alias("on@pepito.es", "far@ext.test")
	items, settle := waiting(nil, "ana@pepito.es", "full@pepito.es", "also@pepito.es", "nobody@pepito.es", "on@pepito.es")
	refused, err := h.room.TakeBack(t.Context(), items, strings.NewReader(waitingText), settle)
	h.ended()
	if err != nil || len(refused) != 2 || refused[2].Status.String() != "4.2.2" || refused[4].Status.String() != "5.1.1" {
		t.Fatalf("%v %v", refused, err)
	}
	var done []int64
	for _, s := range h.store.settled {
		done = append(done, s.Item)
	}
	if !slices.Equal(done, []int64{1, 3, 5}) || h.store.files != 1 {
		t.Errorf("settled %v in %d transactions", done, h.store.files)
	}
	got := h.got("ana@pepito.es")
	if len(got) != 1 || !strings.HasPrefix(got[0], "Return-Path: <gorka@ext.test>\r\nDelivered-To: ana@pepito.es\r\nReceived: by mx.pepito.es\r\n\tid q7;") || !strings.HasSuffix(got[0], waitingText) {
		t.Errorf("%q", got)
	}
	if len(h.store.out) != 1 || h.store.out[0].Queue != "q7" || h.store.out[0].Rcpts[0].To != "far@ext.test" {
		t.Errorf("%+v", h.store.out)
	}
	d, _ := told.facts[0].(event.Delivered)
	q, _ := told.facts[1].(event.Queued)
	if len(told.facts) != 2 || d.ID != "q7" || len(d.To) != 2 || d.To[0].Recipient != "ana@pepito.es" || len(q.To) != 1 || q.To[0].To != "far@ext.test" {
		t.Errorf("%+v", told.facts)
	}
}

// Where it cannot be filed nothing is settled; where it lies already, and would go
// round, it is.
func TestTakeBackInVain(t *testing.T) {
	h := newHouse(t, func(c *Config) { c.Outside = &gates{} })
	items, settle := waiting(nil, "ana@pepito.es")
	h.store.fail = store.ErrLost
	if _, err := h.room.TakeBack(t.Context(), items, strings.NewReader(waitingText), settle); !errors.Is(err, store.ErrLost) || len(h.store.settled) > 0 {
		t.Errorf("%v, settled %v", err, h.store.settled)
	}
	h.ended()
	h.store.fail = nil
	h.alias("on@pepito.es", "far@ext.test")
	items, settle = waiting(func(o *store.Outgoing) { o.From = "" }, "on@pepito.es")
	_, err := h.room.TakeBack(t.Context(), items, strings.NewReader("Delivered-To: on@pepito.es\r\n"+waitingText), settle)
	if why := new(mail.Error); !errors.As(err, &why) || why.Temporary() || len(h.store.settled) > 0 {
		t.Errorf("%v, settled %v", err, h.store.settled)
	}
	h.account("luis@pepito.es", 0)
	h.forward("luis@pepito.es", true, "luis@far.example")
	items, settle = waiting(nil, "luis@pepito.es")
	refused, err := h.room.TakeBack(t.Context(), items, strings.NewReader("Delivered-To: luis@pepito.es\r\nReceived: by mx.pepito.es\r\n\tid q1; x\r\n"+waitingText), settle)
	if err != nil || len(refused) > 0 || len(h.store.settled) != 1 || len(h.got("luis@pepito.es"))+len(h.store.out) != 0 {
		t.Errorf("%v %v, settled %v", refused, err, h.store.settled)
	}
	h.ended()
}
