package queue

import (
	"errors"
	"strings"
	"unicode"

	"posta/mail"
	"posta/smtp"
	"posta/smtp/smtpclient"
	"posta/store"
	"posta/words"
)

// fate is what becomes of a recipient after an attempt.
type fate uint8

const (
	later     fate = iota // to be tried again after a while; also where nobody said anything
	relayed               // the other host is responsible now
	failed                // to be given up
	elsewhere             // another host of the same destination may be asked now
	again                 // in another transaction over the same connection
	untouched             // nothing was tried: the item goes back as it was
)

// verdict is an answer, or the lack of one, and what follows from it.
type verdict struct {
	fate   fate
	verb   string // what was answered so, or with no code left without an answer; "" for nothing
	code   int    // of the reply; 0 for none
	status mail.Status
	theirs mail.Status // as the reply has it; zero where that has none
	text   string      // the remote's words, or ours
	lone   bool        // it is about one recipient, not about all of the transaction
}

// said is a verdict of ours. Its text is kept in English, out of the catalog, by
// which it is known again where it is shown (words.Again).
func said(f fate, status string, why *words.Error) verdict {
	s, err := mail.ParseStatus(status)
	if err != nil {
		panic(err) // a programmer's error
	}
	return verdict{fate: f, status: s, text: clean(why.Error())}
}

// loops says that the host is this server.
func (v verdict) loops() bool {
	return v.code == 0 && v.fate == failed && v.status == status(5, 4, 6) && v.text == itself().Error()
}

// softer is the verdict as one that is to be tried again.
func (v verdict) softer() verdict {
	v.fate = later
	if v.status.Class == 5 {
		v.status.Class = 4
	}
	return v
}

// ending is the verdict as the reason of a session's end, as event.Closed has it.
func (v verdict) ending() string {
	how := "broken off: "
	if v.code == 421 { // RFC 5321 §3.8
		how = "peer closed: "
	}
	return how + v.words()
}

// kept is the status that is kept beside the text: the remote's words have theirs,
// or none.
func (v verdict) kept() mail.Status {
	if v.code != 0 {
		return v.theirs
	}
	return v.status
}

// words is what was answered, as a reply is written.
func (v verdict) words() string {
	return spoken(&store.Attempt{Code: v.code, Status: v.kept(), Text: v.text})
}

// wordsMost bounds what is kept of a remote's words, in octets.
const wordsMost = 500

// clean makes words fit to be printed and kept.
func clean(s string) string {
	s = strings.ToValidUTF8(s, "?")
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
	s = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, s)
	if len(s) > wordsMost {
		s = strings.ToValidUTF8(s[:wordsMost], "") + " ..."
	}
	return s
}

// answered judges a reply that is no success by its first digit (RFC 5321
// §4.3.2). What is neither 4yz nor 5yz came where it makes no sense: the server
// is not in step with us.
func answered(verb smtp.Verb, body bool, r smtp.Reply) verdict {
	v := verdict{fate: later, verb: verb.String(), code: r.Code, status: r.Status, theirs: r.Status}
	if verb == smtp.Unknown {
		v.verb = "greeting"
	}
	if body {
		v.verb = "message"
	}
	said := append([]string{r.Text}, r.More...)
	v.text = clean(strings.Join(said, " "))
	switch r.Class() {
	case 5:
		v.fate = failed
	case 4:
	default:
		v.text = clean(words.Fail("attempt.unexpected", words.Args{"Reply": strings.TrimSpace(r.Status.String() + " " + v.text)}).Error())
		v.status = mail.Status{Class: 4, Subject: 5}
		v.theirs = v.status // it says that the reply was none to that
	}
	if v.status == (mail.Status{}) {
		v.status = unsaid(verb, r.Code)
	}
	return v
}

// unsaid is the status of a refusal that came with none: what the verb's standard
// has beside the code, else the generic one that fits it (RFC 3463 §3).
func unsaid(verb smtp.Verb, code int) mail.Status {
	class := uint8(code / 100)
	switch {
	case verb == smtp.STARTTLS: // RFC 3207 §4 names none, RFC 3463 §3.8 what it is about
		return status(class, 7, 0)
	case verb != smtp.AUTH:
		return mail.Status{Class: class}
	}
	switch code { // RFC 4954 §6
	case 432:
		return status(4, 7, 12)
	case 500:
		return status(5, 5, 6)
	case 534:
		return status(5, 7, 9)
	case 535:
		return status(5, 7, 8)
	case 538:
		return status(5, 7, 11)
	}
	return status(class, 7, 0) // 454 and 530 say so themselves
}

// passed tells how far a message got.
type passed uint8

const (
	nothing passed = iota // no octet of the message was sent
	some                  // but not its end
	whole                 // its end too: only the reply was missing
)

// judge gives each recipient of a transaction its verdict, and says whether the
// connection can be used further.
func judge(n int, out smtpclient.Outcome, err error, got passed) (all []verdict, usable bool) {
	all = make([]verdict, n)
	shared, usable := overall(out, err, got)
	taken := out.Taken()
	for i := range all {
		if all[i] = shared; out.Left != nil && out.Left[i] {
			all[i] = verdict{fate: untouched}
			continue
		}
		if i >= len(out.To) || out.To[i].Code == 0 || out.Mail.Class() != 2 {
			continue
		}
		if r := out.To[i]; r.Class() != 2 {
			all[i] = answered(smtp.RCPT, false, r)
			all[i].lone = true
			switch {
			case crowded(r) && taken > 0 && usable:
				all[i].fate = again
			case r.Code == 421 && got == nothing && err != nil:
				all[i].fate = elsewhere
			}
			usable = usable && r.Code != 421 && r.Class() != 3
		}
	}
	return all, usable
}

// crowded says that a server wants no more recipients in this transaction: 452,
// and 552 as RFC 821 had it (RFC 5321 §4.5.3.1.10). An enhanced code may say that
// it is about the recipient's mailbox instead.
func crowded(r smtp.Reply) bool {
	if r.Code != 452 && r.Code != 552 {
		return false
	}
	s := r.Status
	return s == (mail.Status{}) || s.Subject == 5 && s.Detail == 3 || r.Code == 452 && s.Subject != 2
}

// overall judges what holds for all who were not answered on their own.
func overall(out smtpclient.Outcome, err error, got passed) (v verdict, usable bool) {
	if err == nil {
		return verdict{fate: relayed, verb: "message", code: out.Done.Code, status: relayedAs(out.Done), theirs: out.Done.Status,
			text: clean(strings.Join(append([]string{out.Done.Text}, out.Done.More...), " "))}, true
	}
	var refusal *smtpclient.Refusal
	var ours *mail.Error
	switch {
	case errors.Is(err, smtpclient.ErrNobody):
		return verdict{fate: untouched}, true
	case errors.As(err, &refusal):
		v = answered(refusal.Verb, refusal.Body, refusal.Reply)
		class := refusal.Reply.Class()
		usable = refusal.Reply.Code != 421 && (class == 4 || class == 5)
		if refusal.Reply.Code == 421 && got == nothing {
			v.fate = elsewhere
		}
		return v, usable
	case errors.Is(err, errWideSender):
		return said(elsewhere, "5.6.7", words.Fail("attempt.no_utf8_sender", nil)), true
	case errors.As(err, &ours): // nothing was asked: the server cannot carry it
		return verdict{fate: elsewhere, status: ours.Status, text: clean(cannotCarry(ours).Error())}, true
	}
	return unanswered(err, got), false
}

// unanswered is that the connection was lost while a message was handed over.
func unanswered(err error, got passed) (v verdict) {
	strange := errors.Is(err, smtpclient.ErrStrange)
	switch {
	case strange && got == nothing:
		v = said(elsewhere, "4.4.2", words.Fail("attempt.left", because(err)))
	case strange && got == some:
		v = said(later, "4.4.2", words.Fail("attempt.left", because(err)))
	case got == nothing:
		v = said(elsewhere, "4.4.2", words.Fail("attempt.broke", because(err)))
	case got == some:
		v = said(later, "4.4.2", words.Fail("attempt.broke_middle", because(err)))
	default: // The message may have been taken: it may come twice, but is not lost (RFC 1047).
		v = said(later, "4.4.2", words.Fail("attempt.no_answer", because(err)))
	}
	if v.verb = "message"; got == nothing {
		v.verb = smtp.MAIL.String() // or what followed it
	}
	return v
}

// endOf is why a connection is of no more use: of a refusal that it outlived and its
// loss behind that, the loss.
func endOf(out smtpclient.Outcome, err error, got passed) verdict {
	v, usable := overall(out, err, got)
	var lost *smtpclient.Lost
	if usable && errors.As(err, &lost) {
		v, _ = overall(out, lost, nothing)
	}
	return v
}

// cannotCarry says in words why the client did not even ask.
func cannotCarry(e *mail.Error) error {
	switch e.Status {
	case status(5, 6, 7):
		return words.Fail("attempt.no_utf8", nil)
	case status(5, 6, 9):
		return words.Fail("attempt.no_utf8_header", nil)
	case status(5, 6, 3):
		return words.Fail("attempt.no_8bit", nil)
	case status(5, 3, 4):
		return words.Fail("attempt.too_large", nil)
	}
	return errors.New(e.Text)
}

func relayedAs(r smtp.Reply) mail.Status {
	if r.Status != (mail.Status{}) {
		return r.Status
	}
	return mail.Status{Class: 2}
}

func status(class uint8, subject, detail uint16) mail.Status {
	return mail.Status{Class: class, Subject: subject, Detail: detail}
}
