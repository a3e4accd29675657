package server

import (
	"strings"

	"posta/collect"
)

// newCollector makes what fetches mail that lies elsewhere; it comes in by the
// door of everybody.
func (h *House) newCollector() *collect.Collector {
	return collect.New(collect.Config{
		Store: h.db.Collected(), Door: h.room, Hostname: h.cfg.Hostname, MaxSize: h.maxHandedIn(),
		Sink: h.events, Session: h.numbers.next, Problem: h.o.Report,
		Label: func(domain string) string {
			label, err := aLabels(domain)
			if err != nil {
				label = domain
			}
			return strings.ToLower(label)
		},
	})
}
