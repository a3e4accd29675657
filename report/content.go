package report

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"posta/audit"
	"posta/draw"
	"posta/event"
	"posta/story"
	"posta/words"
)

// maker makes the blocks of a report.
type maker struct {
	Source
	r       *Report
	diagram *draw.Diagram
	found   []audit.Finding
	lessons []*audit.Lesson
	names   map[uint64]int // places of sessions, by their Conn
	labels  []story.Label  // of the sessions
	part    int
}

func (m *maker) say(id string, args words.Args) string { return m.Words.Say(id, args) }

func (m *maker) add(b ...block) { m.r.blocks = append(m.r.blocks, b...) }

// begin begins a part, with a sentence that says what it is.
func (m *maker) begin(id string, args words.Args) {
	m.part++
	m.add(m.title(id, args))
}

// title is the heading of the part at hand.
func (m *maker) title(id string, args words.Args) heading {
	return heading{1, fmt.Sprintf("%d. %s", m.part, m.say(id, args))}
}

func (m *maker) explain(id string, args words.Args) { m.add(paragraph{m.say(id, args), true}) }

// heading says who hands in.
func (m *maker) heading() {
	put := func(id, text string) {
		if text != "" {
			m.r.head = append(m.r.head, [2]string{m.say(id, nil), text})
		}
	}
	put("report.course", m.Heading.Course)
	put("report.group", m.Heading.Group)
	put("report.members", strings.Join(m.Heading.Members, ", "))
	put("report.teacher", m.Heading.Teacher)
	if !m.Heading.Date.IsZero() {
		put("report.date", m.Heading.Date.In(m.Zone).Format("2006-01-02"))
	}
}

// judge finds what is to be found, and what somebody on the way learnt.
func (m *maker) judge() {
	auditor := audit.New(func(f audit.Finding) { m.found = append(m.found, f) })
	class := audit.NewClass(func(l *audit.Lesson) { m.lessons = append(m.lessons, l) })
	for _, s := range m.Sessions {
		for _, a := range s.Acts {
			auditor.Act(s, a)
			class.Act(s, a)
		}
	}
	auditor.End()
	class.End()
	slices.SortStableFunc(m.found, audit.ByPlace)
}

// nameOf is what a session is called in the report.
func (m *maker) nameOf(i int) string {
	s := m.Sessions[i]
	protocol := map[string]string{"smtp": "SMTP", "pop3": "POP3"}[s.Protocol]
	if protocol == "" {
		protocol = "TCP"
	}
	id := "report.session"
	if m.labels[i].Stream {
		id = "report.stream"
	}
	return m.say(id, words.Args{"Number": m.labels[i].Number, "Protocol": protocol})
}

func (m *maker) moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(m.Zone).Format("15:04:05.000")
}

// talked says who talked to whom.
func (m *maker) talked() {
	m.begin("report.talked", nil)
	t := table{columns: []column{{name: m.say("report.col_session", nil), width: 1.1}, {name: m.say("report.col_client", nil), width: 2},
		{name: m.say("report.col_server", nil), width: 2}, {name: m.say("report.col_start", nil), width: 1.4},
		{name: m.say("report.col_duration", nil), width: 0.9, right: true}, {name: m.say("report.col_octets", nil), width: 1.2, right: true},
		{name: "TLS", width: 0.9}}}
	for i, s := range m.Sessions {
		secure := m.say("list.no", nil)
		switch {
		case s.Secured != nil && s.Secured.Version != "":
			secure = s.Secured.Version
		case slices.ContainsFunc(s.Acts, func(a *story.Act) bool { return a.Kind == story.Cipher }):
			secure = m.say("list.yes", nil)
		}
		octets, _ := s.OnWire()
		t.rows = append(t.rows, row{cells: []string{m.nameOf(i), join(s.Ends.Remote.String(), s.Helo, s.Named[event.FromDialer].Banner, s.User),
			join(s.Ends.Local.String(), s.Banner, s.Named[event.FromListener].Helo),
			m.moment(s.Began.Time), seconds(s.Ended.Time.Sub(s.Began.Time), s.Over),
			fmt.Sprintf("%d → / ← %d", octets[event.FromDialer], octets[event.FromListener]), secure}})
	}
	m.add(t)
	if m.Left > 0 {
		m.explain("report.sessions_left", words.Args{"Count": m.Left})
	}
}

// join puts what is known of an end in lines.
func join(first string, more ...string) string {
	for _, one := range more {
		if one != "" {
			first += "\n" + one
		}
	}
	return first
}

func seconds(d time.Duration, known bool) string {
	if !known || d < 0 {
		return ""
	}
	return strconv.FormatFloat(d.Seconds(), 'f', 3, 64) + " s"
}

func (m *maker) drawing() {
	m.part++
	p := picture{m.title("report.diagram", nil), paragraph{m.say("report.diagram_about", nil), true}, m.diagram}
	if !m.diagram.Empty() {
		m.add(p)
		return
	}
	m.add(p.title)
	m.explain("report.nothing_drawn", nil)
}

// findings are what the rules found.
func (m *maker) findings() {
	m.begin("report.findings", nil)
	if len(m.found) == 0 {
		m.explain("report.no_findings", nil)
		return
	}
	for i := range m.found {
		f := &m.found[i]
		where := m.sessionOf(f.Conn)
		if f.At.Frame > 0 {
			where += " · " + m.say("report.frame", words.Args{"Number": f.At.Frame})
		}
		t := map[audit.Severity]tone{audit.Note: noted, audit.Warning: warned, audit.Danger: endangered}[f.Severity]
		m.add(card{tone: t, title: f.Severity.Say(m.Words) + ": " + f.What(m.Words), text: f.Why(m.Words),
			foot: where + " · " + strings.Join(f.Cites, ", ")})
	}
}

func (m *maker) sessionOf(conn uint64) string {
	if i, ok := m.names[conn]; ok {
		return m.nameOf(i)
	}
	return ""
}

// eavesdropper says what somebody on the way learnt, and beside it what of the
// same over TLS.
func (m *maker) eavesdropper() {
	m.begin("report.eavesdropper", nil)
	for _, l := range m.lessons {
		m.add(heading{2, m.sessionOf(l.Conn)}, paragraph{text: m.say("report.in_clear", nil)}, list{l.Clear(m.Words)})
		if over := l.OverTLS(m.Words); over != nil {
			m.add(paragraph{text: m.say("report.over_tls", nil)}, list{over})
		}
	}
	if len(m.lessons) == 0 {
		m.explain("report.nothing_heard", nil)
	}
}

func (m *maker) packets() {
	if len(m.Packets) == 0 {
		return
	}
	m.begin("report.packets", nil)
	if m.Made {
		m.explain("report.packets_made", nil)
	}
	t := table{columns: []column{{name: m.say("read.number", nil), width: 0.8, right: true}, {name: m.say("read.time", nil), width: 1.5},
		{name: m.say("read.source", nil), width: 1.4}, {name: m.say("read.destination", nil), width: 1.4},
		{name: m.say("read.protocol", nil), width: 1.1}, {name: m.say("report.col_length", nil), width: 0.9, right: true},
		{name: m.say("read.info", nil), width: 5.2, mono: true}}}
	for _, p := range m.Packets {
		t.rows = append(t.rows, row{cells: []string{strconv.FormatUint(uint64(p.Number), 10), m.moment(p.Time), p.Source, p.Destination, p.Protocol,
			strconv.FormatInt(p.Length, 10), p.Info}})
	}
	m.add(t)
	if m.More > 0 {
		m.explain("report.packets_left", words.Args{"Count": m.More})
	}
}

// files are the captures that go along.
func (m *maker) files() {
	if len(m.Files) == 0 {
		return
	}
	m.begin("report.files", nil)
	m.explain("report.files_about", nil)
	for _, f := range m.Files {
		about := m.say("report.file", words.Args{"Count": len(f.Octets)})
		if f.Masked {
			about += " " + m.say("report.file_masked", nil)
		}
		m.add(attached{f.Name, about, f.Octets})
	}
}
