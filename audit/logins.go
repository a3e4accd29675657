package audit

import (
	"cmp"
	"slices"

	"posta/story"
)

// Logins gives each log-in of sessions once, when its answer has come or nobody
// waits for it any longer. It belongs to one goroutine.
type Logins struct {
	out  func(s *story.Session, l *story.Login, secure bool)
	open map[uint64]*underway
}

// underway is a session of Logins.
type underway struct {
	s    *story.Session
	look func(*story.Act)
}

// NewLogins makes Logins. secure says that a log-in passed inside TLS.
func NewLogins(out func(s *story.Session, l *story.Login, secure bool)) *Logins {
	return &Logins{out: out, open: map[uint64]*underway{}}
}

// Act takes the next act, as story.Options.Out gives it.
func (l *Logins) Act(s *story.Session, a *story.Act) {
	u := l.open[s.Conn]
	if u == nil {
		if a.Login == nil {
			return
		}
		u = &underway{s, logins(func(one *story.Login, secure bool) { l.out(s, one, secure) })}
		l.open[s.Conn] = u
	}
	u.look(a)
	if a.Kind == story.Over {
		delete(l.open, s.Conn)
	}
}

// End gives the log-ins that still wait.
func (l *Logins) End() {
	all := make([]*underway, 0, len(l.open))
	for _, u := range l.open {
		all = append(all, u)
	}
	slices.SortFunc(all, func(a, b *underway) int { return cmp.Compare(a.s.Conn, b.s.Conn) })
	for _, u := range all {
		u.look(&story.Act{Kind: story.Over})
	}
	l.open = map[uint64]*underway{}
}

// logins judges the log-ins of one session.
func logins(judge func(l *story.Login, secure bool)) func(*story.Act) {
	var under, told *story.Login
	secure := false
	tell := func() {
		if under != nil && under != told {
			told = under
			if under.OK || under.At != (story.Moment{}) { // otherwise nothing was sent: AUTH was refused
				judge(under, secure)
			}
		}
	}
	return func(a *story.Act) {
		switch {
		case a.Kind == story.Over:
			tell()
		case a.Login != nil:
			if a.Login != under {
				tell()
				under, secure = a.Login, a.Secure
			}
			if under.Done {
				tell()
			}
		}
	}
}
