package main

import (
	"encoding/base64"
	"net/netip"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"posta/event"
	"posta/story"
	"posta/words"
)

// watched is an exchange as `posta watch --json` has it.
type watched struct {
	Time     time.Time `json:"time"`
	Session  uint64    `json:"session"`
	Listener string    `json:"listener"`
	Remote   string    `json:"remote"`
	TLS      bool      `json:"tls"`
	Phase    string    `json:"phase"`
	Kind     string    `json:"kind"`
	Asked    string    `json:"asked,omitempty"`
	Told     string    `json:"told,omitempty"`
	Code     int       `json:"code,omitempty"`
	Refused  bool      `json:"refused,omitempty"`
	Octets   int64     `json:"octets,omitempty"` // of a message
	Millis   float64   `json:"ms,omitempty"`     // from the end of what was asked to the begin of the reply
}

// write writes an exchange.
func (w *onlooker) write(x *story.Exchange) {
	if x.Told != nil && x.Told.Kind == story.Fact {
		return // what was said tells it
	}
	if w.a.json {
		_ = writeJSON(w.out, w.object(x))
		return
	}
	w.line(beginning(x).At.Time, x.Session.Conn, w.text(x))
}

// beginning is what began an exchange.
func beginning(x *story.Exchange) *story.Act {
	if x.Asked != nil {
		return x.Asked
	}
	return x.Told
}

func (w *onlooker) object(x *story.Exchange) watched {
	a := beginning(x)
	one := watched{Time: a.At.Time, Session: x.Session.Conn, Listener: x.Session.Listener, Remote: peerOf(x.Session).String(),
		TLS: a.Secure, Phase: a.Phase.String(), Kind: a.Kind.String()}
	if x.Asked != nil {
		one.Asked = w.said(x.Asked)
	}
	if t := x.Told; t != nil {
		one.Told, one.Code, one.Refused = w.said(t), t.Code, t.Refused
		if x.Asked != nil {
			one.Millis = float64(t.At.Time.Sub(x.Asked.Until.Time).Microseconds()) / 1000
		}
	}
	if a.Message != nil {
		one.Octets = a.Message.Size
	}
	return one
}

// said is what was said, without secrets unless they are to be seen.
func (w *onlooker) said(a *story.Act) string {
	if a.Message != nil {
		return a.Message.Subject
	}
	if w.secrets {
		return a.Text
	}
	return a.Masked()
}

// The columns of what was asked: on a narrow screen the reply stands behind it.
const (
	watchAsked = 40
	watchWide  = 100
)

// head is how wide is what stands before an exchange.
func (w *onlooker) head(conn uint64) int {
	return len("15:04:05.000  #  ") + len(strconv.FormatUint(conn, 10))
}

// text is an exchange in a line, as wide as the screen.
func (w *onlooker) text(x *story.Exchange) string {
	width := w.a.width(w.a.Out)
	asked, told := "", ""
	if x.Asked != nil {
		asked = w.describe(x.Asked)
	}
	if x.Told != nil {
		told = w.describe(x.Told)
	}
	behind := ""
	if x.Asked != nil && x.Told != nil {
		behind = "  " + latency(x.Told.At.Time.Sub(x.Asked.Until.Time))
	} else if x.Asked != nil {
		told = w.a.say("watch.unanswered", nil)
	}
	gap := ""
	if asked != "" && told != "" {
		gap = "  "
		if width == 0 || width >= watchWide {
			gap = strings.Repeat(" ", max(2, watchAsked-utf8.RuneCountInString(asked)))
		}
	}
	if width > 0 {
		room := max(width-w.head(x.Session.Conn)-utf8.RuneCountInString(gap+behind), 10)
		right := min(utf8.RuneCountInString(told), max(room/2, room-utf8.RuneCountInString(asked)))
		asked, told = cut(asked, room-right), cut(told, right)
	}
	return w.colour(x.Asked, asked) + gap + w.colour(x.Told, told) + w.paint.aside(behind)
}

func (w *onlooker) colour(a *story.Act, text string) string {
	switch {
	case a == nil:
		return w.paint.aside(text)
	case a.Refused || a.Kind == story.Gap || a.Kind == story.Stray:
		return w.paint.wrong(text)
	case a.Kind == story.Over || a.Kind == story.Note || a.Kind == story.TLS:
		return w.paint.aside(text)
	case a.From == story.Client:
		return w.paint.client(text)
	}
	return w.paint.server(text)
}

// describe is an act in a few words.
func (w *onlooker) describe(a *story.Act) string {
	say := w.a.say
	switch a.Kind {
	case story.Mail:
		id := "watch.mail"
		switch {
		case a.Message.Subject != "":
		case len(a.Message.Parts) == 0: // it may have one: nothing of it was recorded
			id = "watch.mail_size"
		default:
			id = "watch.mail_bare"
		}
		return say(id, words.Args{"Count": a.Message.Size, "Subject": printable(a.Message.Subject)})
	case story.List:
		return say("watch.list", words.Args{"Count": len(a.More)})
	case story.TLS:
		secured, _ := a.Event.(event.Secured)
		return say("watch.tls", words.Args{"Version": secured.Version, "Cipher": secured.Cipher})
	case story.Cipher:
		return say("watch.cipher", words.Args{"Count": a.Octets})
	case story.Gap:
		return say("watch.gap", words.Args{"Count": a.Octets})
	case story.Turned:
		return say("watch.turned", nil)
	case story.Over:
		return say("watch.closed", words.Args{"Reason": ended(w.a.words, printable(a.Text))})
	}
	text := printable(w.said(a))
	if hidden := w.hidden(a); hidden != "" {
		text += " (" + hidden + ")"
	}
	if len(a.More) > 0 {
		text += " " + say("watch.more", words.Args{"Count": len(a.More)})
	}
	return text
}

// hidden is what base64 hides in a challenge, and in the answer to one.
func (w *onlooker) hidden(a *story.Act) string {
	coded := ""
	switch {
	case a.Kind == story.Challenge:
		_, coded, _ = strings.Cut(w.said(a), " ")
	case a.Kind == story.Answer && w.secrets:
		coded = a.Text
	}
	clear, err := base64.StdEncoding.DecodeString(coded)
	if err != nil || !utf8.Valid(clear) {
		return ""
	}
	return printable(string(clear))
}

// cut shortens text to so many characters.
func cut(text string, most int) string {
	if utf8.RuneCountInString(text) <= most {
		return text
	}
	return string([]rune(text)[:max(most-1, 0)]) + "…"
}

// latency writes how long a reply took.
func latency(d time.Duration) string {
	switch {
	case d < 0:
		return "" // it was there before the end of what it answers
	case d < 10*time.Millisecond:
		return strconv.FormatFloat(float64(d.Microseconds())/1000, 'f', 2, 64) + " ms"
	case d < time.Second:
		return strconv.FormatInt(d.Milliseconds(), 10) + " ms"
	}
	return strconv.FormatFloat(d.Seconds(), 'f', 2, 64) + " s"
}

// peerOf is the address of a session's other end, also where posta began it.
func peerOf(s *story.Session) netip.AddrPort {
	o := event.Opened{Endpoints: s.Ends, Listener: s.Listener}
	return o.Peer()
}
