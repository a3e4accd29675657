package mailroom

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"

	"posta/imf"
	"posta/mail"
	"posta/store"
)

// work reads one header. It is pooled: it is needed only until the header ends.
type work struct {
	scanner imf.Scanner
	head    []byte // octets that came before the header's end was known
}

// keepHead bounds the buffer that stays in the pool.
const keepHead = 32 << 10

func (w *work) reset() {
	w.scanner.Reset()
	w.head = w.head[:0]
	if cap(w.head) > keepHead {
		w.head = nil
	}
}

// header is what acceptance learnt of a header.
type header struct {
	utf8     bool    // it has UTF-8
	eightBit bool    // or other octets above 127
	date     bool    // Date: is there
	id       bool    // Message-ID: is there
	idText   string  // what it says, see messageID
	claims   []claim // of the sender, if they will be looked at
	kept     []byte  // the header itself, if a report may return it

	deliveredTo []string // addresses that have had the message, if it may go on
	sentHere    []string // those of them that this server wrote, above its time stamp
	lists       listFields
	past        []stay // of mail that is fetched: where it has been
}

// maxPassed bounds the Delivered-To fields that are looked at; hops are bounded
// besides.
const maxPassed = 200

// takeHeader reads on until the header ends, then sends it on, mended.
func (l *letter) takeHeader(p []byte) error {
	w := l.work
	v := w.scanner.Scan(p)
	if v == imf.More {
		w.head = append(w.head, p...)
		return nil
	}
	head := p // usually all of it comes in one piece
	if len(w.head) > 0 {
		w.head = append(w.head, p...)
		head = w.head
	}
	return l.mend(v, head)
}

// endHeader deals with a message that ended within its header.
func (l *letter) endHeader() error {
	v := l.work.scanner.Finish()
	err := l.mend(v, l.work.head)
	if v == imf.Ended {
		l.body.endSigned()
	}
	return err
}

// mend sends octets that begin with the whole header to the store, without the
// fields that must not stay, and with an empty line before a first line that
// is no field. All else goes on as it came.
func (l *letter) mend(v imf.Verdict, octets []byte) error {
	s := &l.work.scanner
	switch {
	case v == imf.TooBig:
		return mail.Refuse(552, "5.3.4", fmt.Sprintf("The message's header is larger than %d octets", s.Max))
	case s.Hops() > l.room.cfg.MaxHops:
		return mail.Refuse(554, "5.4.6", fmt.Sprintf("Mail loop: more than %d Received: fields", l.room.cfg.MaxHops))
	}
	l.learn(octets)
	l.sign()
	at := 0
	for _, f := range s.Fields() {
		if !l.drops(f.Kind) {
			continue
		}
		if err := l.sendHeader(octets[at:f.Start]); err != nil {
			return err
		}
		at = int(f.End)
		l.note(fmt.Sprintf("%s: was removed", f.Name(octets)))
	}
	rest := octets[at:]
	if v == imf.Stray && l.relays() {
		v = imf.Ended
	}
	if l.wantsHeader() || v == imf.Stray {
		if err := l.sendHeader(octets[at:s.End()]); err != nil {
			return err
		}
		rest = octets[s.End():]
	}
	if v == imf.Stray {
		l.note("an empty line was put before the first line that is no header field")
		if err := l.body.write([]byte("\r\n")); err != nil {
			return err
		}
	}
	err := l.body.write(rest)
	l.release()
	return err
}

// sendHeader sends a part of the header on, and keeps it for a report.
func (l *letter) sendHeader(p []byte) error {
	if l.wantsHeader() {
		l.head.kept = append(l.head.kept, p...)
	}
	return l.body.write(p)
}

// drops says whether a field must not stay. Return-Path is for who delivers to
// write, exactly one, and nobody begins a message with it; a relay leaves it
// (RFC 5321 §4.4). Bcc ends at submission (RFC 5322 §3.6.3).
func (l *letter) drops(k imf.Kind) bool {
	switch k {
	case imf.ReturnPath:
		return !l.relays()
	case imf.Bcc, imf.ResentBcc:
		return l.from.Service == mail.Submission
	}
	return false
}

// relays says that the message only passes through here, from one server to
// another: it stays as it came but for our lines (RFC 5321 §3.6.3).
func (l *letter) relays() bool {
	return l.from.Service != mail.Submission && l.from.Mode == mail.Strict && len(l.targets)+len(l.large) == 0
}

// learn notes what the rest of the acceptance asks of the header.
func (l *letter) learn(octets []byte) {
	s := &l.work.scanner
	l.head.utf8, l.head.eightBit = s.UTF8(), s.EightBit()
	looks := l.from.Service == mail.Submission || l.from.Mode == mail.Lab
	goesOn := l.goesOn()
	if l.from.Fetched {
		l.head.past = stays(s.Fields(), octets)
	}
	for _, f := range s.Fields() {
		switch f.Kind {
		case imf.Date:
			l.head.date = true
		case imf.MessageID:
			if !l.head.id {
				l.head.idText = messageID(f.Text(octets))
			}
			l.head.id = true
		case imf.DeliveredTo:
			if goesOn && len(l.head.deliveredTo) < maxPassed {
				address := f.Text(octets)
				l.head.deliveredTo = append(l.head.deliveredTo, address)
				if stampedBy(octets[f.End:s.End()], l.room.cfg.Hostname) {
					l.head.sentHere = append(l.head.sentHere, address)
				}
			}
		case imf.ListID, imf.ListPost, imf.ListUnsubscribe, imf.DKIMSignature:
			if goesOn {
				l.head.lists.see(f, octets)
			}
		default:
			if field := claims(f.Kind); looks && field != "" {
				l.head.claims = append(l.head.claims, claim{field, f.Text(octets)})
			}
		}
	}
}

// goesOn says that the message leaves, or goes to a list.
func (l *letter) goesOn() bool {
	return len(l.onward) > 0 || len(l.large) > 0 || slices.ContainsFunc(l.targets, func(t target) bool { return t.List != nil })
}

// wantsHeader says that a report may have to return the header.
func (l *letter) wantsHeader() bool {
	for i := range l.rcpts {
		if l.rcpts[i].Notify&mail.NotifySuccess != 0 {
			return true
		}
	}
	return len(l.turned) > 0 || slices.ContainsFunc(l.targets, func(t target) bool { return t.Quota > 0 })
}

// body passes octets on to the store and learns its traits on the way.
type body struct {
	draft   store.Draft
	size    int64
	last    [2]byte
	stuffed bool
	looks   bool // for octets above 127
	eight   bool // it has some
	signing Signing
}

func (b *body) write(p []byte) error {
	if len(p) == 0 {
		return nil
	}
	if !b.stuffed {
		first := b.size == 0 || b.last[1] == '\n' // prefixes end in CRLF
		b.stuffed = first && p[0] == '.' || bytes.Contains(p, []byte("\n."))
	}
	if b.looks && !b.eight {
		b.eight = !isASCII(p)
	}
	b.size += int64(len(p))
	if len(p) == 1 {
		b.last[0] = b.last[1]
	} else {
		b.last[0] = p[len(p)-2]
	}
	b.last[1] = p[len(p)-1]
	if b.signing != nil {
		_, _ = b.signing.Write(p)
	}
	_, err := b.draft.Write(p)
	return err
}

// endSigned ends the header for the signatures where no empty line does.
func (b *body) endSigned() {
	if b.signing == nil {
		return
	}
	if b.last != [2]byte{'\r', '\n'} {
		_, _ = b.signing.Write([]byte("\r\n"))
	}
	_, _ = b.signing.Write([]byte("\r\n"))
}

// unsign gives signing up.
func (b *body) unsign() {
	if b.signing != nil {
		b.signing.Discard()
		b.signing = nil
	}
}

// isASCII says that no octet is above 127, eight at a time.
func isASCII(p []byte) bool {
	for ; len(p) >= 8; p = p[8:] {
		if binary.LittleEndian.Uint64(p)&0x8080808080808080 != 0 {
			return false
		}
	}
	for _, c := range p {
		if c >= 0x80 {
			return false
		}
	}
	return true
}

// Write lets a report be written into a body.
func (b *body) Write(p []byte) (int, error) {
	if err := b.write(p); err != nil {
		return 0, err
	}
	return len(p), nil
}

func (b *body) traits(utf8 bool) store.Traits {
	return store.Traits{
		Stuffed: b.stuffed,
		NoEOL:   b.size > 0 && b.last != [2]byte{'\r', '\n'},
		UTF8:    utf8,
	}
}
