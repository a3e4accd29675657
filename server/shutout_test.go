package server

import (
	"context"
	"net"
	"strings"
	"testing"

	"posta/admin"
	"posta/config"
	"posta/directory"
	"posta/mail"
	"posta/wire/wiretest"
)

// Where a smart host refuses the user and the password of its route, the administrator
// and the postmaster hear of it, and the status says it.
func TestShutOut(t *testing.T) {
	there, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer there.Close()
	go func() {
		for {
			nc, err := there.Accept()
			if err != nil {
				return
			}
			_ = wiretest.Script(nc, "S: 220 isp.test\nC: EHLO mail.test\nS: 250-isp.test\nS: 250 AUTH PLAIN\nC: AUTH PLAIN AHBlcGUAd3Jvbmc=\nS: 535 5.7.8 Bad.\nC: QUIT\nS: 221 bye", nil)
			_ = nc.Close()
		}
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
	secret, tls, user, password := "clave-2026", "none", "pepe", "wrong"
	call("domain.add", admin.DomainChange{Name: "pepito.es"}, nil)
	call("account.add", admin.AccountChange{Address: "pepe@pepito.es", Password: &secret}, nil)
	call("route.add", admin.RouteChange{Domain: "*", Hosts: &[]string{there.Addr().String()}, TLS: &tls, User: &user, Password: &password}, nil)
	pepeWrites(t, h, mail.Address{Local: "x", Domain: "far.test"})
	done := make(chan error)
	go func() { done <- h.queue.Run(ctx) }()
	if err := <-told; !strings.HasPrefix(err.Error(), "The host 127.0.0.1 of the route * does not let this server log in as pepe: 535 5.7.8 Bad. Mail that goes that way waits") ||
		!strings.Contains(err.Error(), "posta route set '*' --user pepe --password-file") || strings.Contains(err.Error(), "wrong") {
		t.Errorf("told %v", err)
	}
	var letters []admin.Message
	call("message.list", admin.ByAddress{Address: "pepe"}, &letters)
	if len(letters) != 1 || !strings.HasSuffix(letters[0].Subject, "no deja entrar a este servidor: hay correo que espera") {
		t.Errorf("the postmaster has %+v", letters)
	}
	if s, err := h.status(ctx); err != nil || len(s.ShutOut) != 1 || s.ShutOut[0].Route != "*" || s.ShutOut[0].Code != 535 || s.ShutOut[0].Text != "Bad." {
		t.Errorf("%v %+v", err, s.ShutOut)
	}
	call("route.set", admin.RouteChange{Domain: "*", User: new(string)}, nil)
	if s, err := h.status(ctx); err != nil || len(s.ShutOut) != 0 {
		t.Errorf("of another route: %v %+v", err, s.ShutOut)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
