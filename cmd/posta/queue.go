package main

import (
	"cmp"
	"context"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"posta/admin"
	"posta/words"
)

func (a *app) queueCommand() *cobra.Command {
	group := a.group("queue", "help.queue",
		a.queueListCommand(),
		a.queueShowCommand(),
		a.queueChangeCommand("retry", "help.queue_retry", "done.queue_retry", "posta queue retry 330mmxd3p59wq\nposta queue retry --domain grupo2.net"),
		a.queueChangeCommand("hold", "help.queue_hold", "done.queue_hold", "posta queue hold 330mmxd3p59wq\nposta queue hold --sender pepe@pepito.es"),
		a.queueChangeCommand("release", "help.queue_release", "done.queue_release", "posta queue release 330mmxd3p59wq\nposta queue release --held"),
		a.queueChangeCommand("delete", "help.queue_delete", "done.queue_delete", "posta queue delete 330mmxd3p59wq --to bob@grupo2.net"),
		a.queueChangeCommand("bounce", "help.queue_bounce", "done.queue_bounce", "posta queue bounce 330mmxd3p59wq\nposta queue bounce --all"))
	group.Long = a.say("help.queue_long", nil)
	return group
}

// queueFlags choose what a command is about.
type queueFlags struct {
	in   admin.QueuePick
	held bool
}

func (a *app) queueFlags(c *cobra.Command) *queueFlags {
	f := &queueFlags{}
	flags := c.Flags()
	flags.StringVar(&f.in.Domain, "domain", "", a.say("help.flag_queue_domain", nil))
	flags.StringVar(&f.in.Sender, "sender", "", a.say("help.flag_queue_sender", nil))
	flags.StringVar(&f.in.To, "to", "", a.say("help.flag_queue_to", nil))
	flags.BoolVar(&f.held, "held", false, a.say("help.flag_queue_held", nil))
	return f
}

// pick is what the flags and arguments choose.
func (f *queueFlags) pick(c *cobra.Command, ids []string) admin.QueuePick {
	in := f.in
	in.Queue, in.Held = ids, changed(c, "held", &f.held)
	return in
}

func (a *app) queueListCommand() *cobra.Command {
	var f *queueFlags
	limit := 100
	var c *cobra.Command
	c = a.command("list", "help.queue_list", func(ctx context.Context, args []string) error {
		in := f.pick(c, args)
		if limit > 0 {
			in.Limit = limit + 1 // whether there are more
		}
		var all []admin.Queued
		if err := a.ask(ctx, "queue.list", in, &all); err != nil {
			return err
		}
		more := limit > 0 && len(all) > limit
		if more {
			all = all[:limit]
		}
		err := printAll(a, all, func(w io.Writer) error {
			if len(all) == 0 && (len(in.Queue) > 0 || in.Domain+in.Sender+in.To != "" || in.Held != nil) {
				return line(a.say("queue.none", nil))(w)
			}
			return a.queueTable(w, all, more)
		})
		if a.json && more {
			_, _ = io.WriteString(a.Err, a.say("queue.more", nil)+"\n")
		}
		if in.Domain+in.Sender+in.To != "" || in.Held != nil || more {
			return err // what is not listed may be there
		}
		return errors.Join(err, notThere(unlisted(args, all), words.Args{}, "queue.absent", "queue.absent_many"))
	})
	f = a.queueFlags(c)
	c.Flags().Var(count{&limit, true}, "limit", a.say("help.flag_queue_limit", nil))
	c.Example = "posta queue list\nposta queue list --domain grupo2.net\nposta queue list --held --json"
	return a.naming(a.taking(c, 0, -1, "help.word_queue_id"), "queue.list")
}

// unlisted are the messages that were named and are not among those listed.
func unlisted(ids []string, all []admin.Queued) (out []string) {
	for _, id := range ids {
		if !slices.Contains(out, id) && !slices.ContainsFunc(all, func(q admin.Queued) bool { return q.ID == id }) {
			out = append(out, id)
		}
	}
	return out
}

// queueTable lists what waits: a line for each recipient, and beneath it who sent
// it and what was said to the last attempt.
func (a *app) queueTable(w io.Writer, all []admin.Queued, more bool) error {
	if len(all) == 0 {
		return line(a.say("queue.empty", nil))(w)
	}
	var text strings.Builder
	headings := []string{"field.queue_id", "field.next", "field.age", "field.to"}
	if err := lister(a, all, headings, a.queueRow)(&text); err != nil {
		return err
	}
	var out strings.Builder
	for i, line := range slices.Collect(strings.Lines(text.String())) {
		out.WriteString(a.fitting(w, strings.TrimSuffix(line, "\n")) + "\n")
		if i > 0 && i <= len(all) {
			wrapFew(&out, "    ", a.beneath(&all[i-1]))
		}
	}
	if more {
		out.WriteString("\n" + a.say("queue.more", nil) + "\n")
	}
	_, err := io.WriteString(w, out.String())
	return err
}

func (a *app) queueRow(q admin.Queued) []string {
	return []string{q.ID, a.queueNext(&q), shortSpan(time.Since(q.Received)), printable(q.To)}
}

// queueNext is when a recipient is tried next; a time that has passed is none.
func (a *app) queueNext(q *admin.Queued) string {
	switch {
	case q.State == admin.QueueWaiting && q.Then != "":
		return a.queueState(q.State)
	case q.Stage != "":
		return a.say("queue.now", nil)
	case !q.Due.IsZero() && !q.Due.After(time.Now()):
		return a.say("queue.due", nil)
	}
	return cmp.Or(whenListed(q.Due), a.queueState(q.State))
}

// queueStage says how far one is that is due; "" where that is not known.
func (a *app) queueStage(stage string) string {
	known := map[string]string{admin.QueueLooking: "queue.looking", admin.QueueTurn: "queue.turn"}
	if id := known[stage]; id != "" {
		return a.say(id, nil)
	}
	return printable(stage)
}

// beneath is what a list says of a recipient under its line.
func (a *app) beneath(q *admin.Queued) string {
	from := a.say("queue.of", words.Args{"From": "<" + printable(q.From) + ">"})
	if q.State == admin.QueueWorking {
		from += "; " + a.doing(q, whenListed)
	}
	if text := a.willLeave(q); text != "" {
		from += "; " + text
	}
	if q.Stage != "" {
		from += "; " + a.queueStage(q.Stage)
	}
	if q.Last == nil {
		return from
	}
	return from + "; " + a.say("queue.tries", words.Args{"Count": q.Tries}) + "; " + strings.Join(a.heard(q.Last, whenListed), ", ")
}

// wrapFew is wrap for two lines at most; what is more is in `posta queue show`.
func wrapFew(b *strings.Builder, head, text string) {
	const most = 2
	var all strings.Builder
	wrap(&all, head, text)
	lines := strings.SplitAfterN(all.String(), "\n", most+1)
	if len(lines) > most && lines[most] != "" {
		lines[most-1] = cut(strings.TrimSuffix(lines[most-1], "\n")+" …", terminalWidth) + "\n"
	}
	b.WriteString(strings.Join(lines[:min(most, len(lines))], ""))
}

// fitting shortens a line to what its screen shows.
func (a *app) fitting(out io.Writer, text string) string {
	if width := a.width(out); width > 0 {
		return cut(text, width)
	}
	return text
}

// doing is the state of a recipient, and of one that is tried now since when, as at
// writes it, and in which session.
func (a *app) doing(q *admin.Queued, at func(time.Time) string) string {
	if q.State != admin.QueueWorking || q.Since.IsZero() {
		return a.queueState(q.State)
	}
	text := a.say("queue.working_since", words.Args{"Since": at(q.Since)})
	if q.Session != 0 {
		text += ", " + a.say("console.session", words.Args{"ID": strconv.FormatUint(q.Session, 10)})
	}
	then := map[string]string{admin.QueueHeld: "queue.then_held", "bounce": "queue.then_bounce", "delete": "queue.then_delete"}
	if id := then[q.Then]; id != "" {
		text += "; " + a.say(id, nil)
	}
	return text
}

// willLeave says of one that waits that it is to leave the queue; "" of others.
func (a *app) willLeave(q *admin.Queued) string {
	leaves := map[string]string{"bounce": "queue.will_bounce", "delete": "queue.will_delete"}
	if id := leaves[q.Then]; id != "" && q.State == admin.QueueWaiting {
		return a.say(id, nil)
	}
	return ""
}

func (a *app) queueState(state string) string {
	known := map[string]string{admin.QueueWaiting: "queue.waiting", admin.QueueHeld: "queue.held", admin.QueueWorking: "queue.working", admin.QueueKept: "queue.kept"}
	if id := known[state]; id != "" {
		return a.say(id, nil)
	}
	return printable(state)
}

// answered is what came of an attempt: where, and what was said.
func (a *app) answered(t *admin.Tried) []string {
	var all []string
	switch {
	case t.Host != "" && t.Address != "" && !strings.HasPrefix(t.Address, t.Host+":"):
		all = append(all, printable(t.Host)+" ("+printable(t.Address)+")")
	case t.Host+t.Address != "":
		all = append(all, printable(cmp.Or(t.Address, t.Host)))
	}
	text := replied(a.words, t.Code, t.Status, t.Text)
	if t.Verb != "" && t.Code != 0 {
		text = a.answeredTo(t.Verb) + ": " + text
	}
	return append(all, text)
}

// answeredTo names what was answered: a verb as the protocol has it, or in words.
func (a *app) answeredTo(verb string) string {
	switch verb {
	case "greeting":
		return a.say("attempt_shown.greeting", nil)
	case "message":
		return a.say("attempt_shown.message", nil)
	}
	return printable(verb)
}

func (a *app) queueShowCommand() *cobra.Command {
	c := a.command("show", "help.queue_show", func(ctx context.Context, args []string) error {
		var all []admin.Queued
		if err := a.ask(ctx, "queue.show", admin.QueueID{Name: args[0]}, &all); err != nil {
			return err
		}
		return printAll(a, all, func(w io.Writer) error { return a.queued(w, all) })
	})
	c.Example = "posta queue show 330mmxd3p59wq"
	return a.naming(a.taking(c, 1, 1, "help.word_queue_id"), "queue.list")
}

// queued tells of a message in the queue: itself, and the story of each of its recipients.
func (a *app) queued(w io.Writer, all []admin.Queued) error {
	var b strings.Builder
	m := &all[0]
	text := a.say("queue.message", words.Args{"ID": m.ID, "Size": m.Size})
	if m.MessageID != "" {
		text += ", <" + printable(m.MessageID) + ">"
	}
	wrap(&b, "", text)
	wrap(&b, "", a.say("queue.from", words.Args{"From": "<" + printable(m.From) + ">", "Received": when(m.Received), "Age": a.lasting(time.Since(m.Received))}))
	if m.Lab {
		wrap(&b, "", a.say("queue.lab", nil))
	}
	held := uint64(0)
	for i := range all {
		q := &all[i]
		b.WriteByte('\n')
		wrap(&b, "", a.say("queue.to", words.Args{"To": printable(q.To), "State": a.doing(q, when)}))
		wrap(&b, "  ", a.prospect(q))
		for _, t := range inTurn(q.Story) {
			a.tried(&b, &t)
			if t.Held {
				held = t.Session
			}
		}
	}
	if held != 0 {
		b.WriteString("\n" + a.say("trace.held", words.Args{"ID": held}) + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// prospect is what will become of it.
func (a *app) prospect(q *admin.Queued) string {
	all := []string{a.say("queue.tries", words.Args{"Count": q.Tries})}
	if q.Unasked > 0 {
		all = append(all, a.say("queue.unasked", words.Args{"Count": q.Unasked}))
	}
	if text := a.willLeave(q); text != "" {
		all = append(all, text)
	}
	switch {
	case q.Stage != "":
		all = append(all, a.queueStage(q.Stage))
	case q.Due.IsZero():
	case q.Due.After(time.Now()):
		all = append(all, a.say("trace.next", words.Args{"Next": when(q.Due)}))
	default:
		all = append(all, a.say("queue.due_since", words.Args{"Due": when(q.Due)}))
	}
	expires := "queue.expires"
	if q.State == admin.QueueHeld {
		expires = "queue.held_expires"
	}
	all = append(all, a.say(expires, words.Args{"Expires": when(q.Expires)}))
	if q.Warned {
		all = append(all, a.say("queue.warned", nil))
	}
	return strings.Join(all, ", ")
}

// step is one host of a story.
type step struct {
	admin.Tried
	on bool // after it another was asked at once
}

// inTurn is a story host by host, as they were asked.
func inTurn(story []admin.Tried) (all []step) {
	for _, t := range story {
		from := len(all)
		for _, one := range append(slices.Clone(t.Before), t) {
			all = append(all, step{one, true})
		}
		round := all[from:]
		slices.SortStableFunc(round, func(a, b step) int { return a.At.Compare(b.At) })
		round[len(round)-1].on = false
	}
	return all
}

// heard is answered, and where that is only remembered as of when, which at writes.
func (a *app) heard(t *admin.Tried, at func(time.Time) string) []string {
	all := a.answered(t)
	if !t.AsOf.IsZero() {
		all[0] = a.say("queue.as_of", words.Args{"AsOf": at(t.AsOf), "Said": all[0]})
	}
	return all
}

func (a *app) tried(b *strings.Builder, t *step) {
	all := a.heard(&t.Tried, when)
	if t.TLS != "" {
		all = append(all, ownText(a.words, t.TLS))
	} else if messageVerb(t.Verb) {
		all = append(all, a.say("queue.clear", nil))
	}
	if took := time.Duration(t.Millis * float64(time.Millisecond)); took >= time.Second {
		all = append(all, a.say("queue.took", words.Args{"Span": a.lasting(took)}))
	}
	if t.Session != 0 {
		all = append(all, a.say("console.session", words.Args{"ID": strconv.FormatUint(t.Session, 10)}))
	}
	text := strings.Join(all, ", ")
	if t.on {
		text += "; " + a.say("queue.next_host", nil)
	}
	wrap(b, "  "+when(t.At)+"  ", text)
}

// messageVerb says that what was answered, or lost, is part of a message: before it, TLS
// may have been refused, and nothing of anybody's went in clear.
func messageVerb(verb string) bool {
	return slices.Contains([]string{"MAIL", "RCPT", "DATA", "BDAT", "message"}, verb)
}
