package server

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/emersion/go-msgauth/dkim"

	"posta/admin"
	"posta/config"
	"posta/directory"
	"posta/mail"
	"posta/store"
)

// What an account sends to others is signed and counted; where it meets its
// limit, its postmaster hears of it.
func TestSendingLimit(t *testing.T) {
	cfg := config.Default()
	cfg.Hostname, cfg.Data = "mail.test", t.TempDir()
	told := make(chan error, 10)
	ctx := t.Context()
	h, err := Open(ctx, *cfg, Options{Report: func(err error) { told <- err }, Cost: directory.Cost{Memory: 64, Time: 1, Iterations: 4096}})
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
	secret, most := "clave-2026", "2"
	call("domain.add", admin.DomainChange{Name: "pepito.es"}, nil)
	call("account.add", admin.AccountChange{Address: "pepe@pepito.es", Password: &secret, MaxSent: &most}, nil)
	pepe, err := h.directory.Account(ctx, "pepe@pepito.es")
	if err != nil {
		t.Fatal(err)
	}
	from := mail.Address{Local: "pepe", Domain: "pepito.es"}
	send := func(recipients int) (refused error) {
		t.Helper()
		l, err := h.room.Begin(ctx, mail.Origin{Service: mail.Submission, ESMTP: true, Login: mail.Login{Account: pepe.ID, Address: pepe.Address}},
			mail.Envelope{From: from})
		if err != nil {
			t.Fatal(err)
		}
		defer l.Abort()
		for i := range recipients {
			to := mail.Recipient{To: mail.Address{Local: string(rune('a' + i)), Domain: "[192.0.2.9]"}}
			if err := l.Rcpt(ctx, to); err != nil {
				return err
			}
		}
		if _, err := l.Write([]byte("From: pepe@pepito.es\r\nSubject: x\r\n\r\nhello\r\n")); err != nil {
			t.Fatal(err)
		}
		if _, err := l.Commit(context.Background()); err != nil {
			t.Fatal(err)
		}
		return nil
	}
	if err := send(2); err != nil {
		t.Fatal(err)
	}
	var list []admin.Queued
	call("queue.list", admin.QueuePick{}, &list)
	if len(list) != 2 {
		t.Fatalf("%d in the queue", len(list))
	}
	items, err := h.db.Queue().Items(ctx, store.Pick{})
	if err != nil || len(items) != 2 || strings.Count(string(items[0].Out.Prefix), "DKIM-Signature:") != 2 {
		t.Errorf("%v: what leaves begins with\n%s", err, items[0].Out.Prefix)
	}
	var one admin.Account
	call("account.show", admin.ByAddress{Address: "pepe"}, &one)
	if one.Sent != 2 || one.MaxSent != 2 {
		t.Errorf("sent %d of %d", one.Sent, one.MaxSent)
	}
	var refused *mail.Error
	if err := send(1); !errors.As(err, &refused) || refused.Code != 450 {
		t.Errorf("a third recipient: %v", err)
	}
	if err := <-told; !strings.HasPrefix(err.Error(), "pepe@pepito.es wants to write to 3 recipients elsewhere within a day, and its limit is 2.") {
		t.Errorf("told %v", err)
	}
	var letters []admin.Message
	call("message.list", admin.ByAddress{Address: "pepe"}, &letters) // the domain's only account reads its postmaster's mail
	if len(letters) != 1 || letters[0].Subject != "pepe@pepito.es met its sending limit / pepe@pepito.es ha llegado a su límite de envío" {
		t.Errorf("the postmaster has %+v", letters)
	}
	for bad, want := range map[string]string{"lots": "write a number", "-5": "write a number"} {
		if err := h.Operations().Call(ctx, "account.set", admin.AccountChange{Address: "pepe", MaxSent: &bad}, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	usual := "usual"
	call("account.set", admin.AccountChange{Address: "pepe", MaxSent: &usual}, &one)
	if one.MaxSent != 2000 {
		t.Errorf("the usual limit is %d", one.MaxSent)
	}
}

// What leaves in seven bits is signed as it leaves, by all the domain's keys.
func TestResigned(t *testing.T) {
	cfg := config.Default()
	cfg.Hostname, cfg.Data = "mail.test", t.TempDir()
	ctx := t.Context()
	h, err := Open(ctx, *cfg, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	const message = "From: pepe@pepito.es\r\nMIME-Version: 1.0\r\n\r\na=C3=B1o\r\n"
	if fields, err := h.resign(ctx, "pepito.es", strings.NewReader(message)); err != nil || fields != nil {
		t.Errorf("without a key: %q %v", fields, err)
	}
	if _, err := h.directory.AddDomain(ctx, directory.NewDomain("pepito.es")); err != nil {
		t.Fatal(err)
	}
	keys, err := h.signer.Ensure(ctx, "pepito.es")
	if err != nil {
		t.Fatal(err)
	}
	fields, err := h.resign(ctx, "pepito.es", strings.NewReader(message))
	if err != nil {
		t.Fatal(err)
	}
	found, err := dkim.VerifyWithOptions(strings.NewReader(string(fields)+message), &dkim.VerifyOptions{LookupTXT: func(name string) ([]string, error) {
		for i := range keys {
			if keys[i].Name() == name {
				record, err := keys[i].Record()
				return []string{record}, err
			}
		}
		return nil, errors.New("no such name")
	}})
	if err != nil || len(found) != 2 || found[0].Err != nil || found[1].Err != nil {
		t.Errorf("%v %+v", err, found)
	}
	broken := errors.New("broken")
	if _, err := h.resign(ctx, "pepito.es", iotest.ErrReader(broken)); !errors.Is(err, broken) {
		t.Error(err)
	}
}
