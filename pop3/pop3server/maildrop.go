package pop3server

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"posta/pop3"
	"posta/store"
)

// parting bounds the unlocking of a maildrop when the session is over.
const parting = 10 * time.Second

// maildrop is the snapshot that a session works on (RFC 1939 §4), with the
// lease that makes it the only one. It keeps of each Entry what a session
// needs: 32 octets and the unique-id.
type maildrop struct {
	lease    store.Lease
	renewed  time.Time
	messages []message
	ids      string // all unique-ids in a row
	live     int    // messages not marked as deleted
	octets   int64  // and their size
	last     int    // number of the message retrieved last
	reader   store.Reader
	ahead    []store.Entry    // reused
	stored   map[uint32]int64 // by UID, the true sizes of messages that are sent as surrogates
}

type message struct {
	size    int64
	blob    store.Blob
	uid     uint32
	prefix  int32
	idEnd   uint32 // where its unique-id ends in ids
	traits  store.Traits
	deleted bool
}

// open takes the lease and then looks at what is there. Without a maildrop no
// lease stays behind (RFC 1939 §4).
func (s *session) open(ctx context.Context, account int64) (*maildrop, error) {
	owner := s.srv.Listener + " session from " + s.remote.String()
	lease, err := s.srv.Maildrops.Lock(ctx, account, owner, s.srv.lease())
	if err != nil {
		return nil, err
	}
	d := &maildrop{lease: lease, renewed: time.Now()}
	entries, err := s.srv.Maildrops.List(ctx, account)
	if err != nil {
		s.unlock(ctx, lease)
		return nil, err
	}
	d.fill(entries)
	return d, nil
}

func (d *maildrop) fill(entries []store.Entry) {
	total := 0
	for i := range entries {
		total += len(entries[i].UIDL)
	}
	var ids strings.Builder
	ids.Grow(total)
	d.messages = make([]message, len(entries))
	for i := range entries {
		e := &entries[i]
		ids.WriteString(e.UIDL)
		d.messages[i] = message{size: e.Size, blob: e.Blob, uid: e.UID, prefix: e.Prefix,
			idEnd: uint32(ids.Len()), traits: e.Traits}
		d.octets += e.Size
	}
	d.live, d.ids = len(entries), ids.String()
}

// id is the unique-id of message n.
func (d *maildrop) id(n int) string {
	start := uint32(0)
	if n > 1 {
		start = d.messages[n-2].idEnd
	}
	return d.ids[start:d.messages[n-1].idEnd]
}

// entry is message n as the store knows it.
func (d *maildrop) entry(n int) store.Entry {
	m := &d.messages[n-1]
	size := m.size
	if stored, ok := d.stored[m.uid]; ok {
		size = stored
	}
	return store.Entry{UID: m.uid, UIDL: d.id(n), Size: size, Prefix: m.prefix, Blob: m.blob, Traits: m.traits}
}

// message finds the message that a command names, or refuses the command.
func (s *session) message(cmd *pop3.Command) *message {
	n := cmd.Message
	if n < 1 || n > len(s.box.messages) {
		s.refuse(cmd.Verb, "", s.srv.texts.none)
		return nil
	}
	m := &s.box.messages[n-1]
	if m.deleted {
		s.refuse(cmd.Verb, "", "That message is marked as deleted")
		return nil
	}
	return m
}

// held makes sure that the lease is still ours before a command of TRANSACTION
// runs; without it nothing may be promised any more.
func (s *session) held(ctx context.Context, v pop3.Verb) bool {
	if s.phase != transaction || time.Since(s.box.renewed) < s.srv.lease()/3 {
		return true
	}
	if s.renew(ctx) {
		return true
	}
	s.refuse(v, pop3.SysTemp, "The lock of this maildrop was lost; nothing was deleted")
	s.end("maildrop lease lost")
	return false
}

// renew prolongs the lease. An error other than its loss is left to the next
// try: the lease has time left.
func (s *session) renew(ctx context.Context) bool {
	err := s.srv.Maildrops.Renew(ctx, s.box.lease, s.srv.lease())
	if err == nil {
		s.box.renewed = time.Now()
	}
	return !errors.Is(err, store.ErrLost)
}

// unfinished notes that somebody marked messages as deleted and left without
// QUIT, which deletes nothing (RFC 1939 §6).
func (s *session) unfinished() {
	if s.box == nil {
		return
	}
	if marked := len(s.box.messages) - s.box.live; marked > 0 {
		s.note("marked as deleted: " + strconv.Itoa(marked) + "; without QUIT nothing was deleted")
	}
}

// release gives the maildrop back, however the session ended.
func (s *session) release(ctx context.Context) {
	if s.box == nil {
		return
	}
	if s.box.reader != nil {
		s.box.reader.Close()
	}
	s.unlock(ctx, s.box.lease)
	s.box = nil
}

func (s *session) unlock(ctx context.Context, l store.Lease) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), parting)
	defer cancel()
	if err := s.srv.Maildrops.Unlock(ctx, l); err != nil && !errors.Is(err, store.ErrLost) {
		s.note("The maildrop could not be unlocked: " + err.Error())
	}
}
