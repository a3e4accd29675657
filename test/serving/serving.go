// Package serving runs a whole posta inside of a test.
package serving

import (
	"context"
	"testing"

	"posta/config"
	"posta/directory"
	"posta/server"
)

// Start opens a house and serves until end is called, which the test's own end does
// otherwise. It gives the address of each listener by its name. Passwords cost little,
// and what the house reports stands in the test's log.
func Start(t testing.TB, cfg *config.Config, o server.Options) (h *server.House, addrs map[string]string, end func()) {
	t.Helper()
	o.Version, o.Cost = "test", directory.Cost{Memory: 64, Time: 1, Iterations: 4096}
	o.Report = func(err error) { t.Log("posta reports:", err) }
	ctx, cancel := context.WithCancel(context.Background())
	h, err := server.Open(ctx, *cfg, o)
	if err != nil {
		t.Fatal(err)
	}
	bounds, err := h.Listen(ctx)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- h.Serve(ctx) }()
	over := false
	end = func() {
		if over {
			return
		}
		over = true
		cancel()
		if err := <-ended; err != nil {
			t.Error("Serve:", err)
		}
		if err := h.Close(); err != nil {
			t.Error("Close:", err)
		}
	}
	t.Cleanup(end)
	addrs = map[string]string{}
	for _, b := range bounds {
		addrs[b.Name] = b.Actual
	}
	return h, addrs, end
}
