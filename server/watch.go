package server

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"time"

	"posta/admin"
	"posta/words"
)

// patience is how long a question about the house's health may take.
const patience = 2 * time.Second

// watch is the small HTTP server for those who watch a machine: /metrics
// (Prometheus), /healthz and /readyz. It outlives the sessions, so that a
// drain can be seen.
type watch struct {
	socket net.Listener
	server http.Server
}

// openWatch binds the address that the configuration names; nil where it names none.
func (h *House) openWatch(ctx context.Context) (*watch, error) {
	if h.cfg.Metrics.Addr == "" {
		return nil, nil
	}
	socket, err := listenTCP(ctx, h.cfg.Metrics.Addr)
	if err != nil {
		return nil, words.FailOf(err, "server.metrics", words.Args{"Address": h.cfg.Metrics.Addr})
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", h.metrics.Handler())
	mux.HandleFunc("GET /healthz", h.answer(func(s admin.Health) bool { return s.Healthy }))
	mux.HandleFunc("GET /readyz", h.answer(func(s admin.Health) bool { return s.Healthy && s.Ready }))
	return &watch{socket, http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute,
		WriteTimeout: time.Minute, MaxHeaderBytes: 8 << 10}}, nil
}

// run answers until close.
func (w *watch) run() error {
	if w == nil {
		return nil
	}
	if err := w.server.Serve(w.socket); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func (w *watch) close() {
	if w != nil {
		_ = w.server.Close()
		_ = w.socket.Close()
	}
}

// answer says 200 or 503, and one word why.
func (h *House) answer(fine func(admin.Health) bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		state := h.health(r.Context())
		if !fine(state) {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		_, _ = io.WriteString(w, state.State+"\n")
	}
}

// health asks the store something small and says whether sessions are accepted.
func (h *House) health(ctx context.Context) admin.Health {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if _, err := h.directory.Domains(ctx); err != nil {
		return admin.Health{State: "store"}
	}
	switch stage(h.stage.Load()) {
	case serving:
		return admin.Health{State: "serving", Healthy: true, Ready: true}
	case ending:
		return admin.Health{State: "ending", Healthy: true}
	}
	return admin.Health{State: "starting", Healthy: true}
}

// stage is where a house is in its day.
type stage int32

const (
	starting stage = iota
	serving
	ending
)
