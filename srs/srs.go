// Package srs rewrites reverse-paths of mail that is sent on for others, so
// that SPF lets it pass at its next host (the Sender Rewriting Scheme), and
// finds the way back for what is reported to them.
//
// A rewritten address is
//
//	SRS0=hhhhhh=tt=example.net=pepe@ours   of pepe@example.net
//	SRS1=hhhhhhtt=other.example==rest@ours of SRS0=rest@other.example
//
// with a keyed hash h, so that nobody sends through us to where he likes, and
// the day t, so that an address which became known ends. It keeps nothing and
// sends nothing.
//
// Start reading at Rewriter.
package srs

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"strings"
	"time"

	"posta/mail"
)

var (
	ErrForged  = errors.New("srs: the address was not made here")
	ErrExpired = errors.New("srs: the address is too old")
)

// Days is how long a rewritten address is good for: longer than mail waits in
// two queues, ours and the next host's.
const Days = 21

const (
	digits   = "abcdefghijklmnopqrstuvwxyz234567"
	hashLen  = 6 // digits, 30 bits: each guess costs a RCPT
	dayLen   = 2
	dayCycle = 1 << (5 * dayLen)
)

// Rewriter rewrites with one key. It is safe for concurrent use.
type Rewriter struct {
	key    []byte
	now    func() time.Time
	digits *base32.Encoding
}

// New makes a Rewriter. The key must be secret and stay the same over restarts.
func New(key []byte, now func() time.Time) *Rewriter {
	return &Rewriter{key: key, now: now, digits: base32.NewEncoding(digits).WithPadding(base32.NoPadding)}
}

// Forward gives the reverse-path, at our domain, under which mail from another
// address is sent on. It is false for the null path, and for an address so long
// that no local part could hold it (RFC 5321 §4.5.3.1.1): these leave as they are.
func (r *Rewriter) Forward(from mail.Address, domain string) (mail.Address, bool) {
	if from.IsZero() || from.Domain == "" {
		return from, false
	}
	tag, rest := tagOf(from.Local)
	local := ""
	switch {
	case tag == '0':
		local = r.second(from.Domain, rest)
	case tag == '1':
		if _, first, beyond, ok := splitSecond(rest); ok {
			local = r.second(first, beyond)
			break
		}
		fallthrough
	default:
		day := r.day()
		what := day + "=" + from.Domain + "=" + from.Local
		local = "SRS0=" + r.hash(what) + "=" + what
	}
	if len(local) > mail.MaxLocal {
		return from, false
	}
	return mail.Address{Local: local, Domain: domain}, true
}

// second makes the local part for mail that was sent on once already: what
// comes back goes to who sent it on first, who alone can tell what rest means.
func (r *Rewriter) second(first, rest string) string {
	day := r.day()
	return "SRS1=" + r.hash(day+"="+first+"="+rest) + day + "=" + first + "=" + rest
}

// Is says whether a local part looks like a rewritten one.
func Is(local string) bool {
	tag, _ := tagOf(local)
	return tag != 0
}

// Reverse gives the address that a local part of ours stands for, or ErrForged
// or ErrExpired.
func (r *Rewriter) Reverse(local string) (mail.Address, error) {
	tag, rest := tagOf(local)
	switch tag {
	case '0':
		hash, what, ok := strings.Cut(rest[1:], "=")
		day, whom, ok2 := strings.Cut(what, "=")
		domain, user, ok3 := strings.Cut(whom, "=")
		if !ok || !ok2 || !ok3 || user == "" || domain == "" || !r.made(hash, what) {
			return mail.Address{}, ErrForged
		}
		return mail.Address{Local: user, Domain: domain}, r.fresh(day)
	case '1':
		hash, first, beyond, ok := splitSecond(rest)
		if !ok || len(hash) != hashLen+dayLen {
			return mail.Address{}, ErrForged
		}
		day := hash[hashLen:]
		if !r.made(hash[:hashLen], day+"="+first+"="+beyond) {
			return mail.Address{}, ErrForged
		}
		return mail.Address{Local: "SRS0" + beyond, Domain: first}, r.fresh(day)
	}
	return mail.Address{}, ErrForged
}

// tagOf gives the digit of SRS0 or SRS1 and what follows, its separator
// included, whatever case others put it into; 0 for an ordinary local part.
func tagOf(local string) (tag byte, rest string) {
	const head = len("SRS0")
	if len(local) <= head+1 || !strings.EqualFold(local[:head-1], "SRS") || !strings.ContainsRune("=+-", rune(local[head])) {
		return 0, ""
	}
	if tag = local[head-1]; tag != '0' && tag != '1' {
		return 0, ""
	}
	return tag, local[head:]
}

// splitSecond takes "=hash=first==rest" apart; rest keeps the separator with
// which whoever made it wrote SRS0.
func splitSecond(s string) (hash, first, rest string, ok bool) {
	hash, s, ok = strings.Cut(s[1:], "=")
	first, rest, ok2 := strings.Cut(s, "=")
	return hash, first, rest, ok && ok2 && first != "" && len(rest) > 1 && strings.ContainsRune("=+-", rune(rest[0]))
}

// hash knows no case: some hosts change it.
func (r *Rewriter) hash(what string) string {
	mac := hmac.New(sha256.New, r.key)
	mac.Write([]byte(strings.ToLower(what)))
	return r.digits.EncodeToString(mac.Sum(nil))[:hashLen]
}

func (r *Rewriter) made(hash, what string) bool {
	return hmac.Equal([]byte(strings.ToLower(hash)), []byte(r.hash(what)))
}

func (r *Rewriter) today() int { return int(r.now().Unix()/(24*60*60)) % dayCycle }

func (r *Rewriter) day() string {
	n := r.today()
	return string([]byte{digits[n>>5], digits[n&31]})
}

func (r *Rewriter) fresh(day string) error {
	if len(day) != dayLen {
		return ErrForged
	}
	day = strings.ToLower(day)
	high, low := strings.IndexByte(digits, day[0]), strings.IndexByte(digits, day[1])
	if high < 0 || low < 0 {
		return ErrForged
	}
	if age := (r.today() - high<<5 - low + dayCycle) % dayCycle; age > Days {
		return ErrExpired
	}
	return nil
}
