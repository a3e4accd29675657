package queue

import (
	"cmp"
	"context"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"posta/store"
	"posta/words"
)

// claimMessages is how many messages a carrier takes at a time: few, so that
// others can take part in a lane.
const claimMessages = 8

// carrier is one connection to a destination, made when the first message is
// there, and the goroutine that it belongs to.
type carrier struct {
	q    *Queue
	d    *destination
	way  *way            // to it, as it was known at the last claim
	l    *link           // nil before it is made and after it broke
	wake chan store.Lane // what it waits for, when it has nothing to do
	done int             // messages of this stint
	from time.Time       // of this stint

	away bool    // a site does not answer that had asked: what is due for it waits until it asks again
	gone trouble // then: how, as who was not asked is told

	pace pace // of late; these two the schedule's mutex guards
	cut  bool // because it was too slow: it ends
}

// run carries a lane's mail, and others' of the same destination.
func (c *carrier) run(lane store.Lane) {
	defer c.q.carriers.Done()
	defer c.q.sched.gone(c)
	defer c.unlink("done")
	c.from = c.q.cfg.Now()
	for ok := true; ok; lane, ok = c.q.sched.next(c) {
		c.carry(c.claim(lane))
	}
}

// worked says that it is others' turn.
func (c *carrier) worked() bool { return c.done >= stint || c.q.cfg.Now().Sub(c.from) >= stintTime }

func (c *carrier) claim(lane store.Lane) []store.Item {
	messages := claimMessages
	way, probing := c.q.sched.state(c.d)
	if c.way = way; probing {
		messages = 1
	}
	most := c.q.cfg.Limits.Recipients
	key := c.way.key
	items, err := c.q.claim(context.Background(), store.Claim{Lane: lane, Now: c.q.cfg.Now(), Limit: most, Messages: messages,
		Also: func(domain string) bool { return c.q.router.shares(key, domain) }})
	if err != nil {
		c.q.problem(fmt.Errorf("queue: claiming items: %w", err))
		time.AfterFunc(restIll, c.q.Stir)
	}
	c.q.sched.claimed(c, lane, len(items) >= most || len(byMessage(items)) >= messages)
	return items
}

// carry sends messages one after the other.
func (c *carrier) carry(items []store.Item) {
	all := byMessage(items)
	for len(all) > 0 && !c.q.ended() {
		of := all[0]
		all = all[1:]
		if !c.deliver(of) {
			break
		}
		c.done++
	}
	for _, of := range all {
		if c.away {
			c.q.miss(c.way, c.gone, of)
		} else {
			c.q.giveBack(of)
		}
	}
	if c.away = c.away && !c.q.ended(); c.away {
		c.keepDue(items)
	}
	c.away = false
}

func labNeedsRoute() *words.Error { return words.Fail("attempt.lab_route", nil) }

// deliver sends a message to its recipients, over as many transactions and hosts
// as that takes. false: there is no connection, and the other messages need not
// be tried.
func (c *carrier) deliver(items []store.Item) bool {
	if items = c.q.wanted(items); len(items) == 0 {
		return true
	}
	out := items[0].Out
	if out.Lab && !c.way.explicit() {
		v := said(failed, "5.7.1", labNeedsRoute())
		c.q.conclude(&attempt{trouble: trouble{verdict: v}}, items, nil)
		return true
	}
	h := hunt{tried: map[netip.AddrPort]bool{}, hosts: map[string]bool{}, lab: out.Lab, since: c.q.cfg.Now(), pardons: c.q.sched.pardons(c.d)}
	for len(items) > 0 {
		h.items = items
		if !c.ready(&h) {
			return c.stranded(&h, items)
		}
		if items = c.q.wanted(items); len(items) == 0 {
			break // they leave, before anybody has named them
		}
		fresh := c.l.sent == 0
		t := c.transact(items)
		t.way = c.way
		t.before = h.others(nil)
		left := c.q.conclude(t, items, t.verdicts)
		if t.stopped {
			c.unlink("stopped")
			return false
		}
		if t.cut {
			c.unlink("too slow")
			return false
		}
		var asked verdict
		items, asked = left.items, left.verdict
		switch {
		case asked.fate == elsewhere && !t.usable && !fresh && (asked.code == 0 || asked.code == 421):
			// It broke while it was idle, or has carried enough: that says nothing of the host,
			// but perhaps of the message.
			broken := t.trouble
			broken.verdict = asked
			h.note(broken)
		case asked.fate == elsewhere:
			h.tried[c.l.addr] = true
			h.hosts[c.l.host] = true
			h.last = t.trouble
			h.last.verdict, h.lone = asked, left.lone
			h.note(h.last)
		}
		if !t.usable || asked.fate == elsewhere {
			c.unlink("no more")
		}
		if t.taken || t.usable {
			c.q.sched.worked(c.d)
		}
	}
	return true
}

// hunt is the search for a host that takes a message.
type hunt struct {
	tried map[netip.AddrPort]bool
	last  trouble           // why the last host did not take it
	lone  map[int64]verdict // by item: why it did not take him, where that is not last's
	tries []store.Attempt   // all of them, a bounded number
	own   *uint16           // the preference of a host that is this server: those behind it would send the mail here
	hosts map[string]bool   // that were tried: whether an address of theirs took part, so that the others' silence means nothing
	blind bool              // one could not be looked up just now
	lab   bool

	since   time.Time // when it began
	pardons uint64    // of the destination, then

	items []store.Item // for whom it is, yet
}

// alone is the verdict on each where nobody else can be asked.
func (h *hunt) alone(items []store.Item) []verdict {
	all := make([]verdict, len(items))
	for i := range items {
		v, own := h.lone[items[i].ID]
		if !own {
			v = h.last.verdict
		}
		v.fate = later
		switch {
		case v.status.Class == 5 && h.open():
			v = v.softer()
		case v.status.Class == 5:
			v.fate = failed
		}
		all[i] = v
	}
	return all
}

// open says that a host could not be asked for now, and may take what others don't.
func (h *hunt) open() bool {
	for _, answered := range h.hosts {
		if !answered {
			return true
		}
	}
	return h.blind
}

// silent notes that an address of a host could not be asked for now.
func (h *hunt) silent(host string) {
	if !h.hosts[host] {
		h.hosts[host] = false
	}
}

// note keeps a try for the story; of many the last, because the first are often
// one host's.
func (h *hunt) note(t trouble) {
	if len(h.tries) > store.MostBefore {
		h.tries = slices.Delete(h.tries, 0, 1)
	}
	h.tries = append(h.tries, t.told(t.verdict))
}

// others are the tries besides the one that decides; nil: none of them does.
func (h *hunt) others(decides *trouble) []store.Attempt {
	var all []store.Attempt
	for _, t := range h.tries {
		if decides == nil || t.Addr != decides.addr || t.Session != decides.session {
			all = append(all, t)
		}
	}
	return all[max(0, len(all)-store.MostBefore):]
}

// ownPref is own as unknown wants it.
func (h *hunt) ownPref() int {
	if h.own == nil {
		return -1
	}
	return int(*h.own)
}

func (h *hunt) beyond(t target) bool { return h.own != nil && t.host.pref >= *h.own }

// stranded concludes what no host is left for.
func (c *carrier) stranded(h *hunt, items []store.Item) bool {
	t, kept := h.last, c.way.route.OnDemand
	if c.q.ended() {
		c.q.giveBack(items)
		return false
	}
	if t.fate == elsewhere { // nobody else can be asked
		c.q.conclude(&attempt{trouble: t, kept: kept, way: c.way, before: h.others(&t)}, items, h.alone(items))
		return true
	}
	if t.fate == failed { // for this message: the next asks for itself (RFC 5321 §4.5.4.1)
		c.q.conclude(&attempt{trouble: t, kept: kept, way: c.way, before: h.others(&t)}, items, nil)
		return true
	}
	if t.text == "" && t.code == 0 { // its addresses are others now than a moment ago
		t.verdict = said(later, "4.4.1", words.Fail("attempt.none_left", nil))
	}
	until, down := c.q.sched.failed(c.d, h, t)
	if !down {
		c.q.giveBack(items)
		return false
	}
	probe := !until.IsZero()
	if c.away = kept && probe; c.away {
		c.gone = t.remembered()
	}
	for i := range items {
		if probe {
			c.q.sched.putOff(c.d, items[i].Domain)
		}
	}
	c.q.conclude(&attempt{trouble: t, until: until, probe: probe, kept: kept, way: c.way, before: h.others(&t)}, items, nil)
	return false
}

// ready makes a connection where there is none that will do. false: none can be
// made, and h.last says why.
func (c *carrier) ready(h *hunt) bool {
	if l := c.l; l != nil {
		old := l.sent >= c.q.cfg.Limits.Carried || c.q.cfg.Now().Sub(l.since) >= c.q.cfg.Limits.Lifetime
		if !old && l.lab == h.lab && (!h.lab || c.q.cfg.Admits(l.addr.Addr())) {
			return true
		}
		c.unlink("no more")
	}
	ctx, st, cancel := c.q.sched.interruptible(c.q.soft, c)
	defer cancel()
	defer func() { c.q.sched.finish(c, st, c.l != nil, false) }()
	targets, without, why := c.q.survey(ctx, c.way, h.lab)
	if why != nil && h.last.fate != elsewhere {
		h.last = trouble{verdict: *why, at: c.q.cfg.Now()}
		if why.lone {
			h.last.fate = elsewhere
		}
	}
	tell := func(session uint64) { c.q.ledger.enter(h.items, session) }
	tell(0) // that of a host before is over
	var worst trouble
	for n, t := range c.order(targets, h) {
		if n == c.q.cfg.Limits.Addresses || ctx.Err() != nil {
			break
		}
		if h.beyond(t) {
			continue
		}
		at := c.q.cfg.Now()
		t.opened = tell
		l, why := c.q.open(ctx, c.way, t)
		if why.first != nil {
			h.note(*why.first)
			why.first = nil
		}
		if l != nil {
			c.l = l
			c.q.sched.linked(c, 1)
			c.q.bad.clear(t.addr)
			return true
		}
		h.tried[t.addr] = true
		h.note(why)
		if why.loops() {
			h.own = &t.host.pref
		} else {
			c.q.bad.note(t.addr, at)
		}
		if why.fate == later {
			h.silent(t.host.name)
		}
		if n == 0 || why.fate == later || worst.fate == failed {
			worst = why
		}
	}
	if o := unknown(without, h.ownPref()); o != nil {
		h.blind = true
		if worst.fate == failed {
			worst = trouble{verdict: *o.unknown, host: o.Host, at: c.q.cfg.Now()}
		}
	}
	if c.q.sched.wasCut(c) {
		worst.verdict = tooSlow()
		h.last = worst
	} else if worst.host != "" && h.last.fate != elsewhere {
		h.last = worst
	}
	return false
}

// transact sends a message over the connection.
func (c *carrier) transact(items []store.Item) *attempt {
	body := c.q.content(items[0].Out)
	defer body.close()
	ctx, cancel := c.q.untilEnd(body)
	defer cancel()
	st := c.q.sched.begin(c, items[0].Out.Size, func() bool {
		if !body.cut() {
			return false
		}
		cancel()
		return true
	})
	t := c.q.transact(ctx, c.l, items, body)
	c.q.sched.finish(c, st, !t.cut, t.taken || t.usable)
	if t.cut {
		t.all(tooSlow())
	}
	return t
}

// order leaves out what this message was refused by, and puts behind what did
// not answer lately.
func (c *carrier) order(targets []target, h *hunt) []target {
	var good, bad []target
	now := c.q.cfg.Now()
	for _, t := range targets {
		switch {
		case h.tried[t.addr] || h.beyond(t):
		case c.q.bad.has(t.addr, now):
			bad = append(bad, t)
		default:
			good = append(good, t)
		}
	}
	return append(good, bad...)
}

// unlink ends the connection, if there is one.
func (c *carrier) unlink(why string) {
	l := c.l
	if l == nil {
		return
	}
	c.l = nil
	c.q.sched.linked(c, -1)
	if l.broken {
		_ = l.Close(cmp.Or(l.why, why))
		return
	}
	ctx, st, cancel := c.q.sched.interruptible(c.q.hard, c) // the end waits no longer than for a message
	defer cancel()
	_ = l.Quit(ctx)
	c.q.sched.finish(c, st, false, false)
}
