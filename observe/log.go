package observe

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/netip"
	"strings"
	"time"
	"unicode/utf8"

	"posta/event"
)

// LogOptions are what a Log goes by.
type LogOptions struct {
	Out    io.Writer
	Level  string // debug, info, warn, error; "": info
	Format string // text, json; "": text
	Buffer int    // octets that may wait for a slow Out; 0: 1 MiB
}

// Log writes one line for each thing worth knowing: a constant message that
// programs can look for (auth.failed, accepted …) and typed attributes, the
// session's number always first. Octets of the conversation are never in it.
type Log struct {
	out  *writer
	slog *slog.Logger
	open byConn[peer]
}

// peer is what later lines of a connection repeat.
type peer struct {
	remote   netip.AddrPort
	listener string
	since    time.Time
}

// NewLog makes a Log. Close flushes it.
func NewLog(o LogOptions) *Log {
	if o.Buffer <= 0 {
		o.Buffer = 1 << 20
	}
	var level slog.Level
	if level.UnmarshalText([]byte(o.Level)) != nil {
		level = slog.LevelInfo
	}
	handler := func(w io.Writer) slog.Handler {
		opts := &slog.HandlerOptions{Level: level}
		if o.Format == "json" {
			return slog.NewJSONHandler(w, opts)
		}
		return slog.NewTextHandler(w, opts)
	}
	l := &Log{}
	l.out = newWriter(o.Out, o.Buffer, func(lines uint64) []byte {
		var b bytes.Buffer
		slog.New(handler(&b)).Warn("log.dropped", slog.Uint64("lines", lines))
		return b.Bytes()
	})
	l.slog = slog.New(handler(l.out))
	return l
}

// Info, Warn and Error log what is no event of a connection: a listener that
// opened, a certificate that is broken. The message is constant and the
// attributes are pairs of key and value.
func (l *Log) Info(message string, attrs ...any) { l.slog.Info(message, attrs...) }

// Warn is for what somebody should look at.
func (l *Log) Warn(message string, attrs ...any) { l.slog.Warn(message, attrs...) }

// Error is for what stops posta from doing its work.
func (l *Log) Error(message string, attrs ...any) { l.slog.Error(message, attrs...) }

// Dropped counts the lines that a slow output lost.
func (l *Log) Dropped() uint64 { return l.out.Dropped() }

// Close flushes; an output that stands still is given up after 2 seconds.
func (l *Log) Close() { l.out.Close(2 * time.Second) }

// Wants is never true: facts come unasked, and octets stay out of the log.
func (l *Log) Wants(uint64, event.Layer, event.Part) bool { return false }

// Emit logs a fact.
func (l *Log) Emit(e *event.Event) {
	switch e.Kind {
	case event.Open:
		if f, ok := e.Fact.(event.Opened); ok {
			l.opened(e, f)
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

func (l *Log) opened(e *event.Event, f event.Opened) {
	l.open.put(e.Conn, peer{f.Remote, f.Listener, e.Time})
	l.line(e, slog.LevelInfo, "opened", slog.String("remote", f.Remote.String()),
		slog.String("listener", f.Listener), slog.String("mode", f.Mode), slog.Bool("tls", f.TLS))
}

func (l *Log) closed(e *event.Event) {
	p, _ := l.open.take(e.Conn)
	f, _ := e.Fact.(event.Closed)
	var lasted time.Duration
	if !p.since.IsZero() {
		lasted = e.Time.Sub(p.since)
	}
	l.line(e, slog.LevelInfo, "closed", spoken("reason", f.Reason), slog.Duration("lasted", lasted))
}

func (l *Log) state(e *event.Event) {
	switch f := e.Fact.(type) {
	case event.Named:
		l.line(e, slog.LevelDebug, "named", spoken("helo", f.Helo))
	case event.Authenticated:
		l.authenticated(e, f)
	case event.Refused:
		l.refused(e, f)
	case event.Enveloped:
		l.line(e, slog.LevelDebug, "mail", spoken("from", f.From))
	case event.Addressed:
		l.line(e, slog.LevelDebug, "rcpt", spoken("to", f.To))
	case event.Accepted:
		l.line(e, slog.LevelInfo, "accepted", slog.String("id", f.ID), spoken("from", f.From),
			slog.Int("recipients", f.Recipients), slog.Int64("size", f.Size))
	case event.Foreign:
		l.line(e, slog.LevelWarn, "sender.foreign", slog.String("id", f.ID), spoken("account", f.Account),
			spoken("field", f.Field), spoken("address", f.Address))
	case event.Fetched:
		l.line(e, slog.LevelDebug, "fetched", slog.String("uidl", f.UIDL), slog.Int64("size", f.Size))
	case event.Deleted:
		l.line(e, slog.LevelInfo, "deleted", slog.Int("messages", f.Messages))
	case event.Note:
		l.line(e, slog.LevelInfo, "note", spoken("text", f.Text))
	}
}

// authenticated repeats the address, so that a tool that bans by the log
// needs one line only.
func (l *Log) authenticated(e *event.Event, f event.Authenticated) {
	p, _ := l.open.get(e.Conn)
	at := []slog.Attr{slog.String("remote", p.remote.Addr().String()), slog.String("listener", p.listener),
		slog.String("mechanism", f.Mechanism), spoken("user", f.User)}
	if f.OK {
		l.line(e, slog.LevelInfo, "auth.ok", at...)
		return
	}
	l.line(e, slog.LevelWarn, "auth.failed", append(at, spoken("reason", f.Reason))...)
}

// refused logs recipients that were turned away; other refusals are the
// everyday noise of typing.
func (l *Log) refused(e *event.Event, f event.Refused) {
	switch strings.ToUpper(f.Verb) {
	case "RCPT":
		l.line(e, slog.LevelInfo, "rcpt.refused", spoken("reply", f.Reply))
	case "MAIL":
		l.line(e, slog.LevelInfo, "mail.refused", spoken("reply", f.Reply))
	case "DATA", "BDAT":
		l.line(e, slog.LevelInfo, "data.refused", spoken("reply", f.Reply))
	default:
		l.line(e, slog.LevelDebug, "refused", spoken("verb", f.Verb), spoken("reply", f.Reply))
	}
}

func (l *Log) line(e *event.Event, level slog.Level, message string, attrs ...slog.Attr) {
	ctx := context.Background()
	if !l.slog.Enabled(ctx, level) {
		return
	}
	r := slog.NewRecord(e.Time, level, message, 0)
	r.AddAttrs(slog.Uint64("session", e.Conn))
	r.AddAttrs(attrs...)
	_ = l.slog.Handler().Handle(ctx, r) // the writer beneath never fails
}

// maxText bounds what a peer can put into one attribute.
const maxText = 256

// spoken is an attribute whose words came from a peer.
func spoken(key, value string) slog.Attr {
	if len(value) > maxText {
		cut := maxText
		for cut > 0 && !utf8.RuneStart(value[cut]) {
			cut--
		}
		value = value[:cut] + "…"
	}
	return slog.String(key, value)
}
