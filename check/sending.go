package check

import (
	"context"
	"fmt"
	"maps"
	"sync"
	"time"

	"posta/mail"
)

// SentCount is how many recipients elsewhere an account wrote to in one hour.
type SentCount struct {
	Account    int64
	Hour       int64 // since 1970
	Recipients int
}

// SendingStore keeps the counts over restarts, and accounts' own limits.
type SendingStore interface {
	// SentCounts gives the counts from an hour on.
	SentCounts(ctx context.Context, from int64) ([]SentCount, error)
	// SetSentCounts puts these counts in the place of the former, and forgets
	// those of hours before from.
	SetSentCounts(ctx context.Context, counts []SentCount, from int64) error
	// SendingLimits gives the accounts that have a limit of their own: recipients
	// a day, 0 for none elsewhere at all, below 0 for no limit.
	SendingLimits(ctx context.Context) (map[int64]int, error)
	// SetSendingLimit gives an account a limit of its own; nil takes it away.
	SetSendingLimit(ctx context.Context, account int64, limit *int) error
}

// SendingOptions say how much an account may send to recipients elsewhere. A
// stolen password is used for thousands; who writes by hand meets no limit.
type SendingOptions struct {
	Store    SendingStore
	Hour     int                // recipients; 0: no limit
	Day      int                // the same; accounts may have their own
	Now      func() time.Time   // nil: time.Now
	Exceeded func(SendingAlarm) // told once a day of an account that meets its limit; nil: nobody
}

// SendingAlarm is an account that met its limit.
type SendingAlarm struct {
	Login  mail.Login
	Wanted int // recipients in the window: who has got mail, and those of the message that met the limit
	Limit  int
	Window time.Duration // an hour or a day
}

// Sending counts what accounts send to recipients elsewhere. Many goroutines
// may use it at once.
type Sending struct {
	o SendingOptions

	mu      sync.Mutex
	sent    map[int64]*window // by account
	limits  map[int64]int     // of accounts that have their own
	changed map[int64]int64   // accounts whose counts are to be saved, and from which hour on
}

const hours = 24

// window is what one account sent in the hours up to last.
type window struct {
	last  int64 // hour
	count [hours]int
	told  int64 // the hour in which somebody was told that a limit is met
}

// NewSending makes a Sending that goes on where the last one ended.
func NewSending(ctx context.Context, o SendingOptions) (*Sending, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Exceeded == nil {
		o.Exceeded = func(SendingAlarm) {}
	}
	s := &Sending{o: o, sent: map[int64]*window{}, changed: map[int64]int64{}}
	counts, err := o.Store.SentCounts(ctx, s.hour()-hours+1)
	if err != nil {
		return nil, fmt.Errorf("check: what was sent: %w", err)
	}
	for _, c := range counts {
		w := s.of(c.Account)
		if age := w.last - c.Hour; age >= 0 && age < hours {
			w.count[c.Hour%hours] = c.Recipients
		}
	}
	if s.limits, err = o.Store.SendingLimits(ctx); err != nil {
		return nil, fmt.Errorf("check: sending limits: %w", err)
	}
	return s, nil
}

func (s *Sending) hour() int64 { return s.o.Now().Unix() / 3600 }

// of gives an account's window, moved up to now.
func (s *Sending) of(account int64) *window {
	now := s.hour()
	w := s.sent[account]
	if w == nil {
		w = &window{last: now}
		s.sent[account] = w
	}
	for ; w.last < now; w.last++ {
		if now-w.last > hours {
			w.last = now - hours
		}
		w.count[(w.last+1)%hours] = 0
	}
	return w
}

func (w *window) day() (n int) {
	for _, c := range w.count {
		n += c
	}
	return n
}

// inHour is what was sent in the last 60 minutes, if the hour before was even.
func (w *window) inHour(now time.Time) int {
	left := 3600 - now.Unix()%3600
	return w.count[w.last%hours] + w.count[(w.last+hours-1)%hours]*int(left)/3600
}

// May says whether an account may send to more recipients elsewhere, or gives
// an *Error: 450 4.7.1, since the same may succeed later.
func (s *Sending) May(login mail.Login, more int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.may(login, more)
}

func (s *Sending) may(login mail.Login, more int) error {
	w, now := s.of(login.Account), s.o.Now()
	day, own := s.limits[login.Account]
	switch {
	case own && day < 0:
		return nil
	case own && day == 0:
		return mail.Refuse(550, "5.7.1", "Your account may send to nobody elsewhere")
	case !own:
		day = s.o.Day
	}
	if sent := w.day(); day > 0 && sent+more > day {
		s.tell(w, SendingAlarm{login, sent + more, day, 24 * time.Hour})
		return mail.Refuse(450, "4.7.1", fmt.Sprintf("You may send to at most %d recipient(s) elsewhere a day; try again later", day))
	}
	if sent := w.inHour(now); !own && s.o.Hour > 0 && sent+more > s.o.Hour {
		s.tell(w, SendingAlarm{login, sent + more, s.o.Hour, time.Hour})
		return mail.Refuse(450, "4.7.1", fmt.Sprintf("You may send to at most %d recipient(s) elsewhere an hour; try again later", s.o.Hour))
	}
	return nil
}

// tell tells of a limit that is met, once a day.
func (s *Sending) tell(w *window, a SendingAlarm) {
	if w.told != 0 && w.last-w.told < hours {
		return
	}
	w.told = w.last
	go s.o.Exceeded(a) // it may write mail: nobody waits for it
}

// Take counts recipients of a message that is about to be accepted, or says as
// May does that they are too many: of several sessions at a time none gets what
// another has taken. Recipients below 0 are given back.
func (s *Sending) Take(login mail.Login, recipients int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if recipients > 0 {
		if err := s.may(login, recipients); err != nil {
			return err
		}
	}
	w := s.of(login.Account)
	from := w.add(recipients)
	if before, there := s.changed[login.Account]; !there || from < before {
		s.changed[login.Account] = from
	}
	return nil
}

// add counts in this hour, and takes from the latest: what is given back may have
// been taken before the hour began. It gives the first hour that has changed.
func (w *window) add(n int) (from int64) {
	h := w.last
	w.count[h%hours] += n
	for ; w.count[h%hours] < 0; h-- {
		below := w.count[h%hours]
		w.count[h%hours] = 0
		if h == w.last-hours+1 {
			break
		}
		w.count[(h-1)%hours] += below
	}
	return h
}

// Today is how many recipients elsewhere an account wrote to in the last 24
// hours, and how many it may; below 0 for no limit.
func (s *Sending) Today(account int64) (sent, limit int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	limit, own := s.limits[account]
	if !own {
		limit = s.o.Day
		if limit == 0 {
			limit = -1
		}
	}
	return s.of(account).day(), limit
}

// SetLimit gives an account a limit of its own, as SendingLimits says; nil
// takes it away.
func (s *Sending) SetLimit(ctx context.Context, account int64, limit *int) error {
	if err := s.o.Store.SetSendingLimit(ctx, account, limit); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.limits, account)
	if limit != nil {
		s.limits[account] = *limit
	}
	return nil
}

// saveEach is how often counts are saved: what a killed process had counted
// since is forgotten.
const saveEach = time.Minute

// Run saves the counts until ctx is done, and then once more.
func (s *Sending) Run(ctx context.Context, trouble func(error)) {
	ticker := time.NewTicker(saveEach)
	defer ticker.Stop()
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-ticker.C:
		}
		if err := s.save(context.WithoutCancel(ctx)); err != nil {
			trouble(fmt.Errorf("check: what was sent: %w", err))
		}
	}
}

// save saves what has changed.
func (s *Sending) save(ctx context.Context) error {
	s.mu.Lock()
	changed := s.changed
	s.changed = map[int64]int64{}
	first := s.hour() - hours + 1
	var counts []SentCount
	for account, from := range changed {
		w := s.of(account)
		for h := max(from, first); h <= w.last; h++ {
			counts = append(counts, SentCount{account, h, w.count[h%hours]}) // 0 too: what was saved may have been given back
		}
	}
	for account, w := range s.sent {
		if w.last < first { // it has sent nothing for a day
			delete(s.sent, account)
		}
	}
	s.mu.Unlock()
	if len(counts) == 0 {
		return nil
	}
	err := s.o.Store.SetSentCounts(ctx, counts, first)
	if err != nil {
		s.mu.Lock()
		maps.Copy(s.changed, changed) // they lie before what changed meanwhile
		s.mu.Unlock()
	}
	return err
}
