package admin

import (
	"context"
	"errors"
	"io"
	"time"

	"posta/check"
	"posta/collect"
	"posta/directory"
	"posta/fault"
	"posta/mail"
	"posta/observe"
	"posta/record"
	"posta/sign"
	"posta/store"
	"posta/trace"
)

// House is the rooms that operations act on.
type House struct {
	Directory *directory.Directory
	Mail      store.Mail
	Maildrops store.Maildrops
	Sink      func() Sink                   // mail to anybody, or nil where none is kept; may be nil itself
	Arrived   func() (next <-chan struct{}) // closed when the next message has been accepted
	Faults    *fault.Table
	Faulty    func() bool     // a listener makes faults; nil: none does
	Ending    <-chan struct{} // closed when the server ends: nobody waits any longer
	Sessions  *observe.Sessions
	Record    *record.Ring                                          // nil: nothing is recorded
	Export    func(context.Context, io.Writer, SessionExport) error // writes recorded sessions as a capture
	Guard     *check.Guard
	Status    func(context.Context) (Status, error)
	Health    func(context.Context) Health
	Keeper    Keeper
	Door      mail.Door // by which mail.submit brings messages in
	Hostname  string    // of users without a domain who hand mail in
	MaxSize   int64     // octets of a message that is handed in; 0: no limit
	Trace     func(context.Context, trace.Query) (trace.Result, error)
	Deleted   func(account int64, uids []uint32) // told, in order, what an operation deleted; nil: nobody
	Sending   *check.Sending                     // nil: nothing that is sent is counted
	Signer    *sign.Signer                       // nil: nothing is signed, and no records are shown
	Site      func() sign.Site                   // what the server is to its domains' records
	Resolvers []string                           // of DNS, by which these are looked up; none: the system's

	Queue    store.Queue            // what waits to leave
	Sender   Sender                 // who sends it
	Outgoing string                 // what becomes of mail for others: deliver, hold, off
	LabBars  func(host string) bool // there is a lab, and its mail does not go to this host of a route, or by MX for ""; may be nil

	Strict func() bool // it serves strictly now: no secret may be kept that can be read back; nil: it does not

	Collected collect.Store // what is collected elsewhere; nil: nothing is
	Collector Collecting    // who collects it
}

// NewTable makes the operations of a house. audit is told of every change; it
// may be nil.
func NewTable(h House, audit func(Audit)) *Table {
	return newTable(audit, h.domains(), h.accounts(), h.aliases(), h.lists(), h.messages(), h.faults(), h.submissions(), h.watching(), h.recordings(), h.publishing(), h.visits(), h.collections(), h.queued(), h.routes(), h.knownRecipients(), keeping(h.Keeper))
}

// ByDomain chooses what belongs to one domain; "" is all.
type ByDomain struct {
	Domain string `json:"domain,omitempty"`
}

// ByAddress names one account, alias or list.
type ByAddress struct {
	Address string `json:"address"`
}

// Status is what a running server says of itself.
type Status struct {
	Version       string     `json:"version"`
	PID           int        `json:"pid"`
	Hostname      string     `json:"hostname"`
	Data          string     `json:"data"`
	DefaultDomain string     `json:"default_domain,omitempty"` // of user names without one
	Listeners     []Listener `json:"listeners,omitempty"`
	Networks      []string   `json:"networks,omitempty"` // that a lab admits beside private ones
	Metrics       string     `json:"metrics,omitempty"`  // address of /metrics, /healthz and /readyz
	Rules         []Network  `json:"network_rules,omitempty"`
	Sendmail      string     `json:"sendmail,omitempty"`     // the socket at which users of this machine hand mail in
	MaxMessages   int        `json:"max_messages,omitempty"` // that a sink keeps
	Ephemeral     bool       `json:"ephemeral,omitempty"`    // the store ends with the server
	Outgoing      string     `json:"outgoing"`               // what becomes of mail for others: deliver, hold, off
	Queue         QueueDepth `json:"queue"`

	Certificates []Certificate `json:"certificates,omitempty"` // in use, out of files
	Denied       []Collected   `json:"denied,omitempty"`       // what is collected by a schedule, and its log-in is refused elsewhere
	ShutOut      []ShutOut     `json:"shut_out,omitempty"`     // routes whose host does not let this server log in
}

// Certificate is one out of files.
type Certificate struct {
	File  string    `json:"file"`
	Names []string  `json:"names"` // and addresses that it is for
	Ends  time.Time `json:"ends"`
}

// Network says what the machines of a network may do that others may not.
type Network struct {
	CIDR   string `json:"cidr"`
	Name   string `json:"name,omitempty"`
	Auth   string `json:"auth"`    // required, optional
	TLS    string `json:"tls"`     // required, optional
	BareLF string `json:"bare_lf"` // refuse, normalise
	Relay  bool   `json:"relay"`   // without a log-in, also to other servers
}

// Health says whether a server can do its work.
type Health struct {
	State   string `json:"state"`   // starting, serving, ending; store: the store does not answer
	Healthy bool   `json:"healthy"` // the process and its store are sound
	Ready   bool   `json:"ready"`   // new sessions are accepted
}

// Listener is one address that is listened on.
type Listener struct {
	Name    string `json:"name"`
	Service string `json:"service"`
	Mode    string `json:"mode"`
	TLS     string `json:"tls"`
	Persona string `json:"persona,omitempty"`
	Address string `json:"address"`
	Port    int    `json:"port"`
	Wanted  string `json:"wanted,omitempty"`  // the address it fell back from
	Why     string `json:"why,omitempty"`     // denied, used, reserved, other
	Program string `json:"program,omitempty"` // that has the address it wanted
	PID     int    `json:"pid,omitempty"`     // its process
}

// SessionID names a session.
type SessionID struct {
	ID uint64 `json:"id"`
}

// Unban names an address whose ban and failures are to be forgotten.
type Unban struct {
	Address string `json:"address"`
}

func (h House) watching() []Operation {
	return []Operation{
		op("status", false, func(ctx context.Context, _ None) (Status, error) { return h.Status(ctx) }),
		op("health", false, func(ctx context.Context, _ None) (Health, error) { return h.Health(ctx), nil }),
		op("session.list", false, func(ctx context.Context, f observe.Filter) ([]observe.Session, error) {
			all, err := h.listSessions(ctx, f)
			return each(all, showSession), err
		}),
		op("session.show", false, func(ctx context.Context, in SessionID) (*observe.Transcript, error) {
			return h.showTranscript(ctx, in.ID)
		}),
		op("trace", false, func(ctx context.Context, q trace.Query) (trace.Result, error) { return h.findTrace(ctx, q) }),
		op("ban.list", false, func(context.Context, None) ([]check.Watched, error) {
			return each(h.Guard.List(), showWatched), nil
		}),
		op("ban.remove", true, func(_ context.Context, in Unban) (None, error) {
			addr, err := readAddr(in.Address)
			if err != nil {
				return None{}, err
			}
			if !h.Guard.Unban(addr) {
				return None{}, refusal("not_found", "admin.not_banned", "Address", in.Address)
			}
			return None{}, nil
		}),
	}
}

func (h House) showTranscript(ctx context.Context, id uint64) (*observe.Transcript, error) {
	t, err := h.Sessions.Show(id)
	if errors.Is(err, observe.ErrNoSession) {
		t, err = h.showEarlier(ctx, id)
	}
	if errors.Is(err, observe.ErrNoSession) {
		return nil, refusal("not_found", "admin.no_session", "ID", id)
	}
	if err != nil {
		return nil, err
	}
	t.Session = showSession(t.Session)
	for i := range t.Lines {
		t.Lines[i].Time = t.Lines[i].Time.UTC()
	}
	return t, nil
}

// showSession gives its times in UTC, as all operations do.
func showSession(s observe.Session) observe.Session {
	s.Opened, s.Closed = s.Opened.UTC(), s.Closed.UTC()
	return s
}

func showWatched(w check.Watched) check.Watched {
	w.LastFailure, w.BannedUntil = w.LastFailure.UTC(), w.BannedUntil.UTC()
	return w
}
