package server

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"posta/config"
)

// Watchers of a machine see it start, serve and end, and its metrics.
func TestWatch(t *testing.T) {
	cfg := *config.Default()
	cfg.Data, cfg.Hostname = t.TempDir(), "mail.watch.test"
	cfg.Metrics.Addr = "127.0.0.1:0"
	cfg.Listeners = []config.Listener{{Name: "smtp", Service: config.SMTP, Addr: "127.0.0.1:0", Mode: config.ModeLab, TLS: config.TLSNone}}
	ctx, cancel := context.WithCancel(context.Background())
	ready := make(chan struct{})
	h, err := Open(ctx, cfg, Options{Ready: func() { close(ready) }})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	if got := h.health(ctx); got.State != "starting" || !got.Healthy || got.Ready {
		t.Errorf("before it listens: %+v", got)
	}
	if _, err := h.Listen(ctx); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- h.Serve(ctx) }()
	<-ready
	base := "http://" + h.watch.socket.Addr().String()
	for path, want := range map[string]string{"/healthz": "serving\n", "/readyz": "serving\n", "/metrics": "posta_sessions"} {
		if status, body := get(t, base+path); status != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("%s: %d %.60q", path, status, body)
		}
	}
	if status, _ := get(t, base+"/"); status != http.StatusNotFound {
		t.Errorf("/: %d", status)
	}
	h.stage.Store(int32(ending)) // as it is while sessions end
	if status, body := get(t, base+"/readyz"); status != http.StatusServiceUnavailable || body != "ending\n" {
		t.Errorf("while it ends: %d %q", status, body)
	}
	if status, _ := get(t, base+"/healthz"); status != http.StatusOK {
		t.Errorf("while it ends, /healthz: %d", status)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if _, err := http.Get(base + "/healthz"); err == nil {
		t.Error("it answers after its end")
	}
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	r, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return r.StatusCode, string(body)
}
