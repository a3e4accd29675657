package observe

import (
	"bytes"
	"io"
	"log/slog"
	"strings"
	"time"
	"unicode"
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
// programs can look for (auth.failed, accepted …) and typed attributes. Those
// that say which connection and who come first, before any words of a peer's,
// so that nobody can write himself another address. Octets of the conversation
// are never in it. Events says what there is.
type Log struct {
	out  *writer
	slog *slog.Logger
	open byConn[peer]
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

// maxText bounds what a peer can put into one attribute.
const maxText = 256

// breaks says that a character could end a line for some reader, or turn it
// around, and that JSON would let it pass.
func breaks(r rune) bool { return r >= 0x7f && !unicode.IsPrint(r) }

// spoken is an attribute whose words came from a peer.
func spoken(key, value string) slog.Attr {
	if len(value) > maxText {
		cut := maxText
		for cut > 0 && !utf8.RuneStart(value[cut]) {
			cut--
		}
		value = value[:cut] + "…"
	}
	if strings.ContainsFunc(value, breaks) {
		value = strings.Map(func(r rune) rune {
			if breaks(r) {
				return utf8.RuneError
			}
			return r
		}, value)
	}
	return slog.String(key, value)
}
