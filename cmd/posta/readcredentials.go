package main

import (
	"io"
	"slices"
	"strconv"

	"posta/audit"
	"posta/story"
)

// credential is a log-in as JSON has it.
type credential struct {
	place
	Client    string `json:"client"`
	Server    string `json:"server"`
	Protocol  string `json:"protocol"`
	TLS       bool   `json:"tls"`
	Mechanism string `json:"mechanism"`
	User      string `json:"user"`
	Password  string `json:"password,omitempty"`
	Hidden    string `json:"hidden"`
	Accepted  *bool  `json:"accepted,omitempty"`
	conn      uint64
}

// How a password is hidden.
const (
	hiddenNot       = "no"
	hiddenBase64    = "base64"
	hiddenChallenge = "challenge" // only what was reckoned from it was sent
	hiddenMasked    = "masked"    // posta has left it out
)

// credentialList lists log-ins.
type credentialList struct {
	a      *app
	logins *audit.Logins
	all    []credential
	left   int
}

func newCredentialList(a *app) *credentialList {
	l := &credentialList{a: a}
	l.logins = audit.NewLogins(l.one)
	return l
}

func (l *credentialList) act(s *story.Session, act *story.Act) { l.logins.Act(s, act) }

func (l *credentialList) one(s *story.Session, login *story.Login, secure bool) {
	if len(l.all) == maxListed {
		l.left++
		return
	}
	c := credential{place: placeOf(s.Conn, s.Stream, login.At), Client: s.Ends.Remote.String(), Server: s.Ends.Local.String(), Protocol: s.Protocol,
		TLS: secure, Mechanism: login.Mechanism, User: login.User, Password: login.Password, Hidden: hiddenChallenge, conn: s.Conn}
	switch {
	case login.Masked:
		c.Hidden = hiddenMasked
	case login.Base64:
		c.Hidden = hiddenBase64
	case login.Readable:
		c.Hidden = hiddenNot
	}
	if login.Done {
		c.Accepted = &login.OK
	}
	l.all = append(l.all, c)
}

func (l *credentialList) end(chosen func(uint64) bool) (rows int, err error) {
	l.logins.End()
	all := slices.DeleteFunc(l.all, func(c credential) bool { return !chosen(c.conn) })
	slices.SortStableFunc(all, func(a, b credential) int {
		if a.Frame != b.Frame {
			return int(int64(a.Frame) - int64(b.Frame))
		}
		return a.Time.Compare(b.Time)
	})
	if err := printAll(l.a, all, l.table(all)); err != nil {
		return 0, err
	}
	return len(all), l.a.leftOut("read.credentials_left", l.left)
}

func (l *credentialList) table(all []credential) func(io.Writer) error {
	a := l.a
	return lister(a, all, []string{"read.number", "read.stream", "read.dialer", "read.listener", "read.protocol", "read.mechanism", "read.user_name",
		"read.password_text", "read.hidden", "read.accepted"}, func(c credential) []string {
		number, stream := strconv.FormatUint(uint64(c.Frame), 10), strconv.FormatUint(c.Session, 10)
		if c.Stream != nil {
			stream = strconv.FormatInt(*c.Stream, 10)
		} else {
			number = c.Time.Local().Format("15:04:05")
		}
		accepted := ""
		if c.Accepted != nil {
			accepted = a.say("list.no", nil)
			if *c.Accepted {
				accepted = a.say("list.yes", nil)
			}
		}
		protocol := c.Protocol
		if c.TLS {
			protocol += ", TLS"
		}
		hidden := map[string]string{hiddenNot: "read.hidden_not", hiddenBase64: "read.hidden_base64", hiddenChallenge: "read.hidden_challenge",
			hiddenMasked: "read.hidden_masked"}[c.Hidden]
		return []string{number, stream, c.Client, c.Server, protocol, printable(c.Mechanism), printable(c.User), printable(c.Password),
			a.say(hidden, nil), accepted}
	})
}
