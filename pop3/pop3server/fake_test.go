package pop3server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"posta/sasl"
	"posta/store"
)

// letter is a message in a maildrop in memory.
type letter struct {
	prefix, body string
	utf8         bool
}

// content is what RETR must give, before stuffing.
func (l letter) content() string {
	all := l.prefix + l.body
	if all != "" && !bytes.HasSuffix([]byte(all), []byte("\r\n")) {
		all += "\r\n"
	}
	return all
}

// drops is a store.Maildrops of one account in memory, with faults to order.
type drops struct {
	mu       sync.Mutex
	letters  map[uint32]letter
	last     uint32
	holder   string
	until    time.Time
	token    int64
	renewals int
	removals [][]uint32
	read     int  // octets handed out by readers
	piece    int  // octets a Write of the readers; 0: all at once
	torn     bool // readers fail after the first piece
	closed   int  // readers closed
	next     []int
	pause    time.Duration // of readers behind each piece
	removing func()        // called when a Remove begins

	lockErr, listErr, removeErr, renewErr, readErr error
}

func newDrops(letters ...letter) *drops {
	d := &drops{letters: map[uint32]letter{}}
	for _, l := range letters {
		d.last++
		d.letters[d.last] = l
	}
	return d
}

func (d *drops) Lock(_ context.Context, account int64, owner string, ttl time.Duration) (store.Lease, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.lockErr != nil {
		return store.Lease{}, d.lockErr
	}
	if d.holder != "" && time.Now().Before(d.until) {
		return store.Lease{}, store.ErrInUse
	}
	d.token++
	d.holder, d.until = owner, time.Now().Add(ttl)
	return store.Lease{Account: account, Token: d.token}, nil
}

func (d *drops) valid(l store.Lease) bool {
	return d.holder != "" && l.Token == d.token && time.Now().Before(d.until)
}

func (d *drops) Renew(_ context.Context, l store.Lease, ttl time.Duration) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.renewErr != nil {
		return d.renewErr
	}
	if !d.valid(l) {
		return store.ErrLost
	}
	d.renewals++
	d.until = time.Now().Add(ttl)
	return nil
}

func (d *drops) Unlock(ctx context.Context, l store.Lease) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.valid(l) {
		return store.ErrLost
	}
	d.holder = ""
	return nil
}

func (d *drops) held() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.holder != ""
}

func (d *drops) List(context.Context, int64) ([]store.Entry, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.listErr != nil {
		return nil, d.listErr
	}
	var out []store.Entry
	for uid := uint32(1); uid <= d.last; uid++ {
		if l, ok := d.letters[uid]; ok {
			out = append(out, l.entry(uid))
		}
	}
	return out, nil
}

func (l letter) entry(uid uint32) store.Entry {
	all := l.content()
	return store.Entry{
		UID: uid, UIDL: fmt.Sprintf("%024x", uid), Size: int64(len(all)), Prefix: int32(len(l.prefix)), Blob: store.Blob(uid),
		Traits: store.Traits{
			Stuffed: all[:min(1, len(all))] == "." || bytes.Contains([]byte(all), []byte("\r\n.")),
			NoEOL:   len(all) > len(l.prefix)+len(l.body),
			UTF8:    l.utf8,
		},
	}
}

func (d *drops) Remove(ctx context.Context, l store.Lease, uids []uint32) error {
	if d.removing != nil {
		d.removing()
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.removeErr != nil {
		return d.removeErr
	}
	if !d.valid(l) {
		return store.ErrLost
	}
	d.removals = append(d.removals, uids)
	for _, uid := range uids {
		delete(d.letters, uid)
	}
	return nil
}

func (d *drops) Reader(int64) store.Reader { return &reader{d} }

type reader struct{ d *drops }

func (r *reader) Close() { r.d.mu.Lock(); r.d.closed++; r.d.mu.Unlock() }

func (r *reader) WriteTo(ctx context.Context, w io.Writer, e store.Entry, next []store.Entry) error {
	r.d.mu.Lock()
	l, ok := r.d.letters[e.UID]
	piece, torn, failure := r.d.piece, r.d.torn, r.d.readErr
	r.d.next = append(r.d.next, len(next))
	r.d.mu.Unlock()
	if failure != nil {
		return failure
	}
	if !ok || e.Blob != store.Blob(e.UID) {
		return store.ErrNotFound
	}
	all := []byte(l.prefix + l.body)
	if piece == 0 {
		piece = len(all)
	}
	for len(all) > 0 {
		n := min(piece, len(all))
		r.d.mu.Lock()
		r.d.read += n
		r.d.mu.Unlock()
		if _, err := w.Write(all[:n]); err != nil {
			return fmt.Errorf("reader: %w", err)
		}
		time.Sleep(r.d.pause)
		if all = all[n:]; torn {
			return errors.New("disk on fire")
		}
	}
	return ctx.Err()
}

// people is a sasl.Authenticator.
type people struct {
	busy bool
	err  error
}

func (p *people) Password(_ context.Context, user, password string) (sasl.Identity, error) {
	switch {
	case p.busy:
		return sasl.Identity{}, sasl.ErrBusy
	case p.err != nil:
		return sasl.Identity{}, p.err
	case (user == "pepe" || user == "pepe@pepito.es" || user == strings.Repeat("n", 255)) && password == "se cret":
		return sasl.Identity{Account: 7, Address: "pepe@pepito.es"}, nil
	}
	return sasl.Identity{}, sasl.ErrCredentials
}

func (p *people) Verifier(context.Context, string) (sasl.Identity, sasl.Verifier, error) {
	v, err := sasl.NewVerifier("se cret", []byte("salt"), 4096)
	return sasl.Identity{Account: 7, Address: "pepe@pepito.es"}, v, err
}

func (p *people) Secret(_ context.Context, user string) (sasl.Identity, []byte, error) {
	if user == "mrose" {
		return sasl.Identity{Account: 7, Address: "mrose@pepito.es"}, []byte("tanstaaf"), nil
	}
	return sasl.Identity{}, nil, sasl.ErrCredentials
}
