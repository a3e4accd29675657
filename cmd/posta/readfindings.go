package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"posta/audit"
	"posta/story"
	"posta/words"
)

// maxListed bounds what a list keeps before it is printed.
const maxListed = 100_000

// findingLine is a finding as JSON has it.
type findingLine struct {
	Rule     string `json:"rule"`
	Severity string `json:"severity"`
	place
	Protocol string   `json:"protocol"`
	Client   string   `json:"client"`
	Server   string   `json:"server"`
	Who      string   `json:"who"`
	Text     string   `json:"text"`
	Why      string   `json:"why"`
	Cites    []string `json:"cites"`
}

// findingList lists what audit finds.
type findingList struct {
	a     *app
	audit *audit.Auditor
	all   []audit.Finding
	left  int
}

func newFindingList(a *app) *findingList {
	l := &findingList{a: a}
	l.audit = audit.New(func(f audit.Finding) {
		if len(l.all) == maxListed {
			l.left++
			return
		}
		l.all = append(l.all, f)
	})
	return l
}

func (l *findingList) act(s *story.Session, act *story.Act) { l.audit.Act(s, act) }

func (l *findingList) end(chosen func(uint64) bool) (rows int, err error) {
	l.audit.End()
	all := slices.DeleteFunc(l.all, func(f audit.Finding) bool { return !chosen(f.Conn) })
	slices.SortStableFunc(all, audit.ByPlace)
	lines := make([]findingLine, len(all))
	for i := range all {
		lines[i] = l.a.findingLine(&all[i])
	}
	if err := printAll(l.a, lines, func(w io.Writer) error { return l.a.findingText(w, lines) }); err != nil {
		return 0, err
	}
	return len(lines), l.a.leftOut("read.findings_left", l.left+l.audit.Left())
}

// leftOut says that a list is longer than what is shown of it.
func (a *app) leftOut(id string, count int) error {
	if count == 0 {
		return nil
	}
	_, err := fmt.Fprintln(a.Err, a.say(id, words.Args{"Count": count}))
	return err
}

func (a *app) findingLine(f *audit.Finding) findingLine {
	who := "client"
	if f.Who == story.Server {
		who = "server"
	}
	cites := f.Cites
	if cites == nil {
		cites = []string{}
	}
	return findingLine{Rule: f.Rule, Severity: f.Severity.String(), place: placeOf(f.Conn, f.Stream, f.At), Protocol: f.Protocol,
		Client: f.Client.String(), Server: f.Server.String(), Who: who, Text: f.What(a.words), Why: f.Why(a.words), Cites: cites}
}

// findingText writes findings for people. Why one matters stands where its rule
// speaks first.
func (a *app) findingText(w io.Writer, all []findingLine) error {
	if len(all) == 0 {
		_, err := fmt.Fprintln(w, a.say("read.no_findings", nil))
		return err
	}
	var b strings.Builder
	explained := map[string]bool{}
	for i := range all {
		f := &all[i]
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "%s · %s · %s · %s → %s\n", a.where(&f.place), a.severity(f.Severity), a.whose(&f.place), f.Client, f.Server)
		wrap(&b, "  ", f.Text)
		if !explained[f.Rule] {
			wrap(&b, "  ", f.Why)
		}
		explained[f.Rule] = true
		wrap(&b, "  ", strings.Join(append([]string{f.Rule}, f.Cites...), ", "))
	}
	b.WriteByte('\n')
	wrap(&b, "", a.findingSum(all))
	_, err := io.WriteString(w, b.String())
	return err
}

func (a *app) severity(name string) string {
	switch name {
	case audit.Danger.String():
		return audit.Danger.Say(a.words)
	case audit.Warning.String():
		return audit.Warning.Say(a.words)
	}
	return audit.Note.Say(a.words)
}

// findingSum counts them.
func (a *app) findingSum(all []findingLine) string {
	counts := map[string]int{}
	for i := range all {
		counts[all[i].Severity]++
	}
	return a.say("read.findings_sum", words.Args{"Count": len(all), "Dangers": counts[audit.Danger.String()],
		"Warnings": counts[audit.Warning.String()], "Notes": counts[audit.Note.String()]})
}
