package server

import (
	"crypto/tls"
	"strings"

	"posta/collect"
	"posta/directory"
	"posta/queue"
	"posta/words"
)

// newCollector makes what fetches mail that lies elsewhere; it comes in by the
// door of everybody. Its connections go out as those of the queue do.
func (h *House) newCollector() *collect.Collector {
	return collect.New(collect.Config{
		Store: h.db.Collected(), Door: h.room, Hostname: h.cfg.Hostname, Helo: h.ehlo, MaxSize: h.maxHandedIn(),
		Dial: h.queue.Connect, TLS: h.turnedTLS, Sink: h.events, Session: h.numbers.next, Problem: h.o.Report, Denied: h.denied, Doubt: queue.Doubt,
		Label: func(domain string) string {
			label, err := aLabels(domain)
			if err != nil {
				label = domain
			}
			return strings.ToLower(label)
		},
	})
}

// denied tells of an entry whose log-in another host refuses: somebody has to say
// the right password.
func (h *House) denied(e collect.Entry) {
	said, _ := e.Last.Denied()
	args := words.Args{"Number": e.ID, "Way": strings.ToUpper(string(e.Way)), "Host": e.Host, "User": e.User, "What": words.Within(said)}
	told := words.Fail("server.denied", args)
	domain := ""
	if e.Way == collect.POP3 {
		_, domain = directory.Split(e.Account)
	} else if first := strings.TrimPrefix(e.Domains[0], "@"); !strings.HasPrefix(first, "#") {
		domain = first
	}
	if domain == "" {
		h.o.Report(told)
		return
	}
	h.tell(domain, words.Fail("server.denied_subject", args), told)
}

// turnedTLS is what this server offers a provider once a connection has turned;
// nil where it serves nobody, and so has no certificate.
func (h *House) turnedTLS() *tls.Config {
	if h.certs == nil {
		return nil
	}
	return h.certs.TLSConfig()
}
