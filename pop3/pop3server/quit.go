package pop3server

import (
	"context"
	"errors"

	"posta/event"
	"posta/pop3"
	"posta/store"
)

// quit ends the session. After TRANSACTION it enters UPDATE: what was marked
// goes in one act, the lock is released, and only then comes the answer
// (RFC 1939 §6), so that +OK is a promise kept.
func (s *session) quit(ctx context.Context, _ pop3.Command) {
	met := s.fault(pop3.QUIT, "quit", s.client())
	s.end("quit")
	if met { // nothing is deleted
		return
	}
	if s.phase == authorization {
		s.ok(s.srv.texts.bye)
		return
	}
	if err := s.c.Flush(); err != nil { // what could not be sent is not deleted
		s.reason = ending(err)
		return
	}
	s.phase = update
	account := s.box.lease.Account
	gone, err := s.remove(ctx)
	s.release(ctx)
	if err != nil {
		s.note("Deleting failed: " + err.Error())
		if errors.Is(err, store.ErrUnknown) { // an answer would be a guess; the client asks again later
			return
		}
		s.refuse(pop3.QUIT, pop3.SysTemp, "The messages could not be deleted; all are still there")
		return
	}
	if len(gone) > 0 {
		s.c.State(event.Deleted{Account: account, Messages: len(gone), UIDs: gone})
	}
	s.ok(s.srv.texts.bye)
}

// remove deletes what is marked and says what it was. A client that
// hangs up meanwhile has still said QUIT: the session's end cancels nothing.
func (s *session) remove(ctx context.Context) ([]uint32, error) {
	marked := len(s.box.messages) - s.box.live
	if marked == 0 {
		return nil, nil
	}
	uids := make([]uint32, 0, marked)
	for i := range s.box.messages {
		if m := &s.box.messages[i]; m.deleted {
			uids = append(uids, m.uid)
		}
	}
	err := s.srv.Maildrops.Remove(context.WithoutCancel(ctx), s.box.lease, uids)
	return uids, err
}
