// Package config is the machine's one file, in TOML: what listens where and
// how. Domains and accounts are not in it: they live in the store.
//
// It refuses to know what the other rooms do with the values. Start reading at
// Config; Parse reads, Check judges, Example explains.
package config

import "net/netip"

// What a listener may serve, how it may be secured, and whom it is for.
const (
	SMTP       = "smtp"       // mail from other servers, port 25
	Submission = "submission" // mail from the users' programs, 587 and 465
	POP3       = "pop3"       // mail fetched, 110 and 995
	ODMR       = "odmr"       // mail that sites come for, 366

	TLSNone     = "none"
	TLSStart    = "starttls" // STARTTLS in SMTP, STLS in POP3
	TLSImplicit = "implicit"

	ModeStrict = "strict"
	ModeLab    = "lab"
	ModeSink   = "sink" // mail to anybody, for developers
)

// Who may ask a listener for reports on a message (RFC 3461).
const (
	DSNAll           = "all"
	DSNAuthenticated = "authenticated"
	DSNOff           = "off"
)

// What becomes of a line that ends in a bare LF.
const (
	BareRefuse    = "refuse"
	BareNormalise = "normalise"
)

// Config is the whole file.
type Config struct {
	Hostname      string        `toml:"hostname"`
	Data          string        `toml:"data"`
	DefaultDomain string        `toml:"default_domain"`
	Language      string        `toml:"language"`
	Log           Log           `toml:"log"`
	Metrics       Metrics       `toml:"metrics"`
	Trace         Trace         `toml:"trace"`
	Record        Record        `toml:"record"`
	Sendmail      Sendmail      `toml:"sendmail"`
	Certificates  []Certificate `toml:"certificate"`
	Lab           Classroom     `toml:"lab"`
	Sink          SinkKeeps     `toml:"sink"`
	Limits        Limits        `toml:"limits"`
	Outgoing      Outgoing      `toml:"outgoing"`
	Listeners     []Listener    `toml:"listener"`
	Networks      []Network     `toml:"network"`
}

// Log says what is logged and where.
type Log struct {
	Level  string `toml:"level"`  // debug, info, warn, error
	Format string `toml:"format"` // text, json
	File   string `toml:"file"`   // "": standard error

	MaxSize Size     `toml:"max_size"` // a larger file is put aside; 0: never
	Daily   bool     `toml:"daily"`    // so is yesterday's
	Keep    int      `toml:"keep"`     // files put aside that stay; 0: all
	KeepFor Duration `toml:"keep_for"` // how long they stay at most; 0: for ever
}

// Trace says how long what became of each message is kept.
type Trace struct {
	Enabled bool     `toml:"enabled"`
	KeepFor Duration `toml:"keep_for"`
	MaxSize Size     `toml:"max_size"` // in the store
}

// Record says how much of the latest sessions is kept, in memory and on the disk.
type Record struct {
	Enabled     bool     `toml:"enabled"`
	MaxSize     Size     `toml:"max_size"`
	MaxSession  Size     `toml:"max_session"`  // of one session
	MaxSessions int      `toml:"max_sessions"` // that have ended
	KeepFor     Duration `toml:"keep_for"`
	Disk        Size     `toml:"disk"` // octets of sessions that outlive the server; 0: none does
	DiskKeepFor Duration `toml:"disk_keep_for"`
}

// Metrics are served over HTTP at /metrics.
type Metrics struct {
	Addr string `toml:"addr"` // "": not served
}

// SendmailSocket is where "posta sendmail" looks for a server first.
const SendmailSocket = "/run/posta/sendmail.sock"

// Sendmail is how users of this machine hand mail in who may not read the data.
type Sendmail struct {
	Socket string `toml:"socket"` // "": only those may who can read the data
}

// Certificate is a pair of PEM files. Without any a self-signed one is made.
type Certificate struct {
	Cert string `toml:"cert"`
	Key  string `toml:"key"`
}

// Classroom is what all lab listeners share.
type Classroom struct {
	Networks []netip.Prefix `toml:"networks"` // admitted besides the private ones
}

// SinkKeeps is what all sink listeners share.
type SinkKeeps struct {
	MaxMessages int `toml:"max_messages"` // kept, counted for each recipient; the oldest go first
}

// Limits hold on all strict listeners together.
type Limits struct {
	Enabled         bool           `toml:"enabled"`
	AuthFailures    int            `toml:"auth_failures"`
	BanAfter        int            `toml:"ban_after"`
	BanWindow       Duration       `toml:"ban_window"`
	BanFor          Duration       `toml:"ban_for"`
	Exempt          []netip.Prefix `toml:"exempt"`
	PasswordWorkers int            `toml:"password_workers"`
	PasswordWait    Duration       `toml:"password_wait"`
}

// What becomes of mail for other servers.
const (
	OutgoingDeliver = "deliver"
	OutgoingHold    = "hold" // taken, and kept until somebody releases it
	OutgoingOff     = "off"  // refused, but for domains that have a route of their own
)

// How connections to other servers are secured where no route says otherwise.
const (
	TLSOpportunistic = "opportunistic" // where the other server offers it, with any certificate
	TLSRequired      = "required"      // with a valid certificate, or not at all
)

// Which addresses of other servers are tried.
const (
	BothIP  = "both"
	OnlyIP4 = "4"
	OnlyIP6 = "6"
)

// Outgoing is how mail leaves for other servers.
type Outgoing struct {
	Mode           string       `toml:"mode"`
	Hostname       string       `toml:"hostname"`            // that EHLO says; "": the server's
	Resolvers      []string     `toml:"resolvers"`           // of DNS, "192.0.2.53" or "192.0.2.53:5353"; none: the system's
	MaxConns       int          `toml:"max_connections"`     // at once
	PerDestination int          `toml:"max_per_destination"` // of these to one place
	MaxAge         Duration     `toml:"max_age"`             // of a message, before it is given up
	RetryAfter     Duration     `toml:"retry_after"`         // the wait before the second attempt; the next ones double
	RetryMost      Duration     `toml:"retry_most"`          // the longest wait
	WarnAfter      Duration     `toml:"warn_after"`          // when its sender hears that it waits; 0: never
	MaxHour        int          `toml:"max_per_hour"`        // recipients elsewhere that an account may write to in an hour; 0: no limit
	MaxDay         int          `toml:"max_per_day"`         // the same, in a day
	TLS            string       `toml:"tls"`
	IP             string       `toml:"ip"`
	Source         []netip.Addr `toml:"source"` // that connections come from: one of IPv4, one of IPv6
}

// Relaxed says that a listener is not for the Internet: it answers this computer
// and private networks only, and lets passwords cross in clear.
func (l *Listener) Relaxed() bool { return Clear(l.Mode) }

// Clear says that sessions of listeners in a mode are recorded as they pass,
// with secrets, bodies and keys; those of the others are masked.
func Clear(mode string) bool { return mode == ModeLab || mode == ModeSink }

// Listener is one address that is listened on. Where a number bounds
// something, 0 is no bound.
type Listener struct {
	Name          string   `toml:"name"`
	Service       string   `toml:"service"`
	Addr          string   `toml:"addr"`
	TLS           string   `toml:"tls"`
	Mode          string   `toml:"mode"`
	Persona       string   `toml:"persona"`
	Turn          bool     `toml:"turn"`
	DSN           string   `toml:"dsn"`
	MaxMessage    Size     `toml:"max_message"`
	MaxRecipients int      `toml:"max_recipients"`
	MaxConns      int      `toml:"max_connections"`
	MaxPerAddress int      `toml:"max_per_address"`
	Idle          Duration `toml:"idle"`
}
