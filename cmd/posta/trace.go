package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"posta/config"
	"posta/event"
	"posta/trace"
	"posta/words"
)

func (a *app) traceCommand() *cobra.Command {
	q := trace.Query{Limit: 20}
	var since string
	c := a.command("trace", "help.trace", func(ctx context.Context, _ []string) error {
		var err error
		if q.Since, err = sinceTime(since, time.Now()); err != nil {
			return err
		}
		var found trace.Result
		if err := a.ask(ctx, "trace", q, &found); err != nil {
			return err
		}
		none := "list.empty"
		if q.From+q.To+q.MessageID+since != "" || q.Session != 0 {
			none = "trace.none"
		}
		return printAll(a, found.Stories, func(w io.Writer) error { return a.stories(w, &found, none) })
	})
	c.Long = a.say("help.trace_long", nil)
	flags := c.Flags()
	flags.StringVar(&q.From, "from", "", a.say("help.flag_trace_from", nil))
	flags.StringVar(&q.To, "to", "", a.say("help.flag_trace_to", nil))
	flags.StringVar(&q.MessageID, "message-id", "", a.say("help.flag_trace_id", nil))
	flags.StringVar(&since, "since", "", a.say("help.flag_trace_since", nil))
	flags.Uint64Var(&q.Session, "session", 0, a.say("help.flag_trace_session", nil))
	flags.Var(count{&q.Limit, false}, "limit", a.say("help.flag_trace_limit", nil))
	c.Example = "posta trace --to pepe@pepito.es --since 2h\nposta trace --from @example.net --since 2026-11-20\nposta trace --message-id 'abc@example.net' --json"
	return c
}

// sinceTime reads a span that ends now ("2h", "7d"), or a day or minute here.
func sinceTime(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	var span config.Duration
	if span.UnmarshalText([]byte(text)) == nil {
		return now.Add(-span.Duration), nil
	}
	for _, layout := range []string{time.DateOnly, "2006-01-02 15:04", "2006-01-02T15:04", time.DateTime, time.RFC3339} {
		if at, err := time.ParseInLocation(layout, text, now.Location()); err == nil {
			return at, nil
		}
	}
	return time.Time{}, usage(words.Fail("fail.since", words.Args{"Value": text}))
}

// stories writes them for people: each with a head and a table of its steps.
// none is the id of what is said where there are none.
func (a *app) stories(w io.Writer, found *trace.Result, none string) error {
	var b strings.Builder
	held := uint64(0)
	for i := range found.Stories {
		s := &found.Stories[i]
		if i > 0 {
			b.WriteByte('\n')
		}
		a.story(&b, s)
		for _, step := range s.Steps {
			if step.Held {
				held = step.Session
			}
		}
	}
	if len(found.Stories) == 0 {
		wrap(&b, "", a.say(none, nil))
	}
	if found.Cut {
		b.WriteString("\n" + a.say("trace.cut", nil) + "\n")
	}
	if found.Lost > 0 {
		b.WriteString("\n" + a.say("trace.lost", words.Args{"Count": found.Lost}) + "\n")
	}
	if held != 0 {
		b.WriteString("\n" + a.say("trace.held", words.Args{"ID": held}) + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (a *app) story(b *strings.Builder, s *trace.Story) {
	head, from := "trace.to", s.From
	if s.From == "" && s.Author != "" {
		head, from = "trace.to_written", s.Author
	}
	wrap(b, "", a.say(head, words.Args{"To": cmp.Or(printable(s.To), "?"), "From": "<" + printable(from) + ">"}))
	if s.ID != "" {
		text := printable(s.ID)
		if s.Size > 0 { // else it is not known
			text = a.say("trace.message", words.Args{"ID": text, "Size": s.Size})
		}
		if s.MessageID != "" {
			text += ", <" + printable(s.MessageID) + ">"
		}
		wrap(b, "  ", text)
	}
	if orphan(s) {
		wrap(b, "  ", a.say("trace.orphan", nil))
	}
	for _, step := range s.Steps {
		head := fmt.Sprintf("  %s  %-10s  ", when(step.Time), a.happening(step.What))
		details := strings.Join(a.details(&step, s.To), ", ")
		if details == "" {
			head = strings.TrimRight(head, " ")
		}
		wrap(b, head, details)
	}
	for _, onward := range s.Unnoted {
		wrap(b, "  ", a.say("trace.unnoted", words.Args{"To": printable(onward)}))
	}
	if s.More > 0 {
		wrap(b, "  ", a.say("trace.more", words.Args{"Count": s.More}))
	}
}

// orphan says that nobody knows how the message came.
func orphan(s *trace.Story) bool {
	return !slices.ContainsFunc(s.Steps, func(p trace.Step) bool {
		return p.What == trace.Accepted || p.What == trace.Refused || p.What == trace.Unfinished
	})
}

// happening names a step.
func (a *app) happening(what string) string {
	known := map[string]string{trace.Accepted: "trace.accepted", trace.Refused: "trace.refused", trace.Unfinished: "trace.unfinished",
		trace.Delivered: "trace.delivered", trace.Fetched: "trace.fetched", trace.Deleted: "trace.deleted",
		trace.Queued: "trace.queued", trace.Asked: "trace.asked", event.Relayed: "trace.relayed", event.Delayed: "trace.delayed", event.Held: "queue.held", event.Failed: "trace.failed", event.Removed: "trace.deleted",
		event.Unsent: "trace.unsent", event.Filed: "trace.filed", event.Released: "trace.released"}
	if id := known[what]; id != "" {
		return a.say(id, nil)
	}
	return printable(what)
}

// details are what a step's line says beside when and what. to is whose story it
// is, which needs no naming.
func (a *app) details(s *trace.Step, to string) []string {
	var all []string
	add := func(text string) {
		if text != "" {
			all = append(all, printable(text))
		}
	}
	if s.Onward != "" {
		return a.leaving(s, to)
	}
	if s.Way != "" {
		add(a.say("trace.collected", words.Args{"Way": strings.ToUpper(s.Way), "Host": s.Host, "User": s.User}))
	}
	add(s.Reply)
	if s.What == trace.Unfinished && s.Reply != "" {
		all[len(all)-1] = ended(a.words, printable(s.Reply))
	}
	add(s.Mailbox)
	if s.What != trace.Delivered {
		if s.Host != s.Client && !strings.HasPrefix(s.Host, s.Client+":") {
			add(s.Client)
		}
		if s.Account != s.Mailbox {
			add(s.Account)
		}
	}
	switch {
	case s.Session != 0:
		all = append(all, a.say("console.session", words.Args{"ID": strconv.FormatUint(s.Session, 10)}))
	case s.What == trace.Accepted && len(all) == 0:
		all = append(all, a.say("trace.itself", nil))
	case s.What == trace.Deleted:
		all = append(all, a.say("trace.administrator", nil))
	}
	return all
}

// leaving is details of a step at another server, or towards one.
func (a *app) leaving(s *trace.Step, to string) []string {
	var all []string
	if s.Onward != to {
		all = append(all, printable(s.Onward))
	}
	if s.What == trace.Asked {
		id := "trace.asked_by"
		if s.Account == "" {
			id = "trace.asked_near"
		}
		all = append(all, a.say(id, words.Args{"Site": printable(s.Site), "Way": strings.ToUpper(s.Way)}), s.Client)
	}
	said := len(all)
	switch {
	case s.What == event.Released, s.What == event.Held && s.Host == "" && s.Reply == "":
		all = append(all, a.say("trace.administrator", nil))
	case s.Host != "" && s.Address != "" && !strings.HasPrefix(s.Address, s.Host+":"):
		all = append(all, printable(s.Host)+" ("+printable(s.Address)+")")
	case s.Host != "" || s.Address != "":
		all = append(all, printable(cmp.Or(s.Address, s.Host)))
	}
	if s.TLS != "" {
		all = append(all, ownText(a.words, s.TLS))
	}
	if s.Reply != "" {
		all = append(all, replyText(a.words, s.Reply))
	}
	if !s.AsOf.IsZero() && len(all) > said {
		all[said] = a.say("queue.as_of", words.Args{"AsOf": when(s.AsOf), "Said": all[said]})
	}
	if !s.Next.IsZero() {
		all = append(all, a.say("trace.next", words.Args{"Next": when(s.Next)}))
	}
	if s.Session != 0 {
		all = append(all, a.say("console.session", words.Args{"ID": strconv.FormatUint(s.Session, 10)}))
	}
	return all
}

// terminalWidth is what every terminal shows.
const terminalWidth = 80

// wrap writes text behind a head, in lines that go on below where it began.
// Only a word longer than a line makes one longer.
func wrap(b *strings.Builder, head, text string) {
	indent := len([]rune(head))
	used, first := indent, true
	b.WriteString(head)
	for _, word := range strings.Fields(text) {
		n := len([]rune(word))
		switch {
		case first:
		case used+1+n > terminalWidth:
			b.WriteString("\n" + strings.Repeat(" ", indent))
			used = indent
		default:
			b.WriteByte(' ')
			used++
		}
		b.WriteString(word)
		used, first = used+n, false
	}
	b.WriteByte('\n')
}
