package server

import (
	"context"
	"net"
	"strings"
	"testing"

	"posta/admin"
	"posta/config"
	"posta/directory"
	"posta/wire/wiretest"
)

// Where another host refuses the log-in of what a schedule collects, the
// administrator and the postmaster hear of it, and the status says it.
func TestDeniedLogin(t *testing.T) {
	there, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer there.Close()
	go func() {
		nc, err := there.Accept()
		if err != nil {
			return
		}
		defer nc.Close()
		_ = wiretest.Script(nc, "S: +OK\nC: CAPA\nS: +OK\nS: USER\nS: .\nC: USER pepe\nS: +OK\nC: PASS wrong\nS: -ERR Bad.", nil)
	}()
	cfg := config.Default()
	cfg.Hostname, cfg.Data = "mail.test", t.TempDir()
	told := make(chan error, 10)
	ctx, cancel := context.WithCancel(t.Context())
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
	secret := "clave-2026"
	call("domain.add", admin.DomainChange{Name: "pepito.es"}, nil)
	call("account.add", admin.AccountChange{Address: "pepe@pepito.es", Password: &secret}, nil)
	call("collect.add", admin.CollectWish{Way: "pop3", Host: there.Addr().String(), TLS: "none", User: "pepe", Password: "wrong", Account: "pepe", Every: "1m"}, nil)
	done := make(chan error)
	go func() { done <- h.collector.Run(ctx) }()
	if err := <-told; !strings.HasPrefix(err.Error(), "Collecting number 1 (POP3 from 127.0.0.1:") || !strings.Contains(err.Error(), " as pepe): the log-in is refused there: -ERR \"Bad.\". ") ||
		strings.Contains(err.Error(), "wrong") {
		t.Errorf("told %v", err)
	}
	var letters []admin.Message
	call("message.list", admin.ByAddress{Address: "pepe"}, &letters)
	if len(letters) != 1 || !strings.HasSuffix(letters[0].Subject, "rechaza la entrada de lo que se recoge allí") {
		t.Errorf("the postmaster has %+v", letters)
	}
	if s, err := h.status(ctx); err != nil || len(s.Denied) != 1 || !s.Denied[0].Slowed || s.Denied[0].Failure != "log-in refused: -ERR \"Bad.\"" {
		t.Errorf("%v %+v", err, s.Denied)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
