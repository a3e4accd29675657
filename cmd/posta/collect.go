package main

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"posta/admin"
	"posta/collect"
	"posta/words"
)

func (a *app) collectCommand() *cobra.Command {
	show := a.command("show", "help.collect_show", func(ctx context.Context, args []string) error {
		id, err := entryNumber(args[0])
		if err != nil {
			return err
		}
		_, err = a.collectCall(ctx, "collect.show", admin.ByID{ID: id})
		return err
	})
	show.Example = "posta collect show 1"
	remove := a.command("remove", "help.collect_remove", func(ctx context.Context, args []string) error {
		id, err := entryNumber(args[0])
		if err != nil {
			return err
		}
		if err := a.ask(ctx, "collect.remove", admin.ByID{ID: id}, nil); err != nil {
			return err
		}
		return a.done("done.collect_removed", words.Args{"Number": id})
	})
	remove.Example = "posta collect remove 1"
	c := a.group("collect", "help.collect", a.collectAddCommand(), a.collectSetCommand(), a.collectRunCommand(), a.collectListCommand(), a.namingCollected(a.taking(show, 1, 1, "help.word_number")),
		a.namingCollected(a.taking(remove, 1, 1, "help.word_number")))
	c.Long = a.say("help.collect_long", nil)
	return c
}

func entryNumber(text string) (int64, error) {
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id < 1 {
		return 0, usage(words.Fail("collect.number", words.Args{"Value": text}))
	}
	return id, nil
}

// collectCall runs an operation that answers with an entry, and shows it.
func (a *app) collectCall(ctx context.Context, operation string, in any) (c admin.Collected, err error) {
	if err := a.ask(ctx, operation, in, &c); err != nil {
		return c, err
	}
	facts := a.facts(fact{"field.number", entryLabel(c)}, fact{"field.way", strings.ToUpper(c.Way)}, fact{"field.host", c.Host},
		fact{"field.tls", a.collectTLS(c)}, fact{"field.ca", strings.Join(c.CA, ", ")}, fact{"field.user", c.User},
		fact{"field.collected_for", collectedFor(c)}, fact{"field.afterwards", a.collectKeep(c)}, fact{"field.every", a.collectEvery(c)},
		fact{"field.state", a.collectRunning(c, when)}, fact{"field.next", when(c.Next)}, fact{"field.last", when(c.Last)}, fact{"field.outcome", a.collectOutcome(c)})
	return c, a.print(c, func(w io.Writer) error {
		err := facts(w)
		if err == nil && c.Joined {
			_, err = fmt.Fprintln(w, a.say("collect.joined", words.Args{"Number": c.ID}))
		}
		if err == nil && c.Refused > 0 {
			err = a.collectRefused(w, &c)
		} else if err == nil && len(c.Stayed) > 0 {
			err = a.collectStayed(w, &c)
		}
		if err == nil {
			a.warnCollected(w, &c)
		}
		return err
	})
}

// warnCollected says what may not be meant of what is collected.
func (a *app) warnCollected(w io.Writer, c *admin.Collected) {
	if c.Anew {
		a.warn(w, a.say("collect.anew", words.Args{"Host": c.Host, "User": printable(c.User)}))
	}
	if len(c.Forward) > 0 {
		a.warn(w, a.say("collect.forwards", words.Args{"Account": c.Account, "To": strings.Join(c.Forward, ", ")}))
	}
}

// entryLabel is the number of an entry; "" where it is none.
func entryLabel(c admin.Collected) string {
	if c.ID == 0 {
		return ""
	}
	return strconv.FormatInt(c.ID, 10)
}

// collectStayed lists what could not be filed, and why.
func (a *app) collectStayed(w io.Writer, c *admin.Collected) error {
	var b strings.Builder
	b.WriteByte('\n')
	args := words.Args{"Count": c.Left, "Host": c.Host}
	said := a.say("collect.stayed", args)
	if c.ID == 0 {
		said = a.say("collect.stayed_once", args)
	}
	wrap(&b, "", said)
	for _, one := range c.Stayed {
		from := a.say("collect.unknown_author", nil)
		if one.From != "" {
			from = printable(one.From)
		}
		why := collectReason(a.words, one.Why)
		said := a.say("collect.stay", words.Args{"From": from, "Size": one.Size, "UIDL": printable(one.UIDL), "Why": why})
		if one.UIDL == "" {
			said = a.say("collect.stay_unnamed", words.Args{"From": from, "Size": one.Size, "Why": why})
		}
		wrap(&b, "- ", said)
	}
	if more := c.Left - len(c.Stayed); more > 0 {
		wrap(&b, "- ", a.say("collect.stay_more", words.Args{"Count": more}))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// collectRefused lists what was refused of what a provider sent.
func (a *app) collectRefused(w io.Writer, c *admin.Collected) error {
	var b strings.Builder
	b.WriteByte('\n')
	args := words.Args{"Count": c.Refused, "Host": c.Host}
	etrn := c.Way == string(collect.ETRN)
	if etrn {
		wrap(&b, "", a.say("collect.unreleased", args))
	} else {
		wrap(&b, "", a.say("collect.turned_away", args))
	}
	for _, one := range c.Stayed {
		if etrn {
			wrap(&b, "- ", printable(one.Why))
			continue
		}
		from := "<>"
		if one.From != "" {
			from = printable(one.From)
		}
		wrap(&b, "- ", a.say("collect.turned_away_one", words.Args{"From": from, "Why": printable(one.Why)}))
	}
	if more := c.Refused - len(c.Stayed); more > 0 {
		wrap(&b, "- ", a.say("collect.stay_more", words.Args{"Count": more}))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// collectEvery is how often an entry is collected, and where the server there wants
// to be asked less often, that.
func (a *app) collectEvery(c admin.Collected) string {
	every, _ := time.ParseDuration(c.Every)
	apart, _ := time.ParseDuration(c.Apart)
	if every > 0 && every < apart {
		return a.say("collect.every_apart", words.Args{"Every": words.Span(every), "Apart": words.Span(apart)})
	}
	return span(c.Every)
}

// collectRunning says of an entry that is being collected since when, as at writes it.
func (a *app) collectRunning(c admin.Collected, at func(time.Time) string) string {
	if c.Running == nil {
		return ""
	}
	text := a.say("collect.running", words.Args{"Since": at(c.Running.Since)})
	if c.Running.Session != 0 {
		text += ", " + a.say("console.session", words.Args{"ID": strconv.FormatUint(c.Running.Session, 10)})
	}
	return text
}

// collectKeep says what becomes of the messages of POP3 there.
func (a *app) collectKeep(c admin.Collected) string {
	switch {
	case c.Way != string(collect.POP3):
		return ""
	case c.Keep && c.ID == 0:
		return a.say("collect.kept_once", nil)
	case c.Keep:
		return a.say("collect.kept", nil)
	}
	return a.say("collect.deleted", nil)
}

func collectedFor(c admin.Collected) string {
	if c.Account != "" {
		return c.Account
	}
	return strings.Join(c.Domains, ", ")
}

// collectOutcome says what became of it the last time; "" before the first.
func (a *app) collectOutcome(c admin.Collected) string {
	if c.Last.IsZero() {
		return ""
	}
	away, isAway := refusedHere(c)
	switch {
	case c.Failure != "" && c.Messages == 0 && c.Left == 0 && c.Again == 0 && c.Refused == 0:
		return collectFailure(a.words, c.Failure)
	case c.Nothing:
		return a.say("collect.nothing", nil)
	case isAway && c.Way == string(collect.ETRN):
		return a.say("collect.asked_some", words.Args{"Count": len(c.Domains) - c.Refused, "Refused": c.Refused, "What": printable(away)})
	case c.Way == string(collect.ETRN):
		return a.say("collect.asked", nil)
	}
	said := a.say("collect.came", words.Args{"Count": c.Messages})
	if c.Messages == 0 {
		said = a.say("collect.came_none", nil)
	}
	if c.Erased > 0 {
		said += ", " + a.say("collect.erased", words.Args{"Count": c.Erased})
	}
	if c.Total > int64(c.Messages) {
		said += " (" + a.say("collect.so_far", words.Args{"Count": c.Total}) + ")"
	}
	if c.Again > 0 {
		said += ", " + a.say("collect.again", words.Args{"Count": c.Again})
	}
	if c.Left > 0 {
		said += ", " + a.say("collect.left", words.Args{"Count": c.Left})
	}
	if c.Refused > 0 {
		said += ", " + a.say("collect.refused", words.Args{"Count": c.Refused})
	}
	switch {
	case isAway:
		said += ": " + printable(away)
	case c.Failure != "":
		said += "; " + collectFailure(a.words, c.Failure)
	}
	return said
}

// refusedHere says whether all went well, but that not all was taken here; what is
// the first refusal.
func refusedHere(c admin.Collected) (what string, is bool) {
	r := collect.Result{Failure: c.Failure}
	if what, is = r.TurnedAway(); c.Refused == 0 {
		is = false
	}
	return what, is
}

// collectTLS says how a connection is secured.
func (a *app) collectTLS(c admin.Collected) string {
	switch {
	case c.TLS != "":
		return a.routeWay(c.TLS)
	case c.User == "":
		return a.say("collect.tls_any", nil)
	}
	return a.say("collect.tls_opportunistic", nil)
}

// span is a duration as people write it: 10 min for 10m0s; "" for none.
func span(text string) string {
	d, err := time.ParseDuration(text)
	if err != nil {
		return text
	}
	return words.Span(d)
}
