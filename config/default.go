package config

import "time"

// Default is what `posta serve` does without a file: strict on the ports that
// the world knows.
func Default() *Config {
	c := base()
	c.Listeners = []Listener{
		{Name: "smtp", Service: SMTP, Addr: ":25", TLS: TLSStart},
		{Name: "submission", Service: Submission, Addr: ":587", TLS: TLSStart},
		{Name: "submissions", Service: Submission, Addr: ":465", TLS: TLSImplicit},
		{Name: "pop3", Service: POP3, Addr: ":110", TLS: TLSStart},
		{Name: "pop3s", Service: POP3, Addr: ":995", TLS: TLSImplicit},
	}
	for i := range c.Listeners {
		c.Listeners[i].fill(func(key string) bool { return key == "tls" })
	}
	return c
}

// Lab is what `posta quickstart` does: a classroom's listeners, on
// loopback until somebody opens them.
func Lab() *Config {
	c := Default()
	c.Limits.Enabled = false
	c.Outgoing.Mode = OutgoingOff
	for i := range c.Listeners {
		l := &c.Listeners[i]
		*l = Listener{Name: l.Name, Service: l.Service, Addr: "127.0.0.1" + l.Addr, TLS: l.TLS, Mode: ModeLab}
		l.fill(func(key string) bool { return key == "mode" || key == "tls" })
	}
	return c
}

// Sink is what `posta quickstart --mode sink` does: the ports that mail sinks
// have, and beside the usual ones.
func Sink() *Config {
	c := Lab()
	ports := map[string]string{"smtp": "1025", "submission": "1587", "submissions": "1465", "pop3": "1110", "pop3s": "1995"}
	for i := range c.Listeners {
		l := &c.Listeners[i]
		l.Mode, l.Addr = ModeSink, "127.0.0.1:"+ports[l.Name]
	}
	return c
}

// base is everything but the listeners.
func base() *Config {
	return &Config{
		Log:    Log{Level: "info", Format: "text", MaxSize: 64 << 20, Daily: true, Keep: 30, KeepFor: Duration{90 * day}},
		Sink:   SinkKeeps{MaxMessages: 500},
		Trace:  Trace{Enabled: true, KeepFor: Duration{30 * day}, MaxSize: 256 << 20},
		Record: Record{Enabled: true, MaxSize: 32 << 20, MaxSession: 4 << 20, MaxSessions: 1000, KeepFor: Duration{day}, DiskKeepFor: Duration{7 * day}},
		Outgoing: Outgoing{Mode: OutgoingDeliver, MaxConns: 200, PerDestination: 20, MaxAge: Duration{5 * day},
			RetryAfter: Duration{5 * time.Minute}, RetryMost: Duration{3 * time.Hour}, WarnAfter: Duration{4 * time.Hour}, MaxHour: 500, MaxDay: 2000, TLS: TLSOpportunistic, IP: BothIP},
		Limits: Limits{
			Enabled:      true,
			AuthFailures: 3,
			BanAfter:     10,
			BanWindow:    Duration{10 * time.Minute},
			BanFor:       Duration{15 * time.Minute},
			PasswordWait: Duration{5 * time.Second},
		},
	}
}

// fill gives the keys that were not set their defaults, which depend on the
// service and the mode.
func (l *Listener) fill(set func(key string) bool) {
	put(&l.Mode, ModeStrict, set("mode"))
	put(&l.TLS, TLSStart, set("tls"))
	put(&l.Persona, "posta", set("persona"))
	put(&l.DSN, l.dsn(), set("dsn"))
	put(&l.MaxMessage, 50<<20, set("max_message"))
	put(&l.MaxRecipients, 1000, set("max_recipients"))
	put(&l.MaxConns, 10_000, set("max_connections"))
	put(&l.MaxPerAddress, l.perAddress(), set("max_per_address"))
	put(&l.Idle, l.idle(), set("idle"))
}

// dsn is who may ask for reports by default: a success reported to whoever a
// stranger says he is would be back-scatter.
func (l *Listener) dsn() string {
	if l.Relaxed() {
		return DSNAll
	}
	return DSNAuthenticated
}

// perAddress is the default bound on connections from one address. A class
// shares one, so the lab has none.
func (l *Listener) perAddress() int {
	if l.Relaxed() {
		return 0
	}
	return 100
}

// idle is at least what the standards ask of a server: 5 minutes in SMTP
// (RFC 5321 §4.5.3.2.7), 10 in POP3 (RFC 1939 §3).
func (l *Listener) idle() Duration {
	switch {
	case l.Relaxed():
		return Duration{30 * time.Minute}
	case l.Service == POP3:
		return Duration{10 * time.Minute}
	}
	return Duration{5 * time.Minute}
}

func put[T any](field *T, value T, set bool) {
	if !set {
		*field = value
	}
}
