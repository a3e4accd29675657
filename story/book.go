package story

import (
	"time"

	"posta/event"
)

// Options say what a Book is for. The zero Options keep nothing.
type Options struct {
	// Out is given each act when it is complete, and its session as it is then. Both are lent where
	// they are not kept. Nil: nobody asks.
	Out func(*Session, *Act)
	// Keep chooses the sessions that Sessions gives, when they begin. Nil: none.
	Keep func(*Session) bool
	// Bodies is how many octets are put together of one message; 0: what dissectors do by themselves, 1 MiB.
	Bodies int
	// Packets asks for the segments of captured connections, too.
	Packets bool
}

// The bounds of what is kept. Beyond them acts are counted and handed out, and not kept.
const (
	maxKept   = 1 << 20 // acts of all sessions
	maxOctets = 256 << 20
	maxActs   = 1 << 16 // of one session
	maxLines  = 1000    // further lines of one reply or list
	maxLine   = 4096    // octets of one of them
)

// Book makes acts of what a dissector has read. It belongs to one goroutine.
type Book struct {
	o       Options
	open    map[uint64]*dialogue
	kept    []*Session
	acts    int
	octets  int
	left    int // sessions that were to be kept, and are not whole
	waiting waiting
}

// New makes a Book.
func New(o Options) *Book { return &Book{o: o, open: map[uint64]*dialogue{}} }

// Bodies is how much of a message is asked for, 0 for the usual.
func (b *Book) Bodies() int { return b.o.Bodies }

// Packets says whether segments are asked for.
func (b *Book) Packets() bool { return b.o.Packets }

// Segment tells of a packet; what the segment lends is not kept.
func (b *Book) Segment(p Place, s event.Segment) {
	d := b.open[p.Conn]
	if d == nil || !b.o.Packets {
		return
	}
	s.Whole, s.Comments = nil, nil
	p.Octets = 0 // they are told where they have a meaning
	b.add(d, p.act(Packet, func(a *Act) { a.Event = s }))
}

// Sessions are those that were kept, in the order in which they began. left
// says how many of them have more acts than are kept.
func (b *Book) Sessions() (all []*Session, left int) { return b.kept, b.left }

// Place is where something was said.
type Place struct {
	Conn      uint64
	Dir       event.Dir
	At, Until Moment
	Octets    int64
	Bare      bool // of a line, as in Act
}

// dialogue is a session under way.
type dialogue struct {
	s       *Session
	keep    bool
	full    bool
	now     State
	phase   Phase
	tried   bool // to log in: what comes now may be a password
	turn    bool // with the reply at hand the sides change
	turned  bool
	waiting []*Act // commands without their reply
	login   *login
	past    *login // the last that was answered
	user    string // of USER
	last    *Act   // the one handed out last, which may grow
	mail    *Act   // the message that came last
	given   []*Act // messages of RETR whose copies are not known yet
	fetched []Copy // copies whose messages have not come yet
}

// Open begins a session; fact is event.Opened or event.Captured.
func (b *Book) Open(conn uint64, at time.Time, fact any) {
	s := &Session{Conn: conn, Stream: -1, Sure: true, Began: Moment{Time: at}}
	switch fact := fact.(type) {
	case event.Opened:
		s.Ends, s.Protocol, s.Listener, s.Mode, s.Implicit = fact.Endpoints, fact.Protocol, fact.Listener, fact.Mode, fact.TLS
		s.Number = conn
	case event.Captured:
		s.Ends, s.Stream, s.Sure = fact.Endpoints, int64(fact.Stream), fact.Sure
	}
	d := &dialogue{s: s}
	if b.o.Keep != nil && b.o.Keep(s) {
		d.keep = true
		b.kept = append(b.kept, s)
	}
	b.open[conn] = d
}

// Close ends it.
func (b *Book) Close(conn uint64, at Moment, reason string) {
	d := b.open[conn]
	if d == nil {
		return
	}
	d.phase = Closing
	d.s.Ended, d.s.Over, d.s.Reason = at, true, reason
	b.add(d, &Act{Kind: Over, At: at, Until: at, Text: reason, Sure: true})
	b.forget(d)
	delete(b.open, conn)
}

// Speaks tells which protocol it is, "smtp" or "pop3".
func (b *Book) Speaks(conn uint64, protocol string) {
	if d := b.open[conn]; d != nil {
		d.s.Protocol = protocol
	}
}

// Secured tells that TLS is up.
func (b *Book) Secured(p Place, facts event.Secured) {
	d := b.open[p.Conn]
	if d == nil || d.now.Secure {
		return
	}
	d.s.Secured = &facts
	d.s.Implicit = d.s.Implicit || !d.now.Greeted
	d.now = State{Secure: true, Greeted: d.now.Greeted}
	b.forget(d)
	d.login, d.past, d.user = nil, nil, ""
	if d.phase > Opening {
		d.phase = Opening
	}
	b.add(d, p.act(TLS, func(a *Act) { a.Event = facts }))
}

// Ciphertext tells of octets inside TLS that could not be read. Those that
// follow one another are one act.
func (b *Book) Ciphertext(p Place) { b.grow(p, Cipher) }

// Lost tells of octets that are missing.
func (b *Book) Lost(p Place) {
	if d := b.open[p.Conn]; d != nil {
		d.s.Lost[p.Dir&1] += p.Octets
	}
	b.grow(p, Gap)
}

// Passed tells of octets on the network, whether they were recorded or not; sealed says
// that they are TLS's, in a session of posta's own.
func (b *Book) Passed(p Place, sealed bool) {
	if d := b.open[p.Conn]; d != nil {
		d.s.Passed[p.Dir&1] += p.Octets
		d.s.Sealed = d.s.Sealed || sealed
	}
}

// Inside tells of octets that were said inside the TLS of a session of posta's own.
func (b *Book) Inside(p Place) {
	if d := b.open[p.Conn]; d != nil {
		d.s.Inside[p.Dir&1] += p.Octets
	}
}

func (b *Book) grow(p Place, k Kind) {
	d := b.open[p.Conn]
	if d == nil {
		return
	}
	if a := d.last; a != nil && a.Kind == k && a.Dir == p.Dir {
		a.Octets += p.Octets
		a.Until = p.Until
		d.s.Octets[p.Dir&1] += p.Octets
		return
	}
	b.add(d, p.act(k, nil))
}

// Remark tells what a reader should know of the octets there.
func (b *Book) Remark(p Place, text string) {
	if d := b.open[p.Conn]; d != nil {
		b.add(d, p.act(Note, func(a *Act) { a.Text = clip(text) }))
	}
}

// State tells what posta knows of its own session.
func (b *Book) State(p Place, fact any) {
	d := b.open[p.Conn]
	if d == nil {
		return
	}
	d.known(fact)
	b.add(d, p.act(Fact, func(a *Act) { a.Event = own(fact) }))
}

// own copies what a fact only lends.
func own(fact any) any {
	switch f := fact.(type) {
	case event.Delivered:
		f.To = append([]event.Delivery(nil), f.To...)
		return f
	case event.Deleted:
		f.UIDs = append([]uint32(nil), f.UIDs...)
		return f
	}
	return fact
}

// Stray tells of a line that is none of the protocol's.
func (b *Book) Stray(p Place, line []byte) {
	if d := b.open[p.Conn]; d != nil {
		b.add(d, p.act(Stray, func(a *Act) { a.Text = clip(string(line)) }))
	}
}

// act makes one.
func (p *Place) act(k Kind, fill func(*Act)) *Act {
	a := &Act{Kind: k, At: p.At, Until: p.Until, Dir: p.Dir, From: Role(p.Dir), Octets: p.Octets, Bare: p.Bare, Sure: true}
	if fill != nil {
		fill(a)
	}
	return a
}

// add completes an act, keeps it where that is asked, and hands it out. What
// it changes of the dialogue's state has been done.
func (b *Book) add(d *dialogue, a *Act) { b.addFrom(d, a, d.now) }

// addFrom is add for an act that has changed the state.
func (b *Book) addFrom(d *dialogue, a *Act, before State) {
	a.Index, a.Before, a.After, a.Phase, a.Secure = d.s.Count, before, d.now, d.phase, d.now.Secure && a.Kind != TLS
	if a.Re != nil && a.Kind != Mail {
		a.Phase = a.Re.Phase
	}
	if m := d.carried(a.Re); m != nil && m.Answered == a {
		a.Phase = m.Phase
	}
	if d.turned {
		a.From = 1 - a.From
	}
	d.s.Count++
	if a.Kind != Gap {
		d.s.Octets[a.Dir&1] += a.Octets
	}
	if a.Kind != Packet {
		d.last = a
	}
	if d.keep {
		b.retain(d, a)
	}
	if b.o.Out != nil {
		b.o.Out(d.s, a)
	}
}

// retain keeps an act, if there is room.
func (b *Book) retain(d *dialogue, a *Act) {
	size := len(a.Text)
	for _, line := range a.More {
		size += len(line)
	}
	if a.Message != nil {
		size += len(a.Message.Octets)
	}
	if d.full || b.acts == maxKept || len(d.s.Acts) == maxActs || b.octets+size > maxOctets {
		if !d.full {
			b.left++
		}
		d.full = true
		return
	}
	b.acts++
	b.octets += size
	d.s.Acts = append(d.s.Acts, a)
}

func clip(text string) string { return text[:min(len(text), maxLine)] }

// greeted takes the server's first words. Where the begin of the connection was
// not seen they may be anything's answer, unless no other begins like them.
func (d *dialogue) greeted(a *Act, ok, plain bool, text string) {
	d.phase = Opening
	if a.Sure = a.Sure && (d.s.Sure || plain); a.Sure {
		d.now.Greeted, d.s.Named[a.Dir&1].Banner = ok, clip(text)
		if !d.turned {
			d.s.Banner = clip(text)
		}
	}
}
