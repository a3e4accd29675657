package trace

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"posta/event"
)

const (
	mostMatches = 1000
	mostMaybe   = 100_000
	slicesAhead = 16
)

// place is a message in a mailbox.
type place struct {
	account int64
	uid     uint32
}

// match is something that the query chose: a message, or a refusal.
type match struct {
	slice   int64 // where it stands
	id      string
	stories []Story // of a refusal, complete
}

// lead is a message and an address elsewhere that it goes to.
type lead struct{ id, onward string }

// search is a Find under way. It reads the slices in order, three times: for
// what was asked, for where that was delivered, and for what became of it
// there. Each begins where the one before found its first. Where a session was
// asked for, or only an attempt was found, it reads them once more before.
type search struct {
	Query
	store   Store
	matches []match
	ids     map[string]bool  // of matches
	maybe   map[string]int64 // slices of messages whose mailboxes may match, by id
	places  map[place]bool   // that the session fetched from
	carried map[string]bool  // ids of what the session took elsewhere
	wanted  []string         // domains whose mail the session asked for, in lower case
	waiting map[lead]int64   // slices of what waits for these, as chooseAgain comes by
	asked   map[string]bool  // ids of what waited for them when it asked
	orphans map[string]int64 // slices of the first attempts of messages that may be known by these only, by id
	known   map[string]*tale // by queue id
	at      map[place][]lodging
	leavers map[string][]leaver // by domain; nil: not looked for yet
	damaged map[int64]bool      // slices of which not all could be read
	out     Result
}

// lodging is a mailbox of a story.
type lodging struct {
	story   *Story
	mailbox string
}

// leaver is a story and an address elsewhere that it leads to.
type leaver struct {
	story  *Story
	onward string
}

// tale is a message and its stories.
type tale struct {
	stories []*Story
	byTo    map[string]*Story
	onward  map[string][]*Story // by the address elsewhere
	head    Story               // what all have in common
}

// Find gives the stories that the query chooses, in the order in which they began.
func Find(ctx context.Context, store Store, q Query) (Result, error) {
	if q.Limit <= 0 || q.Limit > mostMatches {
		q.Limit = mostMatches
	}
	q.MessageID = strings.Trim(q.MessageID, "<> ")
	s := &search{Query: q, store: store, ids: map[string]bool{}, maybe: map[string]int64{}, places: map[place]bool{}, carried: map[string]bool{}, waiting: map[lead]int64{}, asked: map[string]bool{},
		orphans: map[string]int64{}, known: map[string]*tale{}, at: map[place][]lodging{}, damaged: map[int64]bool{}}
	start, err := store.TraceBefore(ctx, q.Since)
	if err != nil {
		return Result{}, err
	}
	if err := s.read(ctx, start, s.choose); err != nil {
		return Result{}, err
	}
	if len(s.places)+len(s.carried)+len(s.orphans)+len(s.wanted) > 0 {
		if err := s.read(ctx, 0, s.chooseAgain); err != nil {
			return Result{}, err
		}
		s.chooseOrphans()
	}
	if len(s.matches) == 0 {
		return s.result(), nil
	}
	first := slices.MinFunc(s.matches, func(a, b match) int { return int(a.slice - b.slice) }).slice
	// A fetching may be written before the delivery that it came after.
	for _, fn := range []func(int64, *record){s.gather, s.follow} {
		if err := s.read(ctx, first-2, fn); err != nil {
			return Result{}, err
		}
	}
	s.tell()
	return s.result(), nil
}

// result counts what was damaged as one happening each: how many there were,
// nobody can read any more.
func (s *search) result() Result {
	s.out.Lost += uint64(len(s.damaged))
	return s.out
}

// read calls fn for every record of the slices behind one.
func (s *search) read(ctx context.Context, after int64, fn func(slice int64, r *record)) error {
	for {
		all, err := s.store.Traces(ctx, after, slicesAhead)
		if err != nil || len(all) == 0 {
			return err
		}
		for i := range all {
			if each(all[i].Data, func(r *record) { fn(all[i].ID, r) }) != nil {
				s.damaged[all[i].ID] = true // the rest of it is lost, the others are not
			}
		}
		after = all[len(all)-1].ID
	}
}

// gather puts the stories of the messages together.
func (s *search) gather(_ int64, r *record) {
	if !s.ids[r.id] || !slices.Contains([]what{accepted, delivered, queued, missed}, r.what) {
		return
	}
	t := s.tale(r.id)
	step := Step{Time: r.time.UTC(), What: Accepted, Session: r.session, Client: r.client, Account: r.login}
	if r.what == accepted {
		step.Way, step.Host, step.User = strings.ToLower(r.by), r.host, r.user
		t.head = Story{From: r.from, Author: r.author, Status: Accepted, ID: r.id, MessageID: r.messageID, Size: r.size, Steps: []Step{step}}
		for _, to := range r.recipients {
			t.story(to)
		}
		return
	}
	if r.what == queued {
		t.leave(step, r.onward)
		return
	}
	if r.what == missed {
		t.miss(step, r)
		return
	}
	step.What = Delivered
	for _, d := range r.to {
		to := d.Recipient
		if to == "" { // a long list's member
			to = d.Mailbox
		}
		one := t.story(to)
		step.Mailbox = d.Mailbox
		one.add(step)
		at := place{d.Account, d.UID}
		s.at[at] = append(s.at[at], lodging{one, d.Mailbox})
	}
}

// tale finds or begins the one of a message.
func (s *search) tale(id string) *tale {
	t := s.known[id]
	if t == nil {
		t = &tale{head: Story{ID: id}, byTo: map[string]*Story{}, onward: map[string][]*Story{}}
		s.known[id] = t
	}
	return t
}

// leave tells of addresses elsewhere.
func (t *tale) leave(step Step, to []event.Onward) {
	step.What = Queued
	for _, o := range to {
		one := t.story(cmp.Or(o.Recipient, o.To))
		step.Onward = o.To
		one.add(step)
		t.onward[o.To] = append(t.onward[o.To], one)
	}
}

// miss tells of those who do not get it.
func (t *tale) miss(step Step, r *record) {
	step.What, step.Reply = r.tried.outcome, r.reply
	for _, o := range r.onward {
		step.Onward = o.To
		for _, one := range t.of(cmp.Or(o.Recipient, o.To)) {
			one.add(step)
		}
	}
}

// of are the stories of who leads to an address, or has it.
func (t *tale) of(address string) []*Story {
	if all := t.onward[address]; len(all) > 0 && t.byTo[address] == nil {
		return all
	}
	return []*Story{t.story(address)}
}

// try tells of an attempt at another server, or that it is held.
func (t *tale) try(r *record) {
	step := Step{Time: r.time.UTC(), What: r.tried.outcome, Session: r.session, Onward: r.recipients[0], Reply: r.reply,
		Host: r.tried.host, Address: r.tried.addr, TLS: r.tried.tls}
	if !r.tried.next.IsZero() {
		step.Next = r.tried.next.UTC()
	}
	if !r.tried.asOf.IsZero() {
		step.AsOf = r.tried.asOf.UTC()
	}
	if t.head.Status == "" { // nothing is left of how it came
		t.head.From, t.head.MessageID = r.from, r.messageID
	}
	all := t.onward[step.Onward]
	if len(all) == 0 {
		one := t.story(step.Onward)
		if at := r.tried.accepted; len(one.Steps) == 0 && !at.IsZero() {
			one.add(Step{Time: at.UTC(), What: Queued, Onward: step.Onward})
		}
		all = []*Story{one}
	}
	for _, one := range all {
		one.add(step)
	}
}

// story finds or begins the one of a recipient.
func (t *tale) story(to string) *Story {
	if one := t.byTo[to]; one != nil {
		return one
	}
	one := t.head
	one.To, one.Steps = to, slices.Clone(t.head.Steps)
	t.stories = append(t.stories, &one)
	t.byTo[to] = &one
	return &one
}

// follow adds what became of the messages in their mailboxes.
func (s *search) follow(_ int64, r *record) {
	if (r.what == attempted || r.what == halted) && s.ids[r.id] && len(r.recipients) == 1 {
		s.tale(r.id).try(r)
		return
	}
	if r.what == asked {
		s.ask(r)
		return
	}
	if r.what != fetched && r.what != deleted {
		return
	}
	step := Step{Time: r.time.UTC(), What: Fetched, Session: r.session, Client: r.client, Account: r.login}
	if r.what == deleted {
		step.What = Deleted
	}
	for _, uid := range r.uids {
		for _, one := range s.at[place{r.account, uid}] {
			step.Mailbox = one.mailbox
			one.story.add(step)
		}
	}
}

// ask tells that a site asked for what waits for some domains.
func (s *search) ask(r *record) {
	step := Step{Time: r.time.UTC(), What: Asked, Session: r.session, Client: r.client, Account: r.login, Way: strings.ToLower(r.by), Site: r.site}
	for _, domain := range r.recipients {
		for _, one := range s.leaving()[strings.ToLower(domain)] {
			if step.Onward = one.onward; one.story.waits(step.Onward, step.Time) {
				one.story.add(step)
			}
		}
	}
}

// leaving gives the stories of messages for elsewhere, by the domains that they go to.
func (s *search) leaving() map[string][]leaver {
	if s.leavers == nil {
		s.leavers = map[string][]leaver{}
		for _, t := range s.known {
			for onward, all := range t.onward {
				domain := domainOf(onward)
				for _, one := range all {
					s.leavers[domain] = append(s.leavers[domain], leaver{one, onward})
				}
			}
		}
	}
	return s.leavers
}

// tell puts everything into the order in which it began.
func (s *search) tell() {
	for _, m := range s.matches {
		if m.id == "" {
			s.out.Stories = append(s.out.Stories, m.stories...)
			continue
		}
		t := s.known[m.id]
		if t == nil || s.asked[m.id] && !(same(s.From, t.head.From) && s.names(t.head.MessageID, m.id)) {
			continue
		}
		for _, one := range t.stories {
			if s.wantsTo(one.To) || slices.ContainsFunc(one.Steps, func(p Step) bool {
				return p.Mailbox != "" && s.wantsTo(p.Mailbox) || p.Onward != "" && s.wantsTo(p.Onward)
			}) {
				s.out.Stories = append(s.out.Stories, *one)
			}
		}
	}
	for i := range s.out.Stories {
		s.out.Stories[i].order()
	}
	slices.SortStableFunc(s.out.Stories, func(a, b Story) int { return began(a).Compare(began(b)) })
}

func began(s Story) time.Time {
	if len(s.Steps) == 0 {
		return time.Time{}
	}
	return s.Steps[0].Time
}
