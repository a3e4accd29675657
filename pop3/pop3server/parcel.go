package pop3server

import (
	"context"
	"errors"
	"io"
	"time"

	"posta/text"
)

// errEnough stops the store's reader when TOP has its lines.
var errEnough = errors.New("pop3server: TOP has its lines")

// parcel is a message on its way to the client: what the store writes goes
// behind a +OK line, cut for TOP, stuffed where a line begins with a dot.
type parcel struct {
	s       *session
	ctx     context.Context
	first   string    // the response's first line, held back until the store has something
	narrow  *narrower // makes a surrogate; nil sends what is stored
	cut     *cutter   // TOP; nil sends all
	out     io.Writer // the connection, or the stuffer before it
	stuffer text.Stuffer
	started bool
	enough  bool    // cut has all it wants
	some    bool    // an octet was written
	tail    [2]byte // the last two
	broken  error   // of the connection
}

func (s *session) parcel(ctx context.Context, m *message) *parcel {
	p := &parcel{s: s, ctx: ctx, out: s.c}
	if m.traits.UTF8 && !s.wide {
		p.narrow = &narrower{}
	}
	if m.traits.Stuffed {
		p.stuffer.W = s.c
		p.out = &p.stuffer
	}
	return p
}

// Write takes the next octets of the message.
func (p *parcel) Write(b []byte) (int, error) {
	if p.narrow == nil {
		return p.pass(b)
	}
	if _, err := p.pass(p.narrow.take(b)); err != nil {
		return 0, err
	}
	return len(b), nil
}

// pass sends the next octets of what the client gets.
func (p *parcel) pass(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	p.start()
	take := len(b)
	if p.cut != nil {
		take, p.enough = p.cut.take(b)
	}
	if take > 0 {
		if _, err := p.out.Write(b[:take]); err != nil {
			p.broken = err
			return 0, err
		}
		p.some = true
		p.tail[0] = p.tail[1]
		if take > 1 {
			p.tail[0] = b[take-2]
		}
		p.tail[1] = b[take-1]
	}
	if p.enough {
		return take, errEnough
	}
	p.keep()
	return take, nil
}

func (p *parcel) start() {
	if !p.started {
		p.started = true
		p.s.c.Reply(p.first)
	}
}

// keep prolongs the lease while a slow client takes a large message. Its loss
// is answered at the next command.
func (p *parcel) keep() {
	if time.Since(p.s.box.renewed) >= p.s.srv.lease()/3 {
		p.s.renew(p.ctx)
	}
}

// finish ends the multi-line response. A last line without CRLF gets one,
// which the message's size counts (store.Entry).
func (p *parcel) finish() {
	if p.narrow != nil && !p.enough {
		if _, err := p.pass(p.narrow.end()); err != nil && !p.enough {
			p.s.end(ending(err))
			return
		}
	}
	p.start()
	if p.some && p.tail != [2]byte{'\r', '\n'} {
		if _, err := p.out.Write([]byte("\r\n")); err != nil {
			p.s.end(ending(err))
			return
		}
	}
	p.s.c.Reply(".\r\n")
}
