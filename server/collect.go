package server

import (
	"crypto/tls"
	"strings"

	"posta/collect"
)

// newCollector makes what fetches mail that lies elsewhere; it comes in by the
// door of everybody. Its connections go out as those of the queue do.
func (h *House) newCollector() *collect.Collector {
	return collect.New(collect.Config{
		Store: h.db.Collected(), Door: h.room, Hostname: h.cfg.Hostname, MaxSize: h.maxHandedIn(),
		Dial: h.queue.Connect, TLS: h.turnedTLS, Sink: h.events, Session: h.numbers.next, Problem: h.o.Report,
		Label: func(domain string) string {
			label, err := aLabels(domain)
			if err != nil {
				label = domain
			}
			return strings.ToLower(label)
		},
	})
}

// turnedTLS is what this server offers a provider once a connection has turned;
// nil where it serves nobody, and so has no certificate.
func (h *House) turnedTLS() *tls.Config {
	if h.certs == nil {
		return nil
	}
	return h.certs.TLSConfig()
}
