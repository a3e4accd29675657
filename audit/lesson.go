package audit

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
	"time"

	"posta/event"
	"posta/story"
	"posta/words"
)

// The bounds of a Lesson's lists. What is beyond is only counted.
const (
	maxNames    = 20
	maxMessages = 50
)

// Lesson is what somebody on the way learnt of a session who has no key.
type Lesson struct {
	Conn           uint64
	Stream         int64 // of a capture; -1 of posta's own sessions
	Protocol       string
	Client, Server netip.AddrPort
	Began, Ended   time.Time
	Octets         [2]int64 // by event.Dir, as they lay on the network
	Rough          bool     // those of TLS or of a secret were not recorded

	Part             // before TURN or ATRN
	Turned     *Part // behind it, where Server is the client; nil: they did not change sides
	behind     bool
	Logins     []*story.Login
	User       string   // of a USER without its PASS
	Senders    []string // of the envelope
	Recipients []string
	Refused    []string // recipients that were tried, and the server never took
	Messages   []Learnt
	More       int // names and messages that are only counted

	TLS        bool   // from some octet on, or from the first
	Implicit   bool   // from the first
	ServerName string // that the client asked for in the clear, to begin TLS
	said       bool   // something was said in the clear
	from       string // of the envelope at hand
	to         []string
	taken      map[string]bool // recipients that the server took
}

// Part is what client and server called themselves.
type Part struct {
	Software string   // what the server greeted with
	Names    []string // what the client called itself
}

// part is the present one.
func (l *Lesson) part() *Part {
	if l.behind {
		return l.Turned
	}
	return &l.Part
}

// Learnt is a message that could be read.
type Learnt struct {
	At       story.Moment
	From, To string
	Subject  string
	Size     int64
	Files    []string // names of its attachments
	Left     bool     // the recording has not got it
}

// Class makes Lessons of acts. It belongs to one goroutine.
type Class struct {
	out  func(*Lesson)
	open map[uint64]*Lesson
}

// NewClass makes a Class that gives each Lesson when its session has ended.
func NewClass(out func(*Lesson)) *Class { return &Class{out: out, open: map[uint64]*Lesson{}} }

// Act takes the next act, as story.Options.Out gives it.
func (c *Class) Act(s *story.Session, a *story.Act) {
	l := c.open[s.Conn]
	if l == nil {
		l = &Lesson{Conn: s.Conn, Stream: s.Stream, Client: s.Ends.Remote, Server: s.Ends.Local, Began: s.Began.Time, Ended: s.Began.Time}
		c.open[s.Conn] = l
	}
	octets, whole := s.OnWire()
	l.Protocol, l.Octets, l.Rough = s.Protocol, octets, l.Rough || !whole
	if a.Kind != story.Over {
		l.Ended = a.Until.Time
	}
	switch {
	case a.Kind == story.Over:
		delete(c.open, s.Conn)
		c.give(l)
	case a.Kind == story.TLS, a.Kind == story.Cipher:
		l.TLS = true
		l.Implicit = s.Implicit || !l.said
		if s.Secured != nil {
			l.ServerName = shown(s.Secured.ServerName)
		}
	case a.Kind == story.Turned && !a.Secure:
		if l.behind = !l.behind; l.Turned == nil {
			l.Turned = &Part{}
		}
	case !a.Secure:
		l.heard(s, a)
	}
}

// End gives the Lessons of sessions that are still open.
func (c *Class) End() {
	all := make([]*Lesson, 0, len(c.open))
	for _, l := range c.open {
		all = append(all, l)
	}
	slices.SortFunc(all, func(a, b *Lesson) int { return cmp.Compare(a.Conn, b.Conn) })
	for _, l := range all {
		c.give(l)
	}
	c.open = map[uint64]*Lesson{}
}

// give gives a Lesson, if there was anything to learn about mail.
func (c *Class) give(l *Lesson) {
	if l.Protocol != "" {
		c.out(l)
	}
}

// heard takes what was said in the clear.
func (l *Lesson) heard(s *story.Session, a *story.Act) {
	switch a.Kind {
	case story.Greeting:
		l.said, l.part().Software = true, shown(s.Named[a.Dir&1].Banner)
	case story.Reply:
		l.said = true
		l.TLS = l.TLS || isStart(a.Verb) && !a.Refused
		if a.Verb == "RCPT" && a.Re != nil {
			l.answered(shown(a.Re.Arg), a.Refused)
		}
	case story.Mail:
		l.said = true
		l.message(a)
	case story.Command:
		l.said = true
		switch a.Verb {
		case "HELO", "EHLO":
			l.name(&l.part().Names, a.Arg)
		case "MAIL":
			l.name(&l.Senders, a.Arg)
			l.from, l.to = shown(a.Arg), nil
		case "RCPT":
			l.name(&l.Recipients, a.Arg)
			if len(l.to) < maxNames {
				l.to = append(l.to, shown(a.Arg))
			}
		case "USER":
			l.User = shown(a.Arg)
		case "PASS":
			l.User = ""
		}
	}
	if a.Login != nil && !slices.Contains(l.Logins, a.Login) {
		if len(l.Logins) == maxNames {
			l.More++
			return
		}
		l.Logins = append(l.Logins, a.Login)
	}
	l.Rough = l.Rough || a.Login != nil && a.Login.Masked
}

// answered notes what the server said to a recipient: the message goes to nobody
// whom it refused.
func (l *Lesson) answered(to string, refused bool) {
	if !refused {
		if l.taken == nil {
			l.taken = map[string]bool{}
		}
		l.Refused = without(l.Refused, to)
		l.taken[to] = l.taken[to] || len(l.taken) < maxNames
		return
	}
	l.to = without(l.to, to)
	if !l.taken[to] {
		l.Recipients = without(l.Recipients, to)
		l.name(&l.Refused, to)
	}
}

func without(names []string, name string) []string {
	return slices.DeleteFunc(names, func(one string) bool { return one == name })
}

// name adds one that was not there.
func (l *Lesson) name(to *[]string, name string) {
	if name = shown(name); name == "" || slices.Contains(*to, name) {
		return
	}
	if len(*to) == maxNames {
		l.More++
		return
	}
	*to = append(*to, name)
}

func (l *Lesson) message(a *story.Act) {
	if len(l.Messages) == maxMessages {
		l.More++
		return
	}
	m := a.Message
	one := Learnt{At: a.At, From: flat(m.From), To: flat(m.To), Subject: flat(m.Subject), Size: m.Size, Left: m.Size > 0 && len(m.Octets) == 0}
	if a.From == story.Client { // what its header leaves out, the envelope has
		one.From, one.To = cmp.Or(one.From, l.from), cmp.Or(one.To, strings.Join(l.to, ", "))
	}
	for _, part := range m.Parts {
		if part.Name != "" && len(one.Files) < maxNames {
			one.Files = append(one.Files, shown(part.Name))
		}
	}
	l.Messages = append(l.Messages, one)
}

// Clear says what was learnt, a sentence each.
func (l *Lesson) Clear(w *words.Words) []string {
	out := l.outside(w)
	say := func(id string, args words.Args) { out = append(out, w.Say(id, args)) }
	out = append(out, l.Part.clear(w)...)
	for _, login := range l.Logins {
		args := words.Args{"User": shown(login.User), "Mechanism": login.Mechanism}
		switch {
		case login.Readable:
			say("audit.learnt_password", words.Args{"User": shown(login.User), "Password": shown(login.Password), "Mechanism": login.Mechanism})
		case login.Masked && login.User != "" && sendsPassword(login.Mechanism):
			say("audit.learnt_masked", args)
		case login.User != "":
			say("audit.learnt_user", args)
		case login.Masked:
			say("audit.learnt_login", args)
		}
	}
	if l.User != "" {
		say("audit.learnt_user_alone", words.Args{"User": l.User})
	}
	if l.Turned != nil {
		say("audit.learnt_turned", words.Args{"Client": l.Server, "Server": l.Client})
		out = append(out, l.Turned.clear(w)...)
	}
	if len(l.Recipients) > 0 || len(l.Senders) > 0 && len(l.Refused) == 0 {
		say("audit.learnt_envelope", words.Args{"From": listed(l.Senders), "To": listed(l.Recipients)})
	}
	if len(l.Refused) > 0 {
		say("audit.learnt_refused", words.Args{"From": listed(l.Senders), "To": listed(l.Refused)})
	}
	for _, m := range l.Messages {
		args := words.Args{"From": cmp.Or(m.From, "?"), "To": cmp.Or(m.To, "?"), "Subject": cmp.Or(m.Subject, "?"), "Size": m.Size}
		switch {
		case m.Left:
			say("audit.learnt_message_left", args)
		case m.From == "" && m.To == "" && m.Subject == "":
			say("audit.learnt_octets_of", words.Args{"Size": m.Size})
		case len(m.Files) > 0:
			args["Files"] = strings.Join(m.Files, ", ")
			say("audit.learnt_message_files", args)
		default:
			say("audit.learnt_message", args)
		}
	}
	if l.More > 0 {
		say("audit.learnt_more", words.Args{"Count": l.More})
	}
	return append(out, l.hidden(w)...)
}

// clear says what they called themselves.
func (p *Part) clear(w *words.Words) (out []string) {
	if p.Software != "" {
		out = append(out, w.Say("audit.learnt_software", words.Args{"Text": p.Software}))
	}
	if len(p.Names) > 0 {
		out = append(out, w.Say("audit.learnt_names", words.Args{"Names": strings.Join(p.Names, ", ")}))
	}
	return out
}

// listed are names in a sentence.
func listed(names []string) string {
	if len(names) == 0 {
		return "?"
	}
	return strings.Join(names, ", ")
}

// hidden says where TLS closed the view.
func (l *Lesson) hidden(w *words.Words) (out []string) {
	switch {
	case !l.TLS:
		return nil
	case l.Implicit:
		out = append(out, w.Say("audit.learnt_tls", nil))
	default:
		out = append(out, w.Say("audit.learnt_starttls", nil))
	}
	if l.ServerName != "" {
		out = append(out, w.Say("audit.learnt_name", words.Args{"Name": l.ServerName}))
	}
	return out
}

// outside is what TLS never hides.
func (l *Lesson) outside(w *words.Words) []string {
	args := words.Args{"Sent": l.Octets[event.FromDialer], "Received": l.Octets[event.FromListener]}
	octets := w.Say("audit.learnt_octets", args)
	if l.Rough {
		octets = w.Say("audit.learnt_octets_rough", args)
	}
	return []string{
		w.Say("audit.learnt_ends", words.Args{"Client": l.Client, "Server": l.Server}),
		w.Say("audit.learnt_times", words.Args{"Began": l.Began.Format(time.DateTime), "Seconds": seconds(l.Ended.Sub(l.Began))}),
		octets,
	}
}

// OverTLS says what would have been learnt of the same session inside TLS; nil
// where it was.
func (l *Lesson) OverTLS(w *words.Words) []string {
	if l.TLS {
		return nil
	}
	return append(l.outside(w), w.Say("audit.tls_name", nil), w.Say("audit.tls_starttls", nil), w.Say("audit.tls_rest", nil))
}
