package queue

import (
	"cmp"
	"context"
	"errors"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"posta/event"
	"posta/mail"
	"posta/smtp"
	"posta/smtp/smtpclient"
	"posta/words"
)

// How long an answer about a recipient is believed. A refusal is asked for
// again soon, because who was just made there waits for the mail.
const (
	yesKept   = time.Hour
	noKept    = 5 * time.Minute
	laterKept = 30 * time.Second
	mostKept  = 1 << 14 // answers
	askTime   = 30 * time.Second
	mostAsked = 10  // of one host, at a time: a slow one keeps only those waiting who ask it
	mostAsk   = 200 // of all hosts
)

// Asker asks next hosts at RCPT whether they take a recipient, and remembers
// what they said. It uses the ways of a Queue, and no message.
type Asker struct {
	q   *Queue
	all chan struct{}

	mu    sync.Mutex
	turns map[string]*turns // by host
	said  map[question]answer
	under map[marked]*inquiry // under way
	faces map[string]face     // of hosts

	confirmed *confirmed
}

// turns are for those who ask one host.
type turns struct {
	taken chan struct{}
	users int // who have one, or wait for it
}

type question struct {
	host, from, to string // to "": whether the host can be asked
	ways           uint64 // as router.laid: another way leads to another host
}

type answer struct {
	err   *mail.Error // nil: it is taken
	note  string      // why it is taken though the host was not asked, or why that cannot be
	until time.Time
	heard hearing
}

// NewAsker makes an Asker over a Queue's ways.
func NewAsker(q *Queue) *Asker {
	return &Asker{q: q, all: make(chan struct{}, mostAsk), turns: map[string]*turns{}, said: map[question]answer{},
		under: map[marked]*inquiry{}, faces: map[string]face{}, confirmed: newConfirmed(&q.cfg)}
}

// Ask gives nil if the host takes mail from one address for another; with a note
// where it could not be asked, and did so before. Else it is an *mail.Error: 550
// where the host said so for good, 450 where it did for now, 451 where it could not
// be asked. The host's words stand in it. Who wants to know at the same time as
// another hears what that one hears; the host itself is never asked back, nor is
// anybody by whom a question has come round.
func (a *Asker) Ask(ctx context.Context, by mail.Origin, host string, env mail.Envelope, to mail.Address) (note string, err error) {
	return a.find(ctx, a.wanted(by, host, &env, to), a.straight)
}

// AskBehind is Ask for an address that another one here leads to. The host may want to
// know of that other one, and have this one: so it is asked back, unless this
// very address is what it is being asked about already.
func (a *Asker) AskBehind(ctx context.Context, by mail.Origin, host string, env mail.Envelope, to mail.Address) (note string, err error) {
	return a.find(ctx, a.wanted(by, host, &env, to), a.behind)
}

// wanted is what somebody wants to know.
type wanted struct {
	marked
	by           mail.Origin
	sender, whom mail.Address
}

func (a *Asker) wanted(by mail.Origin, host string, env *mail.Envelope, to mail.Address) *wanted {
	about := question{host, env.From.String(), to.String(), a.q.router.laid.Load()}
	return &wanted{marked{about, markIn(env.EnvID)}, by, env.From, to}
}

// find finds the answer, unless guard says at once what it is. That says who wants to know.
func (a *Asker) find(ctx context.Context, w *wanted, guard func(*wanted, event.Witness) (identity, *mail.Error)) (note string, err error) {
	about, witness := w.question, event.WitnessOf(ctx)
	for {
		who, no := guard(w, witness)
		if no != nil {
			return "", no
		}
		if known, ok := a.known(about); ok && (known.err != nil || who == another) {
			known.heard.recalled(witness, about)
			return known.note, plainly(known.err)
		}
		one, first := a.begin(w.marked, w.by)
		if first {
			defer a.end(w.marked, one)
			one.anew = who != another
			one.note, one.err = a.askNow(ctx, one, about, w.sender, w.whom)
			one.void = ctx.Err() != nil || one.anew && one.err != nil
			return one.note, one.err
		}
		if err := one.wait(ctx); err != nil {
			return "", err
		}
		if !one.void && (one.note == "" || who == another) {
			witness.Note(about.host + " was being asked about <" + about.to + "> for another session")
			return one.note, one.err
		}
	}
}

// askNow asks, unless the host is known to be silent.
func (a *Asker) askNow(ctx context.Context, one *inquiry, about question, from, to mail.Address) (note string, err error) {
	host, witness := about.host, event.WitnessOf(ctx)
	if down, ok := a.known(question{host: host}); ok && !one.anew {
		if note = a.recall(ctx, host, to, down.note); note != "" {
			return note, nil // nobody waits until it is silent once more
		}
	}
	within, done := context.WithTimeout(ctx, askTime)
	defer done()
	leave, ok := a.enter(within, host)
	defer leave()
	if !ok {
		crowd := words.Fail("attempt.crowd", nil).Error()
		if !one.anew {
			note = a.recall(ctx, host, to, crowd)
		}
		if note != "" {
			return note, nil
		}
		return "", mail.Refuse(451, "4.4.5", crowd+"; try again later")
	}
	got := a.ask(within, one, host, from, to)
	refusal, kept := ourReply(got.verdict)
	unasked := a.learn(ctx, host, to, got.verdict)
	h := hearing{cmp.Or(got.host, host), got.session, got.words(), a.q.cfg.Now()}
	h.tell(witness, about)
	if one.anew && unasked != "" {
		return "", plainly(refusal) // who is perhaps the host itself is not told what that said before
	}
	if unasked != "" {
		refusal = nil
	}
	if ctx.Err() == nil { // else it says only that who asked has gone
		a.keep(about, answer{refusal, unasked, a.q.cfg.Now().Add(kept), h})
	}
	return unasked, plainly(refusal)
}

// hearing is what a host said, or why it said nothing.
type hearing struct {
	host    string
	session uint64 // where it was said; 0: no connection came about
	said    string
	at      time.Time
}

// recalled tells the session that wanted to know what was said before to another
// one: the host is not asked again so soon.
func (s *hearing) recalled(w event.Witness, about question) {
	at := s.at.Format(time.TimeOnly)
	if s.session == 0 {
		w.Note(s.host + " could not be asked about <" + about.to + "> at " + at + ", and is not asked again so soon: " + s.said)
		return
	}
	w.Note(s.host + " is not asked again about <" + about.to + ">; it said at " + at + ": " + s.said + "; session " + strconv.FormatUint(s.session, 10))
}

// tell tells the session that wanted to know.
func (s *hearing) tell(w event.Witness, about question) {
	if s.session == 0 {
		w.Note(s.host + " could not be asked about <" + about.to + ">: " + s.said)
		return
	}
	w.Note(s.host + " was asked about <" + about.to + ">: " + s.said + "; session " + strconv.FormatUint(s.session, 10))
}

// purpose notes in a session what it is for.
func purpose(w event.Witness, to mail.Address) string {
	if w.Session == 0 {
		return "this session only asks whether mail for <" + to.String() + "> is taken"
	}
	return "this session only asks, for session " + strconv.FormatUint(w.Session, 10) + ", whether mail for <" + to.String() + "> is taken"
}

// enter waits for a turn at a host, and then for one among all; false: none came.
func (a *Asker) enter(ctx context.Context, host string) (leave func(), ok bool) {
	a.mu.Lock()
	t := a.turns[host]
	if t == nil {
		t = &turns{taken: make(chan struct{}, mostAsked)}
		a.turns[host] = t
	}
	t.users++
	a.mu.Unlock()
	var held []chan struct{}
	leave = func() {
		for _, c := range held {
			<-c
		}
		a.mu.Lock()
		defer a.mu.Unlock()
		if t.users--; t.users == 0 {
			delete(a.turns, host)
		}
	}
	for _, c := range []chan struct{}{t.taken, a.all} {
		select {
		case c <- struct{}{}:
			held = append(held, c)
		case <-ctx.Done():
		}
		if ctx.Err() != nil {
			return leave, false
		}
	}
	return leave, true
}

// plainly makes no error of none.
func plainly(err *mail.Error) error {
	if err == nil {
		return nil
	}
	return err
}

func (a *Asker) known(about question) (answer, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	s, ok := a.said[about]
	return s, ok && a.q.cfg.Now().Before(s.until)
}

func (a *Asker) keep(about question, s answer) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for other := range a.said { // any: it can be asked again
		if len(a.said) < mostKept {
			break
		}
		delete(a.said, other)
	}
	a.said[about] = s
}

// ask goes through the host's addresses until one answers. A route that an
// administrator laid for the domain says more than the host alone: TLS, a log-in.
func (a *Asker) ask(ctx context.Context, one *inquiry, host string, from, to mail.Address) trouble {
	w, why := a.q.router.find(ctx, to.Domain)
	if why != nil || !w.explicit() {
		w = &way{by: ByRoute, route: Route{Hosts: []string{host}, TLS: a.q.cfg.TLS, Family: a.q.cfg.Family}}
		if w.hosts, why = laid(w.route); why != nil {
			return trouble{verdict: *why}
		}
	}
	asks := *w // the way is shared with mail
	asks.asks = purpose(event.WitnessOf(ctx), to)
	targets, why := a.q.targets(ctx, &asks, false)
	if why != nil {
		return trouble{verdict: *why}
	}
	last := trouble{verdict: said(later, "4.4.1", words.Fail("attempt.unreachable", nil))}
	a.seen(host, targets)
	for _, t := range targets {
		if ctx.Err() != nil {
			break // it says nothing of this one
		}
		if a.q.cfg.OwnListener(t.addr) {
			last = trouble{verdict: asksItself(), host: t.host.name}
			continue
		}
		l, why := a.q.open(ctx, &asks, t)
		if l == nil {
			if last = why; last.loops() {
				last.verdict = asksItself()
			}
			continue
		}
		a.opened(one, host, l)
		v, answered := try(ctx, l, mail.Envelope{From: from, EnvID: one.mark}, to)
		if last = (trouble{verdict: v, host: l.host, session: l.session}); answered {
			return last
		}
	}
	return last
}

func asksItself() verdict { return said(later, "4.4.6", words.Fail("attempt.asks_itself", nil)) }

// try says MAIL and RCPT, and leaves.
func try(ctx context.Context, l *link, env mail.Envelope, to mail.Address) (v verdict, answers bool) {
	out, err := l.Send(ctx, &smtpclient.Message{Envelope: env, To: []mail.Recipient{{To: to}}, Upto: smtp.RCPT})
	var ours *mail.Error
	switch {
	case len(out.To) > 0 && out.To[0].Code != 0:
		v, answers = answered(smtp.RCPT, false, out.To[0]), true
		if r := out.To[0]; r.Class() == 2 {
			v.fate, v.status, v.theirs, v.text = relayed, relayedAs(r), r.Status, clean(strings.Join(append([]string{r.Text}, r.More...), " "))
		}
	case out.Mail.Code != 0 && out.Mail.Class() != 2:
		v, answers = answered(smtp.MAIL, false, out.Mail), true
	case errors.As(err, &ours):
		v = verdict{fate: failed, status: ours.Status, text: clean(cannotCarry(ours).Error())} // nothing was asked
	default:
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			err = os.ErrDeadlineExceeded // ours: nobody ends
		}
		v = said(later, "4.4.2", words.Fail("attempt.broke", because(orEnded(err))))
	}
	if l.Alive() {
		_ = l.Quit(ctx)
	} else {
		_ = l.Close(v.ending())
	}
	return v, answers
}

// orEnded is what is said where a host answered nothing at all.
func orEnded(err error) error {
	if err == nil {
		return words.Fail("attempt.nothing", nil)
	}
	return err
}

// ourReply makes of a verdict our own answer to RCPT, and says how long it holds.
func ourReply(v verdict) (*mail.Error, time.Duration) {
	words := heard(v)
	if v.code == 0 {
		words = "The domain's host cannot be asked: " + words
	}
	switch {
	case v.fate == relayed:
		return nil, yesKept
	case v.fate == failed && v.code != 0 && v.verb == smtp.RCPT.String():
		return mail.Refuse(550, or(v.status, mail.Status{Class: 5, Subject: 1, Detail: 1}), words), noKept
	case v.fate == failed && v.code != 0 && v.verb == smtp.MAIL.String():
		return mail.Refuse(550, or(v.status, mail.Status{Class: 5, Subject: 7, Detail: 1}), words), noKept
	case v.code != 0 && v.verb == smtp.RCPT.String():
		return mail.Refuse(450, or(v.status, mail.Status{Class: 4, Subject: 2, Detail: 0}), words), laterKept
	case v.code != 0: // nothing was said about the recipient
		return mail.Refuse(450, or(v.status, mail.Status{Class: 4, Subject: 3, Detail: 0}), words), laterKept
	}
	return mail.Refuse(451, or(v.status, mail.Status{Class: 4, Subject: 4, Detail: 1}), words), laterKept
}

// heard is what the host said, or why it said nothing. Where that has asked another
// one in the same words, they stand there once.
func heard(v verdict) string {
	if v.code == 0 {
		return ascii(v.text)
	}
	const says = "The domain's host says to "
	text := ascii(v.words())
	if at := strings.LastIndex(text, says); at >= 0 {
		return text[at:]
	}
	return says + v.verb + ": " + text
}

// or is the host's status where it says more than its class and fits ours.
func or(s, ours mail.Status) string {
	if s.Class == ours.Class && (s.Subject != 0 || s.Detail != 0) {
		return s.String()
	}
	return ours.String()
}

// ascii is fit for a reply of ours (RFC 6531 §3.7.4.2).
func ascii(s string) string {
	const most = 300
	s = strings.Map(func(r rune) rune {
		if r > '~' {
			return '?'
		}
		return r
	}, s)
	return s[:min(len(s), most)]
}
