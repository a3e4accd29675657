package server

import (
	"errors"
	"testing"

	"posta/admin"
	"posta/config"
	"posta/directory"
)

// A strict server neither starts with secrets that can be read back nor takes
// one while it runs; a lab does both.
func TestAPOPInTheLabOnly(t *testing.T) {
	const ana = "ana@pepito.es"
	password, secret, none, data := "secreto", "geheim", "", t.TempDir()
	h := open(t, config.Lab(), data)
	if _, err := h.Listen(t.Context()); err != nil {
		t.Fatal("a lab without secrets:", err)
	}
	call := func(name string, in any) error { return h.Operations().Call(t.Context(), name, in, nil) }
	for _, err := range []error{
		call("domain.add", admin.DomainChange{Name: "pepito.es"}),
		call("account.add", admin.AccountChange{Address: ana, Password: &password, APOP: &secret}),
		h.Close(),
	} {
		if err != nil {
			t.Fatal("in the lab:", err)
		}
	}

	mixed := config.Default()
	mixed.Listeners[0].Mode = config.ModeLab
	h = open(t, mixed, data)
	if _, err := h.Listen(t.Context()); !errors.Is(err, errAPOP) {
		t.Errorf("strict listeners beside one of the lab start with a secret: %v", err)
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}

	h = open(t, config.Default(), data)
	defer func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	}()
	if _, err := h.Listen(t.Context()); !errors.Is(err, errAPOP) {
		t.Errorf("a strict server starts with a secret: %v", err)
	}
	if err := call("account.set", admin.AccountChange{Address: ana, APOP: &none}); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Listen(t.Context()); err != nil {
		t.Fatal("a strict server without secrets:", err)
	}
	for name, in := range map[string]admin.AccountChange{
		"account.set": {Address: ana, APOP: &secret},
		"account.add": {Address: "eva@pepito.es", Password: &password, APOP: &secret},
	} {
		var refused *admin.Error
		if err := call(name, in); !errors.As(err, &refused) || refused.Code != "refused" {
			t.Errorf("%s: a strict server takes a secret: %v", name, err)
		}
	}
	if has, err := h.Directory().HasAPOP(t.Context()); has || err != nil {
		t.Errorf("a secret was kept: %v, %v", has, err)
	}
}

// open opens a house on data whose listeners are on port 0.
func open(t *testing.T, cfg *config.Config, data string) *House {
	t.Helper()
	cfg.Hostname, cfg.Data = "mail.test", data
	for i := range cfg.Listeners {
		cfg.Listeners[i].Addr = "127.0.0.1:0"
	}
	h, err := Open(t.Context(), *cfg, Options{Version: "test", Cost: directory.Cost{Memory: 64, Time: 1, Iterations: 4096}})
	if err != nil {
		t.Fatal(err)
	}
	return h
}
