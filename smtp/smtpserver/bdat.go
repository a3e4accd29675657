package smtpserver

import (
	"bytes"
	"context"
	"errors"

	"posta/mail"
	"posta/smtp"
)

// bdat answers BDAT (RFC 3030 §2). Whatever the answer is, the chunk behind
// the line is taken first.
func (s *session) bdat(_ context.Context, cmd smtp.Command) smtp.Reply {
	switch {
	case s.tx.accepted == 0:
		return s.breakOff(cmd, s.text(textRcptFirst))
	case s.tx.state == open:
		if r, met := s.fault("data", s.parties()...); met {
			return s.breakOff(cmd, r)
		}
		s.tx.state = chunks
		s.tx.body = body{letter: s.tx.letter}
	}
	if max := s.srv.MaxSize; max > 0 && s.tx.body.n+cmd.Size > max {
		return s.breakOff(cmd, s.textf(textTooBig, max))
	}
	w := chunkWriter{body: &s.tx.body, lines: s.tx.lines}
	if err := s.c.Chunk(&w, cmd.Size); err != nil {
		s.reset()
		s.lost(err)
		return smtp.Reply{}
	}
	s.tx.lines = w.lines
	if cmd.Last {
		s.finishLines(&w)
	}
	switch {
	case errors.Is(s.tx.body.err, errBare):
		s.spoil()
		return s.bareData()
	case s.tx.body.err != nil:
		err := s.tx.body.err
		s.spoil()
		return s.refusal(err)
	case !cmd.Last:
		return s.textf(textChunk, cmd.Size)
	}
	r := s.commit()
	if !r.Positive() {
		s.tx.state = broken
	}
	return r
}

// breakOff refuses a chunk of a message that was begun, and the message.
func (s *session) breakOff(cmd smtp.Command, r smtp.Reply) smtp.Reply {
	s.spoil()
	return s.skipChunk(cmd, r)
}

// skipChunk takes a refused chunk off the line. Behind one that cannot be
// measured (BDAT with no number, or with none that can be read) or is absurdly
// long a strict session serves nothing more: what follows may be a message and
// must not be read as commands. In the lab a person typed it, and goes on.
func (s *session) skipChunk(cmd smtp.Command, r smtp.Reply) smtp.Reply {
	switch {
	case cmd.Size < 0 && s.srv.Mode == mail.Strict, cmd.Size > s.skippable():
		s.shutOut()
	case cmd.Size > 0:
		if err := s.c.Chunk(nil, cmd.Size); err != nil {
			s.lost(err)
			return smtp.Reply{}
		}
	}
	return r
}

// skippable is how long a chunk may be to be worth skipping.
func (s *session) skippable() int64 {
	const slack = 64 << 20
	if s.srv.MaxSize > 1<<40 {
		return 1 << 43
	}
	return 8*s.srv.MaxSize + slack
}

// finishLines sees to it that the message's last line ends. POP3 and DATA
// cannot carry one that does not.
func (s *session) finishLines(w *chunkWriter) {
	switch {
	case w.lines.cr && w.body.err == nil:
		w.body.err = errBare
	case w.lines.started && w.body.err == nil:
		_, _ = w.body.Write([]byte("\r\n")) // a body keeps its error
		s.note("the last line of the chunks had no end; CR LF was added")
	}
}

// lineEnds remembers across chunks where in a line the content stands.
type lineEnds struct {
	cr      bool // the last octet was CR
	started bool // the last line has octets and no end yet
}

// chunkWriter refuses bare CR and LF in chunks: without BINARYMIME a message
// has lines (RFC 3030 §2), and a bare one may smuggle on the next hop.
type chunkWriter struct {
	body  *body
	lines lineEnds
}

func (w *chunkWriter) Write(p []byte) (int, error) {
	if w.body.err == nil && !w.lines.scan(p) {
		w.body.err = errBare
	}
	return w.body.Write(p)
}

// scan walks over p; false means that it holds a bare CR or LF.
func (l *lineEnds) scan(p []byte) bool {
	for len(p) > 0 {
		if l.cr {
			if p[0] != '\n' {
				return false
			}
			*l, p = lineEnds{}, p[1:]
			continue
		}
		lf := bytes.IndexByte(p, '\n')
		line := p
		if lf >= 0 {
			line = p[:lf]
		}
		cr := bytes.IndexByte(line, '\r')
		switch {
		case cr < 0 && lf < 0:
			l.started = true
			return true
		case cr < 0 || cr != len(line)-1:
			return false
		}
		l.cr, p = true, p[cr+1:]
	}
	return true
}
