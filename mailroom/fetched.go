package mailroom

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"posta/directory"
	"posta/imf"
	"posta/mail"
	"posta/store"
)

// Lies gives what an account's INBOX holds, as store.Maildrops' List does.
type Lies func(ctx context.Context, account int64) ([]store.Entry, error)

// stay is what a time stamp of a fetched message tells of where it has been.
type stay struct {
	id    string // the queue id
	to    string // of the Delivered-To above it; "" where there is none
	marks []string
}

// stays reads the time stamps from the newest on. What somebody sent here again is a
// message of its own (RFC 5322 §3.6.6): what lies below that counts no more.
func stays(fields []imf.Field, octets []byte) (all []stay) {
	for i, f := range fields {
		switch f.Kind {
		case imf.ResentFrom, imf.ResentSender, imf.ResentTo, imf.ResentCc:
			return all
		case imf.Received:
			one := readStamp(f.Text(octets))
			if one.id == "" {
				continue
			}
			if i > 0 && fields[i-1].Kind == imf.DeliveredTo {
				one.to = fields[i-1].Text(octets)
			}
			all = append(all, one)
		}
	}
	return all
}

// markWord begins the comment of a time stamp that has the marks.
const markWord = "(collected "

// readStamp finds the id and the marks of a time stamp as letter.received writes it.
func readStamp(text string) (s stay) {
	if _, marks, there := strings.Cut(text, markWord); there {
		marks, _, _ = strings.Cut(marks, ")")
		s.marks = strings.Fields(marks)
	}
	words := strings.Fields(text)
	if at := slices.Index(words, "id"); at >= 0 && at+1 < len(words) {
		s.id = strings.TrimRight(words[at+1], ";")
	}
	return s
}

// maxMarks bounds the mailboxes that are marked: what is fetched goes to one account,
// and seldom on to some others.
const maxMarks = 8

// marked appends what a fetched message will be known by in the mailboxes that it is
// filed in now. The hash is keyed, so that the mark of another server of the same
// name, as of the one that this one replaces, says nothing here.
func (l *letter) marked(b []byte, id string) []byte {
	if !l.from.Fetched || l.room.cfg.Mark == nil {
		return b
	}
	var marks []string
	for i := range l.targets {
		if t := &l.targets[i]; t.List == nil && len(marks) < maxMarks {
			marks = append(marks, l.room.mark(t.Account, id))
		}
	}
	if len(marks) == 0 {
		return b
	}
	return append(append(append(append(b, ' '), markWord...), strings.Join(marks, " ")...), ')')
}

func (r *Room) mark(account int64, id string) string {
	h := hmac.New(sha256.New, r.cfg.Mark)
	h.Write([]byte(strconv.FormatInt(account, 10) + " " + id)) // never fails
	return strings.ToLower(base32.StdEncoding.EncodeToString(h.Sum(nil)[:10]))
}

// foundAgain takes the mailboxes away that a fetched message has come back to. Where
// none is left, nothing is done with it.
func (l *letter) foundAgain(ctx context.Context) error {
	if len(l.head.past) == 0 || len(l.targets) == 0 {
		return nil
	}
	var left []target
	for i := range l.targets {
		t := &l.targets[i]
		lies, err := l.lies(ctx, t)
		if err != nil {
			return err
		}
		if !lies && !l.collectedBefore(t) {
			left = append(left, *t)
			continue
		}
		l.circles.fetched(lies, l.rcpts[t.rcpt].To.String(), t.Address)
	}
	l.targets, l.byID = left, nil
	l.done = len(left)+len(l.large) == 0
	return nil
}

// collectedBefore says that the message was fetched and filed in the mailbox by
// this server once, whatever has become of it: two people who fetch each other's
// mail and delete what they have read would else get it again and again.
func (l *letter) collectedBefore(t *target) bool {
	return l.room.cfg.Mark != nil && slices.ContainsFunc(l.head.past, func(s stay) bool {
		return len(s.marks) > 0 && slices.Contains(s.marks, l.room.mark(t.Account, s.id))
	})
}

// lies says that the mailbox holds the message now. Only what is found there counts:
// a Delivered-To alone may be of mail that was sent on and not kept, of another
// server of this name, or forged.
func (l *letter) lies(ctx context.Context, t *target) (bool, error) {
	if l.room.cfg.Lies == nil {
		return false, nil
	}
	entries, err := l.room.cfg.Lies(ctx, t.Account)
	if err != nil {
		return false, fmt.Errorf("what a mailbox holds: %w", err)
	}
	for _, s := range l.head.past {
		if s.to == "" || !slices.ContainsFunc(entries, func(e store.Entry) bool { return e.Queue == s.id }) {
			continue
		}
		if there, err := l.leadsTo(ctx, s.to, t); there || err != nil {
			return there, err
		}
	}
	return false, nil
}

// leadsTo says that an address is the mailbox's, or one that leads there: a message
// to several has one id in all their mailboxes.
func (l *letter) leadsTo(ctx context.Context, address string, t *target) (bool, error) {
	if strings.EqualFold(address, t.Address) {
		return true, nil
	}
	a, err := mail.ParseAddress(address)
	if err != nil {
		return false, nil
	}
	res, err := l.room.cfg.Directory.Resolve(ctx, a, l.env.From, l.from.Login)
	if err != nil {
		return false, fmt.Errorf("resolving whom a message came by: %w", err)
	}
	return slices.ContainsFunc(res.Targets, func(o directory.Target) bool { return o.Account == t.Account }), nil
}
