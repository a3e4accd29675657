package server

import (
	"context"
	"testing"

	"posta/admin"
	"posta/config"
	"posta/directory"
	"posta/event"
	"posta/mail"
)

// filings hears of what waited to leave and was filed here.
type filings chan event.Attempted

func (filings) Wants(uint64, event.Layer, event.Part) bool { return false }

func (f filings) Emit(e *event.Event) {
	if fact, ok := e.Fact.(event.Attempted); ok {
		f <- fact
	}
}

// Mail that waits to leave for a domain that is then made here is filed here.
func TestMadeHereSince(t *testing.T) {
	cfg := config.Default()
	cfg.Hostname, cfg.Data = "mail.test", t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	heard := make(filings, 10)
	h, err := Open(ctx, *cfg, Options{Sink: heard, Cost: directory.Cost{Memory: 64, Time: 1, Iterations: 4096}})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	call := func(name string, in, out any) {
		t.Helper()
		if err := h.Operations().Call(ctx, name, in, out); err != nil {
			t.Fatal(name, err)
		}
	}
	secret, none := "clave-2026", "none"
	call("domain.add", admin.DomainChange{Name: "pepito.es"}, nil)
	call("account.add", admin.AccountChange{Address: "pepe@pepito.es", Password: &secret}, nil)
	call("route.add", admin.RouteChange{Domain: "wait.test", Hosts: &[]string{"127.0.0.1:1"}, TLS: &none}, nil)
	pepeWrites(t, h, mail.Address{Local: "x", Domain: "wait.test"})
	call("domain.add", admin.DomainChange{Name: "wait.test"}, nil)
	call("account.add", admin.AccountChange{Address: "x@wait.test", Password: &secret}, nil)
	done := make(chan error)
	go func() { done <- h.queue.Run(ctx) }()
	if fact := <-heard; fact.Outcome != event.Filed || fact.Recipient != "x@wait.test" {
		t.Errorf("%+v", fact)
	}
	var letters []admin.Message
	call("message.list", admin.ByAddress{Address: "x@wait.test"}, &letters)
	if left, err := h.queued(ctx); err != nil || left != 0 || len(letters) != 1 || letters[0].Subject != "x" {
		t.Errorf("%d left, %v, %+v", left, err, letters)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// queued counts the recipients in the queue.
func (h *House) queued(ctx context.Context) (int64, error) {
	d, err := h.db.Queue().Depth(ctx)
	return d.Items, err
}

// pepeWrites hands a letter of pepe@pepito.es to the mailroom.
func pepeWrites(t *testing.T, h *House, to mail.Address) {
	t.Helper()
	ctx := t.Context()
	letter, err := h.room.Begin(ctx, mail.Origin{Listener: "inside", Service: mail.Submission, Inside: "posta"}, mail.Envelope{From: mail.Address{Local: "pepe", Domain: "pepito.es"}})
	if err == nil {
		err = letter.Rcpt(ctx, mail.Recipient{To: to})
	}
	if err == nil {
		_, err = letter.Write([]byte("Subject: x\r\n\r\nx\r\n"))
	}
	if err == nil {
		_, err = letter.Commit(ctx)
	}
	if err != nil {
		t.Fatal(err)
	}
}
