package server

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"posta/admin"
	"posta/config"
	"posta/observe"
	"posta/trace"
)

// What is handed in at the socket is filed, and is a session for who watches.
func TestHandedIn(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("sockets for all users are for Unix")
	}
	dir, err := os.MkdirTemp("", "posta") // t.TempDir's path is too long on some systems
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	socket := filepath.Join(dir, "s.sock")
	h, _ := start(t, func(c *config.Config) { c.Sendmail.Socket = socket })
	ops, ctx, secret := h.Operations(), t.Context(), "clave-2026"
	if err := ops.Call(ctx, "domain.add", admin.DomainChange{Name: "pepito.es"}, nil); err != nil {
		t.Fatal(err)
	}
	if err := ops.Call(ctx, "account.add", admin.AccountChange{Address: "ana@pepito.es", Password: &secret}, nil); err != nil {
		t.Fatal(err)
	}
	client, err := admin.DialCounter(ctx, socket)
	for errors.Is(err, admin.ErrNoServer) { // until Serve has come so far
		client, err = admin.DialCounter(ctx, socket)
	}
	if err != nil {
		t.Fatal(err)
	}
	hand := func(to ...string) (out admin.Submitted, err error) {
		err = client.Call(ctx, "mail.submit", admin.Upload{Request: admin.Submission{User: "web", From: "www@pepito.es", To: to},
			Octets: strings.NewReader("Subject: x\r\nBcc: y\r\n\r\nbody\r\n")}, &out)
		return out, err
	}
	out, err := hand("ana")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := hand("ana", "nadie"); err == nil {
		t.Error("somebody who is not here got it")
	}
	var list []admin.Message
	if err := ops.Call(ctx, "message.list", admin.ByAddress{Address: "ana"}, &list); err != nil || len(list) != 1 || list[0].Queue != out.ID {
		t.Errorf("ana has %+v, %v; taken as %+v", list, err, out)
	}
	var text strings.Builder
	if err := ops.Call(ctx, "message.export", admin.MessageID{Box: admin.Box{Address: "ana"}, UID: 1}, &text); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Return-Path: <www@pepito.es>\r\n", "Received: by mail.test (handed in by ", "\r\nFrom: <www@pepito.es>\r\nSubject: x\r\n\r\nbody\r\n"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("no %q in\n%s", want, &text)
		}
	}
	var told trace.Result
	if err := ops.Call(ctx, "trace", trace.Query{From: "www@pepito.es"}, &told); err != nil || len(told.Stories) != 3 {
		t.Fatalf("traced %+v, %v", told, err)
	}
	for i, want := range []trace.Story{{To: "ana@pepito.es", Status: trace.Delivered, ID: out.ID}, {To: "nadie@pepito.es", Status: trace.Refused}, {To: "ana@pepito.es", Status: trace.Unfinished}} {
		if got := told.Stories[i]; got.To != want.To || got.Status != want.Status || got.ID != want.ID || !got.Steps[0].Held {
			t.Errorf("traced %+v, want %+v", got, want)
		}
	}
	for id, want := range map[uint64]observe.Session{
		1: {Accepted: 1, Reason: "quit", LastQueue: out.ID},
		2: {Refused: 1, Reason: "refused: 550 5.1.1 No such user here"},
	} {
		var got observe.Transcript
		if err := ops.Call(ctx, "session.show", admin.SessionID{ID: id}, &got); err != nil {
			t.Fatal(err)
		}
		if got.Protocol != "sendmail" || got.Accepted != want.Accepted || got.Refused != want.Refused || got.Reason != want.Reason ||
			got.LastQueue != want.LastQueue || got.Closed.IsZero() || !strings.Contains(got.String(), "[handed in by ") {
			t.Errorf("session %d: %+v", id, got)
		}
	}
}
