package collect

import (
	"context"
	"crypto/sha256"
	"errors"
	"slices"
	"strings"
	"time"

	"posta/event"
	"posta/mail"
	"posta/pop3"
	"posta/pop3/pop3client"
)

// visitFor is how long a mailbox elsewhere may take: who gives an octet now and
// then must not keep a place among those that collect. What was filed by then is
// known the next time.
const visitFor = 24 * time.Hour

// pop fetches what is new in a mailbox elsewhere.
func (v *visit) pop(ctx context.Context) error {
	nc, host, err := v.dial(ctx)
	if err != nil {
		return err
	}
	c := pop3client.New(nc, pop3client.Options{ID: v.result.Session, Sink: v.c.cfg.Sink, Opened: v.opened(), Whole: visitFor})
	v.collected(c.State)
	if err := v.enter(ctx, c, host); err != nil {
		_ = c.Close("collect: " + why(ctx, err))
		return err
	}
	b := &box{visit: v, client: c, seen: map[string]bool{}, there: map[string]bool{}, copies: map[string]int{}, sizes: map[int]int64{}, uidls: map[int]string{}, times: map[string][]int{}, deleted: map[int]bool{}}
	if err := b.fetch(ctx); err != nil {
		_ = c.Close("collect: " + why(ctx, err))
		return err
	}
	if err := c.Quit(ctx); err != nil {
		return err
	}
	v.result.Erased = b.erased // no sooner (RFC 1939 §6)
	return b.renumber(ctx)
}

// enter logs in. A password goes nowhere that is neither a server that has
// proved who it is nor said to be none of anybody's business.
func (v *visit) enter(ctx context.Context, c *pop3client.Client, host string) error {
	if v.e.TLS == Implicit {
		err := c.DialTLS(ctx, v.tls(host))
		if v.prove(c.State); err != nil {
			return unsecured{err}
		}
	}
	if err := c.Greeting(ctx); err != nil {
		if v.e.TLS != Implicit && ctx.Err() == nil && unanswered(err) {
			return errUngreeted
		}
		return err
	}
	if v.e.TLS == Opportunistic || v.e.TLS == Required {
		err := c.StartTLS(ctx, v.tls(host))
		v.prove(c.State)
		switch {
		case errors.Is(err, pop3client.ErrNoTLS) && v.e.TLS == Required:
			return errNoTLS
		case err != nil && !errors.Is(err, pop3client.ErrNoTLS):
			return unsecured{err}
		}
	}
	account := pop3client.Account{User: v.e.User, Password: v.e.Password}
	bare, err := c.Bare(ctx, account)
	if errors.Is(err, pop3client.ErrNoMechanism) && v.e.TLS == Clear {
		if can, failed := c.Capabilities(ctx); failed == nil && len(can) > 0 {
			if _, offered := can.Find("STLS"); offered {
				return errTLSFirst
			}
		}
	}
	if err != nil {
		return err
	}
	_, secure := c.TLS()
	switch {
	case !bare || v.e.TLS == Clear:
	case !secure:
		return errors.New("the server wants the password in clear text; tls none allows that")
	case v.unproved != nil:
		return unsecured{v.unproved}
	}
	return v.login(ctx, c, account)
}

// login logs in, and learns how long the server wants to be left alone then: it
// may say so anew to whom it knows (RFC 2449 §6.5).
func (v *visit) login(ctx context.Context, c *pop3client.Client, account pop3client.Account) error {
	can, err := c.Capabilities(ctx)
	if err != nil {
		return err
	}
	v.told = true
	delay, varies := can.LoginDelay()
	v.result.Apart = min(delay, mostDenied)
	_, v.names = can.Find("UIDL")
	if err := c.Login(ctx, account); err != nil || !varies {
		return err
	}
	if can, err = c.Capabilities(ctx); err == nil {
		delay, _ = can.LoginDelay()
		v.result.Apart = min(delay, mostDenied)
	}
	return err
}

// box is the mailbox elsewhere.
type box struct {
	*visit
	client *pop3client.Client
	seen   map[string]bool  // messages that are filed, by what they are known by
	there  map[string]bool  // those that are listed
	sizes  map[int]int64    // by number
	times  map[string][]int // the numbers of the messages of a unique-id
	uidls  map[int]string   // the unique-ids of messages

	deleted map[int]bool // the numbers of those that go with QUIT

	headless bool           // the server does not know TOP
	nameless bool           // the server has no unique-ids
	recalls  bool           // it had none when some of seen were filed
	copies   map[string]int // of nameless messages that were fetched, by their digests
	erased   int            // messages that are deleted there and were filed before
}

// fetch files all that is not known. What is deleted there goes with QUIT.
func (b *box) fetch(ctx context.Context) error {
	kept, err := b.memory.Seen(ctx, b.e.ID)
	if err != nil {
		return err
	}
	named := b.names // the server has, or had, unique-ids
	for _, one := range kept {
		b.seen[one] = true
		digest := isDigest(strings.TrimPrefix(one, passedMark))
		named, b.recalls = named || !digest, b.recalls || digest
	}
	sizes, err := b.client.List(ctx)
	if err != nil {
		return err
	}
	for _, one := range sizes {
		b.sizes[one.Message] = one.Octets
	}
	all, err := b.client.UIDL(ctx)
	var refusal *pop3client.Refusal
	if b.nameless = errors.As(err, &refusal) && !named && !refusal.Temporary(); b.nameless { // RFC 1939 §7 leaves it open
		all, err = nil, nil
		for _, one := range sizes {
			all = append(all, pop3.Unique{Message: one.Message})
		}
	}
	if err != nil {
		return err
	}
	for _, one := range all {
		b.times[one.ID] = append(b.times[one.ID], one.Message)
		b.uidls[one.Message] = one.ID
	}
	for _, one := range all {
		if err := b.message(ctx, one); err != nil {
			return err
		}
	}
	return b.forget(ctx, kept)
}

// message files one message, unless that was done, and deletes it, unless it is
// to stay or was passed over. Some servers give several messages one unique-id: each is fetched, and
// none is deleted that was not filed just now, for which is which nobody knows.
func (b *box) message(ctx context.Context, one pop3.Unique) error {
	if b.nameless {
		return b.unnamed(ctx, one.Message)
	}
	key, twins := one.ID, b.times[one.ID]
	if len(twins) > 1 {
		key = twinKey(one.ID, slices.Index(twins, one.Message))
	}
	b.there[key], b.there[passed(key)] = true, true
	if b.seen[passed(key)] {
		return nil
	}
	known, into := b.seen[key], &filing{}
	if !known {
		if b.recalls {
			into.sum = sha256.New()
		}
		why, err := b.file(ctx, one.Message, into)
		switch {
		case why != nil || err != nil:
			return err
		case into.again:
			return b.pass(ctx, key)
		}
		if err := b.note(ctx, key, !b.seen[into.key]); err != nil {
			return err
		}
		b.seen[key] = true
	}
	switch {
	case b.e.Keep:
		return nil
	case known && len(twins) > 1:
		b.stays(ctx, one.Message, into, errTwin)
		return nil
	}
	return b.erase(ctx, one.Message, into, known)
}

// erase deletes a message there. One that the server does not let go keeps no other
// back, and stays.
func (b *box) erase(ctx context.Context, number int, f *filing, known bool) error {
	err := b.client.Dele(ctx, number)
	var refusal *pop3client.Refusal
	switch {
	case errors.As(err, &refusal):
		b.stays(ctx, number, f, err)
		return nil
	case err == nil && known:
		b.erased++
	}
	b.deleted[number] = err == nil
	return err
}

// note keeps that a message was filed, just now or before, by what it is known by.
func (b *box) note(ctx context.Context, key string, now bool) error {
	if now {
		b.result.Messages++
		return b.memory.Came(context.WithoutCancel(ctx), b.e.ID, key)
	}
	return b.memory.Saw(context.WithoutCancel(ctx), b.e.ID, key)
}

// file brings one message in, or says why it could not be and stays. It goes in
// as from nobody and wants no report, so that none ever is sent. An error is the
// end of the connection.
func (b *box) file(ctx context.Context, number int, into *filing) (why, err error) {
	to, err := mail.ParseAddress(b.e.Account)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err == nil && why != nil {
			b.stays(ctx, number, into, why)
		}
	}()
	most := b.c.cfg.MaxSize
	if most > 0 && b.sizes[number] > most {
		return errTooLarge, nil
	}
	from := mail.Origin{Session: b.result.Session, Listener: event.Collecting, Service: mail.MX, Mode: mail.Strict, ESMTP: true, Helo: b.e.Host, Fetched: true}
	env := mail.Envelope{UTF8: !to.IsASCII(), Size: b.sizes[number]}
	letter, why := b.c.cfg.Door.Begin(ctx, from, env)
	if why != nil {
		return why, nil
	}
	defer letter.Abort()
	if why = letter.Rcpt(ctx, mail.Recipient{To: to, Notify: mail.NotifyNever}); why != nil {
		return why, nil
	}
	into.letter = letter
	_, err = b.client.Retr(ctx, number, into, most)
	var refusal *pop3client.Refusal
	switch {
	case errors.As(err, &refusal): // one that the server cannot give does not keep others back
		return err, nil
	case errors.Is(err, pop3client.ErrTooBig):
		return errTooLarge, nil
	case into.err != nil:
		return into.err, nil
	case err != nil:
		return nil, err
	case into.sum != nil && b.recognise(into):
		return nil, nil
	}
	receipt, why := letter.Commit(context.WithoutCancel(ctx))
	if why != nil {
		return why, nil
	}
	if into.again = receipt.Again; into.again {
		b.result.Again++
	}
	b.filed(to, &receipt, into)
	return nil, nil
}

// forget drops what is known of messages that are no longer there.
func (b *box) forget(ctx context.Context, kept []string) error {
	gone := slices.DeleteFunc(slices.Clone(kept), func(one string) bool { return b.there[one] })
	if len(gone) == 0 {
		return nil
	}
	return b.memory.Forget(ctx, b.e.ID, gone...)
}
