package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"posta/audit"
	"posta/story"
)

// lessonLine is what an eavesdropper learns of a session, as JSON has it.
type lessonLine struct {
	Stream     *int64          `json:"stream,omitempty"`
	Session    uint64          `json:"session,omitempty"`
	Protocol   string          `json:"protocol"`
	Client     string          `json:"client"`
	Server     string          `json:"server"`
	Begin      time.Time       `json:"begin,omitzero"`
	End        time.Time       `json:"end,omitzero"`
	Sent       int64           `json:"sent"`
	Received   int64           `json:"received"`
	Rough      bool            `json:"rough,omitempty"`
	Greeting   string          `json:"greeting,omitempty"`
	Names      []string        `json:"names,omitempty"`
	Turned     *lessonTurned   `json:"turned,omitempty"`
	Users      []lessonUser    `json:"users,omitempty"`
	From       []string        `json:"from,omitempty"`
	To         []string        `json:"to,omitempty"`
	Refused    []string        `json:"refused,omitempty"`
	Messages   []lessonMessage `json:"messages,omitempty"`
	TLS        bool            `json:"tls,omitempty"`
	ServerName string          `json:"server_name,omitempty"`
	Clear      []string        `json:"learnt"`
	OverTLS    []string        `json:"over_tls"`
}

type lessonUser struct {
	User      string `json:"user"`
	Password  string `json:"password,omitempty"`
	Mechanism string `json:"mechanism"`
}

type lessonMessage struct {
	Frame   uint32   `json:"frame,omitempty"`
	From    string   `json:"from,omitempty"`
	To      string   `json:"to,omitempty"`
	Subject string   `json:"subject,omitempty"`
	Size    int64    `json:"size"`
	Files   []string `json:"files,omitempty"`
}

// lessonList says of each session what an eavesdropper learnt.
type lessonList struct {
	a     *app
	class *audit.Class
	all   []*audit.Lesson
	left  int
}

// lessonTurned is who was what behind TURN or ATRN, and what they called themselves.
type lessonTurned struct {
	Client   string   `json:"client"`
	Server   string   `json:"server"`
	Greeting string   `json:"greeting,omitempty"`
	Names    []string `json:"names,omitempty"`
}

func newLessonList(a *app) *lessonList {
	l := &lessonList{a: a}
	l.class = audit.NewClass(func(one *audit.Lesson) {
		if len(l.all) == maxListed {
			l.left++
			return
		}
		l.all = append(l.all, one)
	})
	return l
}

func (l *lessonList) act(s *story.Session, act *story.Act) { l.class.Act(s, act) }

func (l *lessonList) end(chosen func(uint64) bool) (rows int, err error) {
	l.class.End()
	slices.SortFunc(l.all, func(x, y *audit.Lesson) int { return cmp.Compare(x.Conn, y.Conn) })
	var lines []lessonLine
	for _, one := range l.all {
		if chosen(one.Conn) {
			lines = append(lines, l.a.lessonLine(one))
		}
	}
	if err := printAll(l.a, lines, func(w io.Writer) error { return l.a.lessonText(w, lines) }); err != nil {
		return 0, err
	}
	return len(lines), l.a.leftOut("read.lessons_left", l.left)
}

func (a *app) lessonLine(l *audit.Lesson) lessonLine {
	l.Began, l.Ended = l.Began.Local(), l.Ended.Local()
	line := lessonLine{Stream: &l.Stream, Protocol: l.Protocol, Client: l.Client.String(), Server: l.Server.String(), Begin: l.Began.UTC(), End: l.Ended.UTC(),
		Sent: l.Octets[0], Received: l.Octets[1], Rough: l.Rough, Greeting: l.Software, Names: l.Names, From: l.Senders, To: l.Recipients, Refused: l.Refused, TLS: l.TLS,
		ServerName: l.ServerName, Clear: l.Clear(a.words), OverTLS: append([]string{}, l.OverTLS(a.words)...)}
	if l.Stream < 0 {
		line.Stream, line.Session = nil, l.Conn
	}
	if l.Turned != nil {
		line.Turned = &lessonTurned{l.Server.String(), l.Client.String(), l.Turned.Software, l.Turned.Names}
	}
	for _, one := range l.Logins {
		line.Users = append(line.Users, lessonUser{one.User, one.Password, one.Mechanism})
	}
	if l.User != "" {
		line.Users = append(line.Users, lessonUser{User: l.User, Mechanism: "USER"})
	}
	for _, m := range l.Messages {
		line.Messages = append(line.Messages, lessonMessage{m.At.Frame, m.From, m.To, m.Subject, m.Size, m.Files})
	}
	return line
}

func (a *app) lessonText(w io.Writer, all []lessonLine) error {
	if len(all) == 0 {
		_, err := fmt.Fprintln(w, a.say("list.empty", nil))
		return err
	}
	var b strings.Builder
	for i := range all {
		l := &all[i]
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "%s, %s: %s → %s\n\n", a.whose(&place{Stream: l.Stream, Session: l.Session}), strings.ToUpper(l.Protocol), l.Client, l.Server)
		wrap(&b, "", a.say("read.learnt", nil))
		for _, one := range l.Clear {
			wrap(&b, "  - ", one)
		}
		if len(l.OverTLS) == 0 { // it was inside TLS
			continue
		}
		b.WriteByte('\n')
		wrap(&b, "", a.say("read.over_tls", nil))
		for _, one := range l.OverTLS {
			wrap(&b, "  - ", one)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
