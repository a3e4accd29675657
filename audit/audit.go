// Package audit judges what was said in sessions: passwords and messages that
// anybody could read, TLS that was missing, weak or taken away, commands out of
// order, attempts to smuggle, to relay, to guess. Each finding cites what it
// rests on and says where it stands; Lesson says what an eavesdropper learnt.
//
// It takes the acts of a story, whichever recording they came from, in one pass
// and in bounded memory, and asks nothing of the network. Start reading at Rule,
// then rules.go; a rule is a function in the file that its subject names.
package audit

import (
	"cmp"
	"maps"
	"net/netip"
	"strings"
	"time"

	"posta/event"
	"posta/story"
	"posta/words"
)

// Severity is how much a finding matters.
type Severity uint8

const (
	Note    Severity = iota + 1 // worth knowing
	Warning                     // a weakness, or against a standard
	Danger                      // a secret is out, or somebody attacks
)

// String is how programs spell it.
func (s Severity) String() string {
	switch s {
	case Note:
		return "note"
	case Warning:
		return "warning"
	case Danger:
		return "danger"
	}
	return ""
}

// Say is how people read it.
func (s Severity) Say(w *words.Words) string {
	switch s {
	case Note:
		return w.Say("audit.note", nil)
	case Warning:
		return w.Say("audit.warning", nil)
	}
	return w.Say("audit.danger", nil)
}

// Finding is something that a rule found.
type Finding struct {
	Rule           string // its name, "password-clear"
	Severity       Severity
	Cites          []string // "RFC 4954 §4"
	Conn           uint64
	Stream         int64 // of a capture; -1 of posta's own sessions
	Protocol       string
	Client, Server netip.AddrPort // who asked and who answered there: TURN and ATRN change that
	At             story.Moment
	Who            story.Role // whose octets it is about

	what string
	why  string
	args words.Args
}

// What says what was found, with the values that stood there; they are fit to be
// printed.
func (f *Finding) What(w *words.Words) string {
	fault, ok := f.args["Fault"].(string)
	if !ok {
		return w.Say(f.what, f.args)
	}
	args := maps.Clone(f.args)
	args["Fault"] = w.Syntax(fault)
	return w.Say(f.what, args)
}

// Why says why it matters, and what to do.
func (f *Finding) Why(w *words.Words) string { return w.Say(f.why, nil) }

// Comment says it in a line, for the packet of a capture that it is about.
func (f *Finding) Comment(w *words.Words) string {
	text := f.Severity.Say(w) + ", " + f.Rule + ": " + f.What(w)
	if len(f.Cites) > 0 {
		text += " (" + strings.Join(f.Cites, ", ") + ")"
	}
	return text
}

// Rule looks for one thing in all sessions at once.
type Rule struct {
	Name     string   // as JSON and docs/findings.md have it
	Severity Severity // the highest that it gives
	Cites    []string // what it rests on; a finding may name fewer
	Why      string   // id of the text that says why it matters, and what to do

	// Start begins with a session; what it gives is told of each act, and last
	// of one of Kind Over.
	Start func(*watch) func(*story.Act)

	Connection bool // it is about the connection, whoever is the server
}

// maxPerSession is how often a rule speaks of one session.
const maxPerSession = 20

// Auditor applies all rules. It belongs to one goroutine.
type Auditor struct {
	out   func(Finding)
	rules []Rule
	open  map[uint64]*session
	town  *town
	left  int
}

// New makes an Auditor that gives what it finds, at once, to out.
func New(out func(Finding)) *Auditor {
	return &Auditor{out: out, rules: Rules(), open: map[uint64]*session{}, town: newTown()}
}

// Act takes the next act, as story.Options.Out gives it.
func (a *Auditor) Act(s *story.Session, act *story.Act) {
	d := a.open[s.Conn]
	if d == nil {
		d = a.begin(s)
		a.open[s.Conn] = d
	}
	d.story = s
	d.follow(act)
	if s.Protocol != "" {
		for i := range d.watches {
			d.watches[i].see(act)
		}
	}
	if act.Kind == story.Turned {
		d.turn(act)
	}
	if act.Kind == story.Over {
		delete(a.open, s.Conn)
	}
}

// End is told when no more acts come. Of sessions that are still open it says
// what waited for more.
func (a *Auditor) End() {
	for _, d := range inOrder(a.open) {
		a.Act(d.story, &story.Act{Kind: story.Over, At: d.last, Text: stillOpen, Before: d.state, After: d.state})
	}
}

// stillOpen is the reason of an end that is none.
const stillOpen = "still open"

// Left is how many findings were not given, because their rule had said the
// like of the session often enough.
func (a *Auditor) Left() int { return a.left }

func (a *Auditor) begin(s *story.Session) *session {
	d := &session{story: s, whole: true, town: a.town}
	for i := range a.rules {
		w := &watch{session: d, rule: &a.rules[i], auditor: a}
		w.look = w.rule.Start(w)
		d.watches = append(d.watches, w)
	}
	return d
}

// watch is a rule's view of one session.
type watch struct {
	*session
	rule    *Rule
	auditor *Auditor
	count   int
	look    func(*story.Act) // nil: nothing to look for
}

func (w *watch) see(a *story.Act) {
	if w.look != nil {
		w.look(a)
	}
}

// found reports with the rule's severity. id is the text's that says what it is.
func (w *watch) found(at story.Moment, who story.Role, id string, args words.Args) {
	w.report(w.rule.Severity, at, who, id, args)
}

// report reports what is less severe than the rule can be. cites are those of
// the rule's that count here; all where none is named.
func (w *watch) report(how Severity, at story.Moment, who story.Role, id string, args words.Args, cites ...string) {
	w.count++
	if w.count > maxPerSession {
		w.auditor.left++
		return
	}
	if len(cites) == 0 {
		cites = w.rule.Cites
	}
	s := w.story
	client, server := w.ends()
	w.auditor.out(Finding{Rule: w.rule.Name, Severity: how, Cites: cites, Conn: s.Conn, Stream: s.Stream, Protocol: s.Protocol,
		Client: client, Server: server, At: at, Who: who, what: id, why: w.rule.Why, args: args})
}

// session is what all rules know of one session.
type session struct {
	story   *story.Session
	watches []*watch
	town    *town
	state   story.State
	last    story.Moment
	turned  bool // who listened is the client

	whole   bool // seen from the greeting on, and nothing lost so far
	greeted bool
	hello   bool // HELO or EHLO was accepted since TLS
	tried   bool // STARTTLS or STLS was sent
	offer   offer
	early   *story.Act // the first command, where it came before the greeting
	alien   bool       // it began with what is no mail protocol
}

// follow keeps what rules share.
func (d *session) follow(a *story.Act) {
	d.state, d.last = a.After, a.Until
	switch a.Kind {
	case story.Greeting:
		d.greeted = a.Sure
	case story.Command:
		if !d.greeted && d.early == nil {
			d.early = a
		}
		d.alien = d.alien || foreign(a.Text) != ""
		if a.Verb == "STARTTLS" || a.Verb == "STLS" {
			d.tried = true
		}
	case story.Reply:
		d.whole = d.whole && d.greeted
		if !a.Refused && (a.Verb == "HELO" || a.Verb == "EHLO") {
			d.hello = true
		}
	case story.TLS:
		d.hello = false
	case story.Gap, story.Cipher:
		d.whole = false
	}
	d.whole = d.whole && a.Sure
	d.offered(a)
}

// turn begins anew with who is the server now: what the other offered, or did
// without, is not this one's. What is about the connection goes on.
func (d *session) turn(a *story.Act) {
	d.turned = !d.turned
	d.greeted, d.hello, d.tried, d.early, d.offer = false, false, false, nil, offer{}
	for _, w := range d.watches {
		if !w.rule.Connection {
			w.look = w.rule.Start(w)
			w.see(a)
		}
	}
}

// ends are who asks and who answers now.
func (d *session) ends() (client, server netip.AddrPort) {
	if d.turned {
		return d.story.Ends.Local, d.story.Ends.Remote
	}
	return d.story.Ends.Remote, d.story.Ends.Local
}

// banner is what the present server greeted with.
func (d *session) banner() string {
	if d.turned {
		return d.story.Named[event.FromDialer].Banner
	}
	return d.story.Named[event.FromListener].Banner
}

// once gives a function that says yes the first time.
func once() func() bool {
	done := false
	return func() bool {
		first := !done
		done = true
		return first
	}
}

// clear says that anybody on the way could read an act.
func clear(a *story.Act) bool { return !a.Secure }

// peer is the client's address.
func (d *session) peer() netip.Addr {
	client, _ := d.ends()
	return client.Addr()
}

// seconds is a time as people count it.
func seconds(d time.Duration) int64 { return int64(d.Round(time.Second) / time.Second) }

// ByPlace orders findings as a reader meets what they are about: by frame, or
// by time where there are no frames.
func ByPlace(a, b Finding) int {
	return cmp.Or(cmp.Compare(a.At.Frame, b.At.Frame), a.At.Time.Compare(b.At.Time), -cmp.Compare(a.Severity, b.Severity))
}
