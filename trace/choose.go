package trace

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"posta/event"
)

// choose finds what was asked for.
func (s *search) choose(slice int64, r *record) {
	if r.time.Before(s.Since) {
		return
	}
	mine := s.Session == 0 || r.session == s.Session
	switch r.what {
	case lost:
		s.out.Lost += r.count
	case refused, unfinished:
		if mine && s.MessageID == "" && same(s.From, r.from) {
			s.chooseRefusal(slice, r)
		}
	case accepted:
		if mine && (same(s.From, r.from) || r.author != "" && same(s.From, r.author)) && s.namedBy(r) {
			s.chooseMessage(slice, r)
		}
	case delivered:
		s.chooseMailbox(r)
	case queued, missed:
		s.chooseOnward(r)
	case attempted:
		if s.Session != 0 && mine && len(s.carried) < mostMatches {
			s.carried[r.id] = true
		}
		if mine && same(s.From, r.from) && s.namedBy(r) && slices.ContainsFunc(r.recipients, s.wantsTo) {
			s.chooseOrphan(slice, r)
		}
	case asked:
		if room := mostMatches - len(s.wanted); s.Session != 0 && mine && room > 0 {
			for _, domain := range r.recipients[:min(len(r.recipients), room)] {
				s.wanted = append(s.wanted, strings.ToLower(domain))
			}
		}
	case fetched, deleted:
		if s.Session != 0 && mine {
			for _, uid := range r.uids[:min(len(r.uids), mostMatches)] {
				s.places[place{r.account, uid}] = true
			}
		}
	}
}

// chooseMessage takes a message whose recipients were asked for. Of another one
// it remembers that its mailboxes may be.
func (s *search) chooseMessage(slice int64, r *record) {
	if s.To == "" || slices.ContainsFunc(r.recipients, s.wantsTo) {
		s.found(match{slice: slice, id: r.id})
		return
	}
	if len(s.maybe) >= mostMaybe {
		clear(s.maybe) // long lists deliver late, but not so late
	}
	s.maybe[r.id] = slice
}

func (s *search) chooseMailbox(r *record) {
	slice, open := s.maybe[r.id]
	if open && slices.ContainsFunc(r.to, func(d event.Delivery) bool { return s.wantsTo(d.Mailbox) || s.wantsTo(d.Recipient) }) {
		delete(s.maybe, r.id)
		s.found(match{slice: slice, id: r.id})
	}
}

// chooseOnward takes a message that leads to an address that was asked for.
func (s *search) chooseOnward(r *record) {
	slice, open := s.maybe[r.id]
	if open && slices.ContainsFunc(r.onward, func(o event.Onward) bool { return s.wantsTo(o.To) || s.wantsTo(o.Recipient) }) {
		delete(s.maybe, r.id)
		s.found(match{slice: slice, id: r.id})
	}
}

func (s *search) wantsTo(address string) bool { return same(s.To, address) }

// namedBy says whether the message has the id that was asked for, if any.
func (s *search) namedBy(r *record) bool { return s.names(r.messageID, r.id) }

func (s *search) names(messageID, id string) bool {
	return s.MessageID == "" || strings.EqualFold(s.MessageID, messageID) || strings.EqualFold(s.MessageID, id)
}

func (s *search) chooseRefusal(slice int64, r *record) {
	step := Step{Time: r.time.UTC(), What: Refused, Session: r.session, Client: r.client, Account: r.login, Reply: r.reply, Way: strings.ToLower(r.by), Host: r.host, User: r.user}
	if r.what == unfinished {
		step.What = Unfinished
	}
	recipients := r.recipients
	if len(recipients) == 0 {
		recipients = []string{""}
	}
	var all []Story
	for _, to := range recipients {
		if same(s.To, to) {
			all = append(all, Story{To: to, From: r.from, Status: step.What, Steps: []Step{step}})
		}
	}
	if len(all) > 0 {
		s.found(match{slice: slice, stories: all})
	}
}

// found keeps a match, the newest Limit of them.
func (s *search) found(m match) {
	if m.id != "" && s.ids[m.id] {
		return
	}
	if m.id != "" {
		s.ids[m.id] = true
	}
	s.matches = append(s.matches, m)
	s.limit()
}

// limit drops the oldest matches beyond Limit.
func (s *search) limit() {
	for len(s.matches) > s.Limit {
		delete(s.ids, s.matches[0].id)
		s.matches = s.matches[1:]
		s.out.Cut = true
	}
}

// chooseAgain finds the messages that the session fetched, deleted or took
// elsewhere, and finds out which attempts have a message.
func (s *search) chooseAgain(slice int64, r *record) {
	switch r.what {
	case accepted:
		delete(s.orphans, r.id)
		if s.carried[r.id] && same(s.From, r.from) && s.namedBy(r) {
			s.found(match{slice: slice, id: r.id})
		}
	case queued, asked:
		s.chooseAsked(slice, r)
	case halted:
		s.tried(slice, r)
	case attempted:
		s.tried(slice, r)
		if first, orphan := s.orphans[r.id]; orphan && slice < first { // another session's
			s.orphans[r.id] = slice
		}
	case delivered:
		if slices.ContainsFunc(r.to, func(d event.Delivery) bool { return s.places[place{d.Account, d.UID}] }) {
			s.found(match{slice: slice, id: r.id})
		}
	}
}

// chooseAsked notes what begins to wait for a domain that the session asked for, and
// takes what still does when it asks.
func (s *search) chooseAsked(slice int64, r *record) {
	if len(s.wanted) == 0 {
		return
	}
	if r.what == queued {
		for _, o := range r.onward {
			if slices.Contains(s.wanted, domainOf(o.To)) && len(s.waiting) < mostMaybe {
				s.waiting[lead{r.id, o.To}] = slice
			}
		}
		return
	}
	if r.session != s.Session {
		return
	}
	var all []match
	for one, at := range s.waiting {
		if slices.ContainsFunc(r.recipients, func(d string) bool { return strings.EqualFold(d, domainOf(one.onward)) }) && !s.ids[one.id] && !s.asked[one.id] {
			s.asked[one.id] = true
			all = append(all, match{slice: at, id: one.id})
		}
	}
	slices.SortFunc(all, func(a, b match) int { return cmp.Or(cmp.Compare(a.slice, b.slice), cmp.Compare(a.id, b.id)) })
	for _, m := range all {
		s.found(m)
	}
}

// tried notes that a message waits no longer, or is held, or waits again.
func (s *search) tried(slice int64, r *record) {
	for _, to := range r.recipients {
		one := lead{r.id, to}
		switch _, known := s.waiting[one]; {
		case r.tried.outcome != event.Delayed && r.tried.outcome != event.Released:
			delete(s.waiting, one)
		case !known && len(s.waiting) < mostMaybe && slices.Contains(s.wanted, domainOf(to)):
			s.waiting[one] = slice
		}
	}
}

// domainOf is that of an address, in lower case.
func domainOf(address string) string {
	return strings.ToLower(address[strings.LastIndexByte(address, '@')+1:])
}

// chooseOrphan remembers a message that an attempt was made for. Where an
// earlier process accepted it, a crash may have taken all that was seen of that.
func (s *search) chooseOrphan(slice int64, r *record) {
	at := r.tried.accepted
	if _, known := s.orphans[r.id]; known || at.IsZero() || at.Before(s.Since) || s.ids[r.id] || len(s.orphans) >= mostMaybe {
		return
	}
	s.orphans[r.id] = slice
}

// chooseOrphans takes the messages of which really nothing but attempts is left.
func (s *search) chooseOrphans() {
	for _, id := range slices.Sorted(maps.Keys(s.orphans)) {
		if !s.ids[id] {
			s.ids[id] = true
			s.matches = append(s.matches, match{slice: s.orphans[id], id: id})
		}
	}
	slices.SortStableFunc(s.matches, func(a, b match) int { return cmp.Compare(a.slice, b.slice) })
	s.limit()
}
