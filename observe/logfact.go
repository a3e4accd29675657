package observe

import (
	"context"
	"log/slog"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"posta/event"
)

// peer is what every line of a connection repeats, so that a tool that reads
// the log needs one line only.
type peer struct {
	client   string // the address without its port
	remote   string // and with it
	protocol string
	listener string
	since    time.Time
	account  string // who is logged in
	from     string // MAIL's path
	dialed   bool   // by the house
}

// Emit logs a fact.
func (l *Log) Emit(e *event.Event) {
	switch e.Kind {
	case event.Open:
		if f, ok := e.Fact.(event.Opened); ok {
			l.opened(e, &f)
		}
	case event.Close:
		l.closed(e)
	case event.Secure:
		if f, ok := e.Fact.(event.Secured); ok {
			l.line(e, slog.LevelDebug, "secured", slog.String("version", f.Version),
				slog.String("cipher", f.Cipher), spoken("name", f.ServerName))
		}
	case event.Gap:
		l.line(e, slog.LevelWarn, "gap", slog.Int64("octets", e.Len))
	case event.State:
		l.state(e)
	}
}

func (l *Log) opened(e *event.Event, f *event.Opened) {
	l.open.put(e.Conn, peer{client: client(f.Peer().Addr()), remote: f.Peer().String(), protocol: f.Protocol,
		listener: f.Listener, since: e.Time, dialed: f.Dialed()})
	l.line(e, slog.LevelInfo, "opened", slog.String("mode", f.Mode), slog.Bool("tls", f.TLS))
}

// learn keeps something more of an open connection.
func (l *Log) learn(conn uint64, what func(*peer)) {
	if p, ok := l.open.get(conn); ok {
		what(&p)
		l.open.put(conn, p)
	}
}

// client is an address as tools that ban want it: IPv4 as such, no zone.
func client(a netip.Addr) string { return a.Unmap().WithZone("").String() }

func (l *Log) closed(e *event.Event) {
	f, _ := e.Fact.(event.Closed)
	p, _ := l.open.get(e.Conn)
	var lasted time.Duration
	if !p.since.IsZero() {
		lasted = e.Time.Sub(p.since)
	}
	l.line(e, slog.LevelInfo, "closed", spoken("reason", f.Reason), slog.Float64("seconds", seconds(lasted)))
	l.open.take(e.Conn)
}

func (l *Log) state(e *event.Event) {
	switch f := e.Fact.(type) {
	case event.Named:
		l.line(e, slog.LevelDebug, "named", spoken("helo", f.Helo))
	case event.Authenticated:
		l.authenticated(e, &f)
	case event.Banned:
		l.line(e, slog.LevelWarn, "banned", slog.Time("until", f.Until), spoken("account", f.User))
	case event.Refused:
		l.refused(e, &f)
	case event.Note:
		l.line(e, slog.LevelInfo, "note", spoken("text", f.Text))
	default:
		l.message(e)
	}
}

// message logs what becomes of messages.
func (l *Log) message(e *event.Event) {
	switch f := e.Fact.(type) {
	case event.Enveloped:
		l.learn(e.Conn, func(p *peer) { p.from = f.From })
		l.line(e, slog.LevelDebug, "mail", spoken("from", f.From))
	case event.Addressed:
		l.line(e, slog.LevelDebug, "rcpt", spoken("to", f.To))
	case event.Accepted:
		l.line(e, slog.LevelInfo, "accepted", slog.String("id", f.ID), spoken("message_id", f.MessageID), spoken("from", f.From),
			slog.Int("recipients", f.Recipients), slog.Int64("size", f.Size))
	case event.Delivered:
		for i := range f.To {
			d := &f.To[i]
			l.line(e, slog.LevelInfo, "delivered", slog.String("id", f.ID), spoken("to", d.Recipient),
				spoken("mailbox", d.Mailbox), slog.Uint64("uid", uint64(d.UID)))
		}
	case event.Queued:
		for i := range f.To {
			l.line(e, slog.LevelInfo, "queued", slog.String("id", f.ID), spoken("recipient", f.To[i].Recipient), spoken("to", f.To[i].To))
		}
	case event.Missed:
		l.missed(e, &f)
	case event.Attempted:
		l.attempted(e, &f)
	case event.Halted:
		l.line(e, slog.LevelInfo, f.Outcome(), slog.String("id", f.ID), spoken("to", f.Recipient))
	case event.Foreign:
		l.line(e, slog.LevelWarn, "sender.foreign", slog.String("id", f.ID), spoken("field", f.Field), spoken("address", f.Address))
	case event.Fetched:
		l.line(e, slog.LevelDebug, "fetched", slog.Uint64("uid", uint64(f.UID)), spoken("uidl", f.UIDL), slog.Int64("size", f.Size))
	case event.Deleted:
		l.line(e, slog.LevelInfo, "deleted", slog.Int("messages", f.Messages), spoken("uids", ranges(f.UIDs)))
	}
}

// missed logs for whom a message goes no further though it leads to them.
func (l *Log) missed(e *event.Event, f *event.Missed) {
	for i := range f.To {
		to := &f.To[i]
		if f.Failed { // as after an attempt, for those who look for it
			l.attempted(e, &event.Attempted{ID: f.ID, Recipient: to.To, Outcome: event.Failed, Reply: f.Why})
			continue
		}
		l.line(e, slog.LevelInfo, f.Outcome(), slog.String("id", f.ID), spoken("recipient", to.Recipient), spoken("to", to.To), spoken("reply", f.Why))
	}
}

// attempted logs how an attempt to deliver a message elsewhere ended.
func (l *Log) attempted(e *event.Event, f *event.Attempted) {
	attrs := []slog.Attr{slog.String("id", f.ID), spoken("to", f.Recipient), spoken("host", f.Host), slog.String("address", f.Addr),
		slog.String("tls", f.TLS), slog.Float64("seconds", seconds(f.Delay))}
	level := slog.LevelInfo
	switch {
	case f.Outcome == event.Failed:
		level = slog.LevelWarn
	case !f.Next.IsZero():
		attrs = append(attrs, slog.Time("next", f.Next))
	}
	if !f.AsOf.IsZero() { // nobody was asked
		attrs = append(attrs, slog.Time("as_of", f.AsOf))
	}
	l.line(e, level, f.Outcome, append(attrs, spoken("reply", f.Reply))...)
}

// ranges writes UIDs as "1-3,7". It ends with "…" where they are too many for
// an attribute.
func ranges(uids []uint32) string {
	var b []byte
	for i := 0; i < len(uids) && len(b) <= maxText; {
		end := i + 1
		for end < len(uids) && uids[end] == uids[end-1]+1 {
			end++
		}
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendUint(b, uint64(uids[i]), 10)
		if end-1 > i {
			b = strconv.AppendUint(append(b, '-'), uint64(uids[end-1]), 10)
		}
		i = end
	}
	return string(b)
}

func (l *Log) authenticated(e *event.Event, f *event.Authenticated) {
	if f.OK {
		l.learn(e.Conn, func(p *peer) { p.account = f.User })
		l.line(e, slog.LevelInfo, "auth.ok", slog.String("mechanism", f.Mechanism))
		return
	}
	name := "auth.failed"
	if p, ok := l.open.get(e.Conn); ok && p.dialed {
		name = "auth.declined" // whoever bans those of the other name must not ban a smart host
	}
	l.line(e, slog.LevelWarn, name, slog.String("mechanism", f.Mechanism), spoken("reason", f.Reason), spoken("account", f.User))
}

// refused logs messages and recipients that were turned away; other refusals
// are the everyday noise of typing.
func (l *Log) refused(e *event.Event, f *event.Refused) {
	p, _ := l.open.get(e.Conn)
	verb, sequence := strings.ToUpper(f.Verb), strings.HasPrefix(f.Reply, "503 ")
	if verb == "DATA" && sequence {
		verb = "" // no message was refused: its MAIL or RCPT was, and the client sent ahead
	}
	switch verb {
	case "RCPT":
		l.line(e, slog.LevelInfo, "rcpt.refused", spoken("reply", f.Reply), spoken("from", p.from), spoken("to", f.Path))
	case "MAIL":
		if !sequence { // else a message may be open
			l.learn(e.Conn, func(p *peer) { p.from = f.Path })
		}
		l.line(e, slog.LevelInfo, "mail.refused", spoken("reply", f.Reply), spoken("from", f.Path))
	case "DATA", "BDAT":
		l.line(e, slog.LevelInfo, "data.refused", spoken("reply", f.Reply), spoken("from", p.from))
	default:
		l.line(e, slog.LevelDebug, "refused", spoken("verb", f.Verb), spoken("reply", f.Reply))
	}
}

// line writes one line. What the house does by itself has no connection.
func (l *Log) line(e *event.Event, level slog.Level, message string, attrs ...slog.Attr) {
	ctx := context.Background()
	if !l.slog.Enabled(ctx, level) {
		return
	}
	r := slog.NewRecord(e.Time, level, message, 0)
	if p, ok := l.open.get(e.Conn); ok {
		r.AddAttrs(slog.Uint64("session", e.Conn), slog.String("protocol", p.protocol), slog.String("client", p.client),
			slog.String("remote", p.remote), spoken("listener", p.listener))
		if p.account != "" {
			r.AddAttrs(spoken("account", p.account))
		}
	} else if e.Conn != 0 {
		r.AddAttrs(slog.Uint64("session", e.Conn))
	}
	r.AddAttrs(attrs...)
	_ = l.slog.Handler().Handle(ctx, r) // the writer beneath never fails
}

// seconds are those of a time, with three digits at most behind the point:
// Duration.Seconds adds a fraction, and 1.477 can come out as 1.4769999999999999.
func seconds(d time.Duration) float64 {
	return float64(d.Round(time.Millisecond).Milliseconds()) / 1000
}
