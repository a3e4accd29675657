package observe

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"posta/event"
)

// Metrics counts. The counters of each listener are looked up when it is made,
// so that an event costs one addition, and no peer can make a new one.
type Metrics struct {
	registry  *prometheus.Registry
	listeners map[string]*counters
	other     *counters
	open      byConn[counting]
	attempts  map[string]prometheus.Counter // by outcome
	took      prometheus.Observer           // until another server had a message
}

type counting struct {
	*counters
	since time.Time
}

// counters are those of one listener.
type counters struct {
	sessions, accepted, recipients, octetsIn prometheus.Counter
	fetched, octetsOut, deleted, secured     prometheus.Counter
	authOK, authFailed, temporary, permanent prometheus.Counter
	open                                     prometheus.Gauge
	lasted                                   prometheus.Observer
}

// otherListener counts for a name that New was not told.
const otherListener = "other"

// NewMetrics makes the counters of the listeners.
func NewMetrics(listeners ...string) *Metrics {
	m := &Metrics{registry: prometheus.NewRegistry(), listeners: map[string]*counters{}}
	m.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	vec := newVectors(m.registry)
	for _, name := range listeners {
		m.listeners[name] = vec.of(name)
	}
	m.other = vec.of(otherListener)
	m.leaving()
	return m
}

// leaving makes the counters of what other servers are given.
func (m *Metrics) leaving() {
	attempts := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "posta_attempts_total",
		Help: "Attempts to deliver to recipients elsewhere, by outcome."}, []string{"outcome"})
	m.attempts = map[string]prometheus.Counter{}
	for _, outcome := range []string{event.Relayed, event.Delayed, event.Failed} {
		m.attempts[outcome] = attempts.WithLabelValues(outcome)
	}
	took := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "posta_relay_seconds",
		Help: "From the acceptance of a message until another server had it, for each recipient.", Buckets: []float64{.1, 1, 10, 60, 600, 3600, 86400}})
	m.took = took
	m.registry.MustRegister(attempts, took)
}

type vectors struct {
	counter map[string]*prometheus.CounterVec
	open    *prometheus.GaugeVec
	lasted  *prometheus.HistogramVec
}

func newVectors(r *prometheus.Registry) vectors {
	v := vectors{counter: map[string]*prometheus.CounterVec{}}
	add := func(name, help string, labels ...string) {
		c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, append([]string{"listener"}, labels...))
		r.MustRegister(c)
		v.counter[name] = c
	}
	add("posta_sessions_total", "Connections accepted.")
	add("posta_tls_sessions_total", "TLS handshakes that succeeded.")
	add("posta_messages_accepted_total", "Messages on stable storage.")
	add("posta_recipients_accepted_total", "Recipients of accepted messages.")
	add("posta_accepted_octets_total", "Octets of accepted messages as received.")
	add("posta_messages_fetched_total", "Messages retrieved.")
	add("posta_fetched_octets_total", "Octets of retrieved messages.")
	add("posta_messages_deleted_total", "Messages deleted by POP3 sessions.")
	add("posta_auth_total", "Log-ins by result.", "result")
	add("posta_commands_refused_total", "Commands refused, for now (4yz) or for good.", "kind")
	v.open = prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "posta_sessions_open", Help: "Connections open now."}, []string{"listener"})
	v.lasted = prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "posta_session_seconds",
		Help: "How long sessions lasted.", Buckets: []float64{.01, .1, 1, 10, 60, 600}}, []string{"listener"})
	r.MustRegister(v.open, v.lasted)
	return v
}

func (v vectors) of(listener string) *counters {
	c := func(name string, labels ...string) prometheus.Counter {
		return v.counter[name].WithLabelValues(append([]string{listener}, labels...)...)
	}
	return &counters{
		sessions:   c("posta_sessions_total"),
		secured:    c("posta_tls_sessions_total"),
		accepted:   c("posta_messages_accepted_total"),
		recipients: c("posta_recipients_accepted_total"),
		octetsIn:   c("posta_accepted_octets_total"),
		fetched:    c("posta_messages_fetched_total"),
		octetsOut:  c("posta_fetched_octets_total"),
		deleted:    c("posta_messages_deleted_total"),
		authOK:     c("posta_auth_total", "ok"),
		authFailed: c("posta_auth_total", "failed"),
		temporary:  c("posta_commands_refused_total", "temporary"),
		permanent:  c("posta_commands_refused_total", "permanent"),
		open:       v.open.WithLabelValues(listener),
		lasted:     v.lasted.WithLabelValues(listener),
	}
}

// Handler serves /metrics.
func (m *Metrics) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{}))
	return mux
}

// Gauge adds a number that is asked for when somebody looks: the store's
// size, the bans in force.
func (m *Metrics) Gauge(name, help string, value func() float64) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, value))
}

// Counter adds a count that somebody else keeps: the log's dropped lines.
func (m *Metrics) Counter(name, help string, value func() float64) {
	m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help}, value))
}

// Wants is never true: facts are enough to count.
func (m *Metrics) Wants(uint64, event.Layer, event.Part) bool { return false }

// Emit counts a fact.
func (m *Metrics) Emit(e *event.Event) {
	switch e.Kind {
	case event.Open:
		m.opened(e)
	case event.Close:
		if c, ok := m.open.take(e.Conn); ok {
			c.open.Dec()
			c.lasted.Observe(e.Time.Sub(c.since).Seconds())
		}
	case event.Secure:
		if c, ok := m.open.get(e.Conn); ok {
			c.secured.Inc()
		}
	case event.State:
		if f, ok := e.Fact.(event.Attempted); ok { // which may come from no connection
			m.attempted(&f)
			return
		}
		if c, ok := m.open.get(e.Conn); ok {
			c.state(e.Fact)
		}
	}
}

func (m *Metrics) attempted(f *event.Attempted) {
	outcome := f.Outcome
	if outcome == event.Held {
		outcome = event.Delayed
	}
	if c := m.attempts[outcome]; c != nil && (f.AsOf.IsZero() || outcome != event.Delayed) { // else nobody was asked
		c.Inc()
	}
	if f.Outcome == event.Relayed {
		m.took.Observe(f.Delay.Seconds())
	}
}

func (m *Metrics) opened(e *event.Event) {
	f, _ := e.Fact.(event.Opened)
	c := m.listeners[f.Listener]
	if c == nil {
		c = m.other
	}
	c.sessions.Inc()
	c.open.Inc()
	m.open.put(e.Conn, counting{c, e.Time})
}

func (c *counters) state(fact any) {
	switch f := fact.(type) {
	case event.Authenticated:
		if f.OK {
			c.authOK.Inc()
		} else {
			c.authFailed.Inc()
		}
	case event.Refused:
		if len(f.Reply) > 0 && f.Reply[0] == '4' {
			c.temporary.Inc()
		} else {
			c.permanent.Inc()
		}
	case event.Accepted:
		c.accepted.Inc()
		c.recipients.Add(float64(max(f.Recipients, 0)))
		c.octetsIn.Add(float64(max(f.Size, 0)))
	case event.Fetched:
		c.fetched.Inc()
		c.octetsOut.Add(float64(max(f.Size, 0)))
	case event.Deleted:
		c.deleted.Add(float64(max(f.Messages, 0)))
	}
}
