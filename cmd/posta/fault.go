package main

import (
	"context"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"posta/admin"
	"posta/fault"
	"posta/words"
)

func (a *app) faultCommand() *cobra.Command {
	list := a.command("list", "help.fault_list", func(ctx context.Context, _ []string) error {
		var all []fault.Rule
		if err := a.askServer(ctx, "fault.list", admin.None{}, &all); err != nil {
			return err
		}
		return printAll(a, all, lister(a, all, []string{"field.number", "field.at", "field.match", "field.fault", "field.times", "field.met"},
			func(r fault.Rule) []string {
				return []string{strconv.Itoa(r.ID), r.At, r.Match, r.String(), a.times(r.Times), strconv.Itoa(r.Met)}
			}))
	})
	list.Example = "posta fault list"
	group := a.group("fault", "help.fault", a.faultAddCommand(), list, a.faultClearCommand())
	group.Long = a.say("help.fault_long", nil)
	return group
}

// times is how often a fault is made at most, where 0 is always.
func (a *app) times(n int) string {
	if n == 0 {
		return a.say("fault.always", nil)
	}
	return strconv.Itoa(n)
}

func (a *app) faultAddCommand() *cobra.Command {
	var r fault.Rule
	var delay time.Duration
	c := a.command("add", "help.fault_add", func(ctx context.Context, _ []string) error {
		r.Delay = delay.Milliseconds()
		if delay > 0 {
			r.Delay = max(r.Delay, 1)
		}
		if err := r.Check(); err != nil {
			return usage(err)
		}
		var made fault.Rule
		if err := a.askServer(ctx, "fault.add", r, &made); err != nil {
			return err
		}
		return a.print(made, line(a.say("done.fault_added", words.Args{"ID": made.ID, "At": made.At, "What": made.String()})))
	})
	flags := c.Flags()
	flags.StringVar(&r.At, "at", "", a.say("help.flag_at", nil))
	flags.StringVar(&r.Match, "match", "", a.say("help.flag_match", nil))
	flags.StringVar(&r.Reply, "reply", "", a.say("help.flag_reply", nil))
	flags.BoolVar(&r.Close, "close", false, a.say("help.flag_close", nil))
	flags.DurationVar(&delay, "delay", 0, a.say("help.flag_delay", nil))
	flags.IntVar(&r.Times, "times", 0, a.say("help.flag_times", nil))
	choices(c, "at", fault.Points()...)
	c.Long = a.say("help.fault_add_long", nil)
	c.Example = "posta fault add --at rcpt --match 'ana@*' --reply '451 4.7.1 Later' --times 2\n" +
		"posta fault add --at dot --reply '554 5.6.0 Not this one'\n" +
		"posta fault add --at data --close\nposta fault add --at retr --match 2 --delay 5s"
	return c
}

func (a *app) faultClearCommand() *cobra.Command {
	c := a.command("clear", "help.fault_clear", func(ctx context.Context, args []string) error {
		var in admin.FaultID
		if text := first(args); text != "" {
			id, err := strconv.Atoi(text)
			if err != nil || id <= 0 {
				return usage(words.Fail("fail.fault_id", words.Args{"Value": text}))
			}
			in.ID = id
		}
		var gone admin.Cleared
		if err := a.askServer(ctx, "fault.clear", in, &gone); err != nil {
			return err
		}
		return a.print(gone, line(a.say("done.faults_cleared", words.Args{"Count": gone.Faults})))
	})
	c.Example = "posta fault clear\nposta fault clear 3"
	return a.taking(c, 0, 1, "help.word_id")
}
