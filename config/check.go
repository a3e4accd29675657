package config

import (
	"cmp"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"posta/words"
)

// mostMessages bounds what a sink keeps: each look at it goes through all.
const mostMessages = 100_000

// Check says what is wrong with the values, all of it at once, each with what
// would be right; nil when nothing is.
func (c *Config) Check() error { return c.checkWith(nil) }

// checkWith says with each problem which line it is in, as far as lines know.
func (c *Config) checkWith(lines map[place]int) error {
	var p problems
	c.checkMachine(&p)
	c.checkLimits(&p)
	c.checkOutgoing(p.in("outgoing", 0))
	if len(c.Listeners) == 0 {
		p.in("", 0).say("", "config.no_listener", nil)
	}
	for i := range c.Listeners {
		c.checkListener(p.in("listener", i), i)
	}
	p.in("sink", 0).atLeast("sink", "max_messages", int64(c.Sink.MaxMessages), 1)
	p.in("sink", 0).atMost("sink", "max_messages", int64(c.Sink.MaxMessages), mostMessages)
	for i := range c.Networks {
		c.checkNetwork(p.in("network", i), i)
	}
	return p.join(lines)
}

func (c *Config) checkMachine(p *problems) {
	if c.Hostname != "" && (!IsHostname(c.Hostname) || isNumber(c.Hostname)) {
		p.say("hostname", "config.bad_host", words.Args{"Key": "hostname", "Value": c.Hostname})
	}
	if c.DefaultDomain != "" && !IsHostname(c.DefaultDomain) {
		p.say("default_domain", "config.bad_domain", words.Args{"Key": "default_domain", "Value": c.DefaultDomain})
	}
	if c.Language != "" && !slices.Contains(words.Languages(), c.Language) {
		p.say("language", "config.bad_language", words.Args{"Value": c.Language, "Allowed": strings.Join(words.Languages(), ", ")})
	}
	c.checkLog(p.in("log", 0))
	c.checkTrace(p.in("trace", 0))
	c.checkRecord(p.in("record", 0))
	if c.Metrics.Addr != "" {
		p.in("metrics", 0).addr("metrics", c.Metrics.Addr)
	}
	// The longest path of a Unix socket is 104 octets or a few more.
	if path := c.Sendmail.Socket; path != "" && (!filepath.IsAbs(path) || len(path) > 100) {
		p.in("sendmail", 0).say("socket", "config.bad_socket", words.Args{"Value": path, "Example": SendmailSocket})
	}
	for i, pair := range c.Certificates {
		where := "certificate " + strconv.Itoa(i+1)
		p.in("certificate", i)
		if pair.Cert == "" {
			p.missing(where, "cert", "/etc/posta/cert.pem")
		}
		if pair.Key == "" {
			p.missing(where, "key", "/etc/posta/key.pem")
		}
	}
}

func (c *Config) checkLog(p *problems) {
	p.oneOf("log", "level", c.Log.Level, "debug", "info", "warn", "error")
	p.oneOf("log", "format", c.Log.Format, "text", "json")
	if c.Log.MaxSize != 0 && c.Log.MaxSize < minSize {
		p.say("max_size", "config.min_size", words.Args{"Where": "log", "Key": "max_size", "Value": c.Log.MaxSize.String(), "Least": Size(minSize).String()})
	}
	p.atLeast("log", "keep", int64(c.Log.Keep), 0)
}

func (c *Config) checkTrace(p *problems) {
	if c.Trace.KeepFor.Duration <= 0 {
		p.say("keep_for", "config.positive", words.Args{"Where": "trace", "Key": "keep_for", "Value": c.Trace.KeepFor.String()})
	}
	if c.Trace.MaxSize < minTrace {
		p.say("max_size", "config.min_trace", words.Args{"Value": c.Trace.MaxSize.String(), "Least": Size(minTrace).String()})
	}
}

// minTrace holds the stories of some thousand messages.
const minTrace = 1 << 20

func (c *Config) checkRecord(p *problems) {
	for _, d := range []struct {
		key string
		val Duration
	}{{"keep_for", c.Record.KeepFor}, {"disk_keep_for", c.Record.DiskKeepFor}} {
		if d.val.Duration <= 0 {
			p.say(d.key, "config.positive", words.Args{"Where": "record", "Key": d.key, "Value": d.val.String()})
		}
	}
	for _, size := range []struct {
		key          string
		value, least Size
	}{{"max_size", c.Record.MaxSize, minRecord}, {"max_session", c.Record.MaxSession, minSession},
		{"disk", cmp.Or(c.Record.Disk, minRecordDisk), minRecordDisk}} {
		if size.value < size.least {
			p.say(size.key, "config.too_small", words.Args{"Where": "record", "Key": size.key, "Value": size.value.String(), "Least": size.least.String()})
		}
	}
	p.atLeast("record", "max_sessions", int64(c.Record.MaxSessions), 1)
}

// minSession holds a dialogue, minRecord some, minRecordDisk the files of a ring.
const (
	minSession    = 64 << 10
	minRecord     = 1 << 20
	minRecordDisk = 16 << 20
)

func (c *Config) checkLimits(p *problems) {
	l := &c.Limits
	p.in("limits", 0)
	p.atLeast("limits", "auth_failures", int64(l.AuthFailures), 1)
	p.atLeast("limits", "ban_after", int64(l.BanAfter), 1)
	p.atLeast("limits", "password_workers", int64(l.PasswordWorkers), 0)
	for _, d := range []struct {
		key string
		val Duration
	}{{"ban_window", l.BanWindow}, {"ban_for", l.BanFor}, {"password_wait", l.PasswordWait}} {
		if d.val.Duration <= 0 {
			p.say(d.key, "config.positive", words.Args{"Where": "limits", "Key": d.key, "Value": d.val.String()})
		}
	}
}

func (c *Config) checkListener(p *problems, i int) {
	l := &c.Listeners[i]
	where := "listener " + l.Name
	if l.Name == "" {
		where = "listener " + strconv.Itoa(i+1)
		p.missing(where, "name", SMTP)
	}
	for _, other := range c.Listeners[:i] {
		if other.Name == l.Name && l.Name != "" {
			p.say("name", "config.twice", words.Args{"Where": where, "Key": "name", "Value": l.Name})
		}
		if sameAddr(other.Addr, l.Addr) {
			p.say("addr", "config.twice", words.Args{"Where": where, "Key": "addr", "Value": l.Addr})
		}
	}
	p.oneOf(where, "service", l.Service, SMTP, Submission, POP3, ODMR)
	p.addr(where, l.Addr)
	p.oneOf(where, "tls", l.TLS, TLSNone, TLSStart, TLSImplicit)
	p.oneOf(where, "mode", l.Mode, ModeStrict, ModeLab, ModeSink)
	p.oneOf(where, "persona", l.Persona, "posta", "hmailserver")
	if l.Persona == "hmailserver" && l.Mode == ModeStrict {
		p.say("persona", "config.persona_strict", words.Args{"Where": where})
	}
	p.oneOf(where, "dsn", l.DSN, DSNAll, DSNAuthenticated, DSNOff)
	if l.Service == ODMR && l.Mode == ModeSink {
		p.say("mode", "config.odmr_sink", words.Args{"Where": where})
	}
	if l.Turn && (l.Service == Submission || l.Service == POP3 || l.Mode == ModeSink) {
		p.say("turn", "config.turn_where", words.Args{"Where": where})
	}
	if l.Mode == ModeStrict && l.TLS == TLSNone && (l.Service == Submission || l.Service == POP3) && !c.someClear() {
		p.say("tls", "config.no_login", words.Args{"Where": where, "Service": l.Service})
	}
	c.checkBounds(p, where, l)
}

// minSize is what every server must take (RFC 5321 §4.5.3.1.7), and 100
// recipients (§4.5.3.1.8).
const (
	minSize       = 64 << 10
	minRecipients = 100
)

func (c *Config) checkBounds(p *problems, where string, l *Listener) {
	if l.MaxMessage != 0 && l.MaxMessage < minSize {
		p.say("max_message", "config.min_size", words.Args{"Where": where, "Key": "max_message", "Value": l.MaxMessage.String(), "Least": Size(minSize).String()})
	}
	if l.MaxRecipients != 0 {
		p.atLeast(where, "max_recipients", int64(l.MaxRecipients), minRecipients)
	}
	p.atLeast(where, "max_connections", int64(l.MaxConns), 0)
	p.atLeast(where, "max_per_address", int64(l.MaxPerAddress), 0)
	if l.Idle.Duration <= 0 {
		p.say("idle", "config.positive", words.Args{"Where": where, "Key": "idle", "Value": l.Idle.String()})
	}
}

// sameAddr says that two listeners would want the same port.
func sameAddr(a, b string) bool { return a == b && !strings.HasSuffix(a, ":0") }

// IsHostname takes what DNS and RFC 5321 §4.1.2's Domain take, U-labels too.
func IsHostname(s string) bool {
	if len(s) > 255 {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		if strings.ContainsFunc(label, func(r rune) bool { return !isHostRune(r) }) {
			return false
		}
	}
	return true
}

// isNumber says that a name ends in a number: such a one is an address, or
// meant as one (RFC 1123 §2.1).
func isNumber(s string) bool {
	last := s[strings.LastIndexByte(s, '.')+1:]
	return strings.Trim(last, "0123456789") == ""
}

func isHostRune(r rune) bool {
	return r >= 0x80 && r != 0xfffd || r == '-' || r == '_' ||
		r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
}
