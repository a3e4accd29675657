package observe

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"posta/event"
	"posta/text"
)

// ErrNoSession says that there is no session of this number, or no longer.
var ErrNoSession = errors.New("observe: no such session, or it was too long ago")

// Options are the bounds of Sessions; zeros are replaced by what stands behind.
type Options struct {
	Sessions int // ended sessions kept: 500
	Bytes    int // of all transcripts together: 4 MiB
	PerEach  int // of one transcript: 32 KiB
}

// Session is what is known of one connection.
type Session struct {
	ID        uint64         `json:"id"`
	Protocol  string         `json:"protocol"`
	Listener  string         `json:"listener"`
	Mode      string         `json:"mode"`
	Remote    netip.AddrPort `json:"remote"`
	Local     netip.AddrPort `json:"local"`
	Opened    time.Time      `json:"opened"`
	Closed    time.Time      `json:"closed,omitzero"` // zero: still open
	Reason    string         `json:"reason,omitempty"`
	TLS       string         `json:"tls,omitempty"`
	Helo      string         `json:"helo,omitempty"`
	Silent    bool           `json:"silent,omitempty"`   // the other side has said nothing: who dialed, or who was dialed from here
	User      string         `json:"user,omitempty"`     // who is logged in
	Failed    int            `json:"failed,omitempty"`   // log-ins that failed
	Refused   int            `json:"refused,omitempty"`  // commands
	Accepted  int            `json:"accepted,omitempty"` // messages
	Fetched   int            `json:"fetched,omitempty"`  // messages
	Deleted   int            `json:"deleted,omitempty"`  // messages
	Relayed   int            `json:"relayed,omitempty"`  // recipients whose message another server has taken
	Delayed   int            `json:"delayed,omitempty"`  // those that are tried again
	GivenUp   int            `json:"given_up,omitempty"` // those that are not
	LastQueue string         `json:"last_id,omitempty"`  // id of the message accepted last, or sent
}

// Sessions keeps the open sessions and the latest that ended, with masked
// transcripts, in bounded memory. Many goroutines may use it at once.
type Sessions struct {
	Options
	open byConn[*session]
	held atomic.Int64 // octets of all transcripts

	mu    sync.Mutex
	ended []*session // oldest first
}

// session is one connection being watched. Its lock is held for the length of
// one event, by the connection's goroutine, or for a copy.
type session struct {
	mu     sync.Mutex
	facts  Session
	script script
	lines  [2]assembly // by event.Dir
	cost   int         // as counted in Sessions.held
	peer   event.Dir   // whose octets are the other side's
	gone   bool        // forgotten: what comes now is not counted
}

// New makes Sessions.
func New(o Options) *Sessions {
	o.Sessions = cmp.Or(max(o.Sessions, 0), 500)
	o.Bytes = cmp.Or(max(o.Bytes, 0), 4<<20)
	o.PerEach = cmp.Or(max(o.PerEach, 0), 32<<10)
	return &Sessions{Options: o}
}

// Wants takes clear text of all parts; of bodies only the length is kept.
func (s *Sessions) Wants(_ uint64, l event.Layer, _ event.Part) bool { return l == event.Text }

// Emit writes an event down.
func (s *Sessions) Emit(e *event.Event) {
	if e.Kind == event.Open {
		s.begin(e)
		return
	}
	one, ok := s.about(e)
	if !ok {
		return
	}
	one.mu.Lock()
	if one.gone {
		one.mu.Unlock()
		return
	}
	switch e.Kind {
	case event.Data:
		one.facts.Silent = one.facts.Silent && e.Dir != one.peer
		if e.Layer == event.Text {
			one.data(e, s.PerEach)
		}
	case event.Gap:
		one.flush(s.PerEach)
		one.note(e.Time, fmt.Sprintf("[%d octets not seen]", e.Len), s.PerEach)
	case event.Close:
		one.flush(s.PerEach)
		one.facts.Closed = e.Time
		if f, ok := e.Fact.(event.Closed); ok {
			one.facts.Reason = strings.Clone(f.Reason)
		}
		one.lines = [2]assembly{}
	default:
		one.fact(e, s.PerEach)
	}
	grown := one.grown()
	one.mu.Unlock()
	if grown != 0 {
		s.held.Add(int64(grown))
	}
	if e.Kind == event.Close {
		s.end(e.Conn, one)
	}
	if s.held.Load() > int64(s.Bytes) {
		s.reduce(one)
	}
}

// about is the session that an event is of. What becomes of a message is known
// only when no other host is left to ask, and the session that had its refusal
// may have ended by then.
func (s *Sessions) about(e *event.Event) (*session, bool) {
	f, tried := e.Fact.(event.Attempted)
	if e.Conn != 0 || !tried || f.Session == 0 {
		return s.open.get(e.Conn)
	}
	if one, ok := s.open.get(f.Session); ok {
		return one, true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := len(s.ended) - 1; i >= 0; i-- {
		if s.ended[i].facts.ID == f.Session {
			return s.ended[i], true
		}
	}
	return nil, false
}

func (s *Sessions) begin(e *event.Event) {
	f, _ := e.Fact.(event.Opened)
	one := &session{facts: Session{ID: e.Conn, Protocol: f.Protocol, Listener: f.Listener, Mode: f.Mode,
		Remote: f.Remote, Local: f.Local, Opened: e.Time, Silent: true}}
	if f.Dialed() {
		one.facts.Remote, one.facts.Local, one.peer = f.Local, f.Remote, event.FromListener
	}
	s.open.put(e.Conn, one)
}

// end moves a session to the ended ones and drops the oldest beyond the bound.
func (s *Sessions) end(conn uint64, one *session) {
	s.mu.Lock()
	s.ended = append(s.ended, one)
	for len(s.ended) > s.Sessions {
		s.drop()
	}
	s.mu.Unlock()
	s.open.take(conn) // after, so that the session can always be found
}

// drop forgets the oldest ended session; mu is held.
func (s *Sessions) drop() {
	one := s.ended[0]
	s.ended[0] = nil
	s.ended = s.ended[1:]
	one.mu.Lock()
	s.held.Add(int64(-one.cost))
	one.gone = true
	one.mu.Unlock()
}

// reduce drops ended sessions until the bound holds; if there are too many
// open ones, the one that grew loses its transcript's later lines.
func (s *Sessions) reduce(grew *session) {
	s.mu.Lock()
	for s.held.Load() > int64(s.Bytes) && len(s.ended) > 0 {
		s.drop()
	}
	s.mu.Unlock()
	if s.held.Load() <= int64(s.Bytes) {
		return
	}
	grew.mu.Lock()
	defer grew.mu.Unlock()
	grew.script.shrink(0)
	grew.script.tail, grew.script.full = nil, true
	s.held.Add(int64(grew.grown()))
}

// grown says how much more memory the session holds than was counted.
func (one *session) grown() int {
	now := one.script.cost()
	d := now - one.cost
	one.cost = now
	return d
}

// data takes octets apart into lines.
func (one *session) data(e *event.Event, bound int) {
	mine, other := &one.lines[e.Dir&1], &one.lines[e.Dir&1^1]
	if other.body > 0 {
		one.endBody(e.Dir^1, bound)
	}
	if n := len(other.line); n > 0 && text.NegotiationLen(other.line) == n {
		one.endLine(e.Dir^1, bound) // no more of it comes before an answer
	}
	if e.Part == event.Body {
		mine.count(e)
		return
	}
	if mine.body > 0 {
		one.endBody(e.Dir, bound)
	}
	mine.part = e.Part
	if e.Data == nil && e.Len > 0 {
		one.note(e.Time, fmt.Sprintf("[%d octets not seen]", e.Len), bound)
		return
	}
	at := 0
	for at < len(e.Data) {
		end, secret := run(e, at)
		one.runOf(e, e.Data[at:end], secret, bound)
		at = end
	}
}

// run finds the end of the octets from at on that are all secret or all not.
func run(e *event.Event, at int) (end int, secret bool) {
	end = len(e.Data)
	for _, m := range e.Mask {
		switch {
		case m.Len <= 0 || m.Off+m.Len <= at:
		case m.Off <= at:
			return min(m.Off+m.Len, len(e.Data)), true
		default:
			end = min(end, m.Off)
		}
	}
	return end, false
}

// runOf adds octets to the line of their direction. Line ends count in secret
// octets too: a masked reply may hold several lines.
func (one *session) runOf(e *event.Event, p []byte, secret bool, bound int) {
	a := &one.lines[e.Dir&1]
	for len(p) > 0 {
		if !a.begun {
			a.begun, a.at = true, e.Time
		}
		n, whole := len(p), false
		if i := slices.Index(p, '\n'); i >= 0 {
			n, whole = i+1, true
			a.put(bareOf(p[:i], secret), secret)
		} else {
			a.put(p, secret)
		}
		if a.said.IsZero() && !text.OnlyNegotiation(a.line) {
			a.said = e.Time
		}
		if whole {
			one.endLine(e.Dir, bound)
		}
		p = p[n:]
	}
}

// bareOf takes the CR off octets that become a mask, or a lone line end would
// be masked too.
func bareOf(p []byte, secret bool) []byte {
	if n := len(p); secret && n > 0 && p[n-1] == '\r' {
		return p[:n-1]
	}
	return p
}

// endLine writes a line down, and before it on a line of its own what telnet
// ends said to each other, in words.
func (one *session) endLine(d event.Dir, bound int) {
	a := &one.lines[d&1]
	kind := lineKind(a.part) | dirBit(d)
	at, said := a.at, a.said
	line := a.take()
	if n := text.NegotiationLen(line); n > 0 {
		telnet := "[telnet: " + text.NegotiationText(line) + "]"
		one.script.add(kind, at.Sub(one.facts.Opened), []byte(telnet), bound)
		if said.IsZero() { // and nothing else
			return
		}
		at, line = said, line[n:]
	}
	one.script.add(kind, at.Sub(one.facts.Opened), line, bound)
	a.chunk = kind&^fromListener == kindCommand && len(line) > 4 && bytes.EqualFold(line[:4], []byte("BDAT"))
}

func lineKind(p event.Part) byte {
	if p == event.Reply {
		return kindReply
	}
	return kindCommand
}

func (one *session) endBody(d event.Dir, bound int) {
	a := &one.lines[d&1]
	text := fmt.Appendf(nil, "[%d octets of message]", max(a.body-a.dot, 0))
	one.script.add(kindBody|dirBit(d), a.first.Sub(one.facts.Opened), text, bound)
	if a.dot > 0 {
		dot := byte(kindCommand)
		if one.facts.Protocol == "pop3" { // the server's message, and its dot
			dot = kindReply
		}
		one.script.add(dot|dirBit(d), a.last.Sub(one.facts.Opened), []byte("."), bound)
	}
	a.body, a.dot = 0, 0
}

// count counts octets of a message, and those of the line of the dot that ends it.
func (a *assembly) count(e *event.Event) {
	if a.body == 0 {
		a.first = e.Time
	}
	a.last = e.Time
	a.body += e.Len
	if e.Dot {
		a.dot = 3
		if n := len(e.Data); n > 1 && e.Data[n-1] == '\n' && e.Data[n-2] == '.' {
			a.dot = 2
		}
	}
}

// flush ends what has not ended by itself.
func (one *session) flush(bound int) {
	for d := range one.lines {
		a := &one.lines[d]
		if a.body > 0 {
			one.endBody(event.Dir(d), bound)
		}
		if a.begun {
			one.endLine(event.Dir(d), bound)
		}
	}
}

// note writes down what was remarked, behind a message that has come to its end:
// mostly it is remarked of that. People's lines are remarked on in its middle.
func (one *session) note(at time.Time, text string, bound int) {
	for d := range one.lines {
		a := &one.lines[d]
		if a.body > 0 && (a.dot > 0 || a.chunk) {
			one.endBody(event.Dir(d), bound)
		}
		a.first = at // what of a message comes yet stands behind
	}
	if len(text) > maxLine {
		text = text[:maxLine]
	}
	one.script.add(kindNote, at.Sub(one.facts.Opened), []byte(text), bound)
}
